import type { Call } from './delivery'
import type { Delivery, Mapping } from '../shared/types'

/** Collects calls for batches, as Segment does: up to the mapping's batch size or one second, whichever comes first. */
export interface Batches {
  /** Resolves with the delivery of the call when its batch has ended. Rejects when the whole batch failed. */
  add(mapping: Mapping, call: Call, size: number): Promise<Delivery>
  /** Sends what is collected without waiting for more. */
  flush(): void
}

interface Item {
  mapping: Mapping
  size: number
  call: Call
  end(delivery: Delivery): void
  fail(error: unknown): void
}

/**
 * @param deliver delivers a batch and returns a delivery for each call in its place
 * @param waitMs longest time that a call waits for others
 */
export function createBatches(
  deliver: (mapping: Mapping, calls: Call[]) => Promise<Delivery[]>,
  waitMs: number
): Batches {
  const collectors = new Map<string, Collector>()
  return {
    add(mapping, call, size) {
      const collector = collectors.get(mapping.preset) ?? createCollector(deliver, waitMs)
      collectors.set(mapping.preset, collector)
      return new Promise((end, fail) => collector.add({ mapping, size, call, end, fail }))
    },
    flush() {
      for (const collector of collectors.values()) collector.flush()
    }
  }
}

interface Collector {
  add(item: Item): void
  flush(): void
}

/** Batches of one preset go one after the other, so that a later value of a customer never overtakes an earlier one. */
function createCollector(deliver: (mapping: Mapping, calls: Call[]) => Promise<Delivery[]>, waitMs: number): Collector {
  let items: Item[] = []
  let timer: NodeJS.Timeout | undefined
  let isSending = false

  /** The first items that belong together: of the same mapping, up to its size. */
  function takeBatch(): Item[] {
    const [{ mapping, size }] = items
    const other = items.findIndex((item) => item.mapping !== mapping)
    const count = Math.min(size, other < 0 ? items.length : other)
    const batch = items.slice(0, count)
    items = items.slice(count)
    return batch
  }

  async function send(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (isSending || !items.length) return
    isSending = true
    const batch = takeBatch()
    try {
      const deliveries = await deliver(
        batch[0].mapping,
        batch.map(({ call }) => call)
      )
      batch.forEach(({ end }, index) => end(deliveries[index]))
    } catch (error) {
      batch.forEach(({ fail }) => fail(error))
    }
    isSending = false
    schedule()
  }

  function schedule(): void {
    if (isSending || !items.length) return
    const isFull = items.length >= items[0].size || items.some((item) => item.mapping !== items[0].mapping)
    if (isFull) void send()
    else timer ??= setTimeout(() => void send(), waitMs)
  }

  return {
    add(item) {
      items.push(item)
      schedule()
    },
    flush: () => void send()
  }
}
