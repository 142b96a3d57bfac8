import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { Hono } from 'hono'
import isEqual from 'lodash/isEqual'
import type { Sandbox } from '../sandbox'
import { createMetadataJudge } from '../shared/definitions'
import { isJsonObject } from '../shared/json'
import { Refusal } from '../shared/refusal'
import type {
  AudienceList,
  CustomerChange,
  CustomerList,
  CustomerSummary,
  CustomerView,
  Definitions,
  SandboxChange,
  Target
} from '../shared/types'
import { flatten } from './people'
import type { KnownChange, People, Person } from './people'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000
/** How much later than its request began a change may be written down, in milliseconds, by the clocks' own steps. */
const CLOCK_STEP_MS = 2

export interface CustomerParts {
  people: People
  sandbox: Sandbox
  mode: Target['mode']
  /** What the project defines of its metadata. */
  definitions(): Definitions
}

/** Customers and audiences as the delivered calls made them. */
export function addCustomerRoutes(app: Hono, parts: CustomerParts): void {
  app.get('/api/customers', (context) => {
    const { search = '', limit = String(DEFAULT_LIMIT) } = context.req.query()
    if (!/^\d{1,9}$/.test(limit)) throw new Refusal(400, `"limit" must be a whole number from 0 to ${MAX_LIMIT}.`)
    return context.json(listCustomers(parts, search, Math.min(Number(limit), MAX_LIMIT)))
  })
  app.get('/api/customers/:sourceId', (context) => context.json(viewCustomer(parts, context.req.param('sourceId'))))
  app.get('/api/audiences', (context) => {
    const list: AudienceList = { audiences: parts.people.audiences() }
    return context.json(list)
  })
}

/** The customers in whose values, groups, events or audiences a text stands. */
function listCustomers({ people, sandbox, mode }: CustomerParts, search: string, limit: number): CustomerList {
  const wanted = search.trim().toLowerCase()
  const held = mode === 'sandbox' ? sandbox.state({ search, limit }) : undefined
  const known = people.list()
  const found = new Map<string, CustomerSummary>()
  for (const person of known) {
    if (found.size >= limit) break
    if (!wanted || wordsOf(person).includes(wanted)) found.set(person.sourceId, summaryOf(person.sourceId))
  }
  for (const { source_id } of held?.customers ?? []) {
    if (found.size < limit && !found.has(source_id)) found.set(source_id, summaryOf(source_id))
  }
  function summaryOf(sourceId: string): CustomerSummary {
    const person = people.get(sourceId)
    const customer = mode === 'sandbox' ? sandbox.customer(sourceId)?.customer : undefined
    return summarize(sourceId, person, customer ?? nest(person))
  }
  const customers = [...found.values()].filter(({ sourceId }) => mode === 'project' || sandbox.customer(sourceId))
  return { customers, total: held?.totals.customers ?? known.length }
}

function summarize(sourceId: string, person: Person | undefined, values: JSONObject): CustomerSummary {
  const { name, email, metadata } = values
  return {
    sourceId,
    name: typeof name === 'string' ? name : '',
    email: typeof email === 'string' ? email : '',
    metadata: isJsonObject(metadata) ? metadata : {},
    audiences:
      person?.engage.filter(({ kind, value }) => kind === 'audience' && value === true).map(({ key }) => key) ?? [],
    lastAt: person?.lastAt ?? null
  }
}

/** Everything by which a customer is found, in lower case. */
function wordsOf({ sourceId, values, events, groups, engage }: Person): string {
  return JSON.stringify([
    sourceId,
    Array.from(values),
    events.map(({ event, metadata }) => [event, metadata]),
    groups.map(({ group }) => group),
    engage.map(({ key }) => key)
  ]).toLowerCase()
}

function viewCustomer({ people, sandbox, mode, definitions }: CustomerParts, sourceId: string): CustomerView {
  const person = people.get(sourceId)
  const held = mode === 'sandbox' ? sandbox.customer(sourceId) : undefined
  const known = person?.changes ?? []
  const sent = nest(person)
  const metadata = isJsonObject(sent.metadata) ? sent.metadata : {}
  const changes = held ? withCauses(held.history, known) : known.map(toChange)
  return {
    sourceId,
    isKnown: Boolean(person || held),
    customer: held?.customer ?? null,
    sent,
    dropped: held
      ? []
      : createMetadataJudge(definitions())
          .lost('customer', metadata)
          .map(({ key }) => key),
    changes: changes.filter(({ changes }) => changes.length),
    engage: person?.engage ?? [],
    groups: person?.groups ?? [],
    events: person?.events.map(({ length: _, ...event }) => event) ?? []
  }
}

const toChange = ({ at, by, cause, changes }: KnownChange): CustomerChange => ({ at, by, cause, changes })

/** The values as the fields of a customer. */
function nest(person: Person | undefined): JSONObject {
  const fields = new Map<string, JSONValue | Map<string, JSONValue>>()
  for (const [key, value] of person?.values ?? []) {
    const [, owner, part] = /^(metadata|address)\.(.*)$/s.exec(key) ?? []
    if (owner === undefined) fields.set(key, value)
    else {
      const parts = fields.get(owner)
      fields.set(owner, (parts instanceof Map ? parts : new Map<string, JSONValue>()).set(part, value))
    }
  }
  return Object.fromEntries(
    Array.from(fields, ([key, value]) => [key, value instanceof Map ? Object.fromEntries(value) : value])
  )
}

/**
 * What the sandbox wrote down, newest first, with the values before and the calls that did it. The sandbox knows no
 * calls: a change belongs to the last request of its kind that had begun by then.
 */
function withCauses(history: readonly SandboxChange[], known: KnownChange[]): CustomerChange[] {
  const open = [...known]
  const values = new Map<string, JSONValue>()
  const told = history.map(({ at, by, changes }): CustomerChange => {
    const changed = flatten(changes).map(([key, value]) => {
      const old = values.get(key)
      values.set(key, value)
      return { key, ...(old !== undefined && { old }), new: value }
    })
    return { at, by, cause: null, changes: changed.filter(({ old, ...change }) => !isEqual(old, change.new)) }
  })
  return told.reverse().map((change) => {
    const index = open.findIndex(({ by, from }) => by === change.by && from <= Date.parse(change.at) + CLOCK_STEP_MS)
    if (index < 0) return change
    const [{ cause }] = open.splice(0, index + 1).slice(-1)
    return { ...change, cause }
  })
}
