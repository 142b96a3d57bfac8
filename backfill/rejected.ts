import { closeSync, fsyncSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import type { JSONObject, JSONValue } from '@segment/actions-core'
import { writeAll } from './files'

/** One line of `rejected.ndjson`. */
export interface Rejection {
  /** Who refused it: the backfill before anything was sent, or Voucherify. */
  by: 'backfill' | 'voucherify'
  source_id?: string
  /** Where it stands in the input; absent for what was folded from several places. */
  file?: string
  line?: number
  reason: string
  /** Voucherify's own words, where it said some. */
  key?: string
  message?: string
  details?: string
  /** What `row` is: cells of a CSV or a row of NDJSON, a Segment call, a customer or a group call as it was sent. */
  is: 'row' | 'call' | 'customer' | 'group'
  row: JSONValue
}

/** Bytes that are kept before they are written. */
const BUFFER_BYTES = 1 << 16

/**
 * The file of what was refused. It grows only; what an unfinished step wrote is cut off when the step is done again, so
 * that every row is in it once.
 */
export class RejectedFile {
  private waiting = ''
  private length: number

  private constructor(private readonly file: number) {
    this.length = fstatSync(file).size
  }

  /** @param keep bytes that are known to be whole; the rest is cut off */
  static open(path: string, keep?: number): RejectedFile {
    const file = openSync(path, 'a')
    if (keep !== undefined && keep < fstatSync(file).size) ftruncateSync(file, keep)
    return new RejectedFile(file)
  }

  add(rejection: Rejection): void {
    this.waiting += `${JSON.stringify(rejection)}\n`
    if (this.waiting.length > BUFFER_BYTES) this.write()
  }

  /** Waits until all is on the disk. Returns the length of the file in bytes. */
  sync(): number {
    if (this.waiting) {
      this.write()
      fsyncSync(this.file)
    }
    return this.length
  }

  close(): void {
    closeSync(this.file)
  }

  private write(): void {
    this.length += writeAll(this.file, this.waiting)
    this.waiting = ''
  }
}

/** Voucherify's reason as a rejection holds it. */
export function reasonOf(
  { message, details, key }: JSONObject,
  otherwise: string
): Pick<Rejection, 'reason' | 'key' | 'message' | 'details'> {
  const texts = { key, message, details }
  const said = Object.fromEntries(
    Object.entries(texts).filter(([, text]) => typeof text === 'string' && text)
  ) as Record<string, string>
  return { reason: [said.message, said.details].filter(Boolean).join(': ') || otherwise, ...said }
}
