import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder, writeAll } from './files'
import { Partitions } from './partitions'

/** Most bytes of a pack: 9.5 MB of the 10 MB that Voucherify's API reference allows for a bulk call. */
export const MAX_PACK_BYTES = 9_500_000

const [BEGIN, BETWEEN, END] = ['[\n', ',\n', '\n]']

/** One bulk call: its rows are the lines of a file that is the body. */
export interface Pack {
  rows: number
  bytes: number
}

/** Whether a row fits into a pack at all. */
export function fitsPack(row: string): boolean {
  return Buffer.byteLength(row) + BEGIN.length + END.length <= MAX_PACK_BYTES
}

/** Fills packs with rows, by bytes, and writes each when it is full. */
export class PackWriter {
  readonly packs: Pack[] = []
  private rows: string[] = []
  private bytes = 0
  /** Rows of customers who need several, by their place among them: each must arrive after the one before. */
  private readonly later: Partitions[] = []

  /** @param folder where the packs are written; undefined only counts them */
  constructor(private readonly folder: string | undefined, private readonly spill: string) {
    if (folder) mkdirSync(folder, { recursive: true })
  }

  /** @param wave how many rows of the same customer come before this one */
  add(row: string, wave: number): void {
    if (wave === 0) return this.put(row)
    this.later[wave - 1] ??= new Partitions(join(this.spill, `wave-${wave}`), 1)
    this.later[wave - 1].add(row, row)
  }

  /** Writes what is left, wave after wave, each in packs of its own. */
  finish(): Pack[] {
    this.close()
    for (const wave of this.later) {
      for (const rows of wave.read((row) => row)) rows.forEach((row) => this.put(row))
      this.close()
    }
    if (this.folder) syncFolder(this.folder)
    return this.packs
  }

  private put(row: string): void {
    const size = Buffer.byteLength(row) + BETWEEN.length
    if (this.bytes + size > MAX_PACK_BYTES) this.close()
    this.rows.push(row)
    this.bytes += size
  }

  private close(): void {
    if (this.rows.length) {
      const body = toBody(this.rows)
      if (this.folder) writeSynced(packPath(this.folder, this.packs.length), body)
      this.packs.push({ rows: this.rows.length, bytes: Buffer.byteLength(body) })
    }
    this.rows = []
    this.bytes = BEGIN.length + END.length
  }
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'w')
  try {
    writeAll(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function packPath(folder: string, index: number): string {
  return join(folder, `${String(index + 1).padStart(5, '0')}.json`)
}

/** The rows of a pack, each as JSON. */
export function readPack(folder: string, index: number): string[] {
  return readFileSync(packPath(folder, index), 'utf8').slice(BEGIN.length, -END.length).split(BETWEEN)
}

/** Rows as the body of a bulk call. JSON holds no line end of its own, so that each row stays a line. */
export function toBody(rows: string[]): string {
  return BEGIN + rows.join(BETWEEN) + END
}
