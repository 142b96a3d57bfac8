import { invalidQuery } from './errors'

/** How many of a list are given when none are asked for, and the most. Source: Voucherify's API reference. */
const DEFAULT_LIMIT = 10
const MAX_LIMIT = 100

/** `limit` of a list: 1 to 100, 10 unless given. Throws a Refusal (400) for anything else. */
export function readLimit(query: URLSearchParams): number {
  return readNumber(query, 'limit', MAX_LIMIT) ?? DEFAULT_LIMIT
}

/** A whole number from 1 to the most that is allowed. Throws a Refusal (400) for anything else. */
export function readNumber(query: URLSearchParams, name: string, most: number): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (value >= 1 && value <= most) return value
  throw invalidQuery(`Parameter ${name} should be a whole number from 1 to ${most}`)
}

/** A date-time, in milliseconds since 1970. Throws a Refusal (400) for what is none. */
export function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const time = Date.parse(text)
  if (!Number.isNaN(time)) return time
  throw invalidQuery(`Parameter ${name} should be a date-time such as 2026-01-31T12:00:00Z`)
}
