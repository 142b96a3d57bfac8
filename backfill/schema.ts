import type { JSONObject, JSONValue } from '@segment/actions-core'
import { toCalendarDate } from '../src/upsertCustomer/customer'
import { isObject } from './records'

/** The metadata of customers as the project defines it. */
export interface Schema {
  /** Whether the project was asked. */
  isKnown: boolean
  has(key: string): boolean
  /** A text in the type that the project defines for the key; unchanged where it is none of that type. */
  convert(key: string, text: string): JSONValue
}

/** Without keys nothing is known: metadata stays text. */
export const UNKNOWN_SCHEMA: Schema = { isKnown: false, has: () => false, convert: (_key, text) => text }

/**
 * Reads the schema as `GET /v1/metadata-schemas/customer` gives it:
 * `properties: { age: { type: 'number', array: false, deleted?: true } }`.
 */
export function readSchema(body: unknown): Schema {
  const properties = isObject(body) && isObject(body.properties) ? body.properties : {}
  const types = new Map<string, { type: string; isList: boolean }>()
  for (const [key, definition] of Object.entries(properties)) {
    if (!isObject(definition) || definition.deleted) continue
    types.set(key, { type: String(definition.type), isList: definition.array === true })
  }
  return {
    isKnown: true,
    has: (key) => types.has(key),
    convert(key, text) {
      const defined = types.get(key)
      if (!defined) return text
      return defined.isList ? toList(text, defined.type) : toType(text, defined.type)
    }
  }
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const BOOLEANS = new Map(
  ['true', 'yes', 't', 'y', '1']
    .map((word) => [word, true])
    .concat(['false', 'no', 'f', 'n', '0'].map((word) => [word, false])) as [string, boolean][]
)

function toType(text: string, type: string): JSONValue {
  const word = text.trim()
  switch (type) {
    case 'number':
      return NUMBER.test(word) && Number.isFinite(Number(word)) ? Number(word) : text
    case 'boolean':
      return BOOLEANS.get(word.toLowerCase()) ?? text
    case 'date':
      return toCalendarDate(word) ?? text
    case 'object':
      return parsed(word, isObject) ?? text
    default:
      return text
  }
}

/** A list comes as JSON; any other text is the one item of it. */
function toList(text: string, type: string): JSONValue {
  const list = parsed(text.trim(), (value): value is JSONValue[] => Array.isArray(value)) ?? [text]
  return list.map((item) => (typeof item === 'string' ? toType(item, type) : item))
}

function parsed<Value extends JSONObject | JSONValue[]>(
  text: string,
  isWanted: (value: unknown) => value is Value
): Value | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isWanted(value) ? value : undefined
  } catch {
    return undefined
  }
}
