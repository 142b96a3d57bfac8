import type { RecordedResponse } from '../shared/types'

/** For how long a call is tried again, from its first try. Segment does it for four hours. */
export const RETRY_WINDOW_MS = 3_600_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 600_000

/** The time, and a way to be woken; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls once after so long. Returns what takes it back. */
  after(ms: number, wake: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  after(ms, wake) {
    const timer = setTimeout(wake, ms)
    // A call that waits for its next try keeps no process alive.
    timer.unref()
    return () => clearTimeout(timer)
  }
}

/**
 * The pause before the next try, in milliseconds: twice as long after each, and never shorter than Voucherify asks.
 *
 * @param tries how many there have been
 */
export function pauseAfter(tries: number, response: RecordedResponse | null, now: number): number {
  const growing = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS)
  return Math.max(growing, askedPause(response?.headers?.['retry-after'], now))
}

/** What `Retry-After` asks for: seconds, or a date. Source: RFC 9110, section 10.2.3. */
function askedPause(value: string | undefined, now: number): number {
  if (value === undefined) return 0
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? 0 : date - now
}
