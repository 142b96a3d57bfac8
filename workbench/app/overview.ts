import { addOutcomes, noOutcomes, sumOf } from '../shared/outcomes'
import type { Delivery, DeliveryList, Direction, Outcome, Overview } from '../shared/types'

const WINDOW_SECONDS = 60

/** Counts what goes through the workbench. */
export interface Counter {
  received(calls: number): void
  /** @param before how the same delivery had ended until now, when it was tried again */
  ended(delivery: Delivery, before?: Outcome): void
  /** Counts a delivery of an earlier run, which did not end in the last minute. */
  restored(delivery: Delivery): void
  /**
   * @param waiting calls that are still on their way
   * @param retrying deliveries that wait for their next try, or for its outcome
   */
  read(waiting: number, retrying: number): Overview
  /** Starts again; calls that are still on their way stay counted. */
  clear(waiting: number): void
  /** How many deliveries there were in a direction, or in both, in all and by outcome. */
  totals(direction?: Direction): Pick<DeliveryList, 'total' | 'counts'>
}

/** @param now milliseconds of a clock that never goes back */
export function createCounter(now: () => number): Counter {
  let calls = 0
  /** By preset. A Map, since a name may be any text. */
  const counts = new Map<string, Record<Outcome, number>>()
  /** Webhooks are no calls on their way through a preset. */
  let webhooks = noOutcomes()
  /** Deliveries by the second in which they ended. */
  let seconds = new Map<number, number>()

  const second = () => Math.floor(now() / 1000)

  function countsOf({ preset, direction }: Delivery): Record<Outcome, number> {
    if (direction === 'fromVoucherify') return webhooks
    const own = counts.get(preset ?? '') ?? noOutcomes()
    counts.set(preset ?? '', own)
    return own
  }

  return {
    received(count) {
      calls += count
    },
    restored: (delivery) => void countsOf(delivery)[delivery.status]++,
    ended(delivery, before) {
      const own = countsOf(delivery)
      own[delivery.status]++
      if (before) own[before]--
      if (delivery.direction === 'fromVoucherify') return
      const current = second()
      seconds.set(current, (seconds.get(current) ?? 0) + 1)
      for (const past of seconds.keys()) {
        if (past > current - WINDOW_SECONDS) break
        seconds.delete(past)
      }
    },
    read(waiting, retrying) {
      const oldest = second() - WINDOW_SECONDS
      const lastMinute = Array.from(seconds).reduce((sum, [at, count]) => (at > oldest ? sum + count : sum), 0)
      return structuredClone({ calls, waiting, retrying, counts: Object.fromEntries(counts), webhooks, lastMinute })
    },
    totals(direction) {
      const calls = direction === 'fromVoucherify' ? [] : counts.values()
      const totals = addOutcomes([...calls, direction === 'toVoucherify' ? noOutcomes() : webhooks])
      return { total: sumOf(totals), counts: totals }
    },
    clear(waiting) {
      calls = waiting
      counts.clear()
      webhooks = noOutcomes()
      seconds = new Map()
    }
  }
}
