import type { JSONObject } from '@segment/actions-core'
import type { Answer, Client, Clock } from './client'
import type { Entry, Journal, Piece } from './journal'
import { readPack, toBody } from './packs'
import type { Pack } from './packs'
import { isObject } from './records'
import { reasonOf } from './rejected'
import type { RejectedFile } from './rejected'
import { failedRows } from './reports'
import type { RowError } from './reports'
import { resumable } from './stop'
import type { Target } from './target'

export interface SendParts {
  client: Client
  clock: Clock
  target: Target
  journal: Journal
  rejected: Pick<RejectedFile, 'add' | 'sync'>
  packs: Pack[]
  /** The folder of the packs. */
  folder: string
  /** The group calls in order, from the first on. */
  groups(): Iterable<string>
  onProgress(delivered: Delivered): void
}

/** The calls that were made, by kind. */
export interface Calls {
  bulk: number
  polls: number
  reports: number
  groups: number
}

/** What came of it all, read from the journal. */
export interface Delivered {
  accepted: number
  rejected: number
  /** Packs that are done, and their bytes. */
  packs: number
  bytes: number
  isFinished: boolean
  groups: { accepted: number; rejected: number }
  calls: Calls
}

/** How a piece stands by the journal. */
type Standing = { step: 'open' } | { step: 'accepted'; job: string } | { step: 'halved' } | { step: 'ended' }

/** Pauses between two questions about a job, in milliseconds: growing, since each costs a call. */
const POLLS = {
  voucherify: { first: 1_000, last: 15_000, factor: 1.4 },
  sandbox: { first: 20, last: 100, factor: 1.2 }
}
/** Longest time that one job is waited for. */
const MAX_JOB_MS = 2 * 3_600_000
/** Pause before a job that failed as a whole is tried again. */
const JOB_PAUSE_MS = 30_000
/** Times that the same piece may fail as a whole before its halves go instead. */
const MAX_JOB_FAILURES = 2
/** Jobs that may fail one after the other before the run ends, resumable: then it is Voucherify and not a row. */
const MAX_FAILURES_IN_A_ROW = 20

/**
 * Sends the packs in order and then the groups, from where the journal ends.
 *
 * Every step is in the journal before it is made and after it was answered, so that a run which was killed goes on. What
 * was sent and not confirmed is sent again: an upsert says the same twice.
 */
export class Sender {
  private readonly standings = new Map<string, Standing>()
  private readonly refused = new Map<number, Set<number>>()
  private readonly failures = new Map<string, number>()
  private failuresInARow = 0
  private groupsDone = 0
  private readonly made = { polls: 0, reports: 0 }
  /** What was delivered so far, by former runs too. */
  readonly delivered = nothingDelivered()

  constructor(private readonly parts: SendParts) {
    parts.journal.earlier.forEach((entry) => this.apply(entry))
  }

  /** @throws Stop when the run can't go on now */
  async run(): Promise<void> {
    const { packs, clock } = this.parts
    if (this.delivered.isFinished) return
    try {
      for (let pack = 0; pack < packs.length; pack += 1) {
        if (this.standing({ pack, from: 0, to: packs[pack].rows }).step === 'ended') continue
        const rows = readPack(this.parts.folder, pack)
        await this.sendPiece({ pack, from: 0, to: rows.length }, rows)
      }
      await this.sendGroups()
    } finally {
      if (this.made.polls + this.made.reports) this.note({ did: 'called', ...this.made })
    }
    this.note({ did: 'finished', at: clock.now() })
  }

  /** Adds an entry and lets it count. */
  private note(entry: Entry): void {
    this.parts.journal.add(entry)
    this.apply(entry)
    this.parts.onProgress(this.delivered)
  }

  private apply(entry: Entry): void {
    tally(this.delivered, entry, this.parts.packs)
    switch (entry.did) {
      case 'sending':
      case 'failed':
        this.standings.set(keyOf(entry), { step: 'open' })
        break
      case 'accepted':
        this.standings.set(keyOf(entry), { step: 'accepted', job: entry.job })
        break
      case 'halved':
        this.standings.set(keyOf(entry), { step: 'halved' })
        break
      case 'ended':
        this.standings.set(keyOf(entry), { step: 'ended' })
        break
      case 'refused':
        entry.rows.forEach((row) => this.refusedIn(entry.pack).add(row))
        break
      case 'group':
        this.groupsDone = entry.index + 1
        break
    }
  }

  private standing(piece: Piece): Standing {
    return this.standings.get(keyOf(piece)) ?? { step: 'open' }
  }

  private refusedIn(pack: number): Set<number> {
    const known = this.refused.get(pack) ?? new Set<number>()
    this.refused.set(pack, known)
    return known
  }

  /** Sends a part of a pack until each row of it was taken or refused. */
  private async sendPiece(piece: Piece, rows: string[]): Promise<void> {
    for (;;) {
      const standing = this.standing(piece)
      if (standing.step === 'ended') return
      if (standing.step === 'halved') {
        for (const half of halvesOf(piece)) await this.sendPiece(half, rows)
        return this.end(piece, 0)
      }
      const indexes = this.openRows(piece)
      if (!indexes.length) return this.end(piece, 0)
      const job = standing.step === 'accepted' ? standing.job : await this.post(piece, indexes, rows)
      if (job !== undefined) await this.follow(piece, indexes, rows, job)
    }
  }

  /** Rows of a piece that were not refused yet. */
  private openRows({ pack, from, to }: Piece): number[] {
    const refused = this.refusedIn(pack)
    return range(from, to).filter((row) => !refused.has(row))
  }

  /** Makes the bulk call. Returns the job, or undefined when the call was refused and dealt with. */
  private async post(piece: Piece, indexes: number[], rows: string[]): Promise<string | undefined> {
    const { client, target, clock } = this.parts
    const answer = await client.ask({
      bucket: 'bulk',
      method: 'POST',
      url: `${target.api}/v1/customers/bulk/async`,
      headers: target.headers,
      body: toBody(indexes.map((index) => rows[index])),
      about: 'the bulk call',
      onTry: () => this.note({ did: 'sending', ...piece, at: clock.now() }),
      onFailure: (why) => this.note({ did: 'failed', ...piece, why }),
      problemOf: (body) =>
        jobOf(body) === undefined ? 'Voucherify took the bulk call and named no job for it.' : undefined
    })
    const job = jobOf(answer.body)
    if (answer.status < 300 && job !== undefined) {
      this.note({ did: 'accepted', ...piece, job })
      return job
    }
    // 400, 413 and their like are about what was sent: one row spoils the whole call.
    const why = reasonOf(isObject(answer.body) ? answer.body : {}, `Voucherify answered ${answer.status}.`)
    this.split(piece, indexes, rows, why)
    return undefined
  }

  /** Lets the halves go instead, or refuses the one row that is left. */
  private split(piece: Piece, indexes: number[], rows: string[], why: ReturnType<typeof reasonOf>): void {
    if (indexes.length === 1) this.refuse(piece, rows, new Map([[indexes[0], why]]))
    else this.note({ did: 'halved', ...piece })
  }

  /** Asks about a job until it ends, and deals with what it says. */
  private async follow(piece: Piece, indexes: number[], rows: string[], job: string): Promise<void> {
    const result = await this.waitForJob(job)
    if (!result) return this.note({ did: 'failed', ...piece, why: 'Voucherify does not know the job any more.' })
    const errors = errorsOf(result)
    const named = matchErrors(errors, piece, rows)
    const failedCount = Math.max(countOf(result, 'failed_count') ?? 0, named.size)
    if (isFailedWhole(result, failedCount)) return this.retryJob(piece, indexes, rows, named, errors)
    this.failuresInARow = 0
    if (failedCount > named.size) await this.readReports(result, failedCount - named.size, named, piece, rows)
    this.refuse(piece, rows, named)
    const open = this.openRows(piece)
    const unnamed = failedCount - named.size
    if (unnamed <= 0) return this.end(piece, open.length)
    // Some of them failed, and nobody says which: halves tell, down to the row.
    if (open.length > unnamed && open.length > 1) return this.note({ did: 'halved', ...piece })
    const why = { reason: 'Voucherify counted the customer as failed and named no reason.' }
    this.refuse(piece, rows, new Map(open.map((row) => [row, why])))
    this.end(piece, 0)
  }

  private end(piece: Piece, accepted: number): void {
    this.note({ did: 'ended', ...piece, accepted, rejected: this.parts.rejected.sync() })
  }

  /** The async action once it has ended; undefined when Voucherify does not know it. */
  private async waitForJob(job: string): Promise<JSONObject | undefined> {
    const { client, clock, target } = this.parts
    const { first, last, factor } = POLLS[target.kind]
    const began = clock.now()
    for (let pause = first; ; pause = Math.min(last, pause * factor)) {
      await client.wait(pause, '')
      const answer = await this.askForJob(job)
      if (answer.status === 404) return undefined
      if (answer.status >= 300 || !isObject(answer.body)) {
        throw resumable(
          `Voucherify answered ${answer.status} to the question about the job ${job}. The same command asks again.`
        )
      }
      const { status } = answer.body
      if (status === 'DONE' || status === 'FAILED') return answer.body
      if (clock.now() - began > MAX_JOB_MS) {
        throw resumable(
          `The job ${job} has not ended for two hours (${String(status)}). The same command asks for it again.`
        )
      }
    }
  }

  private askForJob(job: string): Promise<Answer> {
    const { client, target } = this.parts
    return client.ask({
      bucket: 'api',
      method: 'GET',
      url: `${target.api}/v1/async-actions/${encodeURIComponent(job)}`,
      headers: target.headers,
      about: 'the question about a job',
      onTry: () => void (this.made.polls += 1)
    })
  }

  /** A job that failed as a whole: rows that it names are refused, the rest goes again, and by halves if it must. */
  private async retryJob(
    piece: Piece,
    indexes: number[],
    rows: string[],
    named: Named,
    errors: JSONObject[]
  ): Promise<void> {
    const why = reasonOf(errors[0] ?? {}, 'The job failed as a whole and named no reason.')
    if (named.size) this.refuse(piece, rows, named)
    this.note({ did: 'failed', ...piece, why: why.reason })
    if (named.size) return
    this.failuresInARow += 1
    if (this.failuresInARow >= MAX_FAILURES_IN_A_ROW) {
      throw resumable(
        `Voucherify's jobs fail one after the other (${why.reason}). Ask Voucherify's support, then run the same command.`
      )
    }
    const failures = (this.failures.get(keyOf(piece)) ?? 0) + 1
    this.failures.set(keyOf(piece), failures)
    if (failures >= MAX_JOB_FAILURES) return this.split(piece, indexes, rows, why)
    const pause = this.parts.target.kind === 'sandbox' ? POLLS.sandbox.last : JOB_PAUSE_MS
    await this.parts.client.wait(pause, `A job failed as a whole (${why.reason}).`)
  }

  /** Takes the errors that the list of the job left out from its reports, when they explain what is missing. */
  private async readReports(
    { result }: JSONObject,
    missing: number,
    named: Named,
    piece: Piece,
    rows: string[]
  ): Promise<void> {
    const addresses = isObject(result) && Array.isArray(result.reports) ? result.reports : []
    const told: RowError[] = []
    for (const address of addresses) {
      if (typeof address !== 'string' || !/^https?:/.test(address)) continue
      this.made.reports += 1
      const text = await this.parts.client.download(address)
      told.push(...((text && failedRows(text)) || []))
    }
    const more = [...matchErrors(told, piece, rows)].filter(([row]) => !named.has(row))
    // A report that names others than were counted speaks another language than this code.
    if (more.length === missing) more.forEach(([row, why]) => named.set(row, why))
  }

  /** Reports rows as refused by Voucherify, each once. */
  private refuse({ pack, from, to }: Piece, rows: string[], named: Named): void {
    const known = this.refusedIn(pack)
    const fresh = [...named].filter(([row]) => !known.has(row))
    if (!fresh.length) return
    for (const [row, why] of fresh) {
      const sent = JSON.parse(rows[row]) as JSONObject
      this.parts.rejected.add({
        by: 'voucherify',
        source_id: String(sent.source_id),
        ...why,
        is: 'customer',
        row: sent
      })
    }
    this.note({ did: 'refused', pack, from, to, rows: fresh.map(([row]) => row), rejected: this.parts.rejected.sync() })
  }

  private async sendGroups(): Promise<void> {
    let index = -1
    for (const line of this.parts.groups()) {
      index += 1
      if (index >= this.groupsDone) await this.sendGroup(line, index)
    }
  }

  private async sendGroup(line: string, index: number): Promise<void> {
    const { client, target, rejected } = this.parts
    const body = JSON.parse(line) as JSONObject
    const { status, body: said } = await client.ask({
      bucket: 'gateway',
      method: 'POST',
      url: `${target.gateway}/segmentio/group-processing`,
      headers: await target.groupHeaders(body),
      body: line,
      about: 'the group call'
    })
    const accepted = status < 300
    if (!accepted) {
      const why = reasonOf(isObject(said) ? said : {}, `Voucherify answered ${status}.`)
      const sourceId = isObject(body.customer) ? String(body.customer.source_id) : undefined
      rejected.add({ by: 'voucherify', source_id: sourceId, ...why, is: 'group', row: body })
    }
    this.note({ did: 'group', index, accepted, rejected: rejected.sync() })
  }
}

/** Why a row was refused, by its place in the pack. */
type Named = Map<number, ReturnType<typeof reasonOf>>

function nothingDelivered(): Delivered {
  return {
    accepted: 0,
    rejected: 0,
    packs: 0,
    bytes: 0,
    isFinished: false,
    groups: { accepted: 0, rejected: 0 },
    calls: { bulk: 0, polls: 0, reports: 0, groups: 0 }
  }
}

/** Counts what an entry of the journal says. */
function tally(sum: Delivered, entry: Entry, packs: Pack[]): void {
  switch (entry.did) {
    case 'sending':
      sum.calls.bulk += 1
      break
    case 'ended':
      sum.accepted += entry.accepted
      if (entry.from > 0 || entry.to < packs[entry.pack].rows) break
      sum.packs += 1
      sum.bytes += packs[entry.pack].bytes
      break
    case 'refused':
      sum.rejected += entry.rows.length
      break
    case 'group':
      sum.calls.groups += 1
      sum.groups[entry.accepted ? 'accepted' : 'rejected'] += 1
      break
    case 'called':
      sum.calls.polls += entry.polls
      sum.calls.reports += entry.reports
      break
    case 'finished':
      sum.isFinished = true
      break
  }
}

function keyOf({ pack, from, to }: Piece): string {
  return `${pack}:${from}-${to}`
}

function halvesOf({ pack, from, to }: Piece): Piece[] {
  const middle = (from + to) >> 1
  return [
    { pack, from, to: middle },
    { pack, from: middle, to }
  ]
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_value, index) => from + index)
}

function jobOf(body: unknown): string | undefined {
  const id = isObject(body) ? body.async_action_id : undefined
  return typeof id === 'string' && id ? id : undefined
}

function countOf({ result }: JSONObject, name: string): number | undefined {
  const count = isObject(result) ? result[name] : undefined
  return typeof count === 'number' ? count : undefined
}

function errorsOf({ result }: JSONObject): JSONObject[] {
  return isObject(result) && Array.isArray(result.errors) ? result.errors.filter(isObject) : []
}

/** DONE does not mean that every row succeeded, and FAILED not that one did not. */
function isFailedWhole({ status, operation_status }: JSONObject, failedCount: number): boolean {
  return status === 'FAILED' || (operation_status === 'FAILED' && failedCount === 0)
}

/** The errors that name a row of the piece, by its place; those of a row that was reported before among them. */
function matchErrors(errors: JSONObject[], { from, to }: Piece, rows: string[]): Named {
  const named: Named = new Map()
  if (!errors.length) return named
  const places = new Map(
    range(from, to).map((index) => [String((JSON.parse(rows[index]) as JSONObject).source_id), index])
  )
  for (const error of errors) {
    const row = places.get(String(error.source_id))
    if (row !== undefined && !named.has(row))
      named.set(row, reasonOf(error, 'Voucherify refused the customer and named no reason.'))
  }
  return named
}
