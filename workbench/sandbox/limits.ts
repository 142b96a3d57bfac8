import type { LimitType } from '../shared/types'
import { limitHeaders, tooManyRequests } from './errors'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** A billing cycle in seconds. */
const CYCLE = 30 * DAY

/** Calls that the headers speak of where no limit is played. Nobody is refused there. */
const NO_LIMIT = 1_000_000

/** So many calls in so many seconds. */
export interface Limit {
  calls: number
  seconds: number
}

/** Limits to play; a type that is absent has none. */
export type LimitOptions = Partial<Record<LimitType, Limit>>

/** Bulk calls an hour of a plan. Today's number is published nowhere; retired plans had 1 to 50. */
export const BULK_CALLS_PER_HOUR = 10

/**
 * The limits of Voucherify's plans, by the names that its documentation gives them. Source: docs.voucherify.io, Limits,
 * August 2026.
 *
 * @param bulkCallsPerHour the one number that is not published
 */
export function planLimits(
  plan: 'Business plan' | 'Organization plan',
  bulkCallsPerHour = BULK_CALLS_PER_HOUR
): LimitOptions {
  const isBusiness = plan === 'Business plan'
  return {
    api_calls: { calls: isBusiness ? 100 : 2_000, seconds: MINUTE },
    api_calls_cycle: { calls: isBusiness ? 100_000 : 300_000, seconds: CYCLE },
    webhook_calls: { calls: isBusiness ? 144_000 : 288_000, seconds: DAY },
    bulk_api_calls: { calls: bulkCallsPerHour, seconds: HOUR }
  }
}

/** The limits that are played, each counted from the first call in it. */
export interface Limits {
  /**
   * Counts a call. A call of the API counts against `api_calls` and against the cycle, a bulk call against its own.
   *
   * @returns the headers that say how far the limit is used
   * @throws Refusal 429 when it is reached; a refused call is not counted
   */
  take(type: LimitType): Record<string, string>
  /** Plays other limits, from none used. */
  play(limits: LimitOptions): void
}

/**
 * A day or an hour begins with the first call in it: when Voucherify's begin is not documented, and so the result does
 * not depend on the time of day.
 *
 * @param now milliseconds since 1970
 */
export function createLimits(options: LimitOptions, now: () => number): Limits {
  let windows = new Map<LimitType, Window>()

  const windowOf = (type: LimitType): Window => {
    const window = windows.get(type) ?? createWindow(type, undefined, now)
    windows.set(type, window)
    return window
  }

  const play = (limits: LimitOptions) => {
    const named = Object.entries(limits) as [LimitType, Limit][]
    windows = new Map(named.map(([type, limit]) => [type, createWindow(type, limit, now)]))
  }

  play(options)
  return {
    take(type) {
      const cycle = type === 'api_calls' ? windowOf('api_calls_cycle') : undefined
      cycle?.check()
      const window = windowOf(type)
      window.check()
      cycle?.count()
      window.count()
      return window.headers()
    },
    play
  }
}

interface Window {
  /** Throws a Refusal (429) when the limit is reached. */
  check(): void
  count(): void
  headers(): Record<string, string>
}

function createWindow(type: LimitType, limit: Limit | undefined, now: () => number): Window {
  const retryNow = () => Math.ceil(now() / 1000)
  if (!limit) {
    return {
      check: () => undefined,
      count: () => undefined,
      headers: () => limitHeaders(type, NO_LIMIT, NO_LIMIT, retryNow())
    }
  }
  let end = -Infinity
  let used = 0
  return {
    check() {
      const at = now()
      if (at >= end) {
        end = at + limit.seconds * 1000
        used = 0
      }
      if (used >= limit.calls) throw tooManyRequests(type, limit.calls, Math.ceil((end - at) / 1000), at)
    },
    count() {
      used += 1
    },
    headers: () => limitHeaders(type, limit.calls, limit.calls - used, Math.ceil(end / 1000))
  }
}
