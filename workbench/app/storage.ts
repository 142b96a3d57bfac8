import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'fs'
import { open, rename } from 'fs/promises'
import type { FileHandle } from 'fs/promises'
import { join } from 'path'
import type { KeptDelivery } from '../segment/deliveries'
import { errorCode } from '../shared/errorCode'
import { isJsonObject } from '../shared/json'
import type { Mapping } from '../shared/types'
import { ConfigError } from './config'

/** How long a change waits until it is written, in milliseconds: what a killed process loses. */
const WRITE_EVERY_MS = 1000
/** Length of the file of deliveries, in characters, from which it is written anew with only what is still kept. */
const MAX_LOG_LENGTH = 128 * 1024 * 1024

const LOCK = 'workbench.lock'
const DELIVERIES = 'deliveries.ndjson'
const MAPPINGS = 'mappings.json'
const SANDBOX = 'sandbox.json'

/** What is written down, read whenever something changed. */
export interface StoredSources {
  mappings(): unknown
  sandbox(): unknown
  /** All that are kept, the oldest first. */
  deliveries(): KeptDelivery[]
}

/** What was found in the folder; undefined for what is not there yet. */
export interface Stored {
  mappings?: unknown
  sandbox?: unknown
  deliveries: KeptDelivery[]
}

/**
 * A folder that outlives the workbench. Whole files are written beside the old ones and then put in their place, and
 * deliveries are added at the end of theirs, so a process that is killed leaves a folder that can be read.
 */
export interface Storage {
  readonly found: Stored
  /** Begins to write. */
  follow(sources: StoredSources): void
  /** Something was delivered, or tried again. */
  delivered(kept: KeptDelivery): void
  /** The deliveries were emptied. */
  cleared(): void
  changed(what: 'mappings' | 'sandbox'): void
  /** Writes what is left, and lets others have the folder. */
  close(): Promise<void>
}

/** Opens a folder, which is made where it is missing. Throws ConfigError for one that can't be used. */
export function openStorage(folder: string): Storage {
  lock(folder)
  const path = (name: string) => join(folder, name)
  const found: Stored = {
    mappings: readWhole(path(MAPPINGS)),
    sandbox: readWhole(path(SANDBOX)),
    deliveries: readLog(path(DELIVERIES))
  }
  const changes = new Set<'mappings' | 'sandbox' | 'log'>(['log'])
  let lines: string[] = []
  let logLength = 0
  let lastMappings: readonly Mapping[] | undefined
  let sources: StoredSources | undefined
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()

  /** The lines of a delivery: its mappings stand once before all that share them. */
  function linesOf({ delivery, mappings }: KeptDelivery): string[] {
    if (!mappings.length) return [JSON.stringify({ delivery, mappings })]
    const isNew = mappings !== lastMappings
    lastMappings = mappings
    return [...(isNew ? [JSON.stringify({ mappings })] : []), JSON.stringify({ delivery })]
  }

  async function write({ mappings, sandbox, deliveries }: StoredSources): Promise<void> {
    if (changes.delete('mappings')) await replaceFile(path(MAPPINGS), [JSON.stringify(mappings(), null, 2)])
    if (changes.delete('sandbox')) await replaceFile(path(SANDBOX), [JSON.stringify(sandbox())])
    if (changes.delete('log') || logLength > MAX_LOG_LENGTH) {
      lastMappings = undefined
      lines = []
      const whole = deliveries().flatMap(linesOf)
      logLength = lengthOf(whole)
      await replaceFile(path(DELIVERIES), whole)
    } else if (lines.length) {
      const added = lines
      lines = []
      logLength += lengthOf(added)
      await appendFile(path(DELIVERIES), added)
    }
  }

  function flush(): Promise<void> {
    const from = sources
    if (from)
      writing = writing
        .then(() => write(from))
        .catch((error) => {
          // All of it once more, since nobody knows how far it came.
          for (const what of ['mappings', 'sandbox', 'log'] as const) changes.add(what)
          report(error)
        })
    return writing
  }

  return {
    found,
    follow(from) {
      sources = from
      let isBusy = false
      timer = setInterval(() => {
        if (isBusy) return
        isBusy = true
        void flush().then(() => (isBusy = false))
      }, WRITE_EVERY_MS)
      timer.unref()
    },
    delivered(kept) {
      if (!changes.has('log')) lines.push(...linesOf(kept))
    },
    cleared: () => void changes.add('log'),
    changed: (what) => void changes.add(what),
    async close() {
      clearInterval(timer)
      await flush()
      rmSync(path(LOCK), { force: true })
    }
  }
}

function report(error: unknown): void {
  console.error(`WORKBENCH_DATA could not be written: ${error instanceof Error ? error.message : String(error)}`)
}

function lengthOf(lines: string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0)
}

/** Two processes must not write into one folder. A lock whose process is gone counts for nothing. */
function lock(folder: string): void {
  const path = join(folder, LOCK)
  try {
    mkdirSync(folder, { recursive: true })
    if (isHeld(path))
      throw new ConfigError('Another workbench uses the folder WORKBENCH_DATA. End it, or name another.')
    rmSync(path, { force: true })
    const file = openSync(path, 'wx')
    writeFileSync(file, `${process.pid}`)
    closeSync(file)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(
      `The folder WORKBENCH_DATA can't be used (${errorCode(error) ?? 'unknown reason'}). Name one that can be written.`
    )
  }
}

function isHeld(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

function readWhole(path: string): unknown {
  const text = readText(path)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ConfigError(`${path} can't be read as JSON. Mend it, or move it away to begin anew.`)
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new ConfigError(`${path} can't be read (${errorCode(error) ?? 'unknown reason'}).`)
  }
}

/** The deliveries of a log. A line that a kill cut off is passed over; of two with one id the later one counts. */
function readLog(path: string): KeptDelivery[] {
  const byId = new Map<string, KeptDelivery>()
  let mappings: readonly Mapping[] = []
  for (const line of (readText(path) ?? '').split('\n')) {
    const { mappings: list, delivery } = parsed(line)
    if (list && !delivery) mappings = list
    if (delivery) byId.set(delivery.id, { delivery, mappings: list ?? mappings })
  }
  return [...byId.values()]
}

/** A line as this file wrote it. */
function parsed(line: string): { mappings?: Mapping[]; delivery?: KeptDelivery['delivery'] } {
  try {
    const value: unknown = JSON.parse(line)
    return isJsonObject(value) ? (value as ReturnType<typeof parsed>) : {}
  } catch {
    return {}
  }
}

async function replaceFile(path: string, lines: string[]): Promise<void> {
  const beside = `${path}.new`
  await withFile(beside, 'w', lines)
  await rename(beside, path)
}

const appendFile = (path: string, lines: string[]) => withFile(path, 'a', lines)

async function withFile(path: string, flags: 'w' | 'a', lines: string[]): Promise<void> {
  let file: FileHandle | undefined
  try {
    file = await open(path, flags)
    for (let at = 0; at < lines.length; at += 500)
      await file.write(
        lines
          .slice(at, at + 500)
          .map((l) => `${l}\n`)
          .join('')
      )
    await file.sync()
  } finally {
    await file?.close()
  }
}
