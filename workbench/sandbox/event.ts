import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { SandboxCustomer } from '../shared/types'
import { readId, readObject, requireObject } from './body'
import type { CustomerForm } from './customer'
import { invalidPayload } from './errors'
import type { MetadataRules } from './metadata'
import type { NewEvent } from './store'

/** Longest name of an event in characters. Source: Voucherify's API reference, "Track custom event". */
const MAX_EVENT_NAME = 300

/**
 * Reads an event. Its metadata takes no lists and no objects: those leave it at the gateway, where a value of another
 * type is left out without an error.
 *
 * @param customer whom it belongs to, as read already
 * @throws Refusal (400) that names the property
 */
export function readEvent(
  body: JSONObject,
  customer: SandboxCustomer,
  form: CustomerForm,
  rules: MetadataRules
): NewEvent {
  const { event, type, referral, loyalty } = body
  if (typeof event !== 'string' || !event || isLongerThan(MAX_EVENT_NAME, event)) {
    throw invalidPayload(`Property .event should be a string of 1 to ${MAX_EVENT_NAME} characters`)
  }
  requireCode(referral, '.referral')
  requireCode(loyalty, '.loyalty')
  const sent = readObject(body.metadata, '.metadata')
  const metadata = form === 'gateway' ? rules.atGateway('event', sent) : rules.atApi('event', sent, '.metadata')
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
