/** Mappings as files, and what differs in them from the defaults. */
import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { FieldInfo, Mapping, MappingFile, MappingList } from '../shared/types'
import { isObject } from './format'
import { parseJson } from './json'
import { isDirective } from './mappingValue'

/** A mapping as `PUT /api/mappings` and `backfill --mapping` read it. */
export const toFile = ({ preset, action, trigger, enabled, mapping }: Mapping): MappingFile => ({
  preset,
  action,
  trigger,
  enabled,
  mapping
})

export const writeFile = (content: object) => `${JSON.stringify(content, null, 2)}\n`

/** Saves a text as a file of the reader's. */
export function saveAs(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** What a file holds: one mapping under its name, or the place of all. */
export type ReadFile = { kind: 'one'; preset: string; file: JSONObject } | { kind: 'all'; files: JSONValue[] }

/**
 * Reads a file of one or of all mappings. The workbench checks the rest and says what is wrong.
 *
 * @throws Error in a sentence for a text that holds no mapping
 */
export function readFile(text: string): ReadFile {
  const parsed = parseJson(text)
  if (parsed.error) {
    const { line, column, message } = parsed.error
    throw new Error(`The file is no JSON. Line ${line}, column ${column}: ${message}`)
  }
  const { value } = parsed
  const files = isObject(value) ? value.mappings : value
  if (Array.isArray(files) && files.length) return { kind: 'all', files }
  if (isObject(value) && typeof value.preset === 'string') return { kind: 'one', preset: value.preset, file: value }
  throw new Error('The file holds no mapping. Take one that this page exported, or the answer of /api/mappings.')
}

export interface Difference {
  /** Such as `trigger` or `customer.email`. */
  key: string
  /** In words; empty where there is no value. */
  before: string
  after: string
}

/** What a mapping was before anything was changed: its preset's, or its action's defaults. */
export function defaultsOf(
  mapping: Mapping,
  fields: FieldInfo[],
  { defaults }: MappingList
): Pick<Mapping, 'trigger' | 'mapping'> {
  const own = defaults.find(({ preset }) => preset === mapping.preset)
  if (own) return own
  const values = fields.flatMap(({ key, default: value }) => (value === null ? [] : [[key, value] as const]))
  return { trigger: mapping.trigger, mapping: Object.fromEntries(values) }
}

/** What differs from the defaults, field by field; the parts of an object each on their own. */
export function differences(
  before: Pick<Mapping, 'trigger' | 'mapping'>,
  after: Pick<Mapping, 'trigger' | 'mapping'>
): Difference[] {
  const old = new Map([['trigger', before.trigger], ...flatten(before.mapping)])
  const now = new Map([['trigger', after.trigger], ...flatten(after.mapping)])
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => ({ key, before: valueAt(old, key), after: valueAt(now, key) }))
    .filter(({ before, after }) => before !== after)
}

/** The value of a key; that of an object stands under the keys of its parts. */
function valueAt(values: Map<string, string>, key: string): string {
  const hasParts = () => Array.from(values.keys()).some((each) => each.startsWith(`${key}.`))
  return values.get(key) ?? (hasParts() ? 'an object' : '')
}

function flatten(mapping: JSONObject, prefix = ''): [string, string][] {
  return Object.entries(mapping).flatMap(([key, value]): [string, string][] =>
    isObject(value) && !isDirective(value) ? flatten(value, `${prefix}${key}.`) : [[prefix + key, sayValue(value)]]
  )
}

/** A value of a mapping in one line: a path as it is, everything else as JSON. */
function sayValue(value: JSONValue): string {
  const path = isObject(value) && Object.keys(value).length === 1 ? value['@path'] ?? value['@template'] : undefined
  return typeof path === 'string' ? path : JSON.stringify(value)
}
