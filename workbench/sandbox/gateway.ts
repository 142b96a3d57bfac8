import type { JSONObject } from '@segment/actions-core'
import { parseObject, readId, readObject } from './body'
import { readCustomer } from './customer'
import type { Answer } from './errors'
import { readEvent } from './event'
import type { MetadataRules } from './metadata'
import type { Route } from './routes'
import type { CustomerOutcome, Store } from './store'
import type { Tell } from './webhooks'

/** What the gateway answers is not documented: the sandbox says what Voucherify most likely does with a call. */
const QUEUED: Answer = { status: 200, body: { status: 'queued' } }
const KEYS_ACCEPTED: Answer = { status: 200, body: { status: 'authenticated' } }

/** The four calls of Voucherify's Segment gateway. */
export function gatewayRoutes(store: Store, rules: MetadataRules, tell: Tell): Route[] {
  const processing = (
    kind: `${'customer' | 'event' | 'group'}-processing`,
    take: (body: JSONObject) => CustomerOutcome
  ): Route => ({
    kind,
    method: 'POST',
    path: `/segmentio/${kind}`,
    bucket: 'webhook_calls',
    handle({ text, caller }) {
      tell(take(parseObject(text)), caller)
      return QUEUED
    }
  })

  const assignToGroup = (body: JSONObject): CustomerOutcome => {
    const customer = readCustomer(body.customer, 'gateway', rules, '.customer')
    const groupId = readId(body.group_id, '.group_id')
    const traits = readObject(body.traits, '.traits')
    // The traits of a group become metadata of its customer.
    const metadata = traits && rules.atGateway('customer', traits)
    const known = customer.metadata as JSONObject | null | undefined
    return store.assignToGroup(
      metadata ? { ...customer, metadata: { ...known, ...metadata } } : customer,
      groupId,
      traits
    )
  }

  return [
    {
      kind: 'test-authentication',
      method: 'GET',
      path: '/segmentio/test-authentication',
      handle: () => KEYS_ACCEPTED
    },
    processing('customer-processing', (body) => store.upsertCustomer(readCustomer(body, 'gateway', rules), 'customer')),
    processing('event-processing', (body) =>
      store.addEvent(readEvent(body, readCustomer(body.customer, 'gateway', rules, '.customer'), 'gateway', rules))
    ),
    processing('group-processing', assignToGroup)
  ]
}
