import type { JSONObject } from '@segment/actions-core'
import { listActivity } from './activity'
import { isJsonObject, parseObject, readId } from './body'
import { readCustomer, readFields, toApiCustomer, toIso, toSimpleCustomer } from './customer'
import type { HeldCustomer } from './customer'
import { invalidPayload, notFound, notPlayed } from './errors'
import { readEvent } from './event'
import { newId } from './ids'
import type { MetadataRules } from './metadata'
import { readChoice, readLimit, readNumber, readTime, requireKnown } from './query'
import type { Call, Route } from './routes'
import type { CustomerOutcome, Store } from './store'
import type { Tell, Webhooks } from './webhooks'

/** The last page of a list. Source: Voucherify's API reference. */
const MAX_PAGE = 99
const ORDERS = ['created_at', '-created_at', 'updated_at', '-updated_at', 'source_id', '-source_id'] as const
const FILTERS = ['email', 'name', 'city'] as const
const PERIODS = ['created_at', 'updated_at'] as const

/** Whom an event belongs to as long as it is only judged. */
const NOBODY = { source_id: '' }

/** The calls of Voucherify's API, version 1, that concern single customers, lists of them, and events. */
export function customerRoutes(
  store: Store,
  rules: MetadataRules,
  tell: Tell,
  webhooks: Webhooks,
  now: () => number
): Route[] {
  const find = (id: string): HeldCustomer => {
    const held = store.find(id)
    if (!held) throw notFound(`Cannot find customer with id ${id}`)
    return held
  }

  const tellDeleted = (held: HeldCustomer | undefined, { caller }: Call) => {
    if (held) webhooks.tell('customer.deleted', held, caller)
  }

  /** Creates a customer, or updates the one that has the source_id or ID already. */
  const upsert = (body: JSONObject, at: string): CustomerOutcome => {
    const known = typeof body.id === 'string' ? store.find(body.id) : undefined
    if (known && !hasSourceId(body)) return change(known, body, at)
    if (hasSourceId(body)) return store.upsertCustomer(readCustomer(body, 'api', rules, at), 'api')
    return store.createNameless(readFields(body, 'api', rules, at))
  }

  const change = ({ customer }: HeldCustomer, body: JSONObject, at = ''): CustomerOutcome =>
    store.upsertCustomer({ source_id: customer.source_id, ...readFields(body, 'api', rules, at) }, 'api')

  const route = (
    method: Route['method'],
    path: string,
    handle: Route['handle'],
    kind: Route['kind'] = 'customers'
  ): Route => ({ kind, method, path, bucket: 'api_calls', handle })

  return [
    route('GET', '/v1/customers', ({ query }) => ({ status: 200, body: listCustomers(store, query) })),
    route('POST', '/v1/customers', ({ text, caller }) => {
      const outcome = upsert(parseObject(text), '')
      tell(outcome, caller)
      return { status: 200, body: toApiCustomer(outcome.held) }
    }),
    route('GET', '/v1/customers/:id', ({ id }) => ({ status: 200, body: toApiCustomer(find(id)) })),
    route('PUT', '/v1/customers/:id', ({ id, text, caller }) => {
      const held = find(id)
      const body = parseObject(text)
      if (hasSourceId(body) && readId(body.source_id, '.source_id') !== held.customer.source_id) {
        throw invalidPayload('Property .source_id can not be changed')
      }
      const outcome = change(held, body)
      tell(outcome, caller)
      return { status: 200, body: toApiCustomer(outcome.held) }
    }),
    route('DELETE', '/v1/customers/:id', (call) => {
      tellDeleted(store.remove(find(call.id).id), call)
      return { status: 204 }
    }),
    route('GET', '/v1/customers/:id/activity', ({ id, query }) => ({
      status: 200,
      body: listActivity(store, find(id), query)
    })),
    route(
      'POST',
      '/v1/customers/:id/permanent-deletion',
      (call) => {
        const held = find(call.id)
        const { counts } = store.erase(held.id) ?? {}
        tellDeleted(held, call)
        return {
          status: 200,
          body: {
            id: newId('del'),
            created_at: toIso(now()),
            related_object_id: held.id,
            related_object: 'customer',
            status: 'DONE',
            data_json: {
              events: counts?.events ?? 0,
              customer_events: counts?.changes ?? 0,
              daily_events: 0,
              segments: 0,
              orders: 0,
              order_events: 0,
              customer: 1
            },
            // Voucherify's own spelling.
            object: 'pernament_deletion'
          }
        }
      },
      'permanent-deletion'
    ),
    route(
      'POST',
      '/v1/events',
      ({ text, caller }) => {
        const body = parseObject(text)
        if (!isJsonObject(body.customer)) throw invalidPayload('Property .customer should be an object')
        // Judged before the customer is made, so that a refused event leaves nobody behind.
        const event = readEvent(body, NOBODY, 'api', rules)
        const outcome = upsert(body.customer, '.customer')
        const { held } = outcome
        store.addEvent({ ...event, customer: { source_id: held.customer.source_id } })
        tell(outcome, caller)
        const { referral = null, loyalty = null, metadata = {} } = event
        return {
          status: 200,
          body: { object: 'event', type: event.event, customer: toSimpleCustomer(held), referral, loyalty, metadata }
        }
      },
      'events'
    )
  ]
}

function hasSourceId({ source_id: sourceId }: JSONObject): boolean {
  return sourceId !== undefined && sourceId !== null
}

/** A page of the customers that are asked for, in the documented frame. */
function listCustomers(store: Store, query: URLSearchParams): JSONObject {
  if (query.has('segment_id')) throw notPlayed('lists of the customers of a segment')
  const periods = PERIODS.flatMap((name) => [`${name}[before]`, `${name}[after]`])
  requireKnown(query, ['limit', 'page', 'order', 'starting_after', ...FILTERS, ...periods])
  const limit = readLimit(query)
  const page = readNumber(query, 'page', MAX_PAGE) ?? 1
  const order = readChoice(query, 'order', ORDERS) ?? '-created_at'
  const cursor = readTime(query, 'starting_after')
  const isWanted = customerFilter(query)
  const found = inOrder(Array.from(store.allCustomers()).filter(isWanted), order)
  const rest = cursor === undefined ? found : found.filter(isBehind(cursor, order === 'created_at'))
  const from = cursor === undefined ? (page - 1) * limit : 0
  return {
    object: 'list',
    data_ref: 'customers',
    customers: rest.slice(from, from + limit).map(toApiCustomer),
    total: found.length,
    has_more: rest.length > from + limit
  }
}

function isBehind(cursor: number, isAscending: boolean): (held: HeldCustomer) => boolean {
  return ({ createdAt }) => (isAscending ? createdAt > cursor : createdAt < cursor)
}

function customerFilter(query: URLSearchParams): (held: HeldCustomer) => boolean {
  const texts = FILTERS.filter((name) => query.has(name)).map((name) => [name, query.get(name)] as const)
  const period = (name: string) => ({
    before: readTime(query, `${name}[before]`) ?? Infinity,
    after: readTime(query, `${name}[after]`) ?? -Infinity
  })
  const [created, updated] = PERIODS.map(period)
  const isIn = (time: number, { before, after }: { before: number; after: number }) => time < before && time > after
  return ({ customer, createdAt, updatedAt = createdAt }) =>
    texts.every(([name, text]) => textOf(customer, name) === text) &&
    isIn(createdAt, created) &&
    isIn(updatedAt, updated)
}

function textOf(customer: JSONObject, name: typeof FILTERS[number]): unknown {
  if (name !== 'city') return customer[name]
  return isJsonObject(customer.address) ? customer.address.city : undefined
}

/** Customers come in the order of their creation. */
function inOrder(customers: HeldCustomer[], order: typeof ORDERS[number]): HeldCustomer[] {
  const isDescending = order.startsWith('-')
  const key = isDescending ? order.slice(1) : order
  if (key === 'updated_at') {
    customers.sort((a, b) => (a.updatedAt ?? a.createdAt) - (b.updatedAt ?? b.createdAt))
  } else if (key === 'source_id') {
    customers.sort((a, b) => compare(a.customer.source_id, b.customer.source_id))
  }
  return isDescending ? customers.reverse() : customers
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
