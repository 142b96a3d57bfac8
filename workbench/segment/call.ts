import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import { randomUUID } from 'crypto'
import { CALL_TYPES, toCallType } from '../shared/callTypes'
import type { CallType } from '../shared/callTypes'
import { isJsonObject } from '../shared/json'

/** Most calls in one batch. Source: Segment's HTTP API, "Batch". */
export const MAX_BATCH_CALLS = 2500
/** Longest call, in bytes of JSON: 32 KB. Source: Segment's HTTP API, "Max request size". */
export const MAX_CALL_BYTES = 32 * 1024
/** Deepest nesting of a call. What is much deeper could not be shown, and no real call has it. */
const MAX_DEPTH = 16

/** A call that Segment would not take. The message says why. */
export class InvalidCall extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvalidCall'
  }
}

/** A call that was not taken, and why, in a sentence. */
export interface RefusedCall {
  reason: string
  /** The call as it came; absent where it could not be read. */
  call?: unknown
  /** What the address says that it is; absent for a call of a batch. */
  type?: CallType
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
  requireSize(value)
  const call: JSONObject = { ...value, type: readType(type ?? value.type) }
  requireFields(call)
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
 * Checks each call of a batch by itself, as Segment's API does: what is wrong with one does not touch its neighbours.
 *
 * @returns the calls in order, and those that were not taken
 * @throws InvalidCall for a body that is no batch
 */
export function readBatch(value: unknown, receivedAt: string): { calls: SegmentEvent[]; refused: RefusedCall[] } {
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
  const calls: SegmentEvent[] = []
  const refused: RefusedCall[] = []
  value.batch.forEach((call, index) => {
    try {
      if (isJsonObject(call)) requireSize(call)
      calls.push(readCall(isJsonObject(call) ? withShared(call, shared) : call, receivedAt))
    } catch (error) {
      if (!(error instanceof InvalidCall)) throw error
      refused.push({ reason: `batch[${index}]: ${error.message}`, call })
    }
  })
  return { calls, refused }
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

/** Depth comes first: what is nested too deep has no length that could be told. */
function requireSize(call: JSONObject): void {
  if (depthOf(call, MAX_DEPTH + 1) > MAX_DEPTH) {
    throw new InvalidCall(`The call is nested deeper than ${MAX_DEPTH} levels.`)
  }
  const bytes = Buffer.byteLength(JSON.stringify(call))
  if (bytes > MAX_CALL_BYTES) {
    throw new InvalidCall(
      `The call is ${bytes} bytes long, and Segment takes at most ${MAX_CALL_BYTES} (32 KB). Send shorter or fewer values.`
    )
  }
}

function readType(type: JSONValue | undefined): CallType {
  const known = toCallType(type)
  if (known) return known
  throw new InvalidCall(`The call's type must be one of ${CALL_TYPES.join(', ')}.`)
}

const ID_KEYS = ['userId', 'anonymousId', 'groupId', 'previousId']

function requireFields(call: JSONObject): void {
  for (const key of ID_KEYS) requireId(key, call[key])
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

function requireId(key: string, value: JSONValue | undefined): void {
  if (typeof value === 'boolean' || (typeof value === 'object' && value !== null)) {
    throw new InvalidCall(`"${key}" must be a text.`)
  }
  // Beyond 2^53 two numbers read as one, so a customer could become somebody else.
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new InvalidCall(`"${key}" is a number with more digits than programs can tell apart. Send it as a text.`)
  }
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
