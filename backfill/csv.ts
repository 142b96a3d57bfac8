import { once } from 'node:events'
import { parse } from 'csv-parse'
import type { JSONObject } from '@segment/actions-core'
import { readHeader, toCall } from './columns'
import type { Column, ColumnOptions } from './columns'
import { readBytes } from './inputs'
import type { InputFile } from './inputs'
import { MAX_ROW_LENGTH } from './records'
import type { InputRecord } from './records'
import { errorCode } from '../workbench/shared/errorCode'
import { blocked, unusable } from './stop'

export interface CsvOptions extends ColumnOptions {
  delimiter?: string
  /** Gets the columns of each file once they are known. */
  onColumns(columns: Column[]): void
  onRead(bytes: number): void
}

/**
 * Reads the rows of a CSV file, many at a time.
 *
 * @throws Stop (2) for a header without an ID, Stop (7) for a broken quote, with the line where it began
 */
export async function* readCsv(file: InputFile, options: CsvOptions): AsyncGenerator<InputRecord[]> {
  const chunks = readBytes(file, options.onRead)
  const first = await chunks.next()
  if (first.done) throw unusable(`${file.path} is empty. Give a file with a header and rows.`)
  const delimiter = options.delimiter ?? delimiterOf(first.value.toString())
  let columns: Column[] | undefined
  for await (const rows of parseRows(file, delimiter, first.value, chunks)) {
    const records: InputRecord[] = []
    for (const { cells, line } of rows) {
      if (isBlank(cells)) continue
      if (columns) {
        records.push(readRow(columns, cells, { file: file.path, line }, options))
        continue
      }
      columns = readHeader(file.path, cells, options)
      options.onColumns(columns)
    }
    if (records.length) yield records
  }
  if (!columns) throw unusable(`${file.path} is empty. Give a file with a header and rows.`)
}

/** Bytes that the parser gets at once. */
const FED_BYTES = 1 << 16

interface Row {
  cells: string[]
  /** The line where it begins. */
  line: number
}

/** The rows of the file, some at a time. */
async function* parseRows(
  file: InputFile,
  delimiter: string,
  first: Buffer,
  rest: AsyncGenerator<Buffer>
): AsyncGenerator<Row[]> {
  let rows: Row[] = []
  /** Lines of the rows so far, without the empty ones. */
  let lines = 0
  const parser = parse({
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_LENGTH,
    on_record: (cells: string[], { empty_lines }) => {
      rows.push({ cells, line: 1 + lines + empty_lines })
      lines += 1 + lineEndsIn(cells)
      // Nothing goes through the stream itself, which would cost as much as the parsing.
      return null
    }
  })
  let failure: Error | undefined
  parser.on('error', (error) => (failure = error))
  parser.resume()
  const take = () => {
    const taken = rows
    rows = []
    return taken
  }
  const ended = once(parser, 'end').catch(() => undefined)
  // Called back when the bytes were parsed, also when they could not be.
  const feed = (bytes: Buffer) => new Promise((resolve) => parser.write(bytes, resolve))
  for (let chunk: IteratorResult<Buffer> = { value: first }; !chunk.done && !failure; chunk = await rest.next()) {
    for (let at = 0; at < chunk.value.length && !failure; at += FED_BYTES) {
      await feed(chunk.value.subarray(at, at + FED_BYTES))
      if (!failure) yield take()
    }
  }
  if (!failure) {
    parser.end()
    await ended
  }
  await rest.return(undefined)
  // What was read before the fault is of no use: nothing is sent then.
  if (failure) throw await explain(file, delimiter, failure, 1 + lines + parser.info.empty_lines)
  yield take()
}

function readRow(
  columns: Column[],
  cells: string[],
  place: { file: string; line: number },
  options: ColumnOptions
): InputRecord {
  if (cells.length !== columns.length) {
    const reason = `The row has ${cells.length} cells, and the header has ${columns.length}.`
    // Nobody knows which cell belongs to which column, so they stay a list.
    return { kind: 'refused', ...place, reason, raw: () => cells }
  }
  const raw = (): JSONObject => Object.fromEntries(cells.map((cell, index) => [columns[index].name, cell]))
  const made = toCall(columns, cells, options)
  return made ? { kind: 'identify', ...place, ...made, raw } : { kind: 'left', what: 'merged profile' }
}

function isBlank(cells: string[]): boolean {
  return cells.length === 1 && !cells[0].trim()
}

function lineEndsIn(cells: string[]): number {
  let count = 0
  for (const cell of cells) {
    for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count += 1
  }
  return count
}

/** The character that parts the header best. */
function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/)).replace(/"[^"]*"/g, '')
  const counts = [',', ';', '\t', '|'].map((sign) => ({ sign, count: header.split(sign).length - 1 }))
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).sign
}

async function explain(file: InputFile, delimiter: string, failure: Error, line: number): Promise<Error> {
  if (!/QUOTE|RECORD_SIZE/.test(errorCode(failure) ?? '')) return failure
  const at = (file.path === '-' ? undefined : await findBrokenQuote(file, delimiter, line)) ?? line
  return blocked(
    `${file.path}, line ${at}: a quote begins here that is not closed as CSV asks, so the rows behind it can't be told apart. ` +
      'Nothing was sent. Mend the line (a quote inside a quoted cell is written twice), then run the same command.'
  )
}

/** The line of the quote that ends wrongly, looked for from the line of the row that could not be read. */
async function findBrokenQuote(file: InputFile, delimiter: string, from: number): Promise<number | undefined> {
  let line = 1
  let quoteLine: number | undefined
  let before = '\n'
  /** A quote inside a quoted cell was read: the next character says what it means. */
  let isPending = false
  const decoder = new TextDecoder()
  for await (const chunk of readBytes(file)) {
    for (const char of decoder.decode(chunk, { stream: true })) {
      if (line >= from) {
        if (isPending) {
          isPending = false
          if (char !== '"') {
            if (char !== delimiter && char !== '\n' && char !== '\r') return quoteLine
            quoteLine = undefined
          }
        } else if (char === '"') {
          if (quoteLine !== undefined) isPending = true
          else if (before !== delimiter && before !== '\n' && before !== '\r') return line
          else quoteLine = line
        }
      }
      if (char === '\n') line += 1
      before = char
    }
  }
  return isPending ? undefined : quoteLine
}
