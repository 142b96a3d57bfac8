import { closeSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeAll } from './files'

/** Characters that wait for each partition before they are written. */
const BUFFER_LENGTH = 1 << 16
/** Largest partition that is read at once, in bytes. A larger one is spread again. */
const MAX_BYTES = 48 << 20
/** A partition that stays too large when it is spread so often holds one customer, and is read as it is. */
const MAX_DEPTH = 3
const SPREAD_AGAIN = 16
const CHUNK_BYTES = 1 << 20

/** Lines that are spread over files by their keys, so that all lines of a key lie in one file, in the order they came. */
export class Partitions {
  private readonly buffers: string[]
  private readonly files: number[]

  constructor(private readonly folder: string, count: number, private readonly depth = 0) {
    mkdirSync(folder, { recursive: true })
    this.buffers = Array.from({ length: count }, () => '')
    this.files = this.buffers.map((_buffer, index) => openSync(this.path(index), 'w'))
  }

  /** @param line without its end; must hold no line end of its own */
  add(key: string, line: string): void {
    const index = hash(key, this.depth) % this.buffers.length
    this.buffers[index] += `${line}\n`
    if (this.buffers[index].length > BUFFER_LENGTH) this.write(index)
  }

  /**
   * The lines of one partition after the other; each is removed once it was read. Partitions that are too large are
   * spread again.
   *
   * @param keyOf reads the key back from a line
   */
  *read(keyOf: (line: string) => string): Generator<string[]> {
    this.buffers.forEach((_buffer, index) => this.write(index))
    this.files.forEach((file) => closeSync(file))
    for (let index = 0; index < this.files.length; index += 1) {
      const path = this.path(index)
      if (statSync(path).size > MAX_BYTES && this.depth < MAX_DEPTH) {
        const smaller = new Partitions(join(this.folder, `${index}`), SPREAD_AGAIN, this.depth + 1)
        for (const line of linesOf(path)) smaller.add(keyOf(line), line)
        rmSync(path)
        yield* smaller.read(keyOf)
      } else {
        const lines = [...linesOf(path)]
        rmSync(path)
        if (lines.length) yield lines
      }
    }
    rmSync(this.folder, { recursive: true })
  }

  private path(index: number): string {
    return join(this.folder, `${index}.part`)
  }

  private write(index: number): void {
    if (this.buffers[index]) writeAll(this.files[index], this.buffers[index])
    this.buffers[index] = ''
  }
}

/** The lines of a file, read in bounded memory. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let rest = Buffer.alloc(0)
  try {
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      const bytes = rest.length ? Buffer.concat([rest, chunk.subarray(0, size)]) : chunk.subarray(0, size)
      let begin = 0
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, begin)) {
        yield bytes.toString('utf8', begin, end)
        begin = end + 1
      }
      // A copy, since the chunk is filled anew.
      rest = Buffer.from(bytes.subarray(begin))
    }
  } finally {
    closeSync(file)
  }
}

/** FNV-1a over the text, another one at each depth. */
function hash(text: string, depth: number): number {
  let value = 0x811c9dc5 ^ depth
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  // The last steps mix the high bits into the low ones, which choose the partition.
  value ^= value >>> 15
  value = Math.imul(value, 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}
