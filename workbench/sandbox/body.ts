import type { JSONObject, JSONValue } from '@segment/actions-core'
import { invalidPayload } from './errors'

/** Deepest nesting that is taken: deeper values would exhaust the stack of whoever reads them. */
const MAX_DEPTH = 200

/** Reads a body as JSON. Throws a Refusal (400) when it is none. */
export function parseJson(text: string): JSONValue {
  let value: JSONValue
  try {
    value = JSON.parse(text)
  } catch {
    throw invalidPayload('The body is not valid JSON')
  }
  if (isDeeperThan(MAX_DEPTH, value)) throw invalidPayload(`The body is nested deeper than ${MAX_DEPTH} levels`)
  return value
}

/** Reads a body as a JSON object. Throws a Refusal (400) when it is none. */
export function parseObject(text: string): JSONObject {
  return requireObject(parseJson(text), '.')
}

/** An identifier as it was sent. Throws a Refusal (400) when there is nothing in it. */
export function readId(value: JSONValue | undefined, at: string): string {
  if (typeof value === 'string' && value.trim()) return value
  throw invalidPayload(`Property ${at} should be a string that is not blank`)
}

/** An object. Throws a Refusal (400) for anything else. */
export function requireObject(value: JSONValue | undefined, at: string): JSONObject {
  if (isJsonObject(value)) return value
  throw invalidPayload(`Property ${at} should be an object`)
}

/** An object, null to clear it, or undefined when absent. Throws a Refusal (400) for anything else. */
export function readObject(value: JSONValue | undefined, at: string): JSONObject | null | undefined {
  return value === undefined || value === null ? value : requireObject(value, at)
}

export function isJsonObject(value: JSONValue | undefined): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDeeperThan(levels: number, value: JSONValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(levels - 1, item))
}
