import type { JSONObject, JSONValue } from '@segment/actions-core'
import pull from 'lodash/pull'
import { createBounded } from '../shared/bounded'
import type { Bounds } from '../shared/bounded'
import { costOf } from '../shared/cost'
import type {
  SandboxChange,
  SandboxCustomer,
  SandboxCustomerHistory,
  SandboxEvent,
  SandboxState
} from '../shared/types'
import { isJsonObject } from './body'
import { mergeCustomer, toIso } from './customer'
import type { HeldCustomer } from './customer'
import { sandboxFull } from './errors'
import { newCustomerId } from './ids'

/** How many changes of one customer are kept. */
const MAX_HISTORY = 50
/** How many of each kind `state` gives when no limit is asked for. */
const DEFAULT_LIMIT = 100
/** Bytes that a customer, a change and a group take beside their values. */
const RECORD = 320
const CHANGE = 200
const MB = 1024 * 1024

/** How much is held, since all of it is in memory. */
export interface StoreLimits {
  /** Most customers and groups; a call that would add another is refused. */
  maxCustomers: number
  maxGroups: number
  /** Most bytes of memory for customers and groups, as `costOf` counts; a call that would add more is refused. */
  maxCost: number
  /** Older events are dropped, and still counted. */
  events: Bounds
  /** Older changes are dropped from the histories of all customers. */
  changes: Bounds
}

const LIMITS: StoreLimits = {
  maxCustomers: 250_000,
  maxGroups: 10_000,
  maxCost: 320 * MB,
  events: { maxCount: 10_000, maxCost: 24 * MB },
  changes: { maxCount: Infinity, maxCost: 24 * MB }
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

/** An event as it was taken. */
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
  changes: number
  groups: number
}

/** What a call made of a customer. */
export interface CustomerOutcome {
  what: 'created' | 'updated' | 'unchanged'
  held: HeldCustomer
}

/** What a store holds, as it can be written down. Nothing of it is changed afterwards. */
export interface StoreSnapshot {
  customers: (HeldCustomer & { history: SandboxChange[]; events: number })[]
  groups: { group_id: string; traits: JSONObject; members: string[] }[]
  events: SandboxEvent[]
  calls: [CallKind, number][]
}

/**
 * What Voucherify would hold, in memory. What its metadata schema leaves out never comes here. Nothing that it gives
 * away is changed afterwards.
 */
export interface Store {
  countCall(kind: CallKind): void
  /** Creates or updates a customer. Throws a Refusal (507) when there is no room for another. */
  upsertCustomer(change: SandboxCustomer, by: SandboxChange['by']): CustomerOutcome
  /** Creates a customer without a source_id. Throws as `upsertCustomer` does. */
  createNameless(fields: JSONObject): CustomerOutcome
  /** Keeps an event and what it says of its customer, who is created if unknown. Throws as `upsertCustomer` does. */
  addEvent(event: NewEvent, by?: SandboxChange['by']): CustomerOutcome
  /**
   * Puts the customer, who is created if unknown, into a group and merges the group's traits by key. Voucherify keeps
   * the traits among the customer's metadata; the caller puts them there too. Throws as `upsertCustomer` does.
   */
  assignToGroup(customer: SandboxCustomer, groupId: string, traits: JSONObject | null | undefined): CustomerOutcome
  /** Removes a customer with its events and its places in groups; undefined when there is no such customer. */
  erase(id: string): { held: HeldCustomer; counts: ErasureCounts } | undefined
  /** Removes a customer and leaves its events; undefined when there is no such customer. */
  remove(id: string): HeldCustomer | undefined
  /** A customer by `cust_…` or source_id. */
  find(id: string): HeldCustomer | undefined
  /** One customer with its newest changes. */
  customer(id: string): SandboxCustomerHistory | undefined
  /** All customers, the first created first. */
  allCustomers(): Iterable<HeldCustomer>
  /** The events of one customer that are still kept, the oldest first. */
  eventsOf(held: HeldCustomer): SandboxEvent[]
  /**
   * The newest of each kind, last changed first; the members of a group are bounded by the limit too.
   *
   * @param search text that a customer, event or group must contain, in any value or key of metadata, case ignored
   * @param limit most of each kind, 100 unless given
   */
  state(query?: { search?: string; limit?: number }): SandboxState
  snapshot(): StoreSnapshot
  /** Takes the place of everything. */
  restore(snapshot: StoreSnapshot): void
  clear(): void
}

/** A change in the history of a customer. */
interface KeptChange {
  record: CustomerRecord
  change: SandboxChange
}

interface CustomerRecord extends HeldCustomer {
  cost: number
  history: KeptChange[]
  /** How many events of this customer were counted. */
  events: number
  groups: Set<string> | undefined
}

interface GroupRecord {
  traits: JSONObject
  cost: number
  members: Set<string>
}

/**
 * Makes an empty store.
 *
 * @param now milliseconds since 1970
 */
export function createStore(ownLimits: Partial<StoreLimits> = {}, now: () => number = Date.now): Store {
  const limits = { ...LIMITS, ...ownLimits }
  /** By `cust_…`, in the order of their creation. */
  const customers = new Map<string, CustomerRecord>()
  /** By source_id, or `cust_…` where there is none; the last changed last. */
  const bySourceId = new Map<string, CustomerRecord>()
  const groups = new Map<string, GroupRecord>()
  const calls = new Map<CallKind, number>()
  const events = createBounded<SandboxEvent>(limits.events)
  const changes = createBounded<KeptChange>(limits.changes, (dropped) => {
    pull(dropped.record.history, dropped)
  })
  let totalEvents = 0
  let totalCost = 0
  let lastCreated = 0

  const findRecord = (id: string) => bySourceId.get(id) ?? customers.get(id)

  const requireRoom = (growth: number) => {
    if (growth > 0 && totalCost + growth > limits.maxCost) {
      throw sandboxFull(`${limits.maxCost} bytes of customers and groups`)
    }
  }

  /** No two customers are created at the same time, since pages of a list go on after a time. */
  const creationTime = () => {
    lastCreated = Math.max(lastCreated + 1, now())
    return lastCreated
  }

  const upsert = (change: SandboxCustomer, by: SandboxChange['by'], newId = newCustomerId): CustomerRecord => {
    const { source_id, ...values } = change
    const known = bySourceId.get(source_id)
    if (known && Object.keys(values).length === 0) return known
    if (!known && customers.size >= limits.maxCustomers) throw sandboxFull(`${limits.maxCustomers} customers`)
    const customer = mergeCustomer(known?.customer, change)
    const cost = RECORD + costOf(customer)
    const growth = cost - (known?.cost ?? 0)
    requireRoom(growth)
    totalCost += growth
    const record = known ?? newRecord({ id: newId(), customer, createdAt: creationTime(), updatedAt: undefined })
    if (known) record.updatedAt = Math.max(now(), record.createdAt)
    else customers.set(record.id, record)
    record.customer = customer
    record.cost = cost
    moveToEnd(bySourceId, source_id, record)
    // The first change holds all that the customer does.
    addChange(record, { at: toIso(now()), by, changes: values }, known ? undefined : cost)
    return record
  }

  const addChange = (record: CustomerRecord, change: SandboxChange, cost = costOf(change.changes)) => {
    const kept = { record, change }
    record.history.push(kept)
    if (record.history.length > MAX_HISTORY) record.history.splice(0, 1).forEach(changes.delete)
    // Last, since it takes the oldest changes out of the histories.
    changes.add(kept, CHANGE + cost)
  }

  /** Does a change of one customer and says what it was. */
  const outcomeOf = (sourceId: string, change: () => CustomerRecord): CustomerOutcome => {
    const before = bySourceId.get(sourceId)?.customer
    const record = change()
    const what = !before ? 'created' : before === record.customer ? 'unchanged' : 'updated'
    return { what, held: heldOf(record) }
  }

  const addEvent = (event: NewEvent, by: SandboxChange['by'] = 'event') => {
    const record = upsert(event.customer, by)
    record.events += 1
    totalEvents += 1
    const kept = { at: toIso(now()), ...event }
    events.add(kept, CHANGE + costOf(kept))
    return record
  }

  const assignToGroup = (customer: SandboxCustomer, groupId: string, traits: JSONObject | null | undefined) => {
    const known = groups.get(groupId)
    if (!known && groups.size >= limits.maxGroups) throw sandboxFull(`${limits.maxGroups} groups`)
    const merged = traits === null ? {} : { ...known?.traits, ...traits }
    const cost = RECORD + costOf(groupId) + costOf(merged)
    const growth = cost - (known?.cost ?? 0)
    requireRoom(growth)
    const record = upsert(customer, 'group')
    totalCost += growth
    record.groups = (record.groups ?? new Set()).add(groupId)
    const members = known?.members ?? new Set<string>()
    moveToEnd(groups, groupId, { traits: merged, cost, members: members.add(customer.source_id) })
    return record
  }

  const remove = (record: CustomerRecord): ErasureCounts => {
    const { source_id } = record.customer
    customers.delete(record.id)
    bySourceId.delete(source_id)
    record.history.forEach(changes.delete)
    record.groups?.forEach((groupId) => groups.get(groupId)?.members.delete(source_id))
    totalCost -= record.cost
    return { events: record.events, changes: record.history.length, groups: record.groups?.size ?? 0 }
  }

  const eventsOf = ({ customer }: HeldCustomer) =>
    events.list().filter((event) => event.customer.source_id === customer.source_id)

  const state = ({ search = '', limit = DEFAULT_LIMIT }: { search?: string; limit?: number } = {}): SandboxState => {
    const wanted = search.trim().toLowerCase()
    const contains = (...values: JSONValue[]) => !wanted || mentions(values, wanted)
    return {
      customers: newest([...bySourceId.values()], limit, ({ customer }) =>
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

  const clear = () => {
    for (const held of [customers, bySourceId, groups, calls, events, changes]) held.clear()
    totalEvents = 0
    totalCost = 0
  }

  return {
    countCall: (kind) => void calls.set(kind, (calls.get(kind) ?? 0) + 1),
    upsertCustomer: (change, by) => outcomeOf(change.source_id, () => upsert(change, by)),
    createNameless(fields) {
      const id = newCustomerId()
      return outcomeOf(id, () => upsert({ ...fields, source_id: id }, 'api', () => id))
    },
    addEvent: (event, by) => outcomeOf(event.customer.source_id, () => addEvent(event, by)),
    assignToGroup: (customer, groupId, traits) =>
      outcomeOf(customer.source_id, () => assignToGroup(customer, groupId, traits)),
    erase(id) {
      const record = findRecord(id)
      if (!record) return undefined
      if (record.events) eventsOf(record).forEach(events.delete)
      totalEvents -= record.events
      return { held: heldOf(record), counts: remove(record) }
    },
    remove(id) {
      const record = findRecord(id)
      if (!record) return undefined
      remove(record)
      return heldOf(record)
    },
    find(id) {
      const record = findRecord(id)
      return record && heldOf(record)
    },
    customer(id) {
      const record = findRecord(id)
      return record && { customer: record.customer, history: record.history.map(({ change }) => change) }
    },
    allCustomers: () => customers.values(),
    eventsOf,
    state,
    snapshot: () => ({
      customers: Array.from(bySourceId.values(), (record) => ({
        ...heldOf(record),
        history: record.history.map(({ change }) => change),
        events: record.events
      })),
      groups: Array.from(groups, ([group_id, { traits, members }]) => ({ group_id, traits, members: [...members] })),
      events: events.list(),
      calls: [...calls]
    }),
    restore(snapshot) {
      clear()
      for (const kept of [...snapshot.customers].sort((a, b) => a.createdAt - b.createdAt)) {
        const record = { ...newRecord(kept), cost: RECORD + costOf(kept.customer), events: kept.events }
        customers.set(record.id, record)
        totalCost += record.cost
        totalEvents += record.events
        lastCreated = Math.max(lastCreated, record.createdAt)
      }
      for (const { id, customer, history } of snapshot.customers) {
        const record = customers.get(id)
        if (!record) continue
        bySourceId.set(customer.source_id, record)
        history.forEach((change) => addChange(record, change))
      }
      for (const { group_id, traits, members } of snapshot.groups) {
        const cost = RECORD + costOf(group_id) + costOf(traits)
        groups.set(group_id, { traits, cost, members: new Set(members) })
        totalCost += cost
        for (const member of members) {
          const record = bySourceId.get(member)
          if (record) record.groups = (record.groups ?? new Set()).add(group_id)
        }
      }
      snapshot.events.forEach((event) => events.add(event, CHANGE + costOf(event)))
      snapshot.calls.forEach(([kind, count]) => calls.set(kind, count))
    },
    clear
  }
}

function newRecord({ id, customer, createdAt, updatedAt }: HeldCustomer): CustomerRecord {
  return { id, customer, createdAt, updatedAt, cost: 0, history: [], events: 0, groups: undefined }
}

function heldOf({ id, customer, createdAt, updatedAt }: HeldCustomer): HeldCustomer {
  return { id, customer, createdAt, updatedAt }
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
