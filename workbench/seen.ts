import type { SegmentEvent } from '@segment/actions-core'

/**
 * Which calls were taken before, by their messageId. An SDK that waited too long for its answer sends the same calls
 * again, and Segment takes each messageId once (it remembers them for a day at least): so points are awarded once.
 */
export interface Seen {
  /** The calls that were not taken before, each messageId once. */
  fresh(events: SegmentEvent[]): SegmentEvent[]
  /** Remembers calls that were taken. */
  add(events: SegmentEvent[]): void
  /** Forgets all. */
  clear(): void
}

/** @param limit how many messageIds are remembered; the oldest are forgotten first */
export function createSeen(limit: number): Seen {
  const ids = new Set<string>()
  return {
    fresh(events) {
      const own = new Set<string>()
      return events.filter(({ messageId = '' }) => {
        const isFresh = !ids.has(messageId) && !own.has(messageId)
        own.add(messageId)
        return isFresh
      })
    },
    add(events) {
      for (const { messageId = '' } of events) ids.add(messageId)
      for (const oldest of ids) {
        if (ids.size <= limit) return
        ids.delete(oldest)
      }
    },
    clear: () => ids.clear()
  }
}
