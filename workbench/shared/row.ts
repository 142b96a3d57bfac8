/** What a list shows of a delivery: a whole one has its call, its request and its answer in it. */
import type { SegmentEvent } from '@segment/actions-core'
import { shorten } from './text'
import type { Delivery, Row } from './types'

/** Longest text of a cell in a list, in characters. */
const MAX_CELL = 160

/** What a row shows of a delivery. */
export function toRow(delivery: Delivery): Row {
  const { id, order, event, receivedAt, preset, status, response, durationMs, batchSize, waitMs, webhook } = delivery
  return {
    id,
    order,
    messageId: String(event.messageId ?? ''),
    receivedAt,
    isFromVoucherify: delivery.direction === 'fromVoucherify',
    type: webhook ? 'webhook' : event.type ?? 'call',
    // Of a call that was not taken there is nothing to tell but why.
    title: status === 'refused' ? delivery.reason ?? '' : webhook?.type ?? titleOf(event),
    user: userOf(event),
    userId: userIdOf(event),
    preset,
    status,
    code: response?.status ?? null,
    warning: delivery.warnings.at(0)?.message ?? '',
    warnings: delivery.warnings.length,
    tries: delivery.tries.length,
    waitMs,
    durationMs,
    batchSize,
    isRetry: delivery.retryOf !== null
  }
}

/** What a call is about: its event, its page, its group. */
export function titleOf(event: Partial<SegmentEvent>): string {
  const { type, event: name, name: pageName, groupId, previousId, traits } = event
  if (type === 'track') return textOf(name) || '(no event name)'
  if (type === 'page' || type === 'screen') return textOf(pageName) || '(no name)'
  if (type === 'group') return textOf(groupId) || '(no group)'
  if (type === 'alias') return textOf(previousId) || '(no previous ID)'
  const names = textOf(Object.keys(traits ?? {}).join(', '))
  return textOf(traits?.email) || textOf(event.context?.traits?.email) || names || '(no traits)'
}

/** Who made a call. */
export function userOf({ userId, anonymousId }: Partial<SegmentEvent>): string {
  return textOf(userId) || (textOf(anonymousId) ? `anonymous ${textOf(anonymousId).slice(0, 8)}` : 'nobody')
}

/** The id under which a call's customer is known; empty where it has none. */
export const userIdOf = ({ userId }: Partial<SegmentEvent>) =>
  typeof userId === 'string' || typeof userId === 'number' ? String(userId).trim() : ''

const textOf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? shorten(String(value), MAX_CELL) : ''
