import { createBounded } from '../shared/bounded'
import type { Bounded, Bounds } from '../shared/bounded'
import { costOf } from '../shared/cost'
import type { Delivery, DeliveryList, Mapping, Outcome } from '../shared/types'
import type { DeliveryFilter } from './deliveryFilter'

/** A delivery with the mappings as they were then, by which it is explained. */
export interface KeptDelivery {
  delivery: Delivery
  mappings: readonly Mapping[]
}

/** How much is kept. What failed has room of its own, so that no number of successes pushes it out. */
export interface DeliveryBounds {
  delivered: Bounds
  failed: Bounds
  /** Calls that no preset wanted, or that were refused. */
  unsent: Bounds
  /** What came from Voucherify, however it ended: a busy sandbox must not push out the calls of an app. */
  webhooks: Bounds
}

const SHELVES: Record<Outcome, keyof DeliveryBounds> = {
  delivered: 'delivered',
  retryable: 'failed',
  rejected: 'failed',
  unmatched: 'unsent',
  refused: 'unsent'
}

/** The deliveries that are kept: the newest of each kind, within bounds. */
export interface Deliveries {
  /** Keeps a delivery, in the place of the one with the same id. Returns what it takes, in bytes by `costOf`. */
  add(kept: KeptDelivery): number
  get(id: string): KeptDelivery | undefined
  /** All that are kept, the oldest first. */
  all(): KeptDelivery[]
  /** Those that match, newest first, and how many match whatever `before` and `limit` say. */
  list(filter: DeliveryFilter): Pick<DeliveryList, 'deliveries' | 'kept' | 'matching'>
  clear(): void
}

export function createDeliveries(bounds: DeliveryBounds): Deliveries {
  const byId = new Map<string, KeptDelivery>()
  const shelf = (name: keyof DeliveryBounds) =>
    createBounded<KeptDelivery>(bounds[name], ({ delivery }) => byId.delete(delivery.id))
  const shelves: Record<keyof DeliveryBounds, Bounded<KeptDelivery>> = {
    delivered: shelf('delivered'),
    failed: shelf('failed'),
    unsent: shelf('unsent'),
    webhooks: shelf('webhooks')
  }
  const shelfOf = ({ delivery: { direction, status } }: KeptDelivery) =>
    shelves[direction === 'fromVoucherify' ? 'webhooks' : SHELVES[status]]
  /** The mappings of the newest delivery. All with the same mappings share them, and the oldest of them pays. */
  let lastMappings: readonly Mapping[] = []

  function costOfNew(mappings: readonly Mapping[]): number {
    if (mappings === lastMappings || !mappings.length) return 0
    const fresh = mappings.filter((mapping) => !lastMappings.includes(mapping))
    lastMappings = mappings
    return costOf(fresh)
  }

  /** All of them, newest first; undefined after a change. */
  let sorted: Delivery[] | undefined

  function inOrder(): Delivery[] {
    sorted ??= Array.from(byId.values(), ({ delivery }) => delivery).sort((a, b) => b.order - a.order)
    return sorted
  }

  return {
    add(kept) {
      const cost = costOf(kept.delivery) + costOfNew(kept.mappings)
      const former = byId.get(kept.delivery.id)
      if (former) shelfOf(former).delete(former)
      byId.set(kept.delivery.id, kept)
      shelfOf(kept).add(kept, cost)
      sorted = undefined
      return cost
    },
    get: (id) => byId.get(id),
    all: () => [...byId.values()].sort((a, b) => a.delivery.order - b.delivery.order),
    list({ matches, before, limit }) {
      const matching = inOrder().filter(matches)
      const from = before === undefined ? 0 : matching.findIndex(({ order }) => order < before)
      const deliveries = from < 0 ? [] : matching.slice(from, limit === undefined ? undefined : from + limit)
      return { deliveries, kept: byId.size, matching: matching.length }
    },
    clear() {
      byId.clear()
      for (const each of Object.values(shelves)) each.clear()
      sorted = undefined
    }
  }
}
