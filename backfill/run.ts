import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { existsSync } from 'node:fs'
import { Client } from './client'
import type { Clock } from './client'
import { writeAll } from './files'
import { Journal } from './journal'
import type { Entry } from './journal'
import { Limits } from './limits'
import { linesOf } from './partitions'
import { prepare } from './prepare'
import type { PrepareOptions } from './prepare'
import type { Progress } from './progress'
import { RejectedFile } from './rejected'
import { readSchema, UNKNOWN_SCHEMA } from './schema'
import type { Schema } from './schema'
import { Sender } from './send'
import { blocked } from './stop'
import { bytesOf, reasonsIn, summarize } from './summary'
import type { Summary } from './summary'
import type { Target } from './target'
import { differenceOf, emptyWork, isEmptyFolder, readPlan, readRun, writeJson } from './work'
import type { Plan, Run, WorkPaths } from './work'

/** What a run works with. */
export interface RunParts {
  paths: WorkPaths
  run: Run
  target: Target
  clock: Clock
  fetch: typeof fetch
  /** Says that the run is to end. */
  signal: AbortSignal
  progress: Progress
  maxBulkPerHour?: number
  /** Files that are not read. */
  skipped: Plan['skipped']
  /** Reads the inputs in another way than by their formats. */
  read?: PrepareOptions['read']
}

export type Outcome = Omit<Summary, 'exitCode' | 'message'>

/**
 * Makes a work folder ready for a run: empty for a new one, as it is for one that goes on.
 *
 * @throws Stop (7) for a folder with other files in it, or with a run that was begun otherwise
 */
export function openWork(
  { paths, run, progress }: Pick<RunParts, 'paths' | 'run' | 'progress'>,
  isRestart: boolean
): void {
  const before = readRun(paths)
  if (!before && !isEmptyFolder(paths.folder, run.inputs)) {
    throw blocked(`${paths.folder} holds other files and no run. Take an empty or a new folder with --work.`)
  }
  if (before && !isRestart) {
    const difference = differenceOf(before, run)
    if (before.destination.kind === 'rehearsal') {
      progress.line('The work folder holds a rehearsal on the embedded sandbox, which is gone: beginning anew.')
    } else if (!difference) {
      return
    } else if (existsSync(paths.plan)) {
      throw blocked(
        `${paths.folder} holds a run that was begun otherwise: ${difference}. Give the same command to go on with it, ` +
          '--restart to begin anew, or --work for another folder.'
      )
    }
  }
  emptyWork(paths)
  writeJson(paths.run, run)
}

/**
 * Does all that is left to do of a run. The outcome is what was done, also when it throws: `report` gets it.
 *
 * @throws Stop when it can't go on now
 */
export async function deliver(parts: RunParts, report: (outcome: Outcome) => void): Promise<void> {
  const began = parts.clock.now()
  const plan = readPlan(parts.paths) ?? (await preparePlan(parts))
  const journal = Journal.open(parts.paths.journal)
  const isFinished = journal.earlier.some(({ did }) => did === 'finished')
  // A finished run leaves its rejected rows alone: somebody may be mending them.
  const rejected = isFinished
    ? undefined
    : RejectedFile.open(parts.paths.rejected, rejectedLength(journal.earlier, plan))
  const sender = new Sender({
    client: createClient(parts, bulkCallsOf(journal.earlier)),
    clock: parts.clock,
    target: parts.target,
    journal,
    rejected: rejected ?? NO_FILE,
    packs: plan.packs,
    folder: parts.paths.packs,
    groups: () => linesOf(parts.paths.groups),
    onProgress: (delivered) => parts.progress.sending(delivered, totalsOf(plan))
  })
  try {
    parts.progress.sending(sender.delivered, totalsOf(plan))
    await sender.run()
  } finally {
    rejected?.close()
    journal.close()
    const now = parts.clock.now()
    const { host } = parts.run.destination
    const times = {
      startedAt: parts.run.startedAt,
      endedAt: new Date(now).toISOString(),
      seconds: (now - began) / 1000
    }
    const reasons = reasonsIn(parts.paths.rejected)
    report(summarize({ host, work: parts.paths.folder, ...times, plan, delivered: sender.delivered, reasons }))
  }
}

const NO_FILE: Pick<RejectedFile, 'add' | 'sync'> = { add: () => undefined, sync: () => 0 }

/** Reads the inputs into packs. What an earlier try left is of no use: the plan is written last. */
async function preparePlan(parts: RunParts): Promise<Plan> {
  const { paths, run, clock, progress, signal } = parts
  const began = clock.now()
  for (const path of [paths.packs, paths.groups, paths.journal, paths.rejected])
    rmSync(path, { recursive: true, force: true })
  const schema = await askForSchema(createClient(parts, []), parts.target)
  const rejected = RejectedFile.open(paths.rejected)
  const groups = openSync(paths.groups, 'w')
  try {
    const prepared = await prepare({
      ...run.reading,
      files: run.inputs,
      read: parts.read,
      mappings: run.mappings,
      schema,
      scratch: paths.scratch,
      packs: paths.packs,
      rejected,
      onGroup: (body) => void writeAll(groups, `${JSON.stringify(body)}\n`),
      onProgress: (state) => progress.preparing(state),
      signal
    })
    fsyncSync(groups)
    const preparedAt = clock.now()
    const plan = {
      preparedAt: new Date(preparedAt).toISOString(),
      seconds: (preparedAt - began) / 1000,
      skipped: parts.skipped,
      rejected: rejected.sync(),
      ...prepared
    }
    writeJson(paths.plan, plan)
    return plan
  } finally {
    closeSync(groups)
    rejected.close()
  }
}

/** The metadata that the project defines; unknown where it does not say. */
export async function askForSchema(client: Client, { api, headers }: Target): Promise<Schema> {
  const { status, body } = await client.ask({
    bucket: 'api',
    method: 'GET',
    url: `${api}/v1/metadata-schemas/customer`,
    headers,
    about: 'the question about the metadata schema'
  })
  return status < 300 ? readSchema(body) : UNKNOWN_SCHEMA
}

export function createClient(
  { clock, fetch, signal, progress, target, maxBulkPerHour }: Omit<RunParts, 'paths' | 'run' | 'skipped'>,
  bulkCalls: number[]
): Client {
  const limits = new Limits({ isAssumed: target.kind === 'voucherify', maxBulkPerHour, now: clock.now, bulkCalls })
  return new Client({ clock, limits, fetch, signal, onWait: (wait) => progress.waiting(wait) })
}

function bulkCallsOf(entries: Entry[]): number[] {
  return entries.flatMap((entry) => (entry.did === 'sending' ? entry.at : []))
}

/** What of the rejected rows is known to be whole. */
function rejectedLength(entries: Entry[], plan: Plan): number {
  return entries.reduce((length, entry) => ('rejected' in entry ? entry.rejected : length), plan.rejected)
}

function totalsOf(plan: Plan): { rows: number; packs: number; groups: number; bytes: number } {
  const rows = plan.packs.reduce((sum, pack) => sum + pack.rows, 0)
  return { rows, packs: plan.packs.length, groups: plan.groups, bytes: bytesOf(plan) }
}
