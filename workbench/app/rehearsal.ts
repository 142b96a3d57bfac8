import type { JSONObject } from '@segment/actions-core'
import type { Hono } from 'hono'
import { createServer, request as forward } from 'http'
import type { AddressInfo } from 'net'
import { createSandbox } from '../sandbox'
import type { SandboxOptions } from '../sandbox'
import { readCall } from '../segment/call'
import { createDeliverer } from '../segment/deliver'
import { destination } from '../segment/destination'
import type { Mappings } from '../segment/mappings'
import { createPipeline } from '../segment/pipeline'
import type { Clock } from '../segment/retries'
import { readJsonObject } from '../shared/json'
import { createMask } from '../shared/mask'
import { Refusal } from '../shared/refusal'
import type { Delivery, Rehearsal, RehearsalStep, Scenario } from '../shared/types'

/** A plan is played at a thousandth of its size, so that it is over in seconds. */
const PLAN_CUSTOMERS = 200
const PLAN_CALLS_A_DAY = 144
const DAY_SECONDS = 86_400
const OUTAGE_CALLS = 60
const OUTAGE_MS = 120_000
const LOST_CALLS = 40
const LOST_ANSWERS = 15
/** Batches need not wait for others here: all calls come at once. */
const BATCH_WAIT_MS = 20
const POLL_MS = 5
const KEYS = { applicationId: 'rehearsal-app-id', secretKey: 'rehearsal-secret-key' }

interface Play {
  calls(): JSONObject[]
  limits?: SandboxOptions['limits']
  /** What becomes of a request: on to the sandbox, cut before it got there, or cut once it was taken. */
  fate(call: { number: number; sinceMs: number }): 'forward' | 'refuse' | 'swallow'
}

const identify = (index: number): JSONObject => ({
  type: 'identify',
  userId: `rehearsal-${index}`,
  traits: { email: `person-${index}@example.com`, metadata: { number: index } }
})
const track = (index: number): JSONObject => ({
  type: 'track',
  userId: `rehearsal-${index % 20}`,
  event: `Rehearsal ${index}`,
  properties: { metadata: { number: index } }
})
const times = <Item>(count: number, make: (index: number) => Item) => Array.from({ length: count }, (_, at) => make(at))

const plays: Record<Scenario, Play> = {
  plan: {
    calls: () => times(PLAN_CUSTOMERS, identify),
    limits: { webhook_calls: { calls: PLAN_CALLS_A_DAY, seconds: DAY_SECONDS } },
    fate: () => 'forward'
  },
  outage: {
    calls: () => times(OUTAGE_CALLS, (index) => (index % 3 ? track(index) : identify(index))),
    fate: ({ sinceMs }) => (sinceMs < OUTAGE_MS ? 'refuse' : 'forward')
  },
  'lost answers': {
    calls: () => times(LOST_CALLS, track),
    fate: ({ number }) => (number <= LOST_ANSWERS ? 'swallow' : 'forward')
  }
}

const isScenario = (name: unknown): name is Scenario => Object.keys(plays).some((known) => known === name)

/** Plays scenarios, one at a time. */
export function addRehearsalRoutes(app: Hono, mappings: Mappings): void {
  let isPlaying = false
  app.post('/api/rehearsals', async (context) => {
    const { scenario } = await readJsonObject(context.req.raw)
    if (!isScenario(scenario)) {
      throw new Refusal(400, `"scenario" must be one of ${Object.keys(plays).join(', ')}.`)
    }
    if (isPlaying) throw new Refusal(409, 'A rehearsal is being played already. Wait until it is over.')
    isPlaying = true
    try {
      return context.json(await rehearse(scenario, mappings))
    } finally {
      isPlaying = false
    }
  })
}

/**
 * Plays a scenario with the mappings as they are, and tells what came of it. Nothing of it touches the workbench's own
 * sandbox and deliveries. The retries run on a clock that jumps to the next one, so that an hour takes seconds.
 */
export async function rehearse(scenario: Scenario, mappings: Mappings): Promise<Rehearsal> {
  const play = plays[scenario]
  const clock = createJumpingClock()
  const startedAt = clock.now()
  const sandbox = createSandbox({ ...KEYS, bulkDelayMs: 0, now: clock.now, limits: play.limits })
  await sandbox.listen(0)
  const door = await openDoor(sandbox.url, play, () => clock.now() - startedAt)
  const settings = { apiKey: KEYS.applicationId, secretKey: KEYS.secretKey, customURL: door.url }
  const mask = createMask(settings)
  const deliveries = new Map<string, Delivery>()
  let order = 0
  const pipeline = createPipeline({
    deliverer: createDeliverer(destination, settings, mask, clock.now),
    mappings,
    mask,
    nextOrder: () => (order += 1000),
    clock,
    retries: true,
    warn: () => [],
    limits: { concurrency: 10, maxCalls: 10_000, maxCost: 64 * 1024 * 1024, batchWaitMs: BATCH_WAIT_MS },
    onEnd: ({ delivery }) => void deliveries.set(delivery.id, delivery)
  })
  try {
    const receivedAt = new Date(startedAt).toISOString()
    pipeline.take(play.calls().map((call) => ({ event: readCall(call, receivedAt), receivedAt })))
    await untilEnded(clock, () => pipeline.waiting() === 0 && isResting(deliveries, clock))
    return tell(scenario, [...deliveries.values()], sandbox.state({ limit: 10_000 }).events, startedAt)
  } finally {
    await pipeline.close(0)
    await door.close()
    await sandbox.close()
  }
}

interface JumpingClock extends Clock {
  /** Wakes whom the time itself has reached. */
  wakeDue(): void
  /** Goes to the next moment that somebody waits for. False where nobody does. */
  jump(): boolean
}

function createJumpingClock(): JumpingClock {
  let skipped = 0
  const waiting = new Set<{ at: number; wake(): void }>()
  const now = () => Date.now() + skipped
  const wakeDue = () => {
    for (const entry of [...waiting].filter(({ at }) => at <= now())) {
      waiting.delete(entry)
      entry.wake()
    }
  }
  return {
    now,
    after(ms, wake) {
      const entry = { at: now() + ms, wake }
      waiting.add(entry)
      return () => void waiting.delete(entry)
    },
    wakeDue,
    jump() {
      const next = [...waiting].sort((a, b) => a.at - b.at).at(0)
      if (!next) return false
      skipped += Math.max(next.at - now(), 0)
      wakeDue()
      return true
    }
  }
}

/** Whether every try that was planned for now has ended: each open one is planned for later. */
function isResting(deliveries: Map<string, Delivery>, clock: Clock): boolean {
  const now = new Date(clock.now()).toISOString()
  return [...deliveries.values()].every(({ tries }) => {
    const next = tries.at(-1)?.nextAt
    return !next || next > now
  })
}

async function untilEnded(clock: JumpingClock, isQuiet: () => boolean): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    clock.wakeDue()
    if (isQuiet() && !clock.jump()) return
  }
}

/** A door before the sandbox, at which requests and answers get lost. */
async function openDoor(sandboxUrl: string, { fate }: Play, sinceMs: () => number) {
  let number = 0
  const server = createServer((request, response) => {
    number += 1
    const decided = fate({ number, sinceMs: sinceMs() })
    if (decided === 'refuse') return void request.socket.destroy()
    const onward = forward(
      `${sandboxUrl}${request.url ?? ''}`,
      { method: request.method, headers: request.headers },
      (answer) => {
        if (decided === 'swallow') {
          answer.resume()
          return void answer.on('end', () => request.socket.destroy())
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      }
    )
    onward.on('error', () => request.socket.destroy())
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
  }
}

function tell(scenario: Scenario, deliveries: Delivery[], events: { event: string }[], startedAt: number): Rehearsal {
  const lost = deliveries.filter(({ status }) => status !== 'delivered')
  const names = new Map<string, number>()
  for (const { event } of events) names.set(event, (names.get(event) ?? 0) + 1)
  const ends = deliveries.flatMap(({ tries }) => tries.map(({ at }) => Date.parse(at)))
  const first = lost.at(0)
  return {
    scenario,
    calls: deliveries.length,
    delivered: deliveries.length - lost.length,
    retried: deliveries.filter(({ tries }) => tries.length > 1).length,
    lost: lost.length,
    ...(first && { firstLoss: [first.error?.message, first.reason].filter(Boolean).join(' ') }),
    doubled: [...names.values()].filter((count) => count > 1).length,
    tookMs: Math.max(...ends, startedAt) - startedAt,
    steps: stepsOf(deliveries, startedAt)
  }
}

/** What was tried in each second. */
function stepsOf(deliveries: Delivery[], startedAt: number): RehearsalStep[] {
  const bySecond = new Map<number, RehearsalStep>()
  for (const { at, status } of deliveries.flatMap(({ tries }) => tries)) {
    const second = Math.floor((Date.parse(at) - startedAt) / 1000)
    const step = bySecond.get(second) ?? { atMs: second * 1000, tried: 0, delivered: 0, failed: 0 }
    step.tried += 1
    step[status === 'delivered' ? 'delivered' : 'failed'] += 1
    bySecond.set(second, step)
  }
  return [...bySecond.values()].sort((a, b) => a.atMs - b.atMs)
}
