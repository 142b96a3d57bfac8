import type { JSONObject, JSONValue } from '@segment/actions-core'
import { readDefinitions } from '../shared/definitions'
import { isJsonObject } from '../shared/json'
import type { Definitions, SandboxChange, SandboxEvent } from '../shared/types'
import type { KeptAction } from './asyncActions'
import { CALL_KINDS } from './store'
import type { CallKind, StoreSnapshot } from './store'

const VERSION = 1
/** The last millisecond that has a date. */
const MAX_TIME = 8.64e15

/**
 * What a sandbox holds, as JSON can write it down: nothing of it is changed afterwards, so it can be written at leisure.
 * Troubles, limits used, reports and webhooks are not kept.
 */
export interface SandboxSnapshot {
  version: typeof VERSION
  store: StoreSnapshot
  actions: KeptAction[]
  definitions: Definitions
  /** The metadata keys that came. */
  seen: Definitions
}

/** Puts a version to what a snapshot holds. */
export function toSnapshot(parts: Omit<SandboxSnapshot, 'version'>): SandboxSnapshot {
  return { version: VERSION, ...parts }
}

/**
 * Reads a snapshot that was written down.
 *
 * @throws RangeError that says what of it can't be read; then nothing was taken
 */
export function readSnapshot(value: unknown): SandboxSnapshot {
  const snapshot = objectAt(value, 'the snapshot')
  if (snapshot.version !== VERSION) throw unreadable(`its version is not ${VERSION}`)
  const store = objectAt(snapshot.store, 'store')
  return {
    version: VERSION,
    store: {
      customers: listAt(store.customers, 'customers').map(readCustomer),
      groups: listAt(store.groups, 'groups').map(readGroup),
      events: listAt(store.events, 'events').map(readEvent),
      calls: listAt(store.calls, 'calls').map(readCalls)
    },
    actions: listAt(snapshot.actions, 'actions').map(readAction),
    definitions: readDefinitions(snapshot.definitions),
    seen: readDefinitions(snapshot.seen)
  }
}

function readCustomer(value: JSONValue, place: number): StoreSnapshot['customers'][number] {
  const at = `customers[${place}]`
  const held = objectAt(value, at)
  const customer = objectAt(held.customer, `${at}.customer`)
  return {
    id: textAt(held.id, `${at}.id`),
    customer: { ...customer, source_id: textAt(customer.source_id, `${at}.customer.source_id`) },
    createdAt: numberAt(held.createdAt, `${at}.createdAt`),
    updatedAt: held.updatedAt === undefined ? undefined : numberAt(held.updatedAt, `${at}.updatedAt`),
    history: listAt(held.history, `${at}.history`).map((change, nth) => readChange(change, `${at}.history[${nth}]`)),
    events: numberAt(held.events, `${at}.events`)
  }
}

function readChange(value: unknown, at: string): SandboxChange {
  const change = objectAt(value, at)
  const by = (['customer', 'event', 'group', 'bulk', 'api'] as const).find((each) => each === change.by)
  if (!by) throw unreadable(`${at}.by is no way to change a customer`)
  return { at: timeAt(change.at, `${at}.at`), by, changes: objectAt(change.changes, `${at}.changes`) }
}

function readGroup(value: unknown, place: number): StoreSnapshot['groups'][number] {
  const at = `groups[${place}]`
  const group = objectAt(value, at)
  return {
    group_id: textAt(group.group_id, `${at}.group_id`),
    traits: objectAt(group.traits, `${at}.traits`),
    members: listAt(group.members, `${at}.members`).map((member) => textAt(member, `${at}.members`))
  }
}

function readEvent(value: unknown, place: number): SandboxEvent {
  const at = `events[${place}]`
  const event = objectAt(value, at)
  const customer = objectAt(event.customer, `${at}.customer`)
  textAt(customer.source_id, `${at}.customer.source_id`)
  return {
    ...event,
    at: timeAt(event.at, `${at}.at`),
    customer,
    event: textAt(event.event, `${at}.event`),
    type: textAt(event.type, `${at}.type`)
  }
}

function readCalls(value: JSONValue, place: number): [CallKind, number] {
  const at = `calls[${place}]`
  const [name, count] = listAt(value, at)
  const kind = CALL_KINDS.find((each) => each === name)
  if (!kind) throw unreadable(`${at} is no kind of call`)
  return [kind, numberAt(count, at)]
}

function readAction(value: unknown, place: number): KeptAction {
  const at = `actions[${place}]`
  const action = objectAt(value, at)
  const type = (['CUSTOMERS.BULK_UPDATE', 'CUSTOMERS.METADATA_UPDATE'] as const).find((each) => each === action.type)
  const status = (['ENQUEUED', 'IN_PROGRESS', 'DONE', 'FAILED'] as const).find((each) => each === action.status)
  if (!type || !status) throw unreadable(`${at} has a type or status that nobody knows`)
  return {
    id: textAt(action.id, `${at}.id`),
    type,
    status,
    requestId: textAt(action.requestId, `${at}.requestId`),
    createdAt: numberAt(action.createdAt, `${at}.createdAt`),
    updatedAt: numberAt(action.updatedAt, `${at}.updatedAt`),
    rows: listAt(action.rows, `${at}.rows`),
    applied: numberAt(action.applied, `${at}.applied`),
    failedCount: numberAt(action.failedCount, `${at}.failedCount`),
    errors: listAt(action.errors, `${at}.errors`).map((error) => objectAt(error, `${at}.errors`)),
    result: action.result === null ? null : objectAt(action.result, `${at}.result`)
  }
}

function objectAt(value: unknown, at: string): JSONObject {
  if (isJsonObject(value)) return value
  throw unreadable(`${at} is no object`)
}

function listAt(value: JSONValue | undefined, at: string): JSONValue[] {
  if (Array.isArray(value)) return value
  throw unreadable(`${at} is no list`)
}

function textAt(value: unknown, at: string): string {
  if (typeof value === 'string') return value
  throw unreadable(`${at} is no text`)
}

function numberAt(value: unknown, at: string): number {
  if (typeof value === 'number' && value >= 0 && value <= MAX_TIME) return value
  throw unreadable(`${at} is no number`)
}

/** A time that can be shown. */
function timeAt(value: unknown, at: string): string {
  const text = textAt(value, at)
  if (!Number.isNaN(Date.parse(text))) return text
  throw unreadable(`${at} is no time`)
}

function unreadable(reason: string): RangeError {
  return new RangeError(`What was kept of the sandbox can't be read: ${reason}.`)
}
