import type { JSONObject } from '@segment/actions-core'
import { createHash } from 'crypto'
import type { SandboxChange, SandboxEvent } from '../shared/types'
import { toSimpleCustomer } from './customer'
import type { HeldCustomer } from './customer'
import { readChoice, readLimit, readTime, requireKnown } from './query'
import type { Store } from './store'

const PARAMETERS = [
  'limit',
  'order',
  'starting_after_id',
  'start_date',
  'end_date',
  'type',
  'category',
  'campaign_type',
  'campaign_id'
]

/**
 * What a customer did and what was done to it, in the documented frame: the changes and events that the sandbox still
 * keeps, the newest first unless asked otherwise. Campaigns are not played, so asking for one finds nothing.
 */
export function listActivity(store: Store, held: HeldCustomer, query: URLSearchParams): JSONObject {
  requireKnown(query, PARAMETERS)
  const limit = readLimit(query)
  const isAscending = readChoice(query, 'order', ['created_at', '-created_at'] as const) === 'created_at'
  const [start, end] = [readTime(query, 'start_date') ?? -Infinity, readTime(query, 'end_date') ?? Infinity]
  const [type, after] = [query.get('type'), query.get('starting_after_id')]
  const isNone = query.has('campaign_type') || query.has('campaign_id') || query.get('category') === 'EFFECT'
  const all = isNone ? [] : activityOf(store, held)
  const ordered = isAscending ? all : all.reverse()
  const found = ordered.filter(
    ({ type: own, at }) => (type === null || own === type) && Date.parse(at) >= start && Date.parse(at) <= end
  )
  const rest = after === null ? found : found.slice(found.findIndex(({ id }) => id === after) + 1)
  const page = rest.slice(0, limit)
  const hasMore = rest.length > limit
  return {
    object: 'list',
    data_ref: 'data',
    data: page.map(({ id, type: own, at, data, groupId }) => ({
      id,
      type: own,
      data,
      created_at: at,
      group_id: groupId
    })),
    has_more: hasMore,
    ...(hasMore && { more_starting_after: page[page.length - 1].id })
  }
}

interface Activity {
  id: string
  type: string
  at: string
  data: JSONObject
  groupId: string
}

/** The oldest first. */
function activityOf(store: Store, held: HeldCustomer): Activity[] {
  const customer = toSimpleCustomer(held)
  const changes = (store.customer(held.id)?.history ?? []).map((change, place) => ofChange(change, place, held))
  const events = store.eventsOf(held).map(ofEvent)
  const times = new Map<string, number>()
  return [...changes, ...events]
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .map(({ at, type, data }) => {
      const moment = `${held.id} ${at} ${type}`
      const nth = (times.get(moment) ?? 0) + 1
      times.set(moment, nth)
      const hash = createHash('sha256').update(`${moment} ${nth}`).digest('hex').slice(0, 18)
      return { id: `evcus_${hash}`, type, at, data: { customer, ...data }, groupId: `v-${hash}` }
    })
}

type Happening = Pick<Activity, 'at' | 'type' | 'data'>

function ofChange({ at }: SandboxChange, place: number, { createdAt }: HeldCustomer): Happening {
  const isFirst = place === 0 && Date.parse(at) <= createdAt
  return { at, type: isFirst ? 'customer.created' : 'customer.updated', data: {} }
}

function ofEvent({ at, event, metadata = {} }: SandboxEvent): Happening {
  return { at, type: 'customer.custom_event', data: { custom_event: { event, metadata } } }
}
