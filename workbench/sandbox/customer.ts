import type { JSONObject, JSONValue } from '@segment/actions-core'
import { toCalendarDate } from '../../src/upsertCustomer/customer'
import type { SandboxCustomer } from '../shared/types'
import { isJsonObject, readId, readObject, requireObject } from './body'
import { invalidPayload } from './errors'

/** Whose form a customer comes in: the Segment gateway's has parts of the name, a street and date-times. */
export type CustomerForm = 'gateway' | 'api'

const TEXT_FIELDS = ['name', 'description', 'email', 'phone']
const ADDRESS_FIELDS = ['line_1', 'line_2', 'city', 'state', 'postal_code', 'country']

/**
 * Reads what a call says of a customer, in the form of the API, so that both ways end alike: `line_1` for the street,
 * a date for the birthdate, no parts of the name, no type, nothing that a customer does not have.
 *
 * At the gateway, a birthdate that names no day is passed over, as Voucherify's integration does with metadata that it
 * can't place; the API refuses it.
 *
 * @param at where the customer stands in the body, such as `.customer`; empty for the body itself
 * @throws Refusal (400) that names the property
 */
export function readCustomer(body: JSONValue | undefined, form: CustomerForm, at = ''): SandboxCustomer {
  const values = requireObject(body, at || '.')
  const customer: SandboxCustomer = { source_id: readId(values.source_id, `${at}.source_id`) }
  for (const field of TEXT_FIELDS) {
    const text = values[field]
    if (text === undefined) continue
    if (text !== null && typeof text !== 'string') throw invalidPayload(`Property ${at}.${field} should be a string`)
    customer[field] = text
  }
  const birthdate = readBirthdate(values.birthdate, form, `${at}.birthdate`)
  if (birthdate !== undefined) customer.birthdate = birthdate
  const address = readObject(values.address, `${at}.address`)
  if (address !== undefined) customer.address = address && readAddress(address, form)
  const metadata = readObject(values.metadata, `${at}.metadata`)
  if (metadata !== undefined) customer.metadata = metadata
  return customer
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

function readBirthdate(value: JSONValue | undefined, form: CustomerForm, at: string): string | null | undefined {
  if (value === undefined || value === null) return value
  const date = typeof value === 'string' ? toCalendarDate(value) : undefined
  if (form === 'gateway' || date === value) return date
  throw invalidPayload(`Property ${at} should be a date of the form YYYY-MM-DD`)
}

function readAddress(value: JSONObject, form: CustomerForm): JSONObject {
  const { street, ...parts } = value
  const named: JSONObject = form === 'gateway' && street !== undefined ? { ...parts, line_1: street } : parts
  return Object.fromEntries(ADDRESS_FIELDS.filter((key) => named[key] !== undefined).map((key) => [key, named[key]]))
}
