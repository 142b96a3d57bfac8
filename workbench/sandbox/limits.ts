import { tooManyRequests } from './errors'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Limits to play, on a clock that is given, so that a benchmark need not wait for a day. */
export interface LimitOptions {
  /** Calls that carry a customer, an event or a group through the gateway. */
  integrationCallsPerDay?: number
  bulkCallsPerHour?: number
  /** Milliseconds since 1970; the machine's clock unless given. */
  now?: () => number
}

/** Which limit a call counts against. */
export type Bucket = 'integration' | 'bulk'

/** Counts a call against its limit. Throws a Refusal (429) when the limit is reached; a refused call is not counted. */
export type TakeFromLimit = (bucket: Bucket) => void

/**
 * A day or an hour begins with the first call in it: when Voucherify's begin is not documented, and so the result does
 * not depend on the time of day. `bulk_calls` as the name of the hourly limit is the sandbox's own.
 */
export function createLimits({
  integrationCallsPerDay,
  bulkCallsPerHour,
  now = Date.now
}: LimitOptions): TakeFromLimit {
  const windows = {
    integration: createWindow('webhook_calls', integrationCallsPerDay, DAY_MS, now),
    bulk: createWindow('bulk_calls', bulkCallsPerHour, HOUR_MS, now)
  }
  return (bucket) => windows[bucket]()
}

function createWindow(type: string, limit: number | undefined, lengthMs: number, now: () => number): () => void {
  if (limit === undefined) return () => undefined
  let end = -Infinity
  let used = 0
  return () => {
    const at = now()
    if (at >= end) {
      end = at + lengthMs
      used = 0
    }
    if (used >= limit) throw tooManyRequests(type, limit, Math.ceil((end - at) / 1000), at)
    used += 1
  }
}
