import { execFileSync } from 'node:child_process'
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { errorCode } from '../workbench/shared/errorCode'
import { blocked } from './stop'

/** Who holds the lock. The time of the start tells a process from a later one that was given the same number. */
interface Owner {
  pid: number
  startedAt: string
  host: string
}

/** Times that the lock is tried, should another run take it or leave it meanwhile. */
const TRIES = 5

/**
 * Keeps a second run out of a work folder. A lock whose process is gone is taken over, also when it was killed.
 *
 * @returns the function that gives the lock back
 * @throws Stop (7) when another run holds it
 */
export function takeLock(folder: string): () => void {
  const path = join(folder, 'lock')
  const own = JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) ?? '', host: hostname() })
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (create(path, own)) return () => void (readText(path) === own && unlinkSync(path))
    const held = readText(path)
    if (held === undefined) continue
    const owner = readOwner(held)
    if (owner && isAlive(owner)) {
      throw blocked(
        owner.host === hostname()
          ? `Another run (process ${owner.pid}) works in ${folder}. Wait for its end, or take another folder with --work.`
          : `A run on ${owner.host} works in ${folder}, or did. When it is gone, remove ${path} and run the same command.`
      )
    }
    removeStale(path, held)
  }
  throw blocked(`Other runs take ${path} again and again. Wait for their end, or take another folder with --work.`)
}

/** The file appears with its content at once: whoever finds it can read it. */
function create(path: string, text: string): boolean {
  const beside = `${path}.${process.pid}`
  writeFileSync(beside, text)
  try {
    linkSync(beside, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(beside)
  }
}

/** Takes a lock away that nobody holds, unless another run was faster: then its lock is put back. */
function removeStale(path: string, text: string): void {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
    if (readText(aside) !== text) linkSync(aside, path)
    unlinkSync(aside)
  } catch {
    // Another run did the same; the next try sees what came of it.
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function readOwner(text: string): Owner | undefined {
  try {
    const { pid, startedAt, host }: Partial<Owner> = JSON.parse(text)
    return typeof pid === 'number' ? { pid, startedAt: startedAt ?? '', host: host ?? '' } : undefined
  } catch {
    return undefined
  }
}

/** A process on another machine can't be asked, so it counts as alive. */
function isAlive({ pid, startedAt, host }: Owner): boolean {
  if (host !== hostname()) return true
  const start = startOf(pid)
  return start !== undefined && (!startedAt || start === startedAt)
}

/** When a process began, in the system's own words; undefined when it is gone or a zombie. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat !== undefined) {
    // The name of the program may hold spaces and brackets; what follows it does not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return 'ZXx'.includes(fields[0]) ? undefined : fields[19]
  }
  if (readText('/proc/self/stat') !== undefined) return undefined
  try {
    const [state, ...start] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
    return !state || state.startsWith('Z') ? undefined : start.join(' ')
  } catch {
    return undefined
  }
}
