import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { Column } from './columns'
import { readCsv } from './csv'
import type { CsvOptions } from './csv'
import { captureGroupRequest, createMapper, readCustomer, toBulkRow } from './destination'
import type { Mapped, Values } from './destination'
import { fold, latest, TOO_LARGE, toLine, valuesOf } from './fold'
import type { InputFile } from './inputs'
import type { Mappings } from './mapping'
import { readNdjson } from './ndjson'
import { fitsPack, PackWriter } from './packs'
import type { Pack } from './packs'
import { Partitions } from './partitions'
import { isObject, quoted } from './records'
import type { CallRecord, InputRecord, Place, SentRecord } from './records'
import type { RejectedFile, Rejection } from './rejected'
import type { Schema } from './schema'
import { Stop, EXIT, unusable } from './stop'
import { timeOf } from './timestamps'

export interface PrepareOptions {
  files: InputFile[]
  /** Reads one file; the usual ways by its format unless given. */
  read?(file: InputFile, reading: CsvOptions): AsyncGenerator<InputRecord[]>
  mappings: Mappings
  columns: Record<string, string>
  delimiter?: string
  emptyClears: boolean
  dropBadDates: boolean
  schema: Schema
  /** Where partitions lie while they are needed. */
  scratch: string
  /** Where the packs are written; undefined only counts them. */
  packs?: string
  rejected: Pick<RejectedFile, 'add'>
  onGroup(body: Values): void
  onProgress(progress: PrepareProgress): void
  signal: AbortSignal
}

export interface PrepareProgress {
  step: 'reading' | 'folding'
  bytes: number
  totalBytes: number
  rows: number
}

/** What was found in the inputs, and what will be sent. */
export interface Prepared {
  /** Rows and calls that were read, the left and refused ones among them. */
  read: number
  /** What is not for a backfill, by its kind. */
  left: Record<string, number>
  /** Rows and calls that were refused before anything was sent. */
  refused: number
  /** The most frequent reasons, most frequent first. */
  reasons: { reason: string; count: number }[]
  /** Calls of customers that were folded. */
  calls: number
  customers: number
  droppedDates: number
  packs: Pack[]
  groups: number
  /** What each column became. */
  columns: { name: string; became: string }[]
  /** How many customers' calls hold each key of metadata, the most frequent first. */
  metadata: { key: string; count: number; isDefined: boolean }[]
  /** The first rows, as they came and as they will leave. */
  samples: { before: JSONValue; after: Values }[]
}

/** Calls that are mapped together. */
const MAPPED_TOGETHER = 500
/** Bytes of the inputs for each partition: what is folded at once. */
const PARTITION_BYTES = 4 << 20
/** What gzip makes smaller is about this much larger in memory. */
const GZIP_FACTOR = 8
const [MIN_PARTITIONS, MAX_PARTITIONS] = [4, 512]
const SAMPLES = 3
const MAX_REASONS = 10
/** Different reasons, keys or columns that are counted each; others are left out of the tables. */
const MAX_COUNTED = 2_000

/** Reads all inputs once and makes packs of them, in bounded memory. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  rmSync(options.scratch, { recursive: true, force: true })
  const preparation = new Preparation(options)
  try {
    for (const file of options.files) await preparation.readFile(file)
    return await preparation.finish()
  } finally {
    rmSync(options.scratch, { recursive: true, force: true })
  }
}

class Preparation {
  private readonly customers: Partitions
  private readonly groups: Partitions
  private readonly mapCustomers
  private readonly mapGroups
  private readonly totalBytes: number
  private waiting: CallRecord[] = []
  private bytes = 0
  private isTold = new Set<string>()
  private readonly reasons = new Map<string, number>()
  private readonly metadata = new Map<string, number>()
  private readonly columns = new Map<string, string>()
  private readonly found: Omit<Prepared, 'packs' | 'reasons' | 'columns' | 'metadata'> = {
    read: 0,
    left: {},
    refused: 0,
    calls: 0,
    customers: 0,
    droppedDates: 0,
    groups: 0,
    samples: []
  }

  constructor(private readonly options: PrepareOptions) {
    const { files, scratch, mappings } = options
    this.totalBytes = files.reduce((sum, { size }) => sum + size, 0)
    const unpacked = files.reduce((sum, { path, size }) => sum + (/\.gz(ip)?$/i.test(path) ? GZIP_FACTOR : 1) * size, 0)
    const wanted = files.some(({ path }) => path === '-') ? MAX_PARTITIONS / 4 : Math.ceil(unpacked / PARTITION_BYTES)
    this.customers = new Partitions(join(scratch, 'customers'), clamp(wanted))
    this.groups = new Partitions(join(scratch, 'groups'), MIN_PARTITIONS)
    this.mapCustomers = createMapper(mappings.customers)
    this.mapGroups = createMapper(mappings.groups)
  }

  async readFile(file: InputFile): Promise<void> {
    for await (const records of this.recordsOf(file)) {
      if (this.options.signal.aborted) throw new Stop(EXIT.interrupted, 'Stopped while reading; nothing was sent.')
      for (const record of records) this.take(record)
      if (this.waiting.length >= MAPPED_TOGETHER) await this.flush()
      this.progress('reading')
    }
    await this.flush()
  }

  async finish(): Promise<Prepared> {
    this.requireColumns()
    const { scratch, packs: folder } = this.options
    const packs = new PackWriter(folder, join(scratch, 'later'))
    for (const lines of this.customers.read((line) => String(valuesOf(line).source_id))) {
      for (const customer of fold(lines)) {
        if (customer.reason) {
          this.refuse({
            by: 'backfill',
            source_id: customer.sourceId,
            reason: customer.reason,
            is: 'customer',
            row: quoted(customer.rows[0])
          })
          continue
        }
        this.found.customers += 1
        customer.rows.forEach((row, wave) => packs.add(row, wave))
      }
      this.progress('folding')
      // Lets a signal in, and the bar.
      await new Promise((resolve) => setImmediate(resolve))
      if (this.options.signal.aborted) throw new Stop(EXIT.interrupted, 'Stopped while preparing; nothing was sent.')
    }
    for (const lines of this.groups.read((line) => groupKey(valuesOf(line)))) {
      for (const body of latest(lines, groupKey)) {
        this.found.groups += 1
        this.options.onGroup(body)
      }
    }
    const { schema } = this.options
    return {
      ...this.found,
      packs: packs.finish(),
      reasons: mostFrequent(this.reasons)
        .slice(0, MAX_REASONS)
        .map(([reason, count]) => ({ reason, count })),
      columns: [...this.columns].map(([name, became]) => ({ name, became })),
      metadata: mostFrequent(this.metadata).map(([key, count]) => ({ key, count, isDefined: schema.has(key) }))
    }
  }

  private recordsOf(file: InputFile): AsyncGenerator<InputRecord[]> {
    const { read, columns, emptyClears, schema, delimiter } = this.options
    const reading: CsvOptions = {
      columns,
      emptyClears,
      schema,
      delimiter: delimiter ?? (/\.tsv(\.gz)?$/i.test(file.path) ? '\t' : undefined),
      onColumns: (some: Column[]) => some.forEach(({ name, became }) => this.noteColumn(name, became)),
      onRead: (bytes: number) => void (this.bytes += bytes)
    }
    if (read) return read(file, reading)
    return file.format === 'csv' ? readCsv(file, reading) : readNdjson(file, reading)
  }

  private noteColumn(name: string, became: string): void {
    this.isTold.add(name)
    if (this.columns.size < MAX_COUNTED) this.columns.set(name, became)
  }

  /** A column that is named and nowhere to be found was most likely mistyped. */
  private requireColumns(): void {
    const missing = Object.keys(this.options.columns).find((name) => !this.isTold.has(name))
    if (missing === undefined || !this.isTold.size || this.options.read) return
    throw unusable(
      `--column names "${missing}", and no input has such a column. There are ${[...this.isTold]
        .map((name) => `"${name}"`)
        .join(', ')}.`
    )
  }

  private take(record: InputRecord): void {
    this.found.read += 1
    switch (record.kind) {
      case 'left':
        return this.leave(record.what)
      case 'refused':
        return this.refuseRecord(record, 'row', record.reason, record.sourceId)
      case 'identify':
      case 'group':
        this.waiting.push(record)
        return
      default:
        return this.takeSent(record)
    }
  }

  private leave(what: string): void {
    this.found.left[what] = (this.found.left[what] ?? 0) + 1
  }

  /** Something that was sent once goes again as it is, when it still has its IDs. */
  private takeSent(record: SentRecord): void {
    const { kind, body } = record
    const owner = kind === 'customer' ? body : body.customer
    const sourceId = isObject(owner) && typeof owner.source_id === 'string' ? owner.source_id.trim() : ''
    const is = kind === 'customer' ? 'customer' : 'group'
    if (!sourceId) return this.refuseRecord(record, is, 'The source_id is missing.')
    if (kind === 'group body') return this.storeGroup(body, undefined)
    try {
      this.storeCustomer(record, fromRow({ ...body, source_id: sourceId }), undefined)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.refuseRecord(record, is, error.message, sourceId)
    }
  }

  private async flush(): Promise<void> {
    const waiting = this.waiting
    this.waiting = []
    for (let begin = 0; begin < waiting.length; begin += MAPPED_TOGETHER) {
      const records = waiting.slice(begin, begin + MAPPED_TOGETHER)
      await this.mapAll(
        records.filter(({ kind }) => kind === 'identify'),
        this.mapCustomers,
        this.takeCustomer
      )
      await this.mapAll(
        records.filter(({ kind }) => kind === 'group'),
        this.mapGroups,
        this.takeGroup
      )
    }
  }

  private async mapAll(
    records: CallRecord[],
    map: (calls: JSONObject[]) => Promise<Mapped[]>,
    take: (record: CallRecord, payload: Values) => void | Promise<void>
  ): Promise<void> {
    const outcomes = await map(records.map(({ call }) => call))
    for (let index = 0; index < records.length; index += 1) {
      const [record, outcome] = [records[index], outcomes[index]]
      if ('left' in outcome) this.leave(`${record.kind} that the trigger does not take`)
      else if ('reason' in outcome) this.refuseCall(record, inOurWords(outcome.reason))
      else await this.tryTo(record, () => take(record, outcome.payload))
    }
  }

  /** What the destination says of a call that it refuses is the reason. */
  private async tryTo(record: CallRecord, take: () => void | Promise<void>): Promise<void> {
    try {
      const inexact = inexactId(record.call)
      if (inexact) throw new Refused(inexact)
      await take()
    } catch (error) {
      if (error instanceof Refused || (error instanceof Error && error.name === 'PayloadValidationError')) {
        return this.refuseCall(record, error.message)
      }
      if (error instanceof RangeError)
        return this.refuseCall(record, 'The values are nested too deeply to be written as JSON.')
      throw error
    }
  }

  private takeCustomer = (record: CallRecord, payload: Values): void => {
    this.storeCustomer(record, withLine2(readCustomer(payload), record.line2), timeOf(record.call))
  }

  private storeCustomer({ raw }: { raw(): JSONValue }, customer: Values, at: number | undefined): void {
    let row = toBulkRow(customer)
    if (!row) {
      if (!this.options.dropBadDates) throw new Refused(BAD_DATE)
      delete customer.birthdate
      this.found.droppedDates += 1
      row = toBulkRow(customer) ?? {}
    }
    const json = JSON.stringify(customer)
    if (!fitsPack(json)) throw new Refused(TOO_LARGE)
    this.customers.add(String(customer.source_id), toLine(at, json))
    this.found.calls += 1
    if (this.found.samples.length < SAMPLES) this.found.samples.push({ before: raw(), after: row })
    if (isObject(row.metadata)) for (const key of Object.keys(row.metadata)) count(this.metadata, key)
  }

  private takeGroup = async (record: CallRecord, payload: Values): Promise<void> => {
    const { body } = await captureGroupRequest(payload)
    this.storeGroup(body, timeOf(record.call))
  }

  private storeGroup(body: Values, at: number | undefined): void {
    this.groups.add(groupKey(body), toLine(at, JSON.stringify(body)))
  }

  private refuseCall(record: CallRecord, reason: string): void {
    const { call, kind } = record
    const isRow = call.messageId === undefined && kind === 'identify' && record.raw() !== call
    this.refuseRecord(record, isRow ? 'row' : 'call', reason, typeof call.userId === 'string' ? call.userId : undefined)
  }

  private refuseRecord(
    { file, line, raw }: Place & { raw(): JSONValue },
    is: Rejection['is'],
    reason: string,
    sourceId?: string
  ): void {
    this.refuse({ by: 'backfill', ...(sourceId && { source_id: sourceId }), file, line, reason, is, row: raw() })
  }

  private refuse(rejection: Rejection): void {
    this.found.refused += 1
    count(this.reasons, rejection.reason)
    this.options.rejected.add(rejection)
  }

  private progress(step: PrepareProgress['step']): void {
    this.options.onProgress({ step, bytes: this.bytes, totalBytes: this.totalBytes, rows: this.found.read })
  }
}

/** A call that is refused, with the reason. */
class Refused extends Error {}

const BAD_DATE =
  'The birthdate names no day of the calendar, and a customer in Voucherify can only hold one as YYYY-MM-DD. ' +
  'Mend it, or send such customers without it: --drop-bad-dates.'

const FRAMEWORKS_WORDS = "The root value is missing the required field 'source_id'."

/** The framework's reason for the commonest refusal, in words that fit a row. */
function inOurWords(reason: string): string {
  return reason === FRAMEWORKS_WORDS ? 'The call has no source_id: its user ID is missing or empty.' : reason
}

/** JSON rounds large numbers, so that two customers could become one. */
function inexactId({ userId }: JSONObject): string | undefined {
  if (typeof userId !== 'number' || Number.isSafeInteger(userId)) return undefined
  return 'The source_id is a number that JSON does not hold exactly. Write it as a text, in quotes.'
}

function withLine2(customer: Values, line2: string | null | undefined): Values {
  if (line2 === undefined || (line2 !== null && !line2.trim())) return customer
  return { ...customer, address: { ...(isObject(customer.address) ? customer.address : {}), line_2: line2 } }
}

/** A customer in the API's form as the destination reads one. */
function fromRow({ address, ...row }: Values): Values {
  if (!isObject(address)) return address === undefined ? row : { ...row, address }
  const { line_1: street, ...rest } = address
  return { ...row, address: street === undefined ? rest : { street, ...rest } }
}

/** What group calls replace each other by. */
function groupKey({ customer, group_id }: Values): string {
  return JSON.stringify([isObject(customer) ? customer.source_id : undefined, group_id])
}

function count(counts: Map<string, number>, key: string): void {
  const known = counts.get(key)
  if (known !== undefined || counts.size < MAX_COUNTED) counts.set(key, (known ?? 0) + 1)
}

function mostFrequent(counts: Map<string, number>): [string, number][] {
  return [...counts].sort(([, one], [, other]) => other - one)
}

function clamp(count: number): number {
  return Math.min(MAX_PARTITIONS, Math.max(MIN_PARTITIONS, count))
}
