import type { Delivery, DeliveryList, Mapping } from './types'

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

export interface DeliveriesLimits {
  maxCount: number
  /** Most characters of JSON in all. */
  maxLength: number
}

export function createDeliveries({ maxCount, maxLength }: DeliveriesLimits): Deliveries {
  /** In the order of their ends; a Map keeps it. */
  const kept = new Map<string, KeptDelivery & { length: number }>()
  let total = 0

  function dropOldest(): void {
    for (const [id, { length }] of kept) {
      if (kept.size <= maxCount && total <= maxLength) return
      kept.delete(id)
      total -= length
    }
  }

  return {
    add({ delivery, mappings }) {
      const { length } = JSON.stringify(delivery)
      kept.set(delivery.id, { delivery, mappings, length })
      total += length
      dropOldest()
      return length
    },
    get: (id) => kept.get(id),
    list(limit) {
      const newest = limit > 0 ? Array.from(kept.values()).slice(-limit).reverse() : []
      return { deliveries: newest.map(({ delivery }) => delivery), total: kept.size }
    },
    clear() {
      kept.clear()
      total = 0
    }
  }
}
