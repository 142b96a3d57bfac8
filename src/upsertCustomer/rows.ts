import { isObject, isString } from '@segment/actions-core'
import type { Values } from '../payload'
import { joinName, toCalendarDate } from './customer'

/** Most bytes of JSON that one bulk call takes. Source: Voucherify's API reference, "Update customers in bulk". */
export const MAX_BULK_BYTES = 10_485_760

/**
 * Makes one customer of what its calls say one after the other: later values win, key by key, absent ones keep, null
 * clears.
 *
 * @param customers what `readCustomer` gave for each call, in order
 * @returns undefined where an object is cleared first and filled in the end, since no single row says both
 */
export function mergeCustomers(customers: Values[]): Values | undefined {
  if (customers.length === 1) return customers[0]
  const merged: Values = {}
  for (const customer of customers) {
    // Both parts without a name are a newer name; one alone tells nothing of the other.
    if (customer.name === undefined && isString(customer.first_name) && isString(customer.last_name)) delete merged.name
    Object.assign(merged, customer)
  }
  for (const key of ['address', 'metadata']) {
    if (!isObject(merged[key])) continue
    const said = customers.map((customer) => customer[key])
    if (said.includes(null)) return undefined
    merged[key] = Object.fromEntries(said.filter(isObject).flatMap((values) => Object.entries(values)))
  }
  return merged
}

/**
 * A customer in the form of the API: the parts of the name joined, no type, `line_1` for the street, a date for the
 * birthdate. Source: Voucherify's API reference, "Update customers in bulk".
 *
 * @returns undefined where the birthdate is none that a row can hold, so that Voucherify judges it elsewhere
 */
export function toBulkRow(customer: Values): Values | undefined {
  const { source_id, email, phone, description, metadata, birthdate } = customer
  const date = isString(birthdate) ? toCalendarDate(birthdate) : undefined
  if (!date && birthdate !== undefined && birthdate !== null) return undefined
  const row: Values = { source_id }
  const values = {
    name: rowName(customer),
    email,
    phone,
    description,
    birthdate: date ?? birthdate,
    address: rowAddress(customer),
    metadata
  }
  for (const [key, value] of Object.entries(values)) if (value !== undefined) row[key] = value
  return row
}

/** The mapped name, or what its parts make; both parts cleared clear the name. */
function rowName(customer: Values): unknown {
  if (customer.name !== undefined) return customer.name
  const isCleared = customer.first_name === null && customer.last_name === null
  return isCleared ? null : joinName(customer) || undefined
}

function rowAddress({ address }: Values): unknown {
  if (!isObject(address)) return address
  const { street, ...rest } = address
  return street === undefined ? rest : { line_1: street, ...rest }
}

/**
 * Fills one bulk call after the other up to a limit of bytes, in order. What is longer than the limit gets a call of
 * its own, and Voucherify's answer to it.
 */
export function packRows<Row extends { json: string }>(rows: Row[], limit = MAX_BULK_BYTES): Row[][] {
  const packs: Row[][] = []
  let room = 0
  for (const row of rows) {
    const size = Buffer.byteLength(row.json) + ','.length
    if (!packs.length || size > room) {
      packs.push([])
      room = limit - '['.length
    }
    packs[packs.length - 1].push(row)
    room -= size
  }
  return packs
}
