import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import isEqual from 'lodash/isEqual'
import { createBounded } from '../shared/bounded'
import { createMetadataJudge } from '../shared/definitions'
import { isJsonObject } from '../shared/json'
import type {
  Audience,
  Cause,
  CustomerChange,
  CustomerEvent,
  CustomerGroup,
  Definitions,
  Delivery,
  EngageValue,
  SandboxChange
} from '../shared/types'

/** How many changes and events of one customer are remembered. */
const MAX_CHANGES = 50
const MAX_EVENTS = 50
const MAX_GROUPS = 50
const MAX_ENGAGE = 100
/** How much of all customers is remembered: the one whose last call is the oldest is forgotten first. */
const BOUNDS = { maxCount: 20_000, maxCost: 32 * 1024 * 1024 }
/** What an entry costs beside its values: its times and its call. */
const ENTRY_LENGTH = 200
/** How many of an audience are named. */
const MAX_LATEST = 20

/** A change with what finds the sandbox's own record of it. */
export interface KnownChange extends CustomerChange {
  cause: Cause
  /** When its request began at the earliest. */
  from: number
  /** Characters of JSON. */
  length: number
}

interface KnownEvent extends CustomerEvent {
  /** Characters of JSON. */
  length: number
}

/** What the delivered calls said of one customer; every list is newest first. */
export interface Person {
  sourceId: string
  lastAt: string
  /** Values by their place, such as `metadata.plan`; an object holds what was sent as a whole. */
  values: Map<string, JSONValue>
  changes: KnownChange[]
  events: KnownEvent[]
  groups: CustomerGroup[]
  engage: EngageValue[]
  /** Characters of JSON, about. */
  length: number
}

/**
 * Remembers by delivered calls what each customer is, and by which call it came about: whoever asks why an attribute has
 * its value, or since when a customer is in an audience, is led to that call. It does so for a real project too, of which
 * nothing can be read.
 */
export interface People {
  took(delivery: Delivery): void
  get(sourceId: string): Person | undefined
  /** The ones with the newest calls first. */
  list(): Person[]
  /** What Engage sent, the last first. */
  audiences(): Audience[]
  forget(sourceId: string): void
  clear(): void
}

/** @param definitions by which the metadata of an event is kept or dropped */
export function createPeople(definitions: () => Definitions, bounds = BOUNDS): People {
  const people = new Map<string, Person>()
  const kept = createBounded<Person>(bounds, ({ sourceId }) => people.delete(sourceId))

  return {
    took(delivery) {
      const told = delivery.status === 'delivered' ? readRequest(delivery, definitions) : undefined
      if (!told) return
      const before = people.get(told.sourceId)
      const person = withCall(before, told)
      if (before) kept.delete(before)
      people.delete(told.sourceId)
      people.set(told.sourceId, person)
      kept.add(person, person.length)
    },
    get: (sourceId) => people.get(sourceId),
    list: () => Array.from(people.values()).reverse(),
    audiences: () => audiencesOf(Array.from(people.values()).reverse()),
    forget(sourceId) {
      const person = people.get(sourceId)
      if (person) kept.delete(person)
      people.delete(sourceId)
    },
    clear() {
      people.clear()
      kept.clear()
    }
  }
}

/** What one delivered request says of a customer. */
interface Told {
  sourceId: string
  at: string
  from: number
  by: SandboxChange['by']
  cause: Cause
  customer: JSONObject
  event?: Omit<CustomerEvent, 'at' | 'cause'>
  group?: string
  engage?: Pick<EngageValue, 'key' | 'kind' | 'value'>
}

function readRequest(delivery: Delivery, definitions: () => Definitions): Told | undefined {
  const { id, event, action, request, receivedAt, waitMs, durationMs } = delivery
  const isBulk = Array.isArray(request?.body)
  const body: unknown = Array.isArray(request?.body) ? request?.body[0] : request?.body
  if (!isJsonObject(body)) return undefined
  const isCustomer = action === 'upsertCustomer'
  const customer: unknown = isCustomer ? body : body.customer
  if (!isJsonObject(customer) || typeof customer.source_id !== 'string') return undefined
  const startedAt = Date.parse(receivedAt) + waitMs
  const { type: _, ...values } = customer
  const common = {
    sourceId: customer.source_id,
    at: new Date(startedAt + durationMs).toISOString(),
    from: startedAt,
    cause: { delivery: id, call: nameOf(event) },
    customer: values
  }
  if (isCustomer) return { ...common, by: isBulk ? 'bulk' : 'customer', engage: engageOf(event, body) }
  if (typeof body.group_id === 'string') {
    // The traits of a group become metadata of its customer.
    const traits = isJsonObject(body.traits) && {
      ...(isJsonObject(values.metadata) && values.metadata),
      ...body.traits
    }
    return { ...common, by: 'group', group: body.group_id, customer: traits ? { ...values, metadata: traits } : values }
  }
  const { event: name, type, metadata = null } = body
  const lost = isJsonObject(metadata) ? createMetadataJudge(definitions()).lost('event', metadata) : []
  const dropped = lost.map(({ key }) => key)
  return { ...common, by: 'event', event: { event: String(name ?? ''), type: String(type ?? ''), metadata, dropped } }
}

/** Such as "track Order Completed". */
function nameOf({ type, event, name, groupId }: Partial<SegmentEvent>): string {
  return [type ?? 'call', event ?? name ?? groupId ?? ''].join(' ').trim().slice(0, 100)
}

/** The audience or trait that Engage sent with an identify call, when it went along. */
function engageOf({ context }: Partial<SegmentEvent>, { metadata }: JSONObject): Told['engage'] {
  const personas: unknown = context?.personas
  if (!isJsonObject(personas) || typeof personas.computation_key !== 'string' || !isJsonObject(metadata))
    return undefined
  const { computation_key: key, computation_class: kind } = personas
  if (!Object.hasOwn(metadata, key)) return undefined
  const value = metadata[key]
  return { key, value, kind: kind === 'trait' || typeof value !== 'boolean' ? 'trait' : 'audience' }
}

function withCall(before: Person | undefined, told: Told): Person {
  const { sourceId, at, from, by, cause, customer } = told
  const values = new Map(before?.values)
  const changes = flatten(customer).flatMap(([key, value]) => {
    const old = values.get(key)
    if (isEqual(old, value)) return []
    values.set(key, value)
    return [{ key, ...(old !== undefined && { old }), new: value }]
  })
  const change: KnownChange = { at, from, by, cause, changes, length: lengthOf(changes) }
  const group = told.group && !before?.groups.some(({ group }) => group === told.group) ? told.group : undefined
  const event = told.event && { at, cause, ...told.event, length: lengthOf(told.event) }
  const person = {
    sourceId,
    lastAt: at,
    values,
    // Also one that changed nothing, since the sandbox writes it down too and they are found by their order.
    changes: put(before?.changes, Object.keys(customer).length > 1 || !before ? change : undefined, MAX_CHANGES),
    events: put(before?.events, event, MAX_EVENTS),
    groups: put(before?.groups, group ? { group, at, cause } : undefined, MAX_GROUPS),
    engage: withEngage(before?.engage ?? [], told)
  }
  const parts = [...person.changes, ...person.events].map(({ length }) => length)
  const others = (person.groups.length + person.engage.length + 1) * ENTRY_LENGTH + lengthOf(Array.from(values))
  return { ...person, length: parts.reduce((sum, each) => sum + each, others) }
}

const lengthOf = (value: object) => JSON.stringify(value).length + ENTRY_LENGTH

function put<Item>(list: Item[] = [], item: Item | undefined, most: number): Item[] {
  return item ? [item, ...list].slice(0, most) : list
}

/** A value that was sent again keeps its time: it says since when it holds. */
function withEngage(known: EngageValue[], { engage, at, cause }: Told): EngageValue[] {
  if (!engage) return known
  const before = known.find(({ key }) => key === engage.key)
  if (before && isEqual(before.value, engage.value)) return known
  return put(
    known.filter((each) => each !== before),
    { ...engage, since: at, cause },
    MAX_ENGAGE
  )
}

/** The values of a customer by their place; the keys of address and metadata each on their own. */
export function flatten({ source_id: _, ...customer }: JSONObject): [string, JSONValue][] {
  return Object.entries(customer).flatMap(([key, value]): [string, JSONValue][] =>
    (key === 'metadata' || key === 'address') && isJsonObject(value)
      ? Object.entries(value).map(([inner, part]) => [`${key}.${inner}`, part])
      : [[key, value]]
  )
}

function audiencesOf(people: Person[]): Audience[] {
  const found = new Map<string, Audience>()
  for (const { sourceId, engage } of people) {
    for (const { key, kind, value, since, cause } of engage) {
      const audience = found.get(key) ?? newAudience(key, kind, since, cause)
      found.set(key, audience)
      const isIn = kind === 'trait' ? value !== null : value === true
      if (isIn) audience.members += 1
      else audience.left += 1
      if (isIn && audience.latest.length < MAX_LATEST) audience.latest.push({ sourceId, since })
      if (since < audience.firstAt) audience.firstAt = since
      if (since > audience.lastAt) Object.assign(audience, { lastAt: since, cause })
    }
  }
  return Array.from(found.values()).sort((a, b) => (a.lastAt < b.lastAt ? 1 : -1))
}

const newAudience = (key: string, kind: Audience['kind'], since: string, cause: Cause): Audience => ({
  key,
  kind,
  members: 0,
  left: 0,
  firstAt: since,
  lastAt: since,
  cause,
  latest: []
})
