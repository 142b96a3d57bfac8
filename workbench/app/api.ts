import type { SegmentEvent } from '@segment/actions-core'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { toRow } from '../shared/row'
import { shorten } from '../shared/text'
import { InvalidCall, readCall } from '../segment/call'
import type { Deliverer } from '../segment/deliver'
import type { Deliveries } from '../segment/deliveries'
import { DELIVERY_PARAMETERS, readDeliveryFilter, readNumber } from '../segment/deliveryFilter'
import { ndjson } from './ndjson'
import type { Explainer } from '../inspect/explain'
import { isJsonObject, readJson, readJsonObject } from '../shared/json'
import type { Mappings } from '../segment/mappings'
import type { Mask } from '../shared/mask'
import { previewMappings } from '../inspect/previewMappings'
import { Refusal } from '../shared/refusal'
import type { Sandbox } from '../sandbox'
import { samples } from '../segment/samples'
import { addDefinitionRoutes, addWebhookRoutes } from './sandboxRoutes'
import type { Stream } from './stream'
import { addTrouble } from './trouble'
import type {
  Delivery,
  DeliveryList,
  DeliveryQuery,
  Direction,
  Done,
  ErasureResult,
  Mapping,
  Overview,
  RowList,
  SamplesSent,
  Target
} from '../shared/types'

/** What the routes are thin over. */
export interface ApiParts {
  mask: Mask
  deliverer: Deliverer
  deliveries: Deliveries
  explainer: Explainer
  mappings: Mappings
  sandbox: Sandbox
  stream: Stream
  overview(): Overview
  totals(direction?: Direction): Pick<DeliveryList, 'total' | 'counts'>
  target(): Target
  /** Delivers a call once more through a mapping. */
  again(delivery: Delivery, mapping: Mapping): Promise<Delivery>
  erase(userId: string): Promise<ErasureResult>
  /** Takes the samples in as if an SDK had sent them, and returns how many. */
  sendSamples(): number
  clearDeliveries(): void
  /** Empties the sandbox. */
  clearSandbox(): void
}

const MAX_QUOTED_LENGTH = 60
const DONE: Done = { success: true }
const DEFAULT_DELIVERIES = '500'
const DEFAULT_SANDBOX_ITEMS = 200
const MAX_SANDBOX_ITEMS = 5000

/** The parameters of the addresses that take some. */
const PARAMETERS = new Map([
  ['GET /api/deliveries', DELIVERY_PARAMETERS],
  ['GET /api/deliveries.ndjson', DELIVERY_PARAMETERS],
  ['GET /api/rows', DELIVERY_PARAMETERS],
  ['GET /api/sandbox', ['search', 'limit']],
  ['GET /api/customers', ['search', 'limit']],
  ['POST /api/source/webhook', ['type']],
  ['POST /api/files', ['name']]
])

/** Refuses a parameter that an address does not know: one that is misspelt would be passed over without a word. */
const knownParameters: MiddlewareHandler = async (context, next) => {
  const known = PARAMETERS.get(`${context.req.method} ${context.req.path}`) ?? []
  const stranger = Object.keys(context.req.query()).find((name) => !known.includes(name))
  if (stranger !== undefined) {
    const choice = known.length ? `Take ${known.join(', ')}.` : 'It takes none.'
    throw new Refusal(400, `This address has no parameter "${shorten(stranger, MAX_QUOTED_LENGTH)}". ${choice}`)
  }
  await next()
}

/** The workbench's API; shared/types says what it takes and gives. */
export function addApiRoutes(app: Hono, parts: ApiParts): void {
  app.use('/api/*', knownParameters)
  app.get('/health', (context) => context.json({ status: 'ok' }))
  app.get('/api/stream', () => parts.stream.connect())
  app.get('/api/overview', (context) => context.json(parts.overview()))
  app.get('/api/target', (context) => context.json(parts.target()))
  app.post('/api/test-connection', async (context) => context.json(await parts.deliverer.testConnection()))
  addDeliveryRoutes(app, parts)
  addMappingRoutes(app, parts)
  addSampleRoutes(app, parts)
  addSandboxRoutes(app, parts)
}

function addDeliveryRoutes(app: Hono, parts: ApiParts): void {
  const { deliveries, explainer, mappings, totals, again, clearDeliveries } = parts
  const listOf = (query: DeliveryQuery): DeliveryList => ({
    ...deliveries.list(readDeliveryFilter({ limit: DEFAULT_DELIVERIES, ...query })),
    ...totals(query.direction)
  })
  app.get('/api/deliveries', (context) => context.json<DeliveryList>(listOf(context.req.query())))
  app.get('/api/rows', (context) => {
    const { deliveries, ...counts } = listOf(context.req.query())
    return context.json<RowList>({ rows: deliveries.map(toRow), ...counts })
  })
  app.get('/api/deliveries.ndjson', (context) =>
    ndjson('deliveries.ndjson', deliveries.list(readDeliveryFilter(context.req.query())).deliveries)
  )
  app.delete('/api/deliveries', (context) => {
    clearDeliveries()
    return context.json(DONE)
  })
  app.get('/api/deliveries/:id', async (context) =>
    context.json(await explainer.explain(requireDelivery(deliveries, context.req.param('id'))))
  )
  app.post('/api/deliveries/:id/retry', async (context) => {
    const { delivery } = requireDelivery(deliveries, context.req.param('id'))
    if (delivery.preset === null) {
      throw new Refusal(
        409,
        'No mapping took this call, so there is nothing to send again. Send the call itself once more.'
      )
    }
    const mapping = mappings.get(delivery.preset)
    if (!mapping) throw new Refusal(409, `The mapping "${delivery.preset}" is gone. Send the call itself once more.`)
    return context.json(await again(delivery, mapping))
  })
}

function addMappingRoutes(app: Hono, { mask, explainer, mappings, stream }: ApiParts): void {
  /** What a page sent, without the keys: mappings and previews are shown again. */
  const readMasked = async (context: Context) => mask.object(await readJsonObject(context.req.raw))

  app.get('/api/mappings', (context) => context.json(mappings.describe()))
  app.get('/api/mappings/:preset', (context) => {
    const mapping = mappings.get(context.req.param('preset'))
    if (!mapping) throw new Refusal(404, `There is no mapping "${context.req.param('preset')}".`)
    return context.json(mapping)
  })
  app.put('/api/mappings/:preset', async (context) => {
    const mapping = await mappings.put(mask.text(context.req.param('preset')), await readMasked(context))
    stream.changed('mappings')
    return context.json(mapping)
  })
  app.put('/api/mappings', async (context) => {
    await mappings.putAll(mask.json(await readJson(context.req.raw)))
    stream.changed('mappings')
    return context.json(mappings.describe())
  })
  app.delete('/api/mappings/:preset', (context) => {
    mappings.reset(context.req.param('preset'))
    stream.changed('mappings')
    return context.json(DONE)
  })
  app.delete('/api/mappings', (context) => {
    mappings.resetAll()
    stream.changed('mappings')
    return context.json(DONE)
  })
  app.post('/api/preview', async (context) => {
    const { event, ...changes } = await readMasked(context)
    return context.json(await explainer.preview(readEvent(event), previewMappings(mappings, changes)))
  })
}

function addSampleRoutes(app: Hono, { sendSamples }: ApiParts): void {
  app.get('/api/samples', (context) => context.json(samples))
  app.post('/api/samples', (context) => {
    const sent: SamplesSent = { calls: sendSamples() }
    return context.json(sent)
  })
}

function addSandboxRoutes(app: Hono, { sandbox, clearSandbox, erase }: ApiParts): void {
  app.get('/api/sandbox', (context) =>
    context.json(
      sandbox.state({
        search: context.req.query('search'),
        limit: readNumber('limit', context.req.query('limit'), MAX_SANDBOX_ITEMS) ?? DEFAULT_SANDBOX_ITEMS
      })
    )
  )
  app.delete('/api/sandbox', (context) => {
    clearSandbox()
    return context.json(DONE)
  })
  app.get('/api/sandbox/customers/:sourceId', (context) => {
    const history = sandbox.customer(context.req.param('sourceId'))
    if (!history) throw new Refusal(404, `The sandbox has no customer "${context.req.param('sourceId')}".`)
    return context.json(history)
  })
  addDefinitionRoutes(app, sandbox)
  addWebhookRoutes(app, sandbox)
  app.get('/api/trouble', (context) => context.json(sandbox.trouble.list()))
  app.post('/api/trouble', async (context) => {
    addTrouble(sandbox, await readJsonObject(context.req.raw))
    return context.json(sandbox.trouble.list())
  })
  app.delete('/api/trouble', (context) => {
    sandbox.trouble.clear()
    return context.json(DONE)
  })
  app.post('/api/delete', async (context) => {
    const { userId } = await readJsonObject(context.req.raw)
    const id = typeof userId === 'string' || typeof userId === 'number' ? String(userId).trim() : ''
    if (!id) throw new Refusal(400, 'Send { "userId": "…" }, the ID of whom to erase.')
    const result = await erase(id)
    if (result.ok) return context.json(result)
    return context.json({ ...result, error: result.message }, result.request ? 502 : 422)
  })
}

function requireDelivery(deliveries: Deliveries, id: string) {
  const kept = deliveries.get(id)
  if (kept) return kept
  throw new Refusal(404, 'There is no such delivery, or it was dropped to make room for newer ones.')
}

/** The call of a preview, filled in as the Tracking API does. */
function readEvent(value: unknown): SegmentEvent {
  if (!isJsonObject(value)) throw new Refusal(400, 'Send { "event": { … } }, the call to preview.')
  try {
    return readCall(value, new Date().toISOString())
  } catch (error) {
    throw error instanceof InvalidCall ? new Refusal(400, error.message) : error
  }
}
