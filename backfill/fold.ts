import omit from 'lodash/omit'
import { mergeCustomers, toBulkRow } from './destination'
import type { Values } from './destination'
import { fitsPack } from './packs'

/** What a line of a partition says: when the call was made, and the values of its customer. */
interface Line {
  /** Milliseconds since 1970; before all others where the call has no time. */
  at: number
  text: string
}

/** A customer as one row, or as several that must arrive one after the other. */
export interface Folded {
  sourceId: string
  /** How many calls were folded. */
  calls: number
  /** As JSON. */
  rows: string[]
  /** Why the customer can't be sent. */
  reason?: string
}

/** A line of a partition. The time stands before the values, so that lines are sorted without reading them. */
export function toLine(at: number | undefined, json: string): string {
  return `${at ?? ''} ${json}`
}

function readLine(line: string): Line {
  const cut = line.indexOf(' ')
  return { at: cut ? Number(line.slice(0, cut)) : -Infinity, text: line.slice(cut + 1) }
}

/** The values that a line of a partition holds. */
export function valuesOf(line: string): Values {
  return JSON.parse(line.slice(line.indexOf(' ') + 1)) as Values
}

/** The calls of each customer of a partition as rows: sorted by time, equal times as they came, later values win. */
export function* fold(lines: string[]): Generator<Folded> {
  for (const [sourceId, calls] of groupById(lines)) {
    const ordered =
      calls.length > 1 ? calls.sort((one, other) => (one.at === other.at ? 0 : one.at < other.at ? -1 : 1)) : calls
    const values = ordered.map(({ values: own }) => own)
    const rows = toRows(values).map((row) => JSON.stringify(row))
    const reason = rows.every(fitsPack) ? undefined : TOO_LARGE
    yield { sourceId, calls: values.length, rows, reason }
  }
}

/** Why a customer is refused who fits into no call. */
export const TOO_LARGE =
  'The customer takes more than the 10 MB that Voucherify accepts in a call. Send fewer or shorter values.'

/** The latest line of each key: calls that replace each other, such as those of one customer and group. */
export function latest(lines: string[], keyOf: (values: Values) => string): Values[] {
  const newest = new Map<string, { at: number; values: Values }>()
  for (const line of lines) {
    const { at, text } = readLine(line)
    const values = JSON.parse(text) as Values
    const known = newest.get(keyOf(values))
    if (!known || known.at <= at) newest.set(keyOf(values), { at, values })
  }
  return [...newest.values()].map(({ values }) => values)
}

function groupById(lines: string[]): Map<string, { at: number; values: Values }[]> {
  const customers = new Map<string, { at: number; values: Values }[]>()
  for (const line of lines) {
    const { at, text } = readLine(line)
    const values = JSON.parse(text) as Values
    const id = String(values.source_id)
    const known = customers.get(id)
    if (known) known.push({ at, values })
    else customers.set(id, [{ at, values }])
  }
  return customers
}

/**
 * One row that says what the calls said; or two where an object is cleared first and filled later, which no single row
 * can say: the first clears, the second holds all that was said since.
 */
function toRows(calls: Values[]): Values[] {
  const whole = calls.length > 1 ? mergeCustomers(calls) : calls[0]
  if (whole) return [requireRow(whole)]
  const cleared = CLEARED_WHOLE.filter((key) => calls.some((call) => call[key] === null))
  const since = cleared.reduce((left, key) => forgetUntil(left, key), calls)
  const { source_id } = calls[0]
  const clearing = { source_id, ...Object.fromEntries(cleared.map((key) => [key, null])) }
  return [requireRow(clearing), requireRow(mergeCustomers(since) ?? {})]
}

const CLEARED_WHOLE = ['address', 'metadata']

/** The calls without what they said of a key until it was cleared for the last time. */
function forgetUntil(calls: Values[], key: string): Values[] {
  const last = calls.map((call) => call[key]).lastIndexOf(null)
  return calls.map((call, index) => (index <= last ? omit(call, key) : call))
}

/** Only customers that a row can hold were taken in. */
function requireRow(customer: Values): Values {
  const row = toBulkRow(customer)
  if (!row) throw new Error('A customer was taken in whose birthdate no row can hold.')
  return row
}
