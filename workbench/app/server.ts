import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import type { MiddlewareHandler } from 'hono'
import type { SegmentEvent } from '@segment/actions-core'
import type { AddressInfo } from 'net'
import { performance } from 'perf_hooks'
import type { Settings } from '../../src/generated-types'
import { addApiRoutes } from './api'
import { addCustomerRoutes } from './customerRoutes'
import { addDefinitionRoutes } from './definitionRoutes'
import { addFileRoutes } from './fileRoutes'
import { addRehearsalRoutes } from './rehearsal'
import { createPeople } from './people'
import { createDeliverer } from '../segment/deliver'
import { createDeliveries } from '../segment/deliveries'
import type { DeliveryBounds, KeptDelivery } from '../segment/deliveries'
import { isCall, ORDER_STEP } from '../segment/delivery'
import { createExplainer } from '../inspect/explain'
import { createGuard } from './guard'
import type { Allowed } from './guard'
import { actionOf, createMappings } from '../segment/mappings'
import { createMask } from '../shared/mask'
import type { Mask } from '../shared/mask'
import { createCounter } from './overview'
import { addPageRoutes } from './pageRoutes'
import type { PageFiles } from './pageRoutes'
import { createPipeline } from '../segment/pipeline'
import type { PipelineLimits } from '../segment/pipeline'
import { Refusal } from '../shared/refusal'
import { freshSamples } from '../segment/samples'
import type { Sandbox } from '../sandbox'
import { KEEP_ALIVE_MS } from '../sandbox/server'
import { refusedDelivery } from '../segment/refused'
import { systemClock } from '../segment/retries'
import type { Clock } from '../segment/retries'
import { destination } from '../segment/destination'
import { createSeen } from '../segment/seen'
import { addSourceRoutes } from './source'
import type { Storage } from './storage'
import { createStream } from './stream'
import type { Stream } from './stream'
import type { StreamLimits } from './stream'
import { warningsOf } from '../segment/warnings'
import { addTrackingRoutes, takeIn } from '../segment/tracking'
import type { Intake } from '../segment/tracking'
import type { ApiError, Definitions, Delivery, Mapping, Outcome, Target } from '../shared/types'

export interface WorkbenchLimits {
  pipeline: PipelineLimits
  deliveries: DeliveryBounds
  stream: StreamLimits
}

/** With those of the sandbox and of `people.ts` they add up to less than the heap that `npm start` allows. */
export const LIMITS: WorkbenchLimits = {
  pipeline: { concurrency: 10, maxCalls: 20_000, maxCost: 48 * 1024 * 1024, batchWaitMs: 1000 },
  deliveries: {
    delivered: { maxCount: 5000, maxCost: 32 * 1024 * 1024 },
    failed: { maxCount: 5000, maxCost: 32 * 1024 * 1024 },
    unsent: { maxCount: 2000, maxCost: 16 * 1024 * 1024 },
    webhooks: { maxCount: 1000, maxCost: 8 * 1024 * 1024 }
  },
  stream: { maxClients: 20, maxDeliveries: 500, maxLength: 2 * 1024 * 1024, intervalMs: 250, heartbeatMs: 15_000 }
}

/** How many messageIds are remembered: more than the queue and a burst of an SDK hold together. */
const MAX_SEEN = 100_000

export interface WorkbenchOptions {
  /** Where deliveries go, and with which keys. */
  settings: Settings
  mode: Target['mode']
  /** A sandbox that listens already. */
  sandbox: Sandbox
  /** The files of the page; none by default. */
  page?: PageFiles
  /** Hosts and origins that are let in beside this machine's own; none by default. */
  allowed?: Allowed
  /** Where all that is held outlives the workbench; nowhere by default. */
  storage?: Storage
  /** What metadata the project defines, by which deliveries are warned of; by default the sandbox says it, of others nobody. */
  definitions?(): Definitions
  /** Why it is not known what a real project defines, in a sentence; it was read unless given. */
  unreadDefinitions?: string
  /** Whether calls are tried again by themselves, after growing pauses; not by default. */
  retries?: boolean
  clock?: Clock
  /** Called for every delivery that ended or was tried again. Nothing in it holds a key. */
  onDelivery?(delivery: Delivery): void
  limits?: { [Part in keyof WorkbenchLimits]?: Partial<WorkbenchLimits[Part]> }
}

/** A local Segment with one destination. */
export interface Workbench {
  /** Listens on 127.0.0.1 unless told otherwise; 0 takes a free port. Rejects with the server's error, such as EADDRINUSE. */
  listen(port: number, host?: string): Promise<void>
  /** Address without a trailing slash; only while it listens. */
  readonly url: string
  /** Takes no more calls, gives those that wait so much time, and ends. Returns how many calls were left. */
  close(withinMs?: number): Promise<number>
}

export function createWorkbench({
  settings,
  mode,
  sandbox,
  page,
  allowed = { hosts: [], origins: [] },
  definitions = () => (mode === 'sandbox' ? sandbox.metadata.definitions() : { customer: null, event: null }),
  unreadDefinitions: unread = '',
  storage,
  retries = false,
  clock = systemClock,
  onDelivery,
  limits
}: WorkbenchOptions): Workbench {
  const mask = createMask(settings)
  const mappings = createMappings(destination)
  const deliverer = createDeliverer(destination, settings, mask, clock.now)
  const deliveries = createDeliveries({ ...LIMITS.deliveries, ...limits?.deliveries })
  const counter = createCounter(() => performance.now())
  const people = createPeople(definitions)
  const warn = (mapping: Mapping, event: SegmentEvent, { request, response }: Pick<Delivery, 'request' | 'response'>) =>
    request
      ? warningsOf({
          action: actionOf(destination, mapping.action),
          mapping: mapping.mapping,
          event,
          request,
          response,
          definitions: definitions()
        }).map((warning) => ({
          ...warning,
          ...(warning.field !== undefined && { field: mask.text(warning.field) }),
          message: mask.text(warning.message),
          whatToDo: mask.text(warning.whatToDo)
        }))
      : []
  let lastOrder = 0
  const nextOrder = () => (lastOrder += ORDER_STEP)
  const pipeline = createPipeline({
    deliverer,
    mappings,
    mask,
    nextOrder,
    clock,
    warn,
    retries,
    limits: { ...LIMITS.pipeline, ...limits?.pipeline },
    onEnd: keep
  })
  const overview = () => counter.read(pipeline.waiting(), pipeline.retrying())
  const stream = createStream(
    { overview, trouble: () => sandbox.trouble.list() },
    { ...LIMITS.stream, ...limits?.stream }
  )

  function keep(kept: KeptDelivery, before?: Outcome): void {
    const cost = deliveries.add(kept)
    counter.ended(kept.delivery, before)
    people.took(kept.delivery)
    storage?.delivered(kept)
    stream.deliver(kept.delivery, cost)
    try {
      onDelivery?.(kept.delivery)
    } catch (error) {
      // Whoever looks on must not hold up the next call.
      console.error(error)
    }
  }

  const changed: Stream['changed'] = (what) => {
    stream.changed(what)
    if (what !== 'trouble') storage?.changed(what)
  }

  /** Brings back what an earlier run left, and writes down from now on. */
  async function restore({ found, follow }: Storage): Promise<void> {
    if (found.sandbox !== undefined) sandbox.restore(found.sandbox)
    if (found.mappings !== undefined) await mappings.putAll(found.mappings)
    for (const kept of found.deliveries) {
      deliveries.add(kept)
      counter.restored(kept.delivery)
      people.took(kept.delivery)
      // One that was not taken may come again, mended.
      if (isCall(kept.delivery.event) && kept.delivery.status !== 'refused') seen.add([kept.delivery.event])
      lastOrder = Math.max(lastOrder, kept.delivery.order + ORDER_STEP)
      pipeline.resume(kept)
    }
    follow({ mappings: mappings.describe, sandbox: sandbox.snapshot, deliveries: deliveries.all })
  }

  const seen = createSeen(MAX_SEEN)
  const intake: Intake = {
    now: () => new Date(clock.now()).toISOString(),
    take(events, receivedAt) {
      const fresh = seen.fresh(events)
      if (!pipeline.take(fresh.map((event) => ({ event, receivedAt })))) return null
      seen.add(fresh)
      counter.received(fresh.length)
      return fresh.length
    },
    refuse(refused, receivedAt) {
      counter.received(refused.length)
      for (const each of refused) {
        keep({ delivery: refusedDelivery(each, { receivedAt, order: nextOrder() }, mask), mappings: [] })
      }
    }
  }

  const guard = createGuard(allowed, (reason, path, method) => {
    // What only reads is no call that anybody misses.
    if (path.startsWith('/v1/') && method !== 'GET') intake.refuse([{ reason }], intake.now())
  })
  const app = createApp(mask, guard)
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: { keepAliveTimeout: KEEP_ALIVE_MS } })
  const address = () => addressOf(server.address() as AddressInfo)
  addTrackingRoutes(app, intake)
  addApiRoutes(app, {
    mask,
    deliverer,
    deliveries,
    explainer: createExplainer(destination, deliverer, warn),
    mappings,
    sandbox,
    stream: { ...stream, changed },
    overview,
    totals: counter.totals,
    target: () => ({ mode, workbench: address(), gateway: mask.text(settings.customURL), sandbox: sandbox.url }),
    again: (delivery, mapping) => pipeline.again(delivery, mapping),
    async erase(userId) {
      const result = await pipeline.erase(userId)
      if (result.ok) {
        people.forget(userId)
        // Of a real project's customer the sandbox tells nothing.
        changed('sandbox')
      }
      return result
    },
    sendSamples: () => takeIn(intake, { batch: freshSamples() }, 'batch').taken,
    clearDeliveries() {
      deliveries.clear()
      seen.clear()
      counter.clear(pipeline.waiting() + pipeline.retrying())
      pipeline.forget()
      storage?.cleared()
      stream.cleared()
    },
    clearSandbox() {
      sandbox.clear()
      if (mode === 'sandbox') people.clear()
    }
  })
  addCustomerRoutes(app, { people, sandbox, mode, definitions })
  addSourceRoutes(app, {
    mask,
    intake,
    address,
    ownApplicationId: settings.apiKey,
    nextOrder,
    keep: (delivery) => keep({ delivery, mappings: [] })
  })
  const files = addFileRoutes(app, intake)
  addRehearsalRoutes(app, mappings)
  addDefinitionRoutes(app, { people, sandbox, mode, definitions, unread })
  addPageRoutes(app, page)

  // What it holds and its troubles: they run out while it answers.
  const stopWatching = sandbox.onChange(() => {
    changed('sandbox')
    changed('trouble')
  })

  return {
    async listen(port, host = '127.0.0.1') {
      if (storage) await restore(storage)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
    },
    get url() {
      return address()
    },
    async close(withinMs = 0) {
      const closed = new Promise((resolve) => server.close(resolve))
      stopWatching()
      stream.close()
      await files.close()
      const left = await pipeline.close(withinMs)
      await storage?.close()
      // What ended last is answered before the connections are cut.
      await new Promise(setImmediate)
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
      // What waits for its next try goes on after the next start.
      return storage ? left - pipeline.retrying() : left
    }
  }
}

/** Where the server answers. One that listens on all addresses does so on this machine's own. */
function addressOf({ address, family, port }: AddressInfo): string {
  const host = ['0.0.0.0', '::'].includes(address) ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}

/** An app with the guard in front, whose errors are words in JSON. */
function createApp(mask: Mask, guard: MiddlewareHandler): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    context.header('X-Content-Type-Options', 'nosniff')
    context.header('Cache-Control', 'no-store')
    await next()
  })
  app.use(guard)
  app.notFound((context) => context.json<ApiError>({ error: 'There is nothing under this address.' }, 404))
  app.onError((error, context) => {
    if (!(error instanceof Refusal)) console.error(mask.text(error.stack ?? error.message))
    for (const [name, value] of Object.entries(error instanceof Refusal ? error.headers : {}))
      context.header(name, value)
    return error instanceof Refusal
      ? context.json<ApiError>({ error: mask.text(error.message) }, error.status)
      : context.json<ApiError>({ error: 'The workbench failed. Its terminal says why.' }, 500)
  })
  return app
}
