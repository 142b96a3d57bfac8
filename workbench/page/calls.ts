/** Calls as people write them and as the page sends them. */
import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import { CALL_TYPES, toCallType } from '../shared/callTypes'
import type { Delivery } from '../shared/types'
import { isObject } from './format'

/** What Segment adds to a call on its way; a call that is sent anew gets its own. */
const ADDED_BY_SEGMENT = ['messageId', 'timestamp', 'originalTimestamp', 'sentAt', 'receivedAt', 'version']

/** A call as the JSON value that it came as. */
export const toJson = (event: Partial<SegmentEvent>): JSONValue => JSON.parse(JSON.stringify(event))

/** A call as an app would send it: without what Segment adds. */
export function toDraft(event: Partial<SegmentEvent>): string {
  const own = Object.entries(event).filter(([key]) => !ADDED_BY_SEGMENT.includes(key))
  return JSON.stringify(Object.fromEntries(own), null, 2)
}

/** The call of a delivery; of one that was not taken as it came, with the type that its address said. */
export const draftOf = ({ event, refusedCall }: Delivery): string =>
  toDraft(isObject(refusedCall) ? { ...event, ...refusedCall } : event)

/** What a text in the editor stands for: one call, several, or neither. */
export interface Draft {
  /** Empty where there is a problem. */
  calls: SegmentEvent[]
  isBatch: boolean
  /** One sentence; empty where there is none. */
  problem: string
}

/** Reads the value of the editor: a call, a list of calls, or the body of a batch. */
export function readDraft(value: JSONValue): Draft {
  const list = Array.isArray(value) ? value : isObject(value) && Array.isArray(value.batch) ? value.batch : null
  const calls = list ?? [value]
  const isBatch = list !== null
  if (!calls.length) return { calls: [], isBatch, problem: 'The list holds no call.' }
  const problem = (text: string): Draft => ({ calls: [], isBatch, problem: text })
  if (!calls.every(isCall)) {
    return problem(`${isBatch ? 'Each call' : 'A call'} is an object with a "type", such as "track" or "identify".`)
  }
  const unknown = calls.find(({ type }) => !toCallType(type))
  if (unknown) return problem(`There is no type "${unknown.type}". A call is one of ${CALL_TYPES.join(', ')}.`)
  return { calls, isBatch, problem: '' }
}

/** Whether a value can be sent as a call; the workbench checks the rest and says what is wrong. */
function isCall(value: JSONValue): value is JSONObject & SegmentEvent {
  return isObject(value) && typeof value.type === 'string'
}
