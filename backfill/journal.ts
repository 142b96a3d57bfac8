import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { writeAll } from './files'
import { isObject } from './records'
import { blocked } from './stop'

/** A part of a pack: its rows from one to before another. */
export interface Piece {
  pack: number
  from: number
  to: number
}

/** What happened, in the order it happened. Each entry is on the disk before the run goes on. */
export type Entry =
  /** A bulk call is about to be made: it may or may not have reached Voucherify. */
  | ({ did: 'sending'; at: number } & Piece)
  /** Voucherify took it as a job. */
  | ({ did: 'accepted'; job: string } & Piece)
  /** Voucherify did not take it, or its job failed as a whole: it will be sent again. */
  | ({ did: 'failed'; why: string } & Piece)
  /** Its two halves go instead. */
  | ({ did: 'halved' } & Piece)
  /** It is done. */
  | ({ did: 'ended'; accepted: number } & Piece & Reported)
  /** Rows of it were refused for good; the rest of it goes on. */
  | ({ did: 'refused'; rows: number[] } & Piece & Reported)
  /** A group call was answered. */
  | ({ did: 'group'; index: number; accepted: boolean } & Reported)
  /** Everything is done. */
  | { did: 'finished'; at: number }
  /** How many calls of other kinds were made since the last entry of this kind. */
  | { did: 'called'; polls: number; reports: number }

interface Reported {
  /** Length of `rejected.ndjson` in bytes with all that the entry says. What stands behind it was not finished. */
  rejected: number
}

/** The file that says what a run did: entries are added, each a line of JSON, and never changed. */
export class Journal {
  /** @param earlier what former runs wrote */
  private constructor(private readonly file: number, readonly earlier: Entry[]) {}

  /** Opens or begins a journal. A last line that was not written whole is taken away: what it says did not happen. */
  static open(path: string): Journal {
    const file = openSync(path, 'a+')
    const bytes = readFileSync(file)
    const end = bytes.lastIndexOf(10) + 1
    if (end < bytes.length) ftruncateSync(file, end)
    const lines = bytes.subarray(0, end).toString().split('\n').slice(0, -1)
    return new Journal(
      file,
      lines.map((line, index) => readEntry(line, path, index + 1))
    )
  }

  /** Adds an entry and waits until it is on the disk. */
  add(entry: Entry): void {
    writeAll(this.file, `${JSON.stringify(entry)}\n`)
    fsyncSync(this.file)
  }

  close(): void {
    closeSync(this.file)
  }
}

function readEntry(line: string, path: string, number: number): Entry {
  try {
    const entry: unknown = JSON.parse(line)
    if (isObject(entry) && typeof entry.did === 'string') return entry as unknown as Entry
  } catch {
    // said below
  }
  throw blocked(
    `${path} is damaged at line ${number}. Begin anew with --restart: customers sent again stay as they are.`
  )
}
