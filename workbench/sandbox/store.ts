import type { JSONObject, JSONValue } from '@segment/actions-core'
import { createBounded } from '../shared/bounded'
import type { Bounds } from '../shared/bounded'
import type {
  SandboxChange,
  SandboxCustomer,
  SandboxCustomerHistory,
  SandboxEvent,
  SandboxState
} from '../shared/types'
import { isJsonObject } from './body'
import { mergeCustomer } from './customer'
import { sandboxFull } from './errors'

/** Most customers that are held; a call that would add another is refused. */
const MAX_CUSTOMERS = 250_000
/** Most groups that are held; a call that would add another is refused. */
const MAX_GROUPS = 10_000
/** How many changes of one customer are kept. */
const MAX_HISTORY = 50
/** How many of each kind `state` gives when no limit is asked for. */
const DEFAULT_LIMIT = 100

/** How much is held, since all of it is in memory. */
export interface StoreLimits {
  /** Most characters of JSON of customers and groups; a call that would add more is refused. */
  maxLength: number
  /** Older events are dropped, and still counted. */
  events: Bounds
  /** Older changes are dropped from the histories of all customers. */
  changes: Bounds
}

const LIMITS: StoreLimits = {
  maxLength: 128 * 1024 * 1024,
  events: { maxCount: 10_000, maxLength: 32 * 1024 * 1024 },
  changes: { maxCount: Infinity, maxLength: 32 * 1024 * 1024 }
}

/** What a call does, as the totals count it. */
export const CALL_KINDS = [
  'test-authentication',
  'customer-processing',
  'event-processing',
  'group-processing',
  'bulk',
  'bulk-metadata',
  'async-actions',
  'reports',
  'customers',
  'events',
  'metadata-schemas',
  'permanent-deletion'
] as const
export type CallKind = typeof CALL_KINDS[number]

/** An event as the gateway took it. */
export interface NewEvent {
  customer: SandboxCustomer
  event: string
  type: string
  referral?: JSONValue
  loyalty?: JSONValue
  metadata?: JSONValue
}

/** How many things an erasure took away. */
export interface ErasureCounts {
  events: number
  groups: number
}

/**
 * What Voucherify would hold, in memory. It has no metadata schema, so every key is kept, where a real project drops
 * those that it does not define. Nothing that it gives away is changed afterwards.
 */
export interface Store {
  countCall(kind: CallKind): void
  /**
   * Creates or updates a customer.
   *
   * @returns whether the customer was there before
   * @throws Refusal 507 when there is no room for another
   */
  upsertCustomer(change: SandboxCustomer, by: SandboxChange['by']): boolean
  /** Keeps an event and what it says of its customer, who is created if unknown. Throws as `upsertCustomer` does. */
  addEvent(event: NewEvent): void
  /**
   * Puts the customer, who is created if unknown, into a group and merges the group's traits by key. Voucherify keeps
   * the traits among the customer's metadata; under which keys is not documented, so here they stand at the group.
   * Throws as `upsertCustomer` does.
   */
  assignToGroup(customer: SandboxCustomer, groupId: string, traits: JSONObject | null | undefined): void
  /** Removes a customer with its events and its places in groups; undefined when there is no such customer. */
  erase(sourceId: string): ErasureCounts | undefined
  /** One customer with its newest changes. */
  customer(sourceId: string): SandboxCustomerHistory | undefined
  /**
   * The newest of each kind, last changed first; the members of a group are bounded by the limit too.
   *
   * @param search text that a customer, event or group must contain, in any value or key of metadata, case ignored
   * @param limit most of each kind, 100 unless given
   */
  state(query?: { search?: string; limit?: number }): SandboxState
  clear(): void
}

/** A change in the history of a customer. */
interface KeptChange {
  sourceId: string
  change: SandboxChange
}

interface CustomerRecord {
  customer: SandboxCustomer
  /** Characters of JSON of the customer. */
  length: number
  history: KeptChange[]
  /** How many events of this customer were counted. */
  events: number
  groups: Set<string>
}

interface GroupRecord {
  traits: JSONObject
  /** Characters of the ID, and of JSON of the traits. */
  length: number
  members: Set<string>
}

/** Makes an empty store. */
export function createStore(limits: StoreLimits = LIMITS): Store {
  const customers = new Map<string, CustomerRecord>()
  const groups = new Map<string, GroupRecord>()
  const calls = new Map<CallKind, number>()
  const events = createBounded<SandboxEvent>(limits.events)
  const changes = createBounded<KeptChange>(limits.changes, forgetChange)
  let totalEvents = 0
  /** Characters of JSON of all customers and groups. */
  let totalLength = 0

  function forgetChange(dropped: KeptChange): void {
    const record = customers.get(dropped.sourceId)
    if (record) record.history = record.history.filter((kept) => kept !== dropped)
  }

  const requireRoom = (growth: number) => {
    if (growth > 0 && totalLength + growth > limits.maxLength) {
      throw sandboxFull(`${limits.maxLength} characters of customers and groups`)
    }
  }

  const countCall = (kind: CallKind) => {
    calls.set(kind, (calls.get(kind) ?? 0) + 1)
  }

  const upsert = (change: SandboxCustomer, by: SandboxChange['by']): CustomerRecord => {
    const { source_id, ...values } = change
    const known = customers.get(source_id)
    if (known && Object.keys(values).length === 0) return known
    if (!known && customers.size >= MAX_CUSTOMERS) throw sandboxFull(`${MAX_CUSTOMERS} customers`)
    const customer = mergeCustomer(known?.customer, change)
    const length = lengthOf(customer)
    const growth = length - (known?.length ?? 0)
    requireRoom(growth)
    totalLength += growth
    const kept: KeptChange = { sourceId: source_id, change: { at: now(), by, changes: values } }
    const history = [...(known?.history ?? []), kept]
    history.splice(0, history.length - MAX_HISTORY).forEach(changes.delete)
    const record = {
      customer,
      length,
      history,
      events: known?.events ?? 0,
      groups: known?.groups ?? new Set<string>()
    }
    moveToEnd(customers, source_id, record)
    // Last, since it takes the oldest changes out of the histories.
    changes.add(kept, lengthOf(kept))
    return record
  }

  const addEvent = (event: NewEvent) => {
    upsert(event.customer, 'event').events += 1
    totalEvents += 1
    const kept = { at: now(), ...event }
    events.add(kept, lengthOf(kept))
  }

  const assignToGroup: Store['assignToGroup'] = (customer, groupId, traits) => {
    const known = groups.get(groupId)
    if (!known && groups.size >= MAX_GROUPS) throw sandboxFull(`${MAX_GROUPS} groups`)
    const merged = traits === null ? {} : { ...known?.traits, ...traits }
    const length = groupId.length + lengthOf(merged)
    const growth = length - (known?.length ?? 0)
    requireRoom(growth)
    const record = upsert(customer, 'group')
    totalLength += growth
    record.groups.add(groupId)
    const group = {
      traits: merged,
      length,
      members: known?.members ?? new Set<string>()
    }
    group.members.add(customer.source_id)
    moveToEnd(groups, groupId, group)
  }

  const erase = (sourceId: string): ErasureCounts | undefined => {
    const record = customers.get(sourceId)
    if (!record) return undefined
    customers.delete(sourceId)
    record.history.forEach(changes.delete)
    if (record.events) {
      const own = events.list().filter(({ customer }) => customer.source_id === sourceId)
      own.forEach(events.delete)
    }
    totalEvents -= record.events
    totalLength -= record.length
    record.groups.forEach((groupId) => groups.get(groupId)?.members.delete(sourceId))
    return { events: record.events, groups: record.groups.size }
  }

  const state = ({ search = '', limit = DEFAULT_LIMIT }: { search?: string; limit?: number } = {}): SandboxState => {
    const wanted = search.trim().toLowerCase()
    const contains = (...values: JSONValue[]) => !wanted || mentions(values, wanted)
    return {
      customers: newest([...customers.values()], limit, ({ customer }) =>
        contains(customer, keysOf(customer.metadata))
      ).map(({ customer }) => customer),
      events: newest(events.list(), limit, (event) => contains(event, keysOf(event.metadata))),
      groups: newest([...groups], limit, ([id, { traits }]) => contains(id, traits, keysOf(traits))).map(
        ([group_id, { traits, members }]) => ({
          group_id,
          traits,
          total: members.size,
          customers: newest([...members], limit)
        })
      ),
      totals: {
        customers: customers.size,
        events: totalEvents,
        groups: groups.size,
        calls: Object.fromEntries(CALL_KINDS.map((kind) => [kind, calls.get(kind) ?? 0]))
      }
    }
  }

  return {
    countCall,
    upsertCustomer(change, by) {
      const isKnown = customers.has(change.source_id)
      upsert(change, by)
      return isKnown
    },
    addEvent,
    assignToGroup,
    erase,
    customer(sourceId) {
      const record = customers.get(sourceId)
      return record && { customer: record.customer, history: record.history.map(({ change }) => change) }
    },
    state,
    clear() {
      customers.clear()
      groups.clear()
      calls.clear()
      events.clear()
      changes.clear()
      totalEvents = 0
      totalLength = 0
    }
  }
}

function lengthOf(value: object): number {
  return JSON.stringify(value).length
}

function now(): string {
  return new Date().toISOString()
}

/** Sets an entry and makes it the newest: a Map keeps the order in which its keys came. */
function moveToEnd<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
}

/** The last so many items that are wanted, newest first. */
function newest<Item>(items: Item[], limit: number, isWanted: (item: Item) => boolean = () => true): Item[] {
  const found: Item[] = []
  for (let at = items.length - 1; at >= 0 && found.length < limit; at -= 1) {
    if (isWanted(items[at])) found.push(items[at])
  }
  return found
}

/** Whether a text or number somewhere inside a value contains the wanted text, which is in lower case. */
function mentions(value: JSONValue, wanted: string): boolean {
  return typeof value === 'object' && value !== null
    ? Object.values(value).some((item) => mentions(item, wanted))
    : String(value).toLowerCase().includes(wanted)
}

function keysOf(value: JSONValue | undefined): string[] {
  return isJsonObject(value) ? Object.keys(value) : []
}
