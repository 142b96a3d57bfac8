/** The list of deliveries as the page holds it: of each delivery its row. */
import { OUTCOMES } from '../shared/outcomes'
import { toRow } from '../shared/row'
import type { Delivery, Direction, Outcome, Overview, Row, RowList } from '../shared/types'
import { totalsOf } from './format'
import type { Query } from './route'

/** Most rows that are held; the oldest leave first. They can be found again by filters. */
export const MAX_ROWS = 20_000

/** Which deliveries are listed. Empty texts ask for all. */
export interface Filter {
  status: string
  preset: string
  type: string
  user: string
  text: string
  /** `true` for those with warnings. */
  warned: string
  /** `fromVoucherify` for webhooks; the calls are listed without them, since each call makes one or two. */
  direction: string
}

export interface Listing {
  filter: Filter
  /** Newest first. */
  rows: Row[]
  /** How many of those that the server keeps fit the filter, and how many there were in its direction since the start. */
  matching: number
  total: number
  /** Whether the rows are all that the server keeps and the filter lets through. */
  isWhole: boolean
}

export const noFilter: Filter = { status: '', preset: '', type: '', user: '', text: '', warned: '', direction: '' }

/** The filter that an address asks for. What the workbench does not know asks for nothing: it would give no list at all. */
export function readFilter(query: Query): Filter {
  const known = Object.keys(noFilter).map((key) => [key, (query[key] ?? '').trim()])
  const filter: Filter = { ...noFilter, ...Object.fromEntries(known) }
  const isKnown = (name: string) => OUTCOMES.some((outcome) => outcome === name)
  return {
    ...filter,
    status: filter.status.split(',').filter(isKnown).join(),
    warned: ['true', 'false'].includes(filter.warned) ? filter.warned : '',
    // Calls are listed anyhow: links of earlier versions named their direction.
    direction: isOfWebhooks(filter) ? filter.direction : ''
  }
}

/** Whether more is asked for than a direction. */
export const isFiltered = (filter: Filter) => Object.values({ ...filter, direction: '' }).some(Boolean)

export const isOfWebhooks = ({ direction }: Filter): boolean => direction === 'fromVoucherify'

export const directionOf = (filter: Filter): Direction => (isOfWebhooks(filter) ? 'fromVoucherify' : 'toVoucherify')

/** What became of all that is listed without another filter than the direction. */
export const totalsIn = (overview: Overview, filter: Filter): Record<Outcome, number> =>
  isOfWebhooks(filter) ? overview.webhooks : totalsOf(overview)

export const isSameFilter = (a: Filter, b: Filter) => JSON.stringify(a) === JSON.stringify(b)

/** Longest part of a call that is searched here; the server searches all of it. */
const MAX_SEARCHED = 5000

/** Whether a delivery that just ended belongs to the list that is shown. */
function fits(delivery: Delivery, { status, preset, type, user, text, warned }: Filter): boolean {
  const { event, webhook } = delivery
  return (
    (!status || status.split(',').includes(delivery.status)) &&
    (!preset || delivery.preset === preset) &&
    (!type || (webhook?.type ?? event.type) === type) &&
    (!user || [event.userId, event.anonymousId].includes(user)) &&
    (!warned || delivery.warnings.length > 0 === (warned === 'true')) &&
    (!text || textOf(delivery).includes(text.toLowerCase()))
  )
}

function textOf({ event, preset, error, reason, warnings }: Delivery): string {
  const words = [preset, error?.message, reason, ...warnings.map(({ message }) => message)]
  return `${words.join(' ')} ${JSON.stringify(event).slice(0, MAX_SEARCHED)}`.toLowerCase()
}

/** The answer of the server as a list, with what the stream brought since it was asked. */
export function toListing(filter: Filter, { rows, matching, total }: RowList, meanwhile: Delivery[]): Listing {
  const listing: Listing = { filter, rows, matching, total, isWhole: rows.length >= matching }
  const newest = rows.at(0)?.order ?? 0
  // What the answer holds too must not be counted twice.
  return withArrived(
    listing,
    meanwhile.filter(({ order }) => order > newest)
  )
}

/** The list with deliveries that ended or changed meanwhile, which the stream sends oldest first. */
export function withArrived(listing: Listing, ended: Delivery[]): Listing {
  const arrived = ended.filter(({ direction }) => direction === directionOf(listing.filter))
  const changed = new Set(arrived.map(({ id }) => id))
  const known = new Set(listing.rows.filter(({ id }) => changed.has(id)).map(({ id }) => id))
  const fitting = arrived.filter((delivery) => fits(delivery, listing.filter))
  const fresh = fitting.filter(({ id }) => !known.has(id)).length
  const kept = known.size ? listing.rows.filter(({ id }) => !known.has(id)) : listing.rows
  return {
    ...listing,
    rows: fitting.length || known.size ? mergeRows(fitting.map(toRow), kept) : listing.rows,
    matching: listing.matching + fresh,
    total: listing.total + arrived.length - known.size
  }
}

/** Two lists without a row in common as one, in the order in which the calls arrived, the newest first. */
export function mergeRows(some: Row[], others: Row[]): Row[] {
  const sorted = [...some].sort((a, b) => b.order - a.order)
  const isAfter = !others.length || !sorted.length || sorted[sorted.length - 1].order > others[0].order
  const all = isAfter ? [...sorted, ...others] : [...sorted, ...others].sort((a, b) => b.order - a.order)
  return all.length > MAX_ROWS ? all.slice(0, MAX_ROWS) : all
}
