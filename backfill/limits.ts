/** Which of Voucherify's limits a call counts against. */
export type Bucket = 'bulk' | 'api' | 'gateway'

/** The names that the header `X-Rate-Limit-Type` gives the limits. */
const BUCKETS: Record<string, Bucket> = { bulk_api_calls: 'bulk', api_calls: 'api', webhook_calls: 'gateway' }
/** The limit of a whole billing cycle: when it is spent, waiting does not help. */
export const CYCLE_LIMIT = 'api_calls_cycle'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR
/** Bulk calls an hour until Voucherify says how many there are: the number is published nowhere. */
const ASSUMED_BULK_CALLS = 10
/** Calls from integrations a day: Voucherify's Business plan. Source: docs.voucherify.io, Limits. */
const ASSUMED_DAILY_CALLS = 144_000

export interface LimitOptions {
  /** Whether limits that nobody named are kept. A sandbox has none. */
  isAssumed: boolean
  maxBulkPerHour?: number
  now(): number
  /** When bulk calls were made before, in milliseconds since 1970. */
  bulkCalls: number[]
}

/** What the headers said of a limit. */
interface Said {
  remaining: number
  /** When calls are free again. */
  resetAt: number
}

/** Says when the next call may be made, from what Voucherify's headers say and what was made before. */
export class Limits {
  private readonly said = new Map<Bucket, Said>()
  private readonly calls: number[]
  private lastGatewayCall = -Infinity
  private dailyCalls = ASSUMED_DAILY_CALLS

  constructor(private readonly options: LimitOptions) {
    this.calls = [...options.bulkCalls]
  }

  /** Milliseconds until the next call may be made; 0 when it may be made now. */
  waitFor(bucket: Bucket): number {
    const { now, isAssumed, maxBulkPerHour } = this.options
    const said = this.said.get(bucket)
    const waits = [said && said.remaining <= 0 ? said.resetAt - now() : 0]
    if (bucket === 'bulk') {
      const assumed = isAssumed && !said ? ASSUMED_BULK_CALLS : Infinity
      waits.push(this.waitInHour(Math.min(maxBulkPerHour ?? Infinity, assumed)))
    }
    // The daily bucket is spent evenly, so that Segment's own traffic finds room in it all day.
    if (bucket === 'gateway' && isAssumed) waits.push(this.lastGatewayCall + DAY / this.dailyCalls - now())
    return Math.max(0, ...waits)
  }

  /** Notes that a call is made. */
  made(bucket: Bucket): void {
    const { now } = this.options
    if (bucket === 'bulk') this.calls.push(now())
    if (bucket === 'gateway') this.lastGatewayCall = now()
    const said = this.said.get(bucket)
    if (said) said.remaining = said.resetAt <= now() ? Infinity : said.remaining - 1
  }

  /** Learns from the headers of an answer. */
  learn(bucket: Bucket, headers: Headers): void {
    const type = headers.get('x-rate-limit-type')
    const about = type ? BUCKETS[type] : bucket
    const [limit, remaining, resetAt] = ['limit', 'remaining', 'retry'].map((name) =>
      numberOf(headers.get(`x-rate-limit-${name}`))
    )
    if (!about || remaining === undefined) return
    this.said.set(about, { remaining, resetAt: resetAt === undefined ? this.options.now() + HOUR : resetAt * SECOND })
    if (about === 'gateway' && limit) this.dailyCalls = limit
  }

  private waitInHour(limit: number): number {
    const since = this.options.now() - HOUR
    const recent = this.calls.filter((at) => at > since)
    return recent.length < limit ? 0 : recent[recent.length - limit] + HOUR - this.options.now()
  }
}

/**
 * Milliseconds that an answer 429 asks to wait; undefined when it does not say.
 *
 * @param now milliseconds since 1970
 */
export function askedWait(headers: Headers, now: number): number | undefined {
  const seconds = numberOf(headers.get('retry-after'))
  if (seconds !== undefined) return Math.max(SECOND, seconds * SECOND)
  const date = Date.parse(headers.get('retry-after') ?? '')
  if (!Number.isNaN(date)) return Math.max(SECOND, date - now)
  const until = numberOf(headers.get('x-rate-limit-retry'))
  return until === undefined ? undefined : Math.max(SECOND, until * SECOND - now)
}

function numberOf(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}
