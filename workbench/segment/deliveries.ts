import { createBounded } from '../shared/bounded'
import type { Bounds } from '../shared/bounded'
import type { Delivery, DeliveryList, Mapping } from '../shared/types'

/** A delivery with the mappings as they were then, by which it is explained. */
export interface KeptDelivery {
  delivery: Delivery
  mappings: readonly Mapping[]
}

/** The deliveries that are kept: the newest, within bounds. */
export interface Deliveries {
  /** Returns the size of the delivery in characters of JSON. */
  add(kept: KeptDelivery): number
  get(id: string): KeptDelivery | undefined
  /** Newest first. */
  list(limit: number): DeliveryList
  clear(): void
}

export function createDeliveries(bounds: Bounds): Deliveries {
  const byId = new Map<string, KeptDelivery>()
  const newest = createBounded<KeptDelivery>(bounds, ({ delivery }) => byId.delete(delivery.id))

  return {
    add(kept) {
      const { length } = JSON.stringify(kept.delivery)
      byId.set(kept.delivery.id, kept)
      newest.add(kept, length)
      return length
    },
    get: (id) => byId.get(id),
    list(limit) {
      const listed = limit > 0 ? newest.list().slice(-limit).reverse() : []
      return { deliveries: listed.map(({ delivery }) => delivery), total: byId.size }
    },
    clear() {
      byId.clear()
      newest.clear()
    }
  }
}
