/** A mapping's values in the forms that the editor offers, and back. */
import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { FieldInfo } from '../shared/types'
import { isObject } from './format'
import { parseJson } from './json'

/** One value of a mapping as a person edits it. What no other form can say is kept as JSON. */
export type ValueForm =
  | { kind: 'none' }
  | { kind: 'path'; path: string }
  | { kind: 'either'; first: string; second: string }
  | { kind: 'template'; template: string }
  | { kind: 'text'; text: string }
  | { kind: 'parts'; parts: Forms }
  | { kind: 'json'; json: string }

export type Forms = Record<string, ValueForm>
export type Kind = ValueForm['kind']

export const kinds: Record<Kind, string> = {
  none: 'Nothing',
  path: 'Path',
  either: 'If empty use',
  template: 'Template',
  text: 'Text',
  parts: 'Object',
  json: 'JSON'
}

/** The forms that a field can take: parts only where it has any. */
export function kindsOf({ properties }: FieldInfo): Kind[] {
  const all: Kind[] = ['none', 'path', 'either', 'template', 'text', 'parts', 'json']
  return all.filter((kind) => kind !== 'parts' || properties)
}

/** Whether a path names nothing. The framework would take the whole call for it. */
const isBlank = (path: string) => ['', '$', '$.'].includes(path.trim())

/** The path of `{ '@path': … }`; undefined for every other value. */
function readPath(value: JSONValue | undefined): string | undefined {
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined
  const path = value['@path']
  return typeof path === 'string' && !isBlank(path) ? path : undefined
}

function readEither(value: JSONObject): ValueForm | undefined {
  const { '@if': condition, ...rest } = value
  if (!isObject(condition) || Object.keys(rest).length) return undefined
  const { exists, then, else: otherwise, ...more } = condition
  const first = readPath(exists)
  const second = readPath(otherwise) ?? (typeof otherwise === 'string' && !isBlank(otherwise) ? otherwise : undefined)
  if (first === undefined || first !== readPath(then) || second === undefined || Object.keys(more).length)
    return undefined
  return { kind: 'either', first, second }
}

/** Whether an object says where a value comes from, such as `{ '@path': … }`, and is no value itself. */
export const isDirective = (value: JSONObject) => Object.keys(value).some((key) => key.startsWith('@'))

/** The form in which a value is edited. */
export function readForm(value: JSONValue | undefined, properties: FieldInfo[] | null = null): ValueForm {
  if (value === undefined) return { kind: 'none' }
  if (typeof value === 'string') return { kind: 'text', text: value }
  if (isObject(value)) {
    const path = readPath(value)
    if (path !== undefined) return { kind: 'path', path }
    const template = value['@template']
    if (typeof template === 'string' && Object.keys(value).length === 1) return { kind: 'template', template }
    const either = readEither(value)
    if (either) return either
    if (properties && !isDirective(value)) return { kind: 'parts', parts: readForms(value, properties) }
  }
  return { kind: 'json', json: JSON.stringify(value, null, 2) }
}

/** A mapping as forms: one for each field there is, and one for each value of a field that there is not. */
export function readForms(mapping: JSONObject, fields: FieldInfo[]): Forms {
  const known = fields.map((field): [string, ValueForm] => [field.key, readForm(mapping[field.key], field.properties)])
  const others = Object.entries(mapping).map(([key, value]): [string, ValueForm] => [key, readForm(value)])
  return { ...Object.fromEntries(others), ...Object.fromEntries(known) }
}

/** A text that is no JSON stands in the way of a mapping. */
export class BrokenJson extends Error {
  constructor(readonly key: string, message: string) {
    super(message)
  }
}

const writePath = (path: string): JSONObject | undefined => (isBlank(path) ? undefined : { '@path': path.trim() })

/** A path begins with `$`; everything else is a text of its own. */
const writePathOrText = (text: string): JSONValue | undefined =>
  isBlank(text) || text.trim().startsWith('$') ? writePath(text) : text

/** What is left blank leaves the other one. */
function writeEither(first: JSONValue | undefined, second: JSONValue | undefined): JSONValue | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return { '@if': { exists: first, then: first, else: second } }
}

/**
 * The value that a form stands for; undefined for nothing.
 *
 * @param key the field's key, for the error
 * @throws BrokenJson
 */
export function writeForm(form: ValueForm, key: string): JSONValue | undefined {
  switch (form.kind) {
    case 'none':
      return undefined
    case 'path':
      return writePath(form.path)
    case 'template':
      return { '@template': form.template }
    case 'text':
      return form.text
    case 'either':
      return writeEither(writePath(form.first), writePathOrText(form.second))
    case 'parts':
      return writeForms(form.parts, `${key}.`)
    case 'json':
      return writeJson(form.json, key)
  }
}

function writeJson(json: string, key: string): JSONValue {
  const parsed = parseJson(json)
  if (!parsed.error) return parsed.value
  const { line, column, message } = parsed.error
  throw new BrokenJson(key, `Line ${line}, column ${column}: ${message}`)
}

/** The mapping that forms stand for. */
export function writeForms(forms: Forms, prefix = ''): JSONObject {
  const mapping: JSONObject = {}
  for (const [key, form] of Object.entries(forms)) {
    const value = writeForm(form, prefix + key)
    if (value !== undefined) mapping[key] = value
  }
  return mapping
}

/** The form of another kind that keeps what was typed, as far as it fits. */
export function changeKind(form: ValueForm, kind: Kind, { properties, key }: FieldInfo): ValueForm {
  const typed = typedText(form)
  const path = typed.startsWith('$') ? typed : '$.'
  switch (kind) {
    case 'none':
      return { kind }
    case 'path':
      return { kind, path }
    case 'either':
      return { kind, first: path, second: '' }
    case 'template':
      return { kind, template: typed.startsWith('$.') ? `{{${typed.slice(2)}}}` : typed }
    case 'text':
      return { kind, text: typed }
    case 'parts':
      return { kind, parts: readForms({}, properties ?? []) }
    case 'json':
      return { kind, json: JSON.stringify(valueOrNull(form, key), null, 2) }
  }
}

function typedText(form: ValueForm): string {
  switch (form.kind) {
    case 'path':
      return form.path
    case 'either':
      return form.first
    case 'template':
      return form.template
    case 'text':
      return form.text
    default:
      return ''
  }
}

function valueOrNull(form: ValueForm, key: string): JSONValue {
  try {
    return writeForm(form, key) ?? null
  } catch {
    return null
  }
}
