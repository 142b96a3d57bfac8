import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import { randomUUID } from 'crypto'
import { isJsonObject } from '../shared/json'

/** The calls that Segment's SDKs make. */
export const CALL_TYPES = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const
export type CallType = typeof CALL_TYPES[number]

/** Most calls in one batch. Source: Segment's HTTP API, "Batch". */
export const MAX_BATCH_CALLS = 2500
/** Deepest nesting of a call. What is much deeper could not be shown, and no real call has it. */
const MAX_DEPTH = 16

/** A call that Segment would not take. The message says why. */
export class InvalidCall extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvalidCall'
  }
}

/**
 * Checks one call and fills in what Segment fills in: message ID, times, an empty context.
 *
 * @param type from the path; otherwise the call's own `type` counts
 * @param receivedAt ISO 8601
 * @throws InvalidCall
 */
export function readCall(value: unknown, receivedAt: string, type?: CallType): SegmentEvent {
  if (!isJsonObject(value)) throw new InvalidCall('The call must be a JSON object.')
  const call: JSONObject = { ...value, type: readType(type ?? value.type) }
  requireFields(call)
  if (depthOf(call, MAX_DEPTH + 1) > MAX_DEPTH) {
    throw new InvalidCall(`The call is nested deeper than ${MAX_DEPTH} levels.`)
  }
  // Nothing here needs the write key, and it should not be shown.
  delete call.writeKey
  return {
    ...call,
    type: readType(call.type),
    messageId: isText(call.messageId) ? call.messageId : `workbench-${randomUUID()}`,
    timestamp: isText(call.timestamp) ? call.timestamp : receivedAt,
    receivedAt,
    // The framework fails without one, and SDKs may leave it out or send null.
    context: optionalObject(call, 'context'),
    integrations: optionalObject(call, 'integrations') as Record<string, boolean>
  }
}

/**
 * Checks a batch and returns its calls in order. A batch with one bad call is refused whole, as Segment's API does.
 *
 * @throws InvalidCall that names the place of the bad call
 */
export function readBatch(value: unknown, receivedAt: string): SegmentEvent[] {
  if (!isJsonObject(value) || !Array.isArray(value.batch)) {
    throw new InvalidCall('The body must be an object with an array "batch" of calls.')
  }
  if (value.batch.length > MAX_BATCH_CALLS) {
    throw new InvalidCall(`The batch has ${value.batch.length} calls; at most ${MAX_BATCH_CALLS} go together.`)
  }
  const shared = {
    context: optionalObject(value, 'context'),
    integrations: optionalObject(value, 'integrations'),
    sentAt: value.sentAt
  }
  return value.batch.map((call, index) => {
    try {
      return readCall(isJsonObject(call) ? withShared(call, shared) : call, receivedAt)
    } catch (error) {
      throw error instanceof InvalidCall ? new InvalidCall(`batch[${index}]: ${error.message}`) : error
    }
  })
}

/** What stands beside the batch holds for every call in it, unless the call says otherwise. */
function withShared(
  call: JSONObject,
  { context, integrations, sentAt }: { context: JSONObject; integrations: JSONObject; sentAt?: JSONValue }
): JSONObject {
  return {
    ...(isText(sentAt) && { sentAt }),
    ...call,
    context: { ...context, ...optionalObject(call, 'context') },
    integrations: { ...integrations, ...optionalObject(call, 'integrations') }
  }
}

function readType(type: JSONValue | undefined): CallType {
  const known = CALL_TYPES.find((name) => name === type)
  if (known) return known
  throw new InvalidCall(`The call's type must be one of ${CALL_TYPES.join(', ')}.`)
}

function requireFields(call: JSONObject): void {
  for (const key of ['userId', 'anonymousId', 'groupId', 'previousId']) {
    const value: JSONValue | undefined = call[key]
    if (typeof value === 'boolean' || (typeof value === 'object' && value !== null)) {
      throw new InvalidCall(`"${key}" must be a text.`)
    }
  }
  if (!isId(call.userId) && !isId(call.anonymousId)) {
    throw new InvalidCall('The call has neither userId nor anonymousId. Send one of them.')
  }
  if (call.type === 'track' && !isText(call.event)) {
    throw new InvalidCall('The track call has no event. Send the name of the event as "event".')
  }
  if (call.type === 'group' && !isId(call.groupId)) throw new InvalidCall('The group call has no groupId.')
  if (call.type === 'alias' && !isId(call.previousId)) throw new InvalidCall('The alias call has no previousId.')
  for (const key of ['traits', 'properties']) optionalObject(call, key)
}

function optionalObject(call: JSONObject, key: string): JSONObject {
  const value: JSONValue | undefined = call[key]
  if (value === undefined || value === null) return {}
  if (isJsonObject(value)) return value
  throw new InvalidCall(`"${key}" must be an object.`)
}

/** IDs are texts; some SDKs send numbers. */
function isId(value: JSONValue | undefined): boolean {
  return isText(value) || typeof value === 'number'
}

function isText(value: JSONValue | undefined): value is string {
  return typeof value === 'string' && value !== ''
}

/** Levels of objects and lists in a value, counted up to a limit. */
function depthOf(value: JSONValue, limit: number): number {
  if (typeof value !== 'object' || value === null || limit === 0) return 0
  return 1 + Object.values(value).reduce<number>((deepest, item) => Math.max(deepest, depthOf(item, limit - 1)), 0)
}
