import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { withoutQuestions } from '../tools/standIn'
import { identifyCall } from './customers'
import { Host } from './host'
import { loadPackage } from './package'
import { ServerProcess } from './serverProcess'
import { measured } from './stats'
import type { Measured } from './stats'

/** Customers of a first sync. */
export const CUSTOMERS = 100_000
/** Deliveries one by one: enough to see what stays in memory. */
export const DELIVERIES = 50_000
export const DAILY_LIMIT = 144_000
/** Voucherify publishes none; the backfill assumes as much until it is told. */
export const HOURLY_LIMIT = 10
export const BATCH_SIZE = 1000
/** Calls that a host has on their way at a time. */
const CONCURRENCY = 8
/** Deliveries between two looks at time and memory. */
const STEP = 5_000
/** Customers between two looks at the time of a sync in bulk. */
const BULK_STEP = 20_000

export interface OneByOne {
  /** Seconds for a step of deliveries. */
  secondsAStep: Measured
  step: number
  /** MiB in use after a collection, looked at after every step. */
  heap: Measured
  /** KiB that each step of deliveries added. */
  growthAStep: Measured
}

/** Single deliveries, one call each: their time, and what stays in memory. */
export async function measureOneByOne(): Promise<OneByOne> {
  const server = await ServerProcess.start('sandbox', { integrationCallsPerDay: DAILY_LIMIT })
  const host = new Host(loadPackage(), server.url)
  const seconds: number[] = []
  const heaps: number[] = []
  try {
    for (let done = 0; done < DELIVERIES; done += STEP) {
      const start = performance.now()
      await inParallel(STEP, (offset) => host.deliver(identifyCall(done + offset)))
      seconds.push((performance.now() - start) / 1000)
      heaps.push(heapAfterCollection())
    }
    const { 'customer-processing': calls } = (await server.ask({ ask: 'calls' })) as Record<string, number>
    if (calls !== DELIVERIES) throw new Error(`${DELIVERIES} deliveries were ${calls} calls.`)
    const growth = heaps.slice(1).map((heap, index) => (heap - heaps[index]) / 1024)
    return {
      secondsAStep: measured(seconds),
      step: STEP,
      heap: measured(heaps.map((heap) => heap / 1024 ** 2)),
      growthAStep: measured(growth)
    }
  } finally {
    await server.close()
  }
}

export interface Bulk {
  /** Calls that were accepted. */
  calls: number
  /** Hours on the sandbox's clock until the last customer was sent. */
  hours: number
  /** Seconds on the machine's clock for a step of customers: the rest was spent waiting for the limit. */
  secondsAStep: Measured
  step: number
}

/** One first sync of 100,000 customers in bulk under the hourly limit. */
export async function measureBulk(): Promise<Bulk> {
  const server = await ServerProcess.start('sandbox', { bulkCallsPerHour: HOURLY_LIMIT })
  // A hundred batches would spend a second each with waiting for the question about their job.
  const sync: Sync = { server, host: new Host(withoutQuestions(loadPackage()), server.url, true), calls: 0, waited: 0 }
  const seconds: number[] = []
  try {
    for (let done = 0; done < CUSTOMERS; done += BULK_STEP) {
      const start = performance.now()
      await syncStep(sync, done)
      seconds.push((performance.now() - start) / 1000)
    }
    await untilHeld(server, CUSTOMERS)
    const sent = seconds.reduce((sum, step) => sum + step, 0)
    const hours = (sync.waited / 1000 + sent) / 3600
    return { calls: sync.calls, hours, secondsAStep: measured(seconds), step: BULK_STEP }
  } finally {
    await server.close()
  }
}

interface Sync {
  server: ServerProcess
  host: Host
  calls: number
  /** Milliseconds that were waited for the limit, on the sandbox's clock. */
  waited: number
}

async function syncStep(sync: Sync, from: number): Promise<void> {
  for (let done = from; done < from + BULK_STEP; done += BATCH_SIZE) {
    const events = Array.from({ length: BATCH_SIZE }, (_, offset) => identifyCall(done + offset))
    for (;;) {
      const outcomes = await sync.host.deliverBatch(events)
      const refused = outcomes.find(({ status }) => status !== 202)
      if (!refused) break
      if (refused.status !== 429) throw new Error(`A batch ended with ${refused.status}: ${refused.errormessage}`)
      const ms = secondsToWait(refused.errormessage) * 1000
      await sync.server.ask({ ask: 'skip', ms })
      sync.waited += ms
    }
    sync.calls += 1
  }
}

/** Rows of a bulk call are applied after its answer. */
async function untilHeld(server: ServerProcess, customers: number): Promise<void> {
  const deadline = performance.now() + 60_000
  while ((await server.ask({ ask: 'customers' })) !== customers) {
    if (performance.now() > deadline) throw new Error('Not every customer arrived.')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** What a message of the destination says of the wait, from Voucherify's `Retry-After`. */
function secondsToWait(message = ''): number {
  const seconds = Number(/again in (\d+) seconds?/.exec(message)?.[1])
  if (!seconds) throw new Error(`No time to wait in "${message}"`)
  return seconds
}

/** Does work so many times, a few at a time, in order of their numbers. */
async function inParallel(times: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < times) await work(next++)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}

/** Bytes in use once everything that can be collected is. */
function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
