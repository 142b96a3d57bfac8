import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { InputFile } from './inputs'
import type { Mappings } from './mapping'
import type { Options } from './options'
import type { Prepared } from './prepare'
import { writeWhole } from './files'
import { errorCode } from '../workbench/shared/errorCode'
import { asStop, blocked, Stop } from './stop'

/** The files of a work folder. */
export interface WorkPaths {
  folder: string
  /** What the run was begun with. */
  run: string
  /** What was prepared: it is there once the packs are whole. */
  plan: string
  packs: string
  groups: string
  journal: string
  rejected: string
  summary: string
  scratch: string
}

/** Where a run delivers to, as far as it may be written down. */
export interface Destination {
  /** `rehearsal` is the embedded sandbox, which forgets everything at the end. */
  kind: 'voucherify' | 'sandbox' | 'rehearsal'
  host: string
  /** The Application ID, hashed. The secret may be changed at any time. */
  application: string
}

/** How the inputs are read, as the command line said it. */
export type Reading = Pick<Options, 'format' | 'delimiter' | 'columns' | 'emptyClears' | 'dropBadDates'>

/** What a run was begun with: it only goes on with the same. */
export interface Run {
  version: 1
  startedAt: string
  destination: Destination
  inputs: InputFile[]
  reading: Reading
  mappings: Mappings
}

export interface Plan extends Prepared {
  preparedAt: string
  /** Seconds that it took. */
  seconds: number
  /** Files that lay in the folders and were not read. */
  skipped: { path: string; why: string }[]
  /** Length of `rejected.ndjson` in bytes. */
  rejected: number
}

export function pathsOf(folder: string): WorkPaths {
  const at = (name: string) => join(folder, name)
  return {
    folder,
    run: at('run.json'),
    plan: at('plan.json'),
    packs: at('packs'),
    groups: at('groups.ndjson'),
    journal: at('journal.ndjson'),
    rejected: at('rejected.ndjson'),
    summary: at('summary.json'),
    scratch: at('scratch')
  }
}

/** Where the state of a run lies unless it is said: beside its first input. */
export function defaultWork(input: string): string {
  const plain = input.replace(/[/\\]+$/, '')
  return `${['', '.', '..'].includes(basename(plain)) ? resolve(input) : plain}.backfill`
}

/**
 * Makes a folder and those that it lies in, one by one: Node's own way to make all at once hides why it can't on a
 * read-only disk, and never ends in some places.
 *
 * @throws Stop (7) when it can't be made
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(resolve(folder)))
  try {
    mkdirSync(folder)
  } catch (error) {
    const stop = asStop(error)
    if (stop instanceof Stop) throw stop
    const code = errorCode(error) ?? 'unknown'
    throw blocked(`The work folder ${folder} can't be made (${code}). Give a folder that can be written with --work.`)
  }
}

export function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function readRun(paths: WorkPaths): Run | undefined {
  return readJson<Run>(paths.run)
}

export function readPlan(paths: WorkPaths): Plan | undefined {
  return readJson<Plan>(paths.plan)
}

export function writeJson(path: string, value: object): void {
  writeWhole(path, `${JSON.stringify(value, null, 2)}\n`)
}

function readJson<Value>(path: string): Value | undefined {
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Value
  } catch {
    throw blocked(`${path} can't be read as it was written. Begin anew with --restart.`)
  }
}

/**
 * Takes everything out of a work folder that a run wrote, and nothing else. What the run was begun with goes last, so
 * that the folder is known for one of a run until it is empty.
 */
export function emptyWork(paths: WorkPaths): void {
  const retries = readdirSync(paths.folder).filter((name) => /^retry-\d+$/.test(name))
  const { plan, journal, rejected, groups, summary, packs, scratch, run } = paths
  const own = [
    plan,
    journal,
    rejected,
    groups,
    summary,
    packs,
    scratch,
    ...retries.map((name) => join(paths.folder, name)),
    run
  ]
  for (const path of own) rmSync(path, { recursive: true, force: true })
}

/** Whether a folder holds nothing that a run could overwrite; its own inputs may lie in it. */
export function isEmptyFolder(folder: string, inputs: InputFile[]): boolean {
  const own = inputs.map(({ path }) => resolve(path))
  return readdirSync(folder).every(
    (name) => name.startsWith('.') || name.startsWith('lock') || own.includes(resolve(folder, name))
  )
}

/**
 * What differs between the run in a work folder and the one that is asked for, in words; undefined when it is the same.
 */
export function differenceOf(before: Run, now: Run): string | undefined {
  const was = new Map(before.inputs.map((input) => [resolve(input.path), input]))
  for (const { path, size, modified } of now.inputs) {
    const known = was.get(resolve(path))
    if (!known) return `${path} is a new input`
    if (known.size !== size) return `${path} has changed: ${known.size} bytes then, ${size} now`
    if (known.modified !== modified) return `${path} was written anew since`
    was.delete(resolve(path))
  }
  const [gone] = was.keys()
  if (gone !== undefined) return `${gone} is no input any more`
  if (before.destination.host !== now.destination.host) {
    return `it delivers to ${before.destination.host}, and this command to ${now.destination.host}`
  }
  if (before.destination.application !== now.destination.application)
    return 'it delivers to another project: the Application ID is another one'
  if (stable(before.mappings) !== stable(now.mappings)) return 'the mapping is another one'
  if (stable(before.reading) !== stable(now.reading)) return 'the options for reading the inputs are others'
  return undefined
}

/** JSON whose keys are in order, so that equal values have equal texts. */
function stable(value: object): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one
  )
}
