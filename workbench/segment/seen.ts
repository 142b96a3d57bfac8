import type { SegmentEvent } from '@segment/actions-core'
import { createHash } from 'crypto'

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
      return events.filter((event) => {
        const id = idOf(event)
        const isFresh = !ids.has(id) && !own.has(id)
        own.add(id)
        return isFresh
      })
    },
    add(events) {
      for (const event of events) ids.add(idOf(event))
      for (const oldest of ids) {
        if (ids.size <= limit) return
        ids.delete(oldest)
      }
    },
    clear: () => ids.clear()
  }
}

/** Stands for a messageId and is short: an ID may be as long as a call. */
function idOf({ messageId = '' }: SegmentEvent): string {
  return createHash('sha256').update(messageId).digest('base64')
}
