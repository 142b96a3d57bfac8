import type { JSONObject, JSONValue } from '@segment/actions-core'
import { toCalendarDate } from '../../src/upsertCustomer/customer'
import type { SandboxCustomer } from '../shared/types'
import { isJsonObject, readId, readObject, requireObject } from './body'
import { invalidPayload } from './errors'
import type { MetadataRules } from './metadata'

/** Whose form a customer comes in: the Segment gateway's has parts of the name, a street and date-times. */
export type CustomerForm = 'gateway' | 'api'

/** A customer with what Voucherify knows of it beside what it was sent. Times are milliseconds since 1970. */
export interface HeldCustomer {
  /** `cust_…`, which also stands as source_id where the customer has none. */
  id: string
  customer: SandboxCustomer
  createdAt: number
  /** Undefined for one that was never changed. */
  updatedAt: number | undefined
}

const TEXT_FIELDS = ['name', 'description', 'email', 'phone']
const ADDRESS_FIELDS = ['line_1', 'line_2', 'city', 'state', 'postal_code', 'country']

/** Reads a customer that is named by its source_id. See `readFields`. */
export function readCustomer(
  body: JSONValue | undefined,
  form: CustomerForm,
  metadata: MetadataRules,
  at = ''
): SandboxCustomer {
  const values = requireObject(body, at || '.')
  const source_id = readId(values.source_id, `${at}.source_id`)
  return { source_id, ...readFields(values, form, metadata, at) }
}

/**
 * Reads what a call says of a customer, in the form of the API, so that both ways end alike: `line_1` for the street,
 * a date for the birthdate, no parts of the name, no type, nothing that a customer does not have, and of the metadata
 * what the rules leave.
 *
 * At the gateway, a birthdate that names no day is passed over, as Voucherify's integration does with metadata that it
 * can't place; the API refuses it.
 *
 * @param at where the customer stands in the body, such as `.customer`; empty for the body itself
 * @throws Refusal (400) that names the property
 */
export function readFields(values: JSONObject, form: CustomerForm, rules: MetadataRules, at = ''): JSONObject {
  const fields: JSONObject = {}
  for (const field of TEXT_FIELDS) {
    const text = values[field]
    if (text === undefined) continue
    if (text !== null && typeof text !== 'string') throw invalidPayload(`Property ${at}.${field} should be a string`)
    fields[field] = text
  }
  const birthdate = readBirthdate(values, form, at)
  if (birthdate !== undefined) fields.birthdate = birthdate
  const address = readObject(values.address, `${at}.address`)
  if (address !== undefined) fields.address = address && readAddress(address, form)
  const metadata = readMetadata(values.metadata, form, rules, `${at}.metadata`)
  if (metadata !== undefined) fields.metadata = metadata
  return fields
}

/**
 * What a customer is after a call: null clears, absent keeps, inside `address` and `metadata` too. A key of the
 * metadata that was sent as null stays as null; `metadata: null` leaves none of the keys.
 */
export function mergeCustomer(before: SandboxCustomer | undefined, change: SandboxCustomer): SandboxCustomer {
  const after = { ...before, ...change }
  for (const field of ['address', 'metadata']) {
    const [kept, set] = [before?.[field], change[field]]
    // Spread also copies a key such as __proto__ as it is, where an assignment would not.
    if (isJsonObject(kept) && isJsonObject(set)) after[field] = { ...kept, ...set }
  }
  return after
}

/** A customer with the keys that the API documents. Orders, redemptions and points are not played, so they are none. */
export function toApiCustomer(held: HeldCustomer): JSONObject {
  const { customer, createdAt, updatedAt } = held
  const { birthdate = null, address } = customer
  return {
    ...toSimpleCustomer(held),
    description: customer.description ?? null,
    phone: customer.phone ?? null,
    birthday: birthdate,
    birthdate,
    address: isJsonObject(address) ? { ...NO_ADDRESS, ...address } : null,
    summary: NO_SUMMARY,
    loyalty: { points: 0, referred_customers: 0, campaigns: {} },
    referrals: { total: 0, campaigns: [] },
    system_metadata: {},
    created_at: toIso(createdAt),
    updated_at: updatedAt === undefined ? null : toIso(updatedAt),
    assets: { cockpit_url: null, cockpit_preference_center_url: null }
  }
}

/** A customer as events and webhooks name it. */
export function toSimpleCustomer({ id, customer }: HeldCustomer): JSONObject {
  return {
    id,
    source_id: customer.source_id === id ? null : customer.source_id,
    name: customer.name ?? null,
    email: customer.email ?? null,
    metadata: isJsonObject(customer.metadata) ? customer.metadata : {},
    object: 'customer'
  }
}

/** A time in milliseconds since 1970 as Voucherify writes it. */
export function toIso(time: number): string {
  return new Date(time).toISOString()
}

const NO_ADDRESS = Object.fromEntries(ADDRESS_FIELDS.map((field) => [field, null])) as JSONObject
const NO_SUMMARY: JSONObject = {
  redemptions: {
    total_redeemed: 0,
    total_failed: 0,
    total_succeeded: 0,
    total_rolled_back: 0,
    total_rollback_failed: 0,
    total_rollback_succeeded: 0,
    gift: { redeemed_amount: 0, amount_to_go: 0 },
    loyalty_card: { redeemed_points: 0, points_to_go: 0 }
  },
  orders: { total_amount: 0, total_count: 0, average_amount: 0, last_order_amount: 0, last_order_date: null }
}

function readBirthdate(values: JSONObject, form: CustomerForm, at: string): string | null | undefined {
  // `birthday` is the API's former name, which it still takes.
  const name = form === 'api' && values.birthdate === undefined ? 'birthday' : 'birthdate'
  const value = values[name]
  if (value === undefined || value === null) return value
  const date = typeof value === 'string' ? toCalendarDate(value) : undefined
  if (form === 'gateway' || date === value) return date
  throw invalidPayload(`Property ${at}.${name} should be a date of the form YYYY-MM-DD`)
}

function readAddress(value: JSONObject, form: CustomerForm): JSONObject {
  const { street, ...parts } = value
  const named: JSONObject = form === 'gateway' && street !== undefined ? { ...parts, line_1: street } : parts
  return Object.fromEntries(ADDRESS_FIELDS.filter((key) => named[key] !== undefined).map((key) => [key, named[key]]))
}

function readMetadata(
  value: JSONValue | undefined,
  form: CustomerForm,
  rules: MetadataRules,
  at: string
): JSONObject | null | undefined {
  const metadata = readObject(value, at)
  return form === 'gateway' ? rules.atGateway('customer', metadata) : rules.atApi('customer', metadata, at)
}
