import { setMaxListeners } from 'node:events'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { Analytics } from '@segment/analytics-node'
import type { Overview } from '../workbench/shared/types'
import { ServerProcess } from './serverProcess'
import { measured } from './stats'
import type { Measured } from './stats'

const SECONDS = 20
/** Calls that the SDK may hold: enough to keep it busy, few enough to see what the workbench takes. */
const MAX_OUTSTANDING = 800
const USERS = 1000
/** Seconds of a round: calls are taken in bursts, since the SDK waits a second when there is no room. */
const ROUND_SECONDS = 5

export interface WorkbenchFigures {
  seconds: number
  /** Calls a second that the workbench took. */
  takenASecond: Measured
  /** Calls in all, every one of them delivered. */
  calls: number
  /** Deliveries a second from the first call to the last delivery. */
  deliveredASecond: number
  /** Seconds from the SDK's last call to the last delivery. */
  secondsToDeliver: number
}

/** Twenty seconds of calls from Segment's SDK, as many as the workbench takes, then the wait for the last delivery. */
export async function measureWorkbench(): Promise<WorkbenchFigures> {
  // The SDK listens to its own signal once for each batch that waits, and Node would warn of a leak.
  setMaxListeners(0)
  const server = await ServerProcess.start('workbench')
  const analytics = new Analytics({ writeKey: 'bench', host: server.url, flushAt: 100, flushInterval: 5000 })
  const failures: unknown[] = []
  analytics.on('error', (error) => failures.push(error))
  try {
    const rounds: number[] = new Array(SECONDS / ROUND_SECONDS).fill(0)
    const start = performance.now()
    let sent = 0
    let taken = 0
    while (performance.now() - start < SECONDS * 1000) {
      if (sent - taken >= MAX_OUTSTANDING) {
        await pause(1)
        continue
      }
      call(analytics, sent, () => {
        taken += 1
        const round = Math.floor((performance.now() - start) / 1000 / ROUND_SECONDS)
        if (round < rounds.length) rounds[round] += 1 / ROUND_SECONDS
      })
      sent += 1
      // The SDK sends between our calls.
      if (sent % 100 === 0) await pause(0)
    }
    const lastCalled = performance.now()
    await analytics.closeAndFlush({ timeout: 60_000 })
    const overview = await untilDelivered(server.url)
    const end = performance.now()
    const delivered = Object.values(overview.counts).reduce((sum, count) => sum + count.delivered, 0)
    if (failures.length || taken !== sent || delivered !== sent || overview.calls !== sent) {
      throw new Error(`Calls were lost: ${sent} sent, ${taken} taken, ${delivered} delivered. ${String(failures[0])}`)
    }
    return {
      seconds: SECONDS,
      takenASecond: measured(rounds),
      calls: sent,
      deliveredASecond: sent / ((end - start) / 1000),
      secondsToDeliver: (end - lastCalled) / 1000
    }
  } finally {
    await server.close()
  }
}

/** The calls of an app: people who are identified and do things, over and over. */
function call(analytics: Analytics, index: number, onTaken: () => void): void {
  const userId = `user-${index % USERS}`
  const done = (error: unknown) => {
    if (!error) onTaken()
  }
  switch (Math.floor(index / USERS) % 4) {
    case 0:
      return analytics.identify({ userId, traits: { email: `${userId}@example.com`, plan: 'premium' } }, done)
    case 1:
      return analytics.page({ userId, name: 'Pricing', properties: { path: '/pricing' } }, done)
    case 2:
      return analytics.group({ userId, groupId: 'group-1', traits: { name: 'Northwind Roasters' } }, done)
    default:
      return analytics.track({ userId, event: 'Order Completed', properties: { metadata: { total: index } } }, done)
  }
}

async function untilDelivered(url: string): Promise<Overview> {
  const deadline = performance.now() + 180_000
  for (;;) {
    const response = await fetch(`${url}/api/overview`)
    const overview = (await response.json()) as Overview
    if (overview.waiting === 0) return overview
    if (performance.now() > deadline) throw new Error(`${overview.waiting} calls were not delivered in time.`)
    await pause(50)
  }
}
