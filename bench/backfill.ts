/**
 * The backfill: how long it prepares, what it takes of memory and disk, and what it adds to the time of the sandbox.
 * Alone, with as many customers as one likes: `npx tsx bench/backfill.ts 1000000`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Summary } from '../backfill/summary'
import type { Plan } from '../backfill/work'
import { bundleCommands } from '../tools/bundle'
import { root } from '../tools/project'
import { SANDBOX_KEYS } from '../workbench/sandbox/keys'
import { ServerProcess } from './serverProcess'

/** Customers in a run of the whole benchmark, which must not take too long. */
export const BACKFILL_CUSTOMERS = 200_000
/** Bytes of a customer in the CSV that is prepared, and as a row that is sent. */
const [CSV_BYTES, ROW_BYTES] = [300, 500]
/** Writes what a process used where it is told. */
const TELL_USAGE =
  "process.on('exit', () => require('fs').writeFileSync(process.env.USAGE_FILE, JSON.stringify(process.resourceUsage())))\n"
/** Milliseconds between two looks at the disk. */
const LOOK_MS = 250

export interface BackfillFigures {
  customers: number
  /** Of a CSV with customers of 300 bytes. */
  prepare: { seconds: number; cpuSeconds: number; peakMiB: number; diskShare: number }
  /** Of customers whose rows have 500 bytes. */
  send: { bulkCalls: number; seconds: number; bareSeconds: number }
}

interface Run {
  summary: Summary
  plan: Plan
  peakMiB: number
  cpuSeconds: number
}

/** @param customers smaller for a trial */
export async function measureBackfill(customers = BACKFILL_CUSTOMERS): Promise<BackfillFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'backfill-bench-'))
  try {
    bundleCommands(join(folder, 'cli.js'))
    writeFileSync(join(folder, 'usage.js'), TELL_USAGE)
    const small = await runOn(writeCustomers(join(folder, 'small.csv'), customers, CSV_BYTES), folder)
    const sent = Math.min(customers, BACKFILL_CUSTOMERS)
    // The names of the fields stand in a row and not in a line: 163 bytes for these.
    const large = await runOn(writeCustomers(join(folder, 'large.csv'), sent, ROW_BYTES - 163), folder)
    return {
      customers,
      prepare: {
        seconds: small.plan.seconds,
        cpuSeconds: small.cpuSeconds,
        peakMiB: small.peakMiB,
        diskShare: small.diskShare
      },
      send: {
        bulkCalls: large.summary.calls.bulk,
        seconds: large.summary.seconds - large.plan.seconds,
        bareSeconds: await sendBare(join(folder, 'large.csv.backfill', 'packs'))
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One run in a process of its own, since a peak of memory can't be taken back, against a sandbox in another. */
async function runOn(file: string, folder: string): Promise<Run & { diskShare: number }> {
  const server = await ServerProcess.start('sandbox')
  const before = sizeOf(folder)
  let peak = 0
  const look = setInterval(() => (peak = Math.max(peak, sizeOf(folder) - before)), LOOK_MS)
  try {
    const command = [
      '--require',
      join(folder, 'usage.js'),
      join(folder, 'cli.js'),
      'backfill',
      file,
      `--sandbox=${server.url}`
    ]
    const env = { ...process.env, NODE_PATH: join(root, 'node_modules'), USAGE_FILE: join(folder, 'usage') }
    const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'ignore', 'ignore'] })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`The backfill ended with ${code}.`)
    const read = <Value>(name: string) => JSON.parse(readFileSync(join(`${file}.backfill`, name), 'utf8')) as Value
    const usage = JSON.parse(readFileSync(join(folder, 'usage'), 'utf8')) as NodeJS.ResourceUsage
    const message: Run = {
      summary: read('summary.json'),
      plan: read('plan.json'),
      peakMiB: usage.maxRSS / 1024,
      cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6
    }
    return { ...message, diskShare: peak / statSync(file).size }
  } finally {
    clearInterval(look)
    await server.close()
  }
}

/** Seconds that the sandbox itself needs for the same calls: each is posted and asked for until it is done. */
async function sendBare(packs: string): Promise<number> {
  const server = await ServerProcess.start('sandbox')
  const headers = { 'X-App-Id': SANDBOX_KEYS.applicationId, 'X-App-Token': SANDBOX_KEYS.secretKey }
  try {
    const bodies = readdirSync(packs).map((name) => readFileSync(join(packs, name)))
    const start = performance.now()
    for (const body of bodies) {
      const answer = await fetch(`${server.url}/v1/customers/bulk/async`, { method: 'POST', headers, body })
      const { async_action_id: id } = (await answer.json()) as { async_action_id: string }
      for (let status = ''; status !== 'DONE'; await sleep(5)) {
        const asked = await fetch(`${server.url}/v1/async-actions/${id}`, { headers })
        status = ((await asked.json()) as { status: string }).status
      }
    }
    return (performance.now() - start) / 1000
  } finally {
    await server.close()
  }
}

/** A CSV of customers, each line of so many bytes. */
function writeCustomers(path: string, count: number, bytes: number): string {
  const file = openSync(path, 'w')
  let text =
    'source_id,name,email,phone,birthdate,address.street,address.city,address.postal_code,address.country,plan,note\n'
  for (let index = 0; index < count; index += 1) {
    const values = [
      `user-${index}`,
      `Maria Nowak ${index}`,
      `maria.nowak.${index}@example.com`,
      `+48 600 ${100_000 + (index % 900_000)}`,
      `1988-05-${10 + (index % 20)}`,
      `"${index % 200} Main Street, Floor 2"`,
      'New York',
      String(10_000 + (index % 90_000)),
      'USA',
      'premium',
      ''
    ].join(',')
    text += `${values.padEnd(bytes - 1, 'x')}\n`
    if (text.length < 1 << 20) continue
    writeSync(file, text)
    text = ''
  }
  writeSync(file, text)
  closeSync(file)
  return path
}

/** Bytes of all files in a folder. What goes meanwhile counts as gone. */
function sizeOf(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    try {
      bytes += statSync(join(folder, name)).size
    } catch {
      // It was removed between the two looks.
    }
  }
  return bytes
}

if (require.main === module) {
  void measureBackfill(Number(process.argv[2] ?? BACKFILL_CUSTOMERS)).then((figures) => console.log(figures))
}
