import type { JSONObject, JSONValue } from '@segment/actions-core'
import { parseObject, readId, readObject, requireObject } from './body'
import { readCustomer } from './customer'
import { invalidPayload } from './errors'
import type { Answer } from './errors'
import type { Route } from './routes'
import type { NewEvent, Store } from './store'

/** Longest name of an event in characters. Source: Voucherify's API reference, "Track custom event". */
const MAX_EVENT_NAME = 300

/** What the gateway answers is not documented: the sandbox says what Voucherify most likely does with a call. */
const QUEUED: Answer = { status: 200, body: { status: 'queued' } }
const KEYS_ACCEPTED: Answer = { status: 200, body: { status: 'authenticated' } }

/** The four calls of Voucherify's Segment gateway. */
export function gatewayRoutes(store: Store): Route[] {
  const processing = (
    kind: `${'customer' | 'event' | 'group'}-processing`,
    take: (body: JSONObject) => void
  ): Route => ({
    kind,
    method: 'POST',
    path: `/segmentio/${kind}`,
    bucket: 'webhook_calls',
    handle({ text }) {
      take(parseObject(text))
      return QUEUED
    }
  })

  return [
    {
      kind: 'test-authentication',
      method: 'GET',
      path: '/segmentio/test-authentication',
      handle: () => KEYS_ACCEPTED
    },
    processing('customer-processing', (body) => store.upsertCustomer(readCustomer(body, 'gateway'), 'customer')),
    processing('event-processing', (body) => store.addEvent(readEvent(body))),
    processing('group-processing', (body) =>
      store.assignToGroup(
        readCustomer(body.customer, 'gateway', '.customer'),
        readId(body.group_id, '.group_id'),
        readObject(body.traits, '.traits')
      )
    )
  ]
}

function readEvent(body: JSONObject): NewEvent {
  const { event, type, referral, loyalty, metadata } = body
  const customer = readCustomer(body.customer, 'gateway', '.customer')
  if (typeof event !== 'string' || !event || isLongerThan(MAX_EVENT_NAME, event)) {
    throw invalidPayload(`Property .event should be a string of 1 to ${MAX_EVENT_NAME} characters`)
  }
  requireCode(referral, '.referral')
  requireCode(loyalty, '.loyalty')
  readObject(metadata, '.metadata')
  return {
    customer,
    event,
    type: typeof type === 'string' ? type : '',
    ...(referral !== undefined && { referral }),
    ...(loyalty !== undefined && { loyalty }),
    ...(metadata !== undefined && { metadata })
  }
}

/** Counts characters and not UTF-16 units, but no more of them than it must. */
function isLongerThan(limit: number, text: string): boolean {
  return text.length > 2 * limit || Array.from(text).length > limit
}

function requireCode(value: JSONValue | undefined, at: string): void {
  if (value === undefined) return
  const { code } = requireObject(value, at)
  if (code === undefined) throw invalidPayload(`Property ${at} should have required property 'code'`)
  readId(code, `${at}.code`)
}
