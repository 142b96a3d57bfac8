/** The other process of a benchmark: plays Voucherify, or is the workbench. Talks to its parent in messages. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { createSandbox } from '../workbench/sandbox'
import { createWorkbench } from '../workbench/app/server'
import { SANDBOX_KEYS, sandboxSettings } from '../workbench/app/start'
import type { LimitOptions } from '../workbench/sandbox/limits'
import type { Question, ServerKind, Sizes } from './serverProcess'

/** Milliseconds that the sandbox's clock was set forward, since nobody waits an hour for a limit. */
let skippedMs = 0

/** As many customers as a backfill brings; the memory of this process is measured nowhere. */
const ROOM = { maxCustomers: Infinity, maxCost: Infinity }

/** Ways to answer a question of the parent, each the value of the answer. */
type Answers = Record<Question['ask'], (question: Question) => unknown>

async function start(kind: ServerKind, sizes: Sizes): Promise<{ url: string; answers: Partial<Answers> }> {
  if (kind === 'answering') return { url: await startAnswering(), answers: {} }
  const sandbox = createSandbox({ ...SANDBOX_KEYS, limits: limitsOf(sizes), room: ROOM, now })
  await sandbox.listen(0)
  const answers: Partial<Answers> = {
    calls: () => sandbox.state({ limit: 1 }).totals.calls,
    customers: () => sandbox.state({ limit: 1 }).totals.customers,
    skip: ({ ms = 0 }) => (skippedMs += ms)
  }
  if (kind === 'sandbox') return { url: sandbox.url, answers }
  const workbench = createWorkbench({ settings: sandboxSettings(sandbox.url), mode: 'sandbox', sandbox })
  await workbench.listen(0)
  return { url: workbench.url, answers }
}

function limitsOf({ integrationCallsPerDay, bulkCallsPerHour }: Sizes): LimitOptions {
  return {
    ...(integrationCallsPerDay && { webhook_calls: { calls: integrationCallsPerDay, seconds: 86_400 } }),
    ...(bulkCallsPerHour && { bulk_api_calls: { calls: bulkCallsPerHour, seconds: 3_600 } })
  }
}

function now(): number {
  return performance.timeOrigin + performance.now() + skippedMs
}

/** A server that reads each request and says that all is well, at the least cost. */
async function startAnswering(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":"queued"}')
    })
  })
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function main(): Promise<void> {
  const [kind, sizes] = process.argv.slice(2)
  const { url, answers } = await start(kind as ServerKind, JSON.parse(sizes) as Sizes)
  process.on('message', (question: Question) => process.send?.({ value: answers[question.ask]?.(question) ?? null }))
  process.on('disconnect', () => process.exit())
  process.send?.({ value: url })
}

void main()
