import { closeSync, createReadStream, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream'
import type { Readable } from 'node:stream'
import { constants, createGunzip, gunzipSync } from 'node:zlib'
import { errorCode } from '../workbench/shared/errorCode'
import { blocked, unusable } from './stop'
import type { Stop } from './stop'

export type Format = 'csv' | 'ndjson'

/** One file to read. `-` is the standard input, whose size is not known. */
export interface InputFile {
  path: string
  format: Format
  /** Bytes on the disk. */
  size: number
  modified: number
}

export interface Inputs {
  files: InputFile[]
  /** What lies in the folders and is not read, each with the reason. */
  skipped: { path: string; why: string }[]
}

const DATA_NAME = /\.(csv|tsv|ndjson|jsonl|json)$/i
const GZIP_NAME = /\.gz(ip)?$/i
/** What a file begins with that is no text, so that it can be called by its name. */
const MAGIC: [begins: string, what: string][] = [
  ['%PDF', 'a PDF'],
  ['PK\x03\x04', 'a ZIP archive or an Excel workbook'],
  ['\xd0\xcf\x11\xe0', 'an old Excel workbook'],
  ['PAR1', 'a Parquet file'],
  ['Obj\x01', 'an Avro file'],
  ['\x28\xb5\x2f\xfd', 'compressed with Zstandard'],
  ['\xff\xfe', 'text in UTF-16'],
  ['\xfe\xff', 'text in UTF-16'],
  ['BZh', 'compressed with bzip2'],
  ['\x89PNG', 'a picture'],
  ['\xff\xd8\xff', 'a picture']
]
const PEEK_BYTES = 65_536

/**
 * Finds the files to read: those named, and in folders those that are data, in the order of their names.
 *
 * @param format what all inputs are; by name and look unless given
 * @throws Stop (2) for an input that is not there, or that is named and no data
 */
export function findInputs(paths: string[], format?: Format): Inputs {
  const inputs: Inputs = { files: [], skipped: [] }
  const seen = new Set<string>()
  for (const path of paths) {
    if (path === '-' && format) inputs.files.push({ path, format, size: 0, modified: 0 })
    else if (statOf(path).isDirectory()) walk(path, format, inputs, seen)
    else inputs.files.push(readNamed(path, format))
  }
  if (inputs.files.length) return inputs
  throw unusable(`There is no data file in ${paths.join(', ')}: CSV and NDJSON, plain or gzip, are read.`)
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
  } catch {
    throw unusable(`There is no ${path} that can be read.`)
  }
}

function readNamed(path: string, format: Format | undefined): InputFile {
  const look = lookAt(path)
  if ('why' in look) throw unusable(`${path} ${look.why}. Give a CSV or NDJSON file, plain or gzip, in UTF-8.`)
  return inputFile(path, format ?? look.format)
}

function walk(folder: string, format: Format | undefined, inputs: Inputs, seen: Set<string>): void {
  const real = realpathSync(folder)
  if (seen.has(real)) return
  seen.add(real)
  const names = namesIn(folder).sort()
  for (const name of names) {
    const path = join(folder, name)
    const skip = (why: string) => inputs.skipped.push({ path, why })
    if (name.startsWith('.')) continue
    if (statOf(path).isDirectory()) {
      if (name.endsWith('.backfill')) skip('is the work folder of a backfill')
      else walk(path, format, inputs, seen)
    } else if (!DATA_NAME.test(name) && !GZIP_NAME.test(name)) {
      skip('has no name of a data file')
    } else {
      const look = lookAt(path)
      if ('why' in look) skip(look.why)
      else inputs.files.push(inputFile(path, format ?? look.format))
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    throw unreadable(folder)
  }
}

function inputFile(path: string, format: Format): InputFile {
  const { size, mtimeMs } = statOf(path)
  return { path, format, size, modified: mtimeMs }
}

/** What a file is, by its name and its first bytes; or why it is no data. */
function lookAt(path: string): { format: Format } | { why: string } {
  if (!statOf(path).isFile()) return { why: 'is no file' }
  const head = peek(path)
  if (!head.length) return { why: 'is empty' }
  const latin = head.toString('latin1')
  const magic = MAGIC.find(([begins]) => latin.startsWith(begins))
  if (magic) return { why: `is ${magic[1]}, no data that can be read here` }
  if (head.includes(0)) return { why: 'is no text' }
  const text = head.toString().replace(/^\ufeff/, '')
  if (!text.trim()) return { why: 'holds nothing but white space' }
  if (/^\s*\[/.test(text)) return { why: 'is one JSON list, and one JSON object a line is needed (NDJSON)' }
  const name = basename(path).replace(GZIP_NAME, '')
  if (/\.(csv|tsv)$/i.test(name)) return { format: 'csv' }
  return { format: /^\s*\{/.test(text) ? 'ndjson' : 'csv' }
}

/** The first bytes of a file, unpacked. */
function peek(path: string): Buffer {
  const head = Buffer.alloc(PEEK_BYTES)
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    throw unreadable(path)
  }
  const bytes = head.subarray(0, readSync(file, head, 0, PEEK_BYTES, 0))
  closeSync(file)
  if (!isGzip(bytes)) return bytes
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    // What is wrong with it is said when it is read.
    return Buffer.from('{')
  }
}

function unreadable(path: string): Stop {
  return unusable(`${path} can't be read. Check its permissions.`)
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * Reads a file, unpacked, as chunks of UTF-8 without the mark that some programs put at its beginning.
 *
 * @param onRead gets the bytes that were read from the disk
 * @throws Stop (7) that names a file which is cut off, damaged or not in UTF-8
 */
export async function* readBytes(
  { path }: Pick<InputFile, 'path'>,
  onRead: (bytes: number) => void = () => undefined
): AsyncGenerator<Buffer> {
  const raw: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 })
  const requireText = createTextCheck(path)
  let isFirst = true
  try {
    for await (const chunk of unpacked(raw, onRead)) {
      requireText(chunk)
      const hasMark = isFirst && chunk.indexOf('\ufeff') === 0
      isFirst = false
      yield hasMark ? chunk.subarray(3) : chunk
    }
    requireText()
  } catch (error) {
    const code = errorCode(error) ?? ''
    if (code === 'Z_BUF_ERROR') {
      throw blocked(`${path} is cut off: its gzip data ends early. Fetch the file again, then run the same command.`)
    }
    if (code.startsWith('Z_'))
      throw blocked(`${path} is damaged: its gzip data can't be unpacked. Fetch the file again.`)
    throw error
  } finally {
    raw.destroy()
  }
}

/** The chunks, unpacked when they are gzip. Several gzip members one after the other are read through. */
async function* unpacked(raw: Readable, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  const counted = async function* () {
    for await (const chunk of raw as AsyncIterable<Buffer>) {
      onRead(chunk.length)
      yield chunk
    }
  }
  const chunks = counted()
  const first = await chunks.next()
  if (first.done) return
  const all = async function* () {
    yield first.value
    yield* chunks
  }
  if (!isGzip(first.value)) {
    for await (const chunk of all()) yield chunk
    return
  }
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  // The error reaches the reader of gunzip, which is destroyed with it.
  pipeline(all(), gunzip, () => undefined)
  for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk
}

/** Makes a check of chunk after chunk; without one it checks the end. Letters would be lost without a word otherwise. */
function createTextCheck(path: string): (chunk?: Buffer) => void {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return (chunk) => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      throw blocked(`${path} is not in UTF-8, so letters such as "é" would be lost. Save or convert it as UTF-8 first.`)
    }
  }
}
