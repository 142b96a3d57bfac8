import type { SegmentEvent } from '@segment/actions-core'
import { readFileSync } from 'fs'
import { join } from 'path'
import type { Sample } from '../shared/types'

/** Realistic calls of every kind, as Segment would pass them on. */
export const samples: readonly Sample[] = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'samples', 'segment-events.json'), 'utf8')
)

/** What Segment adds to a call on its way, and what must not be the same twice. */
const ADDED_BY_SEGMENT = ['messageId', 'timestamp', 'originalTimestamp', 'sentAt', 'receivedAt', 'version']

/** The samples as an SDK would send them now. */
export function freshSamples(): Partial<SegmentEvent>[] {
  return samples.map(({ event }) =>
    Object.fromEntries(Object.entries(event).filter(([key]) => !ADDED_BY_SEGMENT.includes(key)))
  )
}
