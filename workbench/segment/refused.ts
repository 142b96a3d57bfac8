import type { JSONValue, SegmentEvent } from '@segment/actions-core'
import { toCallType } from '../shared/callTypes'
import { isJsonObject } from '../shared/json'
import type { Mask } from '../shared/mask'
import { shorten } from '../shared/text'
import type { Delivery } from '../shared/types'
import type { RefusedCall } from './call'
import { newDelivery } from './delivery'
import type { Call } from './delivery'

/** Longest refused call that is kept whole, in characters of JSON; of a longer one its beginning is kept. */
const MAX_CALL_LENGTH = 4096
const MAX_PART_LENGTH = 200
const PARTS = ['event', 'name', 'userId', 'anonymousId', 'groupId', 'previousId', 'messageId'] as const

/** The row of a call that was not taken: what can be read of it, and why. */
export function refusedDelivery(
  { reason, call, type }: RefusedCall,
  arrival: Pick<Call, 'receivedAt' | 'order'>,
  mask: Mask
): Delivery {
  const own = call === undefined ? undefined : mask.json(call)
  return {
    ...newDelivery(arrival),
    event: { ...(own !== undefined && readableParts(own)), ...(type && { type }) },
    status: 'refused',
    reason: mask.text(reason),
    ...(own !== undefined && { refusedCall: cut(own) })
  }
}

/** Of a call that may be anything: what lists show, where it is a text or a number. */
function readableParts(call: JSONValue): Partial<SegmentEvent> {
  if (!isJsonObject(call)) return {}
  const parts = PARTS.flatMap((key) => {
    const value: JSONValue | undefined = call[key]
    if (typeof value !== 'string' && typeof value !== 'number') return []
    return [[key, shorten(String(value), MAX_PART_LENGTH)]]
  })
  const type = toCallType(call.type)
  return { ...(type && { type }), ...Object.fromEntries(parts) }
}

function cut(call: JSONValue): JSONValue {
  const text = JSON.stringify(call)
  return text.length > MAX_CALL_LENGTH ? `${shorten(text, MAX_CALL_LENGTH)} (${text.length} characters)` : call
}
