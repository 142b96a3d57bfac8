/** How much is kept. */
export interface Bounds {
  maxCount: number
  /** Most in all, in the unit in which `add` is told an item's size. */
  maxLength: number
}

/** Items in the order in which they came, the newest within bounds: the oldest are dropped to make room. */
export interface Bounded<Item> {
  /** @param length the item's size; one that is too large for the bounds is dropped at once */
  add(item: Item, length: number): void
  delete(item: Item): void
  /** The oldest first. */
  list(): Item[]
  clear(): void
}

/** @param onDrop called for each item that is dropped to make room */
export function createBounded<Item extends object>(
  { maxCount, maxLength }: Bounds,
  onDrop: (item: Item) => void = () => undefined
): Bounded<Item> {
  /** In the order in which they came; a Map keeps it. */
  const lengths = new Map<Item, number>()
  let total = 0
  // One for good, since a new one would first walk over the gaps that dropped items leave in a Map.
  const oldest = lengths.keys()

  function takeAway(item: Item): void {
    total -= lengths.get(item) ?? 0
    lengths.delete(item)
  }

  function makeRoom(): void {
    while (lengths.size > maxCount || total > maxLength) {
      const next = oldest.next()
      if (next.done) return
      takeAway(next.value)
      onDrop(next.value)
    }
  }

  return {
    add(item, length) {
      lengths.set(item, length)
      total += length
      makeRoom()
    },
    delete: takeAway,
    list: () => Array.from(lengths.keys()),
    clear() {
      lengths.clear()
      total = 0
    }
  }
}
