import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { AsyncActions } from './asyncActions'
import { isJsonObject, readCustomer, readId, readObject } from './customer'
import { invalidPayload, methodNotAllowed, notFound } from './errors'
import type { Answer } from './errors'
import type { Bucket } from './limits'
import type { CallKind, Store } from './store'

/** Longest name of an event in characters. Source: Voucherify's API reference, "Track custom event". */
const MAX_EVENT_NAME = 300
/** Deepest nesting that is taken: deeper values would exhaust the stack of whoever reads them. */
const MAX_DEPTH = 200

/** A call that has passed every check that does not depend on its path. */
export interface RoutedCall {
  /** The body as text. */
  text: string
  /** The ID in the path, unescaped; empty where the path has none. */
  id: string
}

export interface Route {
  kind: CallKind
  method: 'GET' | 'POST'
  bucket?: Bucket
  /** Does the call. Throws a Refusal when it can't be done. */
  handle(call: RoutedCall): Answer
}

/** What Voucherify's gateway answers to a call that it took is not documented: the sandbox says that it is queued. */
const QUEUED: Answer = { status: 200, body: { status: 'queued' } }

export interface FoundRoute {
  route: Route
  /** The ID in the path, unescaped; empty where the path has none. */
  id: string
}

/** Finds the route of a request. Throws a Refusal (404, 405, 400 for an ID that is not escaped) where there is none. */
export type FindRoute = (method: string, path: string) => FoundRoute

/** The calls of the Segment gateway and of the API that the sandbox plays. */
export function createRoutes(store: Store, actions: AsyncActions): FindRoute {
  const fixed = new Map<string, Route>([
    ['/segmentio/test-authentication', { kind: 'test-authentication', method: 'GET', handle: () => KEYS_ACCEPTED }],
    [
      '/segmentio/customer-processing',
      {
        kind: 'customer-processing',
        method: 'POST',
        bucket: 'integration',
        handle({ text }) {
          store.upsertCustomer(readCustomer(parseObject(text), 'gateway'), 'customer')
          return QUEUED
        }
      }
    ],
    [
      '/segmentio/event-processing',
      {
        kind: 'event-processing',
        method: 'POST',
        bucket: 'integration',
        handle({ text }) {
          const body = parseObject(text)
          const customer = readCustomer(body.customer, 'gateway', '.customer')
          store.addEvent(customer, readEvent(body, customer))
          return QUEUED
        }
      }
    ],
    [
      '/segmentio/group-processing',
      {
        kind: 'group-processing',
        method: 'POST',
        bucket: 'integration',
        handle({ text }) {
          const body = parseObject(text)
          const customer = readCustomer(body.customer, 'gateway', '.customer')
          const groupId = readId(body.group_id, '.group_id')
          store.assignToGroup(customer, groupId, readObject(body.traits, '.traits'))
          return QUEUED
        }
      }
    ],
    [
      '/v1/customers/bulk/async',
      {
        kind: 'bulk',
        method: 'POST',
        bucket: 'bulk',
        handle({ text }) {
          const rows = parseJson(text)
          if (!Array.isArray(rows)) throw invalidPayload('Property . should be an array')
          return { status: 202, body: { async_action_id: actions.accept(rows) } }
        }
      }
    ]
  ])

  const withId: { pattern: RegExp; route: Route }[] = [
    {
      pattern: /^\/v1\/async-actions\/([^/]+)$/,
      route: {
        kind: 'async-actions',
        method: 'GET',
        handle({ id }) {
          const action = actions.find(id)
          if (!action) throw notFound(`Cannot find async action with id ${id}`)
          return { status: 200, body: action }
        }
      }
    },
    {
      pattern: /^\/v1\/customers\/([^/]+)$/,
      route: {
        kind: 'customers',
        method: 'GET',
        handle({ id }) {
          const found = store.customer(id)
          if (!found) throw notFound(`Cannot find customer with id ${id}`)
          return { status: 200, body: found.customer }
        }
      }
    },
    {
      pattern: /^\/v1\/customers\/([^/]+)\/permanent-deletion$/,
      route: {
        kind: 'permanent-deletion',
        method: 'POST',
        handle({ id }) {
          const counts = store.erase(id)
          if (!counts) throw notFound(`Cannot find customer with id ${id}`)
          return { status: 200, body: { status: 'DONE', related_object_id: id, data_json: { customer: 1, ...counts } } }
        }
      }
    }
  ]

  const match = (path: string) => {
    const route = fixed.get(path)
    if (route) return { route, id: '' }
    for (const { pattern, route } of withId) {
      const found = pattern.exec(path)
      if (found) return { route, id: decodeId(found[1]) }
    }
    throw notFound('Cannot find this path')
  }

  return (method, path) => {
    const found = match(path)
    if (found.route.method !== method) throw methodNotAllowed(found.route.method)
    return found
  }
}

/** What the credentials test is answered when the keys are right is not documented either. */
const KEYS_ACCEPTED: Answer = { status: 200, body: { status: 'authenticated' } }

function decodeId(escaped: string): string {
  try {
    return decodeURIComponent(escaped)
  } catch {
    throw invalidPayload('The ID in the path is not URL-encoded')
  }
}

function parseObject(text: string): JSONObject {
  const body = parseJson(text)
  if (isJsonObject(body)) return body
  throw invalidPayload('Property . should be an object')
}

function parseJson(text: string): JSONValue {
  let value: JSONValue
  try {
    value = JSON.parse(text) as JSONValue
  } catch {
    throw invalidPayload('The body is not valid JSON')
  }
  if (isDeeperThan(MAX_DEPTH, value)) throw invalidPayload(`The body is nested deeper than ${MAX_DEPTH} levels`)
  return value
}

function isDeeperThan(levels: number, value: JSONValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(levels - 1, item))
}

function readEvent(body: JSONObject, customer: JSONObject) {
  const { event, type, referral, loyalty, metadata } = body
  if (typeof event !== 'string' || !event || isLongerThan(MAX_EVENT_NAME, event)) {
    throw invalidPayload(`Property .event should be a string of 1 to ${MAX_EVENT_NAME} characters`)
  }
  requireCode(referral, 'referral')
  requireCode(loyalty, 'loyalty')
  readObject(metadata, '.metadata')
  const given = Object.entries({ referral, loyalty, metadata }).filter(([, value]) => value !== undefined)
  return { customer, event, type: typeof type === 'string' ? type : '', ...Object.fromEntries(given) }
}

/** Counts characters and not UTF-16 units, but no more of them than it must. */
function isLongerThan(limit: number, text: string): boolean {
  return text.length > 2 * limit || Array.from(text).length > limit
}

function requireCode(value: JSONValue | undefined, property: string): void {
  if (value === undefined) return
  if (!isJsonObject(value)) throw invalidPayload(`Property .${property} should be an object`)
  if (value.code === undefined) throw invalidPayload(`Property .${property} should have required property 'code'`)
  readId(value.code, `.${property}.code`)
}
