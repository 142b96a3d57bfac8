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

/** One of the words that a parameter takes. Throws a Refusal (400) for another. */
export function readChoice<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly Word[]
): Word | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const word = words.find((each) => each === text)
  if (word) return word
  throw invalidQuery(`Parameter ${name} should be one of ${words.join(', ')}`)
}

/** Throws a Refusal (400) for a parameter that is none of these, so that no misspelt filter lets all through. */
export function requireKnown(query: URLSearchParams, names: readonly string[]): void {
  const unknown = Array.from(query.keys()).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw invalidQuery(`Parameter ${unknown} is not played by the sandbox, which takes ${names.join(', ')}`)
  }
}
