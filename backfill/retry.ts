import { existsSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JSONObject } from '@segment/actions-core'
import { syncFolder } from './files'
import type { InputFile } from './inputs'
import { Journal } from './journal'
import { createRowReader, readLines, readValue } from './ndjson'
import type { NdjsonOptions, ReadRow } from './ndjson'
import { isObject, quoted } from './records'
import type { InputRecord, Place } from './records'
import { blocked, unusable } from './stop'
import { makeFolder, pathsOf, readRun } from './work'
import type { Run, WorkPaths } from './work'

/** A run over what an earlier one rejected: a work folder of its own inside the other one's. */
export interface Retry {
  paths: WorkPaths
  input: InputFile
  /** What the earlier run was begun with. */
  original: Run
}

const INPUT = 'input.ndjson'

/**
 * Takes what a finished run rejected as the input of a new one; or finds the one that was begun and has not ended.
 *
 * @returns undefined when nothing was rejected
 * @throws Stop (2) for a folder that is none of a run, Stop (7) when the run has not ended
 */
export function openRetry(work: WorkPaths): Retry | undefined {
  const original = readRun(work)
  if (!original) throw unusable(`${work.folder} is no work folder of a backfill: it holds no run.json.`)
  if (!isFinished(work))
    throw blocked(`The run in ${work.folder} has not ended. Go on with it first: give its own command again.`)
  const names = readdirSync(work.folder).filter((name) => /^retry-\d+$/.test(name))
  const last = Math.max(0, ...names.map((name) => Number(name.slice('retry-'.length))))
  const before = pathsOf(join(work.folder, `retry-${last}`))
  if (last && !isOver(before)) return toRetry(before, original)
  if (!existsSync(work.rejected) || !statSync(work.rejected).size) return undefined
  const paths = pathsOf(join(work.folder, `retry-${last + 1}`))
  makeFolder(paths.folder)
  renameSync(work.rejected, join(paths.folder, INPUT))
  syncFolder(work.folder)
  return toRetry(paths, original)
}

/** Puts what is still rejected where the user finds it. The move is what ends a retry. */
export function closeRetry(work: WorkPaths, { paths }: Retry): void {
  if (existsSync(paths.rejected)) renameSync(paths.rejected, work.rejected)
  syncFolder(work.folder)
}

function toRetry(paths: WorkPaths, original: Run): Retry {
  const path = join(paths.folder, INPUT)
  // A folder was made and nothing moved into it: the move comes now.
  if (!existsSync(path)) {
    const rejected = join(paths.folder, '..', 'rejected.ndjson')
    if (!existsSync(rejected)) throw blocked(`${path} is missing, which holds the rejected rows.`)
    renameSync(rejected, path)
  }
  const { size, mtimeMs } = statSync(path)
  return { paths, input: { path, format: 'ndjson', size, modified: mtimeMs }, original }
}

function isOver(paths: WorkPaths): boolean {
  return isFinished(paths) && !existsSync(paths.rejected)
}

function isFinished(paths: WorkPaths): boolean {
  if (!existsSync(paths.journal)) return false
  const journal = Journal.open(paths.journal)
  journal.close()
  return journal.earlier.some(({ did }) => did === 'finished')
}

/** Reads rejected rows again, each by what it is. */
export async function* readRejected(file: InputFile, options: NdjsonOptions): AsyncGenerator<InputRecord[]> {
  const readRow = createRowReader(file.path, options)
  let line = 0
  for await (const lines of readLines(file, options.onRead)) {
    const records: InputRecord[] = []
    for (const text of lines) {
      line += 1
      if (text?.trim()) records.push(readRejection(text, { file: file.path, line }, readRow))
    }
    if (records.length) yield records
  }
}

function readRejection(text: string, own: Place, readRow: ReadRow): InputRecord {
  const rejection = parse(text)
  if (!rejection) {
    return { kind: 'refused', ...own, reason: 'The line of rejected rows is not valid JSON.', raw: () => quoted(text) }
  }
  const { is, row, file, line } = rejection
  const place = typeof file === 'string' && typeof line === 'number' ? { file, line } : own
  const raw = () => row ?? null
  if (!isObject(row)) {
    const reason = 'The row was not mended: "row" must be an object, with the names of the columns as its keys.'
    return { kind: 'refused', ...place, reason, raw }
  }
  if (is === 'customer') return { kind: 'customer', body: row, ...place, raw }
  if (is === 'group') return { kind: 'group body', body: row, ...place, raw }
  return is === 'call' ? readValue(row, place, readRow) : readRow(row, place)
}

function parse(text: string): JSONObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
