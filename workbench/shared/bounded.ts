/** How much is kept. */
export interface Bounds {
  maxCount: number
  /** Most in all, in the unit in which `add` is told an item's size. */
  maxCost: number
}

/** Items in the order in which they came, the newest within bounds: the oldest are dropped to make room. */
export interface Bounded<Item> {
  /** @param cost the item's size; one that is too large for the bounds is dropped at once */
  add(item: Item, cost: number): void
  delete(item: Item): void
  /** The oldest first. */
  list(): Item[]
  clear(): void
}

/** @param onDrop called for each item that is dropped to make room */
export function createBounded<Item extends object>(
  { maxCount, maxCost }: Bounds,
  onDrop: (item: Item) => void = () => undefined
): Bounded<Item> {
  /** In the order in which they came; a Map keeps it. */
  const costs = new Map<Item, number>()
  let total = 0
  // One for good, since a new one would first walk over the gaps that dropped items leave in a Map.
  const oldest = costs.keys()

  function takeAway(item: Item): void {
    total -= costs.get(item) ?? 0
    costs.delete(item)
  }

  function makeRoom(): void {
    while (costs.size > maxCount || total > maxCost) {
      const next = oldest.next()
      if (next.done) return
      takeAway(next.value)
      onDrop(next.value)
    }
  }

  return {
    add(item, cost) {
      costs.set(item, cost)
      total += cost
      makeRoom()
    },
    delete: takeAway,
    list: () => Array.from(costs.keys()),
    clear() {
      costs.clear()
      total = 0
    }
  }
}
