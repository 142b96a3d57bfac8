import type { SegmentEvent } from '@segment/actions-core'
import { randomUUID } from 'crypto'
import type { Delivery } from '../shared/types'

/** A call on its way, as it was taken in. */
export interface Call {
  event: SegmentEvent
  /** ISO 8601 */
  receivedAt: string
  /** Its place in the order of arrival. The numbers up to the next call's are for its deliveries. */
  order: number
}

/** How far apart the numbers of two calls are: more than a destination can have mappings, so each delivery has its own. */
export const ORDER_STEP = 64

/** A delivery of which nothing is known yet but where it came from. */
export function newDelivery({ receivedAt, order }: Pick<Call, 'receivedAt' | 'order'>): Omit<Delivery, 'status'> {
  return {
    id: randomUUID(),
    order,
    direction: 'toVoucherify',
    receivedAt,
    event: {},
    preset: null,
    action: null,
    request: null,
    response: null,
    error: null,
    warnings: [],
    tries: [],
    waitMs: 0,
    durationMs: 0,
    batchSize: 1,
    retryOf: null
  }
}

/** Whether what a delivery holds is a whole call. Of a refused one it may be a part. */
export function isCall(event: Partial<SegmentEvent>): event is SegmentEvent {
  return event.type !== undefined
}
