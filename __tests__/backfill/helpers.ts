import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { JSONObject } from '@segment/actions-core'
import { main } from '../../backfill/main'
import type { Surroundings } from '../../backfill/main'
import type { Rejection } from '../../backfill/rejected'
import type { Summary } from '../../backfill/summary'
import type { Sandbox } from '../../workbench/sandbox'
import { createSandbox } from '../../workbench/sandbox'
import { SANDBOX_KEYS } from '../../workbench/sandbox/keys'

/** A folder of the test's own, which goes with it. */
export function useFolder(): { path(name: string): string } {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'backfill-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  return { path: (name) => join(folder, name) }
}

/** A sandbox that plays Voucherify, empty before each test. */
export function useSandbox(): { readonly url: string; readonly sandbox: Sandbox } {
  const sandbox = createSandbox({ ...SANDBOX_KEYS, bulkDelayMs: 0 })
  beforeAll(() => sandbox.listen(0))
  beforeEach(() => {
    sandbox.clear()
    sandbox.trouble.clear()
  })
  afterAll(() => sandbox.close())
  return {
    sandbox,
    get url() {
      return sandbox.url
    }
  }
}

/** Writes a file, packed where its name says so. */
export function write(path: string, text: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, path.endsWith('.gz') && typeof text === 'string' ? gzipSync(text) : text)
  return path
}

export function ndjson(values: object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/** The keys of a project. What is sent to it goes to a server of the test, by `surroundings.fetch`. */
export const PROJECT = {
  VOUCHERIFY_APPLICATION_ID: 'the-application-id',
  VOUCHERIFY_SECRET_KEY: 'the-secret-key',
  VOUCHERIFY_CUSTOM_URL: 'https://us1.segmentio.voucherify.io'
}

export interface Ran {
  exitCode: number
  /** All that was said on the terminal. */
  said: string
  /** All that came on the standard output. */
  printed: string
  /** Milliseconds that were waited for, on a clock that does not wait. */
  waited: number[]
}

export interface RunOptions {
  environment?: Record<string, string>
  /** Where requests to Voucherify go instead. */
  server?: string
  signal?: AbortSignal
  isTTY?: boolean
}

/** Runs the command in this process, on a clock whose waits end at once. */
export async function backfill(
  args: string[],
  { environment = {}, server, signal, isTTY = false }: RunOptions = {}
): Promise<Ran> {
  let said = ''
  let printed = ''
  let skipped = 0
  const waited: number[] = []
  const surroundings: Surroundings = {
    terminal: { isTTY, columns: 200, hasColour: false, write: (text) => void (said += text) },
    print: (text) => void (printed += text),
    clock: {
      now: () => Date.now() + skipped,
      sleep: async (ms) => {
        waited.push(ms)
        skipped += ms
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    fetch: server === undefined ? fetch : (url, init) => fetch(String(url).replace(/^https:\/\/[^/]+/, server), init),
    signal: signal ?? new AbortController().signal
  }
  const exitCode = await main(args, environment, surroundings)
  return { exitCode, said, printed, waited }
}

export function rejectedIn(work: string): Rejection[] {
  const path = join(work, 'rejected.ndjson')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Rejection)
}

export function summaryIn(work: string): Summary {
  return JSON.parse(readFileSync(join(work, 'summary.json'), 'utf8')) as Summary
}

/** A customer as the sandbox holds it. */
export function customerIn(sandbox: Sandbox, sourceId: string): JSONObject | undefined {
  return sandbox.customer(sourceId)?.customer
}
