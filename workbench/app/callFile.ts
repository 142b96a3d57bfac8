import type { JSONObject } from '@segment/actions-core'
import { readCsv } from '../../backfill/csv'
import { findInputs, readBytes } from '../../backfill/inputs'
import type { InputFile } from '../../backfill/inputs'
import { createRowReader, readLines } from '../../backfill/ndjson'
import type { NdjsonOptions } from '../../backfill/ndjson'
import type { InputRecord, Place } from '../../backfill/records'
import { UNKNOWN_SCHEMA } from '../../backfill/schema'
import { CALL_TYPES, toCallType } from '../shared/callTypes'
import { isJsonObject } from '../shared/json'

/** What a file holds in one place: a call, or why there is none. */
export type FileItem = { call: JSONObject } | { reason: string }

export interface OpenedFile {
  /** In words. */
  format: string
  items(): AsyncGenerator<FileItem[]>
}

/** A file that is not read. The message says why, and what is. */
export class UnreadableFile extends Error {}

/** Longest JSON that is read as a whole, in bytes. NDJSON and CSV may be of any length. */
const MAX_JSON_BYTES = 64 * 1024 * 1024
/** Addresses of the Tracking API, under any host: SDKs are often sent through a proxy of one's own. */
const TRACKING_PATH = /\/v1\/(b|batch|import|t|track|p|page|s|screen|i|identify|g|group|a|alias)\/?$/
const ITEMS_AT_ONCE = 500

const rowOptions: NdjsonOptions = {
  columns: {},
  emptyClears: false,
  schema: UNKNOWN_SCHEMA,
  onColumns: () => undefined,
  onRead: () => undefined
}

/**
 * Opens a file with calls: NDJSON and CSV as the backfill reads them, with the calls that it leaves; also a JSON list, a
 * batch, and a HAR of a browser. Each plain or gzip.
 *
 * @throws UnreadableFile, and the backfill's own error, whose message names the path
 */
export async function openCallFile(path: string, name: string): Promise<OpenedFile> {
  const isJson = /\.(json|har)(\.gz(ip)?)?$/i.test(name) || (await beginsAsList(path))
  const whole = isJson ? await readWholeJson(path) : undefined
  if (whole !== undefined) return { format: whole.format, items: () => inParts(whole.items) }
  const [file] = findInputs([path]).files
  return file.format === 'csv'
    ? { format: 'CSV', items: () => readRows(file) }
    : { format: 'NDJSON', items: () => readObjects(file) }
}

async function beginsAsList(path: string): Promise<boolean> {
  try {
    for await (const chunk of readBytes({ path })) {
      const text = chunk.toString().trimStart()
      if (text) return text.startsWith('[')
    }
  } catch {
    // What is wrong with it is said by whoever reads it, who looks at what it is first.
  }
  return false
}

/** A file that is one JSON value; undefined where it is one value a line after all. */
async function readWholeJson(path: string): Promise<{ format: string; items: FileItem[] } | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of readBytes({ path })) {
    length += chunk.length
    if (length > MAX_JSON_BYTES) {
      throw new UnreadableFile(
        `A JSON file is read up to ${MAX_JSON_BYTES} bytes. Write one call a line (NDJSON) instead.`
      )
    }
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString()
  if (!text.trim()) throw new UnreadableFile('The file is empty.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (/^\s*\{.*\}\s*\n\s*\{/s.test(text)) return undefined
    throw new UnreadableFile(`The file is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (isJsonObject(value) && isJsonObject(value.log)) return { format: 'HAR', items: callsOfHar(value.log) }
  return { format: 'JSON', items: callsOfBody(value).map(toItem) }
}

/** The calls of a body as SDKs send it, a list of calls, or one call. */
function callsOfBody(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (isJsonObject(value) && Array.isArray(value.batch)) return value.batch
  return [value]
}

function toItem(value: unknown): FileItem {
  if (!isJsonObject(value)) return { reason: 'It is not a JSON object.' }
  if (isCall(value)) return { call: value }
  return { reason: `It has no "type" of ${CALL_TYPES.join(', ')}.` }
}

const isCall = ({ type }: JSONObject) => toCallType(type) !== undefined

/** What a browser sent to the Tracking API while it was recorded. */
function callsOfHar({ entries }: JSONObject): FileItem[] {
  const requests = (Array.isArray(entries) ? entries : []).map((entry) => (isJsonObject(entry) ? entry.request : null))
  const bodies = requests.flatMap((request): string[] => {
    if (!isJsonObject(request) || request.method !== 'POST' || !isJsonObject(request.postData)) return []
    const { text } = request.postData
    const [address] = String(request.url).split('?')
    return typeof text === 'string' && TRACKING_PATH.test(address) ? [text] : []
  })
  if (!bodies.length) {
    throw new UnreadableFile('The HAR holds no call to Segment: no POST to an address such as /v1/t or /v1/batch.')
  }
  return bodies.flatMap((text): FileItem[] => {
    try {
      return callsOfBody(JSON.parse(text)).map(toItem)
    } catch {
      return [{ reason: 'A request of the HAR has no JSON body.' }]
    }
  })
}

async function* inParts(items: FileItem[]): AsyncGenerator<FileItem[]> {
  for (let at = 0; at < items.length; at += ITEMS_AT_ONCE) yield items.slice(at, at + ITEMS_AT_ONCE)
}

async function* readRows(file: InputFile): AsyncGenerator<FileItem[]> {
  for await (const records of readCsv(file, rowOptions)) yield records.map(fromRecord)
}

/** One object a line: calls of every type, and rows that become identify calls. */
async function* readObjects(file: InputFile): AsyncGenerator<FileItem[]> {
  const readRow = createRowReader(file.path, rowOptions)
  let line = 0
  for await (const lines of readLines(file, rowOptions.onRead)) {
    const items = lines.flatMap((text): FileItem[] => {
      line += 1
      if (text === '' || text?.trim() === '') return []
      return [readLine(text, { file: file.path, line }, readRow)]
    })
    if (items.length) yield items
  }
}

function readLine(text: string | undefined, place: Place, readRow: ReturnType<typeof createRowReader>): FileItem {
  if (text === undefined) return { reason: `Line ${place.line} is too long.` }
  try {
    const value: unknown = JSON.parse(text)
    if (!isJsonObject(value)) return { reason: `Line ${place.line} is not a JSON object.` }
    return isCall(value) ? { call: value } : fromRecord(readRow(value, place))
  } catch {
    return { reason: `Line ${place.line} is not valid JSON.` }
  }
}

function fromRecord(record: InputRecord): FileItem {
  if ('call' in record) {
    const { userId, anonymousId } = record.call
    const isSomebody = [userId, anonymousId].some((id) => String(id ?? '').trim())
    return isSomebody ? { call: record.call } : { reason: `Line ${record.line}: It has no ID of a customer.` }
  }
  if (record.kind === 'refused') return { reason: `Line ${record.line}: ${record.reason}` }
  return { reason: 'It is no call.' }
}
