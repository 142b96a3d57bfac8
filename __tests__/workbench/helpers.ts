import { Analytics } from '@segment/analytics-node'
import { request as httpRequest } from 'http'
import type { IncomingHttpHeaders } from 'http'
import { createSandbox } from '../../workbench/sandbox'
import type { Sandbox } from '../../workbench/sandbox'
import { createWorkbench } from '../../workbench/app/server'
import type { Workbench, WorkbenchOptions } from '../../workbench/app/server'
import type { Clock } from '../../workbench/segment/retries'
import { SANDBOX_KEYS, sandboxSettings } from '../../workbench/app/start'
import type { Delivery, DeliveryList, Mapping, MappingList } from '../../workbench/shared/types'

/** A workbench with its sandbox on free ports, and short ways to ask it. */
export interface Running {
  workbench: Workbench
  sandbox: Sandbox
  url: string
  get<Value>(path: string): Promise<Value>
  /** Sends JSON; the answer's status and body. */
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  deliveries(): Promise<Delivery[]>
  /** Waits until so many deliveries have ended, and returns them, the oldest first. */
  ended(count: number): Promise<Delivery[]>
  mapping(preset: string): Promise<Mapping>
}

const running: { workbench: Workbench; sandbox: Sandbox }[] = []

/** The counts by outcome before anything came. */
export const NONE = { delivered: 0, retryable: 0, rejected: 0, unmatched: 0, refused: 0 }

/** Starts a workbench that delivers to its sandbox. `closeAll` ends it. */
export async function start(options: Partial<WorkbenchOptions> = {}): Promise<Running> {
  const sandbox = createSandbox({ ...SANDBOX_KEYS, bulkDelayMs: 0 })
  await sandbox.listen(0)
  const workbench = createWorkbench({ settings: sandboxSettings(sandbox.url), mode: 'sandbox', sandbox, ...options })
  await workbench.listen(0)
  running.push({ workbench, sandbox })
  const { url } = workbench

  async function send(method: string, path: string, body?: unknown) {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    })
    return { status: response.status, body: (await response.json()) as unknown }
  }
  const get = async <Value>(path: string) => (await send('GET', path)).body as Value
  const deliveries = async () => (await get<DeliveryList>('/api/deliveries?limit=5000')).deliveries
  return {
    workbench,
    sandbox,
    url,
    send,
    get,
    deliveries,
    async ended(count) {
      await until(async () => (await get<DeliveryList>('/api/deliveries?limit=0')).total >= count)
      return (await deliveries()).reverse()
    },
    async mapping(preset) {
      const { mappings } = await get<MappingList>('/api/mappings')
      const mapping = mappings.find((each) => each.preset === preset)
      if (!mapping) throw new Error(`no mapping ${preset}`)
      return mapping
    }
  }
}

/** A clock that stands still until it is told to go on. It begins now, since the calls' own times are real. */
export function createTestClock(): Clock & { goOn(ms: number): void } {
  let time = Date.now()
  const alarms = new Set<{ at: number; wake: () => void }>()
  return {
    now: () => time,
    after(ms, wake) {
      const alarm = { at: time + ms, wake }
      alarms.add(alarm)
      return () => void alarms.delete(alarm)
    },
    goOn(ms) {
      time += ms
      for (const alarm of [...alarms]) {
        if (alarm.at > time) continue
        alarms.delete(alarm)
        alarm.wake()
      }
    }
  }
}

/** Ends everything that `start` began. */
export async function closeAll(): Promise<void> {
  for (const { workbench, sandbox } of running.splice(0)) {
    await workbench.close()
    await sandbox.close()
  }
}

/** Waits for a condition. Fails when it does not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not come true within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Makes calls with Segment's own SDK and waits until it has sent them. */
export async function withSdk(url: string, calls: (analytics: Analytics) => void): Promise<void> {
  const analytics = new Analytics({ writeKey: 'any', host: url, flushInterval: 50 })
  const failures: unknown[] = []
  analytics.on('error', (error) => failures.push(error))
  calls(analytics)
  await analytics.closeAndFlush({ timeout: 30_000 })
  expect(failures).toEqual([])
}

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** A request with any headers, also those that fetch does not let through. */
export function raw(
  url: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string | Buffer }
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8')
        })
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

export const TRACK = { type: 'track', event: 'Order Completed', userId: 'usr_1' }
export const IDENTIFY_PRESET = 'Create Or Update Customer'
export const TRACK_PRESET = 'Add Custom Event (Track Event)'
