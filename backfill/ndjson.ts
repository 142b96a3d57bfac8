import type { JSONObject, JSONValue } from '@segment/actions-core'
import { flatten, readHeader, toCall } from './columns'
import type { Column, ColumnOptions } from './columns'
import { readBytes } from './inputs'
import type { InputFile } from './inputs'
import { isObject, MAX_ROW_LENGTH, quoted } from './records'
import type { InputRecord, Place } from './records'
import { UNKNOWN_SCHEMA } from './schema'
import { Stop, unusable } from './stop'

export interface NdjsonOptions extends ColumnOptions {
  onColumns(columns: Column[]): void
  onRead(bytes: number): void
}

/** The calls that a backfill leaves: an old event would get today's time and award points again. */
const LEFT_TYPES = new Set(['track', 'page', 'screen', 'alias', 'delete'])

/** Reads Segment calls, as raw archives hold them, or rows: one JSON object a line, many at a time. */
export async function* readNdjson(file: InputFile, options: NdjsonOptions): AsyncGenerator<InputRecord[]> {
  // JSON has types of its own: only the texts of a CSV are turned into the project's.
  const readRow = createRowReader(file.path, { ...options, schema: UNKNOWN_SCHEMA })
  let line = 0
  for await (const lines of readLines(file, options.onRead)) {
    const records: InputRecord[] = []
    for (const text of lines) {
      line += 1
      if (text === undefined || text.trim()) records.push(readLine(text, { file: file.path, line }, readRow))
    }
    if (records.length) yield records
  }
  if (!line) throw unusable(`${file.path} is empty. Give a file with one JSON object a line.`)
}

/** The lines of a file, as many at a time as a chunk holds; undefined for one that is longer than any row. */
export async function* readLines(
  file: InputFile,
  onRead: (bytes: number) => void
): AsyncGenerator<(string | undefined)[]> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of readBytes(file, onRead)) {
    const lines: (string | undefined)[] = []
    let begin = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, begin)) {
      const part = chunk.subarray(begin, end)
      if (length > MAX_ROW_LENGTH) lines.push(undefined)
      else lines.push((parts.length ? Buffer.concat([...parts, part]) : part).toString())
      parts = []
      length = 0
      begin = end + 1
    }
    if (begin < chunk.length) {
      length += chunk.length - begin
      if (length > MAX_ROW_LENGTH) parts = []
      else parts.push(chunk.subarray(begin))
    }
    yield lines
  }
  if (length) yield [length > MAX_ROW_LENGTH ? undefined : Buffer.concat(parts).toString()]
}

export type ReadRow = (row: JSONObject, place: Place) => InputRecord

function readLine(text: string | undefined, place: Place, readRow: ReadRow): InputRecord {
  if (text === undefined) return refused(place, `The line is longer than ${MAX_ROW_LENGTH} bytes.`, () => null)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refused(place, 'The line is not valid JSON.', () => quoted(text))
  }
  if (!isObject(value)) return refused(place, 'The line is not a JSON object.', () => quoted(text))
  return readValue(value, place, readRow)
}

/** A Segment call as it is, anything else as a row. */
export function readValue(value: JSONObject, place: Place, readRow: ReadRow): InputRecord {
  const { type } = value
  if (!isCall(value)) return readRow(value, place)
  if (type === 'identify' || type === 'group') return { kind: type, call: value, ...place, raw: () => value }
  return { kind: 'left', what: String(type) }
}

/** A row may have a column named "type"; a call also has what only Segment writes. */
function isCall({ type, ...others }: JSONObject): boolean {
  if (typeof type !== 'string' || !(LEFT_TYPES.has(type) || type === 'identify' || type === 'group')) return false
  return ['messageId', 'userId', 'anonymousId', 'originalTimestamp', 'traits', 'properties'].some(
    (key) => key in others
  )
}

/** Rows of one file mostly have the same keys, whose places are worked out once. */
export function createRowReader(file: string, options: NdjsonOptions): ReadRow {
  const known = new Map<string, Column[]>()
  return (row, place) => {
    const cells = flatten(row)
    const names = cells.map(([name]) => name)
    const key = JSON.stringify(names)
    let columns = known.get(key)
    if (!columns) {
      try {
        columns = readHeader(`${file}, line ${place.line}`, names, options)
      } catch (error) {
        // The first row says whether the file can be used at all, any other only of itself.
        if (!known.size || !(error instanceof Stop)) throw error
        return refused(place, error.message, () => row)
      }
      options.onColumns(columns)
      if (known.size < MAX_KNOWN) known.set(key, columns)
    }
    const values: JSONValue[] = cells.map(([, value]) => value)
    const made = toCall(columns, values, options)
    return made ? { kind: 'identify', ...place, ...made, raw: () => row } : { kind: 'left', what: 'merged profile' }
  }
}

const MAX_KNOWN = 1_000

function refused(place: Place, reason: string, raw: () => JSONValue): InputRecord {
  return { kind: 'refused', ...place, reason, raw }
}
