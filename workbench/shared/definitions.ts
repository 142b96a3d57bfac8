import type { JSONObject, JSONValue } from '@segment/actions-core'
import { isJsonObject } from './json'
import type { Definition, Definitions, MetadataOwner } from './types'

/** Most keys that Voucherify lets a project define for customers or for events. Source: its page on metadata. */
const MAX_DEFINITIONS = 100
const OWNERS: readonly MetadataOwner[] = ['customer', 'event']
const TYPES: readonly Definition['type'][] = [
  'string',
  'number',
  'boolean',
  'date',
  'datetime',
  'image_url',
  'geopoint',
  'object'
]

/** Metadata that Voucherify's Segment integration leaves out without an error. */
export interface LostMetadata {
  key: string
  /** `undefined`: the project does not define it. `type`: it has another type there. `shape`: events take none such. */
  why: 'undefined' | 'type' | 'shape'
  /** What came, such as `list of number`. */
  got: string
  /** What the project defines, such as `date`; absent for a key that it does not define. */
  wanted?: string
}

/** Judges metadata by what a project defines. */
export interface MetadataJudge {
  /** Whether nothing is defined at all, so that nobody knows what a project would keep. */
  isIgnorant: boolean
  definitionOf(owner: MetadataOwner, key: string): Definition | undefined
  /** What would be left out. Without any definition these are the lists and objects of events, which never stay. */
  lost(owner: MetadataOwner, metadata: JSONObject): LostMetadata[]
}

/** Makes a judge of metadata, for many calls. */
export function createMetadataJudge(definitions: Definitions): MetadataJudge {
  const byName = (owner: MetadataOwner) => new Map((definitions[owner] ?? []).map((each) => [each.name, each]))
  const defined = { customer: byName('customer'), event: byName('event') }
  const isIgnorant = defined.customer.size + defined.event.size === 0
  return {
    isIgnorant,
    definitionOf: (owner, key) => defined[owner].get(key),
    lost(owner, metadata) {
      const lost: LostMetadata[] = []
      for (const [key, value] of Object.entries(metadata)) {
        // Null clears, and what is not there can't be missed.
        if (value === null) continue
        const got = nameType(typeOf(value))
        const definition = defined[owner].get(key)
        if (owner === 'event' && typeof value === 'object') lost.push({ key, why: 'shape', got })
        else if (isIgnorant) continue
        else if (!definition) lost.push({ key, why: 'undefined', got })
        else if (!fits(value, definition)) lost.push({ key, why: 'type', got, wanted: nameType(definition) })
      }
      return lost
    }
  }
}

/** Whether a value that is not null is one that a definition takes. */
export function fits(value: JSONValue, { type, array }: Pick<Definition, 'type' | 'array'>): boolean {
  if (array) return Array.isArray(value) && value.every((item) => fits(item, { type, array: false }))
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'object':
      return isJsonObject(value)
    case 'date':
      return typeof value === 'string' && isDate(value)
    case 'datetime':
      return typeof value === 'string' && isDateTime(value)
    case 'image_url':
      return typeof value === 'string' && /^https?:\/\/\S+$/.test(value)
    case 'geopoint':
      return typeof value === 'string' && /^-?\d+(\.\d+)?\s*,\s*-?\d+(\.\d+)?$/.test(value)
  }
}

/** The type that a value which is not null would be defined with. A list has that of its first item. */
export function typeOf(value: JSONValue): Pick<Definition, 'type' | 'array'> {
  const array = Array.isArray(value)
  const [item] = array ? value : [value]
  return { type: typeOfItem(item), array }
}

function typeOfItem(value: JSONValue | undefined): Definition['type'] {
  if (typeof value === 'number' || typeof value === 'boolean') return typeof value === 'number' ? 'number' : 'boolean'
  if (typeof value === 'object' && value !== null) return 'object'
  if (typeof value !== 'string') return 'string'
  if (isDate(value)) return 'date'
  return isDateTime(value) ? 'datetime' : 'string'
}

/** `number`, `list of date`. */
export function nameType({ type, array }: Pick<Definition, 'type' | 'array'>): string {
  return array ? `list of ${type}` : type
}

/**
 * Reads definitions, in the form of `Definitions` or as Voucherify answers `GET /v1/metadata-schemas`, so that the
 * answer of a real project can be kept as a file. Keys that a project has deleted count as undefined.
 *
 * @throws RangeError in words for whoever wrote them
 */
export function readDefinitions(value: unknown): Definitions {
  if (!isJsonObject(value)) throw new RangeError('The definitions must be an object with "customer" and "event".')
  const lists = Array.isArray(value.schemas) ? fromSchemas(value.schemas) : value
  const unknown = Object.keys(lists).find((key) => ![...OWNERS, 'definedOnly'].includes(key))
  if (unknown !== undefined) {
    throw new RangeError(`The definitions have a key "${unknown}". They take "customer", "event" and "definedOnly".`)
  }
  const definedOnly = lists.definedOnly ?? []
  if (!Array.isArray(definedOnly) || !definedOnly.every(isOwner)) {
    throw new RangeError('"definedOnly" must be a list of "customer" and "event".')
  }
  return {
    customer: readList(lists.customer, 'customer'),
    event: readList(lists.event, 'event'),
    ...(definedOnly.length > 0 && { definedOnly })
  }
}

function fromSchemas(schemas: JSONValue[]): JSONObject {
  const lists: JSONObject = {}
  const definedOnly: JSONValue[] = []
  for (const schema of schemas) {
    if (!isJsonObject(schema) || !isOwner(schema.related_object)) continue
    const properties = isJsonObject(schema.properties) ? Object.entries(schema.properties) : []
    lists[schema.related_object] = properties.flatMap(([name, definition]) =>
      isJsonObject(definition) && definition.deleted !== true ? [{ ...definition, name }] : []
    )
    if (schema.allow_defined_only === true) definedOnly.push(schema.related_object)
  }
  return { ...lists, definedOnly }
}

function isOwner(value: unknown): value is MetadataOwner {
  return OWNERS.some((owner) => owner === value)
}

function readList(value: JSONValue | undefined, owner: MetadataOwner): Definition[] | null {
  if (value === undefined || value === null) return null
  if (!Array.isArray(value)) throw new RangeError(`"${owner}" must be a list of definitions.`)
  if (value.length > MAX_DEFINITIONS) {
    throw new RangeError(`"${owner}" has ${value.length} definitions. Voucherify takes at most ${MAX_DEFINITIONS}.`)
  }
  const definitions = value.map((item, place) => readDefinition(item, `"${owner}"[${place}]`))
  const names = definitions.map(({ name }) => name)
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) throw new RangeError(`"${owner}" defines "${twice}" twice.`)
  return definitions
}

function readDefinition(value: JSONValue, at: string): Definition {
  const { name, type, array = false }: JSONObject = isJsonObject(value) ? value : {}
  if (typeof name !== 'string' || !name) throw new RangeError(`${at}.name must be the key of the metadata.`)
  const known = TYPES.find((each) => each === type)
  if (!known) throw new RangeError(`${at}.type ("${name}") must be one of ${TYPES.join(', ')}.`)
  if (typeof array !== 'boolean') throw new RangeError(`${at}.array ("${name}") must be true or false.`)
  return { name, type: known, array }
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && isReal(text)
}

function isDateTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/.test(text) && isReal(text)
}

/** Whether the day of a date or date-time is in the calendar: `Date` takes 30 February for 2 March. */
function isReal(text: string): boolean {
  const time = Date.parse(text)
  const day = new Date(Date.parse(text.slice(0, 10)))
  return !Number.isNaN(time) && day.getUTCDate() === Number(text.slice(8, 10))
}
