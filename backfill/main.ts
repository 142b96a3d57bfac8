import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSandbox } from '../workbench/sandbox'
import type { Sandbox } from '../workbench/sandbox'
import { SANDBOX_KEYS } from '../workbench/sandbox/keys'
import type { Clock } from './client'
import { describe, plan } from './dryRun'
import { findInputs } from './inputs'
import { takeLock } from './lock'
import { readMappings } from './mapping'
import { readOptions, USAGE } from './options'
import type { Options } from './options'
import { prepare } from './prepare'
import { Progress } from './progress'
import type { Terminal } from './progress'
import { closeRetry, openRetry, readRejected } from './retry'
import { askForSchema, createClient, deliver, openWork } from './run'
import type { Outcome, RunParts } from './run'
import { UNKNOWN_SCHEMA } from './schema'
import type { Schema } from './schema'
import { asStop, blocked, EXIT, Stop } from './stop'
import { tableOf } from './summary'
import type { Summary } from './summary'
import { readProject, requireProject, sandboxAt } from './target'
import type { Environment, Target } from './target'
import { defaultWork, hashed, makeFolder, pathsOf, writeJson } from './work'
import type { Destination, Run, WorkPaths } from './work'

/** What the command has around it. */
export interface Surroundings {
  /** Where progress, the table and errors go: the standard error. */
  terminal: Terminal
  /** Where data goes: the standard output. */
  print(text: string): void
  clock: Clock
  fetch: typeof fetch
  /** Says that the command is to end: what is under way ends first. */
  signal: AbortSignal
}

/** What every way through the command works with. */
interface Command {
  options: Options
  environment: Environment
  surroundings: Surroundings
  progress: Progress
}

/**
 * Runs `backfill` with its arguments.
 *
 * @returns the exit code
 */
export async function main(
  args: string[],
  environment: Environment,
  surroundings: Surroundings = ofProcess(environment)
): Promise<number> {
  const { terminal, clock, print } = surroundings
  if (args.includes('--help') || args.includes('-h')) {
    print(USAGE)
    return EXIT.delivered
  }
  const progress = new Progress(terminal, clock.now)
  try {
    const command = { options: readOptions(args), environment, surroundings, progress }
    return command.options.dryRun ? await tryDry(command) : await run(command)
  } catch (error) {
    const stop = asStop(error)
    const [exitCode, message] =
      stop instanceof Stop
        ? [stop.exitCode, withNext(stop)]
        : [EXIT.blocked, stop instanceof Error ? String(stop.stack) : String(stop)]
    progress.line(message)
    if (args.includes('--json')) print(`${JSON.stringify({ state: 'failed', exitCode, message })}\n`)
    return exitCode
  } finally {
    progress.end()
  }
}

/** Says what a run would do. Nothing is sent, and nothing stays on the disk. */
async function tryDry({ options, environment, surroundings, progress }: Command): Promise<number> {
  const { signal, print } = surroundings
  const inputs = findInputs(options.inputs, options.format)
  const project = readProject(environment)
  const schema = project ? await tryForSchema(project, surroundings, progress) : UNKNOWN_SCHEMA
  const scratch = mkdtempSync(join(tmpdir(), 'backfill-'))
  try {
    const prepared = await prepare({
      ...readingOf(options),
      files: inputs.files,
      mappings: readMappings(options.mapping),
      schema,
      scratch,
      rejected: { add: () => undefined },
      onGroup: () => undefined,
      onProgress: (state) => progress.preparing(state),
      signal
    })
    progress.end()
    const dryRun = plan(prepared, schema.isKnown, inputs.skipped)
    print(options.json ? `${JSON.stringify(dryRun, null, 2)}\n` : describe(dryRun))
    return prepared.refused ? EXIT.rejected : EXIT.delivered
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A dry run goes on without the schema when it can't be had. */
async function tryForSchema(target: Target, surroundings: Surroundings, progress: Progress): Promise<Schema> {
  try {
    return await askForSchema(createClient({ ...surroundings, progress, target }, []), target)
  } catch (error) {
    if (!(error instanceof Stop) || error.exitCode === EXIT.interrupted) throw error
    progress.line(`The metadata of the project could not be read. ${error.message}`)
    return UNKNOWN_SCHEMA
  }
}

/** Delivers: a new run, one that goes on, or a retry. */
async function run(command: Command): Promise<number> {
  const { options, environment } = command
  const embedded = options.sandbox === true ? createSandbox(SANDBOX_KEYS) : undefined
  try {
    await embedded?.listen(0)
    const url = embedded?.url ?? options.sandbox
    const target = typeof url === 'string' ? sandboxAt(url) : requireProject(environment)
    const destination = destinationOf(target, embedded !== undefined)
    const exitCode =
      options.retry === undefined
        ? await runInputs(command, target, destination)
        : await runRetry(command, target, destination, options.retry)
    if (embedded) tellSandbox(embedded, command.progress)
    return exitCode
  } finally {
    await embedded?.close()
  }
}

async function runInputs(command: Command, target: Target, destination: Destination): Promise<number> {
  const { options, progress, surroundings } = command
  const { files, skipped } = findInputs(options.inputs, options.format)
  const paths = pathsOf(options.work ?? defaultWork(options.inputs[0]))
  const run: Run = {
    version: 1,
    startedAt: new Date(surroundings.clock.now()).toISOString(),
    destination,
    inputs: files,
    reading: readingOf(options),
    mappings: readMappings(options.mapping)
  }
  return inWork(paths, async () => {
    openWork({ paths, run, progress }, options.restart)
    return deliverAndTell(command, { ...partsOf(command), paths, run, target, skipped })
  })
}

async function runRetry(command: Command, target: Target, destination: Destination, folder: string): Promise<number> {
  const { progress } = command
  const work = pathsOf(folder)
  return inWork(work, async () => {
    const retry = openRetry(work)
    if (!retry) {
      progress.line(`Nothing is left in ${work.rejected}: every row was delivered.`)
      return EXIT.delivered
    }
    const { paths, input, original } = retry
    const { host, application } = original.destination
    if (host !== destination.host || application !== destination.application) {
      throw blocked(
        `The run in ${work.folder} delivered to ${host}. Give the same keys, or the same sandbox, for its rejected rows.`
      )
    }
    const run = { ...original, destination, inputs: [input] }
    openWork({ paths, run, progress }, false)
    const exitCode = await deliverAndTell(command, {
      ...partsOf(command),
      paths,
      run,
      target,
      skipped: [],
      read: readRejected
    })
    closeRetry(work, retry)
    return exitCode
  })
}

/** Keeps other runs out of a folder meanwhile. */
async function inWork(paths: WorkPaths, act: () => Promise<number>): Promise<number> {
  makeFolder(paths.folder)
  const unlock = takeLock(paths.folder)
  try {
    return await act()
  } finally {
    unlock()
  }
}

async function deliverAndTell(command: Command, parts: RunParts): Promise<number> {
  const { options, progress, surroundings } = command
  const { host } = parts.run.destination
  progress.line(`Backfill to ${host}; the state is in ${parts.paths.folder}`)
  parts.skipped.slice(0, MAX_SKIPPED).forEach(({ path, why }) => progress.line(`Not read: ${path} ${why}.`))
  let outcome: Outcome | undefined
  let stop: Stop | undefined
  try {
    await deliver(parts, (what) => (outcome = what))
  } catch (error) {
    const known = asStop(error)
    if (!(known instanceof Stop) || !outcome) throw known
    stop = known
  }
  if (!outcome) throw new Error('The run gave no outcome.')
  const exitCode = stop?.exitCode ?? exitCodeOf(outcome)
  const summary: Summary = { ...outcome, exitCode, ...(stop && { message: withNext(stop) }) }
  progress.end()
  progress.line(tableOf(summary))
  if (stop) progress.line(`\n${withNext(stop)}`)
  else if (exitCode === EXIT.rejected) progress.line(`\n${mendWords(parts.paths)}`)
  if (options.json) surroundings.print(`${JSON.stringify(summary, null, 2)}\n`)
  // Last, since a full disk refuses it too.
  tryWriting(parts.paths.summary, summary)
  return exitCode
}

const MAX_SKIPPED = 20

function tryWriting(path: string, summary: Summary): void {
  try {
    writeJson(path, summary)
  } catch {
    // The terminal has it, and the journal holds all that it says.
  }
}

function exitCodeOf({ refused, customers, groups }: Outcome): number {
  return refused + customers.rejected + groups.rejected ? EXIT.rejected : EXIT.delivered
}

function withNext({ exitCode, message }: Stop): string {
  return exitCode === EXIT.interrupted ? `${message} Give the same command to go on.` : message
}

function mendWords({ rejected, folder }: WorkPaths): string {
  return `The rejected rows are in ${rejected}, each with its reason. Mend them there, or the project, then send them: backfill retry ${folder}`
}

function tellSandbox(sandbox: Sandbox, progress: Progress): void {
  const { customers, groups } = sandbox.state({ limit: 1 }).totals
  progress.line(
    `The embedded sandbox held ${customers} customers and ${groups} groups at the end; nothing left this machine.`
  )
}

function partsOf({
  options,
  surroundings,
  progress
}: Command): Pick<RunParts, 'clock' | 'fetch' | 'signal' | 'progress' | 'maxBulkPerHour'> {
  const { clock, fetch: own, signal } = surroundings
  return { clock, fetch: own, signal, progress, maxBulkPerHour: options.maxBulkPerHour }
}

function readingOf({ format, delimiter, columns, emptyClears, dropBadDates }: Options): Run['reading'] {
  return { format, delimiter, columns, emptyClears, dropBadDates }
}

function destinationOf({ kind, api, applicationId }: Target, isEmbedded: boolean): Destination {
  const host = isEmbedded ? 'the embedded sandbox' : api
  return { kind: isEmbedded ? 'rehearsal' : kind, host, application: hashed(applicationId) }
}

/** The surroundings of a command that was started on a terminal. */
function ofProcess({ NO_COLOR }: Environment): Surroundings {
  const { stderr, stdout } = process
  const controller = new AbortController()
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
    controller.abort()
    stderr.write('\nEnding after the call under way. Press Ctrl+C again to end at once.\n')
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    terminal: {
      isTTY: stderr.isTTY,
      get columns() {
        return stderr.columns ?? 80
      },
      hasColour: stderr.isTTY && !NO_COLOR,
      write: (text) => void stderr.write(text)
    },
    print: (text) => void stdout.write(text),
    clock: {
      now: Date.now,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined)
    },
    fetch,
    signal: controller.signal
  }
}
