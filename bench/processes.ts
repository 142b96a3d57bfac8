/** Other processes: the workbench as its users start it, and what a process takes. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scripts } from '../package.json'

/** `npm start` on ports of its own; it ends with this process at the latest. */
export async function startWorkbench(): Promise<{ url: string; process: ChildProcess }> {
  const workbench = spawn(process.execPath, scripts.start.split(' ').slice(1), {
    cwd: join(__dirname, '..'),
    env: { ...process.env, PORT: '0', SANDBOX_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  process.on('exit', () => workbench.kill())
  let printed = ''
  workbench.stdout.on('data', (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-10_000)))
  let url: string | undefined
  while (!(url = /^Workbench +(http:\S+)$/m.exec(printed)?.[1])) await once(workbench.stdout, 'data')
  return { url, process: workbench }
}

/** Resident memory of a process; 0 where the system does not tell. */
export const residentMb = (pid: number | undefined): number => memoryMb(pid, 'VmRSS')

/** Memory that is a process's own, without the files that it shares: what Chromium's task manager counts for a tab. */
export const ownMb = (pid: number | undefined): number => memoryMb(pid, 'RssAnon')

function memoryMb(pid: number | undefined, name: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}

/** Processor time of a process so far, in milliseconds; 0 where the system does not tell. Linux counts it in 10 ms. */
export function cpuOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}
