import { Destination, transform } from '@segment/actions-core'
import type { DestinationDefinition, JSONObject, SegmentEvent } from '@segment/actions-core'
import type { Settings } from '../../src/generated-types'
import { findCarriers } from './carriers'
import { newDelivery } from './delivery'
import type { Call } from './delivery'
import { isJsonObject } from '../shared/json'
import type { Mask } from '../shared/mask'
import { DELIVERED, judgeBatchResult, judgeError, withAdvice } from './outcome'
import type { BatchResult, Verdict } from './outcome'
import { record, recorded } from './recorder'
import type { Exchange, Recording } from './recorder'
import type {
  ConnectionTest,
  Delivery,
  ErasureResult,
  Mapping,
  RecordedRequest,
  RecordedResponse
} from '../shared/types'

/** Most calls that are collected for one batch, whatever a mapping's batch_size says. */
export const MAX_BATCH_SIZE = 10_000
const DEFAULT_BATCH_SIZE = 1000
/** Longest answer that is kept, in characters of JSON. */
const MAX_ANSWER_LENGTH = 16_384

/** The destination, driven as Segment drives it, with everything recorded and masked. */
export interface Deliverer {
  /** Name of the destination, as a call's `integrations` know it. */
  readonly name: string
  /** How many calls of a mapping go together; undefined when each goes alone. */
  batchSize(mapping: Mapping): number | undefined
  /** Delivers one call through one mapping. Never throws. */
  deliver(mapping: Mapping, call: Call): Promise<Delivery>
  /** Delivers calls through one mapping as a batch, and returns the delivery of each in its place. Never throws. */
  deliverBatch(mapping: Mapping, calls: Call[]): Promise<Delivery[]>
  /** What would be sent for a call, without sending it. */
  preview(mapping: Mapping, event: SegmentEvent): Promise<Pick<Delivery, 'request' | 'error'>>
  erase(userId: string): Promise<Omit<ErasureResult, 'waiting'>>
  testConnection(): Promise<ConnectionTest>
}

export function createDeliverer(
  definition: DestinationDefinition<Settings>,
  settings: Settings,
  mask: Mask,
  now: () => number
): Deliverer {
  const destination = new Destination(recorded(definition))

  /** Copies of mappings, since the framework writes defaults into some directives. It writes the same each time. */
  const copies = new WeakMap<Mapping, JSONObject>()

  /** Settings as the framework takes them: with one subscription, so that each has an outcome of its own. */
  function subscribed(mapping: Mapping): JSONObject {
    const copy = copies.get(mapping) ?? structuredClone(mapping.mapping)
    copies.set(mapping, copy)
    const { preset, action, trigger } = mapping
    return { ...settings, subscription: { name: preset, partnerAction: action, subscribe: trigger, mapping: copy } }
  }

  /** Runs the destination with a recording. The framework keeps every response for ever unless it is emptied. */
  async function run<Value>(
    recording: Recording,
    work: () => Promise<Value>
  ): Promise<{ value?: Value; error?: unknown }> {
    try {
      return { value: await record(recording, work) }
    } catch (error) {
      return { error: error ?? new Error('The destination failed without a reason.') }
    } finally {
      destination.responses.length = 0
    }
  }

  function batchSize({ action, mapping }: Mapping): number | undefined {
    if (mapping.enable_batching !== true || !destination.actions[action]?.hasBatchSupport) return undefined
    const size = typeof mapping.batch_size === 'number' ? Math.floor(mapping.batch_size) : DEFAULT_BATCH_SIZE
    return Math.min(Math.max(size, 1), MAX_BATCH_SIZE)
  }

  async function runEvent(mapping: Mapping, event: SegmentEvent, recording: Recording) {
    const { error } = await run(recording, () => destination.onEvent(structuredClone(event), subscribed(mapping)))
    const [exchange] = recording.exchanges.slice(-1)
    const sent = { request: toRequest(exchange, mask), response: toResponse(exchange, mask) }
    return { ...sent, verdict: error === undefined ? DELIVERED : judgeError(error, sent, mask) }
  }

  async function runBatch(mapping: Mapping, events: SegmentEvent[], recording: Recording) {
    const { value, error } = await run(recording, () =>
      destination.onBatch(structuredClone(events), subscribed(mapping))
    )
    const results: (BatchResult | undefined)[] = value?.[0]?.multistatus ?? []
    const members = events.map((event, index) => ({
      sourceId: sourceIdOf(mapping, event),
      isRefused: isRefusedUnsent(results[index])
    }))
    const jobs = jobStatuses(recording.exchanges)
    return findCarriers(recording.exchanges, members).map((carrier, index) => {
      const exchange = carrier && { ...carrier.exchange, body: carrier.body }
      const response = toResponse(exchange, mask)
      const jobStatus = jobs.get(jobOf(exchange))
      const sent = {
        request: toRequest(exchange, mask),
        response: response && jobStatus ? { ...response, jobStatus } : response
      }
      const verdict = error === undefined ? judgeBatchResult(results[index], sent, mask) : judgeError(error, sent, mask)
      return { ...sent, verdict, shared: carrier?.shared ?? 1 }
    })
  }

  return {
    name: definition.name,
    batchSize,
    async deliver(mapping, call) {
      const begin = now()
      const ended = await runEvent(mapping, call.event, newRecording(true))
      return toDelivery(call, mapping, ended, 1, { begin, end: now() }, mask)
    },
    async deliverBatch(mapping, calls) {
      const begin = now()
      const events = calls.map(({ event }) => event)
      const ended = await runBatch(mapping, events, newRecording(true))
      const times = { begin, end: now() }
      return ended.map((each, index) => toDelivery(calls[index], mapping, each, each.shared, times, mask))
    },
    async preview(mapping, event) {
      const recording = newRecording(false)
      const { request, verdict } =
        batchSize(mapping) === undefined
          ? await runEvent(mapping, event, recording)
          : (await runBatch(mapping, [event], recording))[0]
      return { request, error: verdict.error }
    },
    async erase(userId) {
      const recording = newRecording(true)
      const event: SegmentEvent = { type: 'delete', userId }
      const { value, error } = await run(recording, async () => destination.onDelete?.(event, { ...settings }))
      const [exchange] = recording.exchanges
      const sent = { request: toRequest(exchange, mask), response: toResponse(exchange, mask) }
      const failure = error === undefined ? null : judgeError(error, sent, mask).error
      // Of what never left, the destination itself says what to do.
      const message = !failure ? String(value?.output) : exchange ? withAdvice(failure) : failure.message
      return { ok: !failure, message, ...sent }
    },
    async testConnection() {
      try {
        await destination.testAuthentication(settings)
        return { ok: true, message: 'The gateway answered and knows the keys.' }
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        // The framework puts these words before every reason, also before one that has nothing to do with the keys.
        return { ok: false, message: mask.text(message.replace(/^Credentials are invalid: \d* ?/, '')) }
      }
    }
  }
}

/** The source_id under which a call of a batch goes. Only customers go in batches. */
function sourceIdOf({ mapping }: Mapping, event: SegmentEvent): string {
  try {
    const { source_id } = transform({ source_id: mapping.source_id }, { ...event })
    return String(source_id ?? '').trim()
  } catch {
    return ''
  }
}

/** Whether the framework or the destination refused a call of a batch before anything was sent for it. */
function isRefusedUnsent(result: BatchResult | undefined): boolean {
  return result?.status === 400 && !result.sent && !result.body
}

/** What the destination was last told of each bulk job that it asked about, by the job's ID. */
function jobStatuses(exchanges: Exchange[]): Map<string, string> {
  const statuses = new Map<string, string>()
  for (const { method, answer } of exchanges) {
    const told = method === 'GET' && isJsonObject(answer?.body) ? answer.body : {}
    if (typeof told.id === 'string' && typeof told.status === 'string') statuses.set(told.id, told.status)
  }
  return statuses
}

/** The ID of the job that a bulk call made; empty for every other request. */
function jobOf(exchange: Exchange | undefined): string {
  return isJsonObject(exchange?.answer?.body) ? String(exchange.answer.body.async_action_id ?? '') : ''
}

function newRecording(send: boolean): Recording {
  return { send, exchanges: [] }
}

/** What a delivery has in common whether its call went alone or in a batch. */
interface Ended {
  request: RecordedRequest | null
  response: RecordedResponse | null
  verdict: Verdict
}

function toDelivery(
  call: Call,
  { preset, action }: Mapping,
  { request, response, verdict }: Ended,
  batchSize: number,
  { begin, end }: { begin: number; end: number },
  mask: Mask
): Delivery {
  const { status, error } = verdict
  return {
    ...newDelivery(call),
    event: mask.event(call.event),
    preset,
    action,
    status,
    error,
    request,
    response,
    tries: [
      {
        at: new Date(begin).toISOString(),
        status,
        responseStatus: response?.status ?? null,
        reason: error && error.message,
        nextAt: null
      }
    ],
    waitMs: Math.max(Math.round(begin - Date.parse(call.receivedAt)), 0),
    durationMs: Math.max(Math.round(end - begin), 0),
    batchSize
  }
}

function toRequest(exchange: Exchange | undefined, mask: Mask): RecordedRequest | null {
  if (!exchange) return null
  const { method, url, headers, body } = exchange
  return { method, url: mask.text(url), headers: mask.headers(headers), body: mask.json(body) }
}

function toResponse(exchange: Exchange | undefined, mask: Mask): RecordedResponse | null {
  if (!exchange?.answer) return null
  const body = mask.json(exchange.answer.body)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const { status, headers } = exchange.answer
  return {
    status,
    ...(Object.keys(headers).length > 0 && { headers: mask.headers(headers) }),
    body: text.length > MAX_ANSWER_LENGTH ? `${text.slice(0, MAX_ANSWER_LENGTH)}… (${text.length} characters)` : body
  }
}
