/** What stands against a mapping, and at which of its fields. */
import type { JSONObject } from '@segment/actions-core'
import type { FieldInfo, Preview, PresetMatch } from '../shared/types'
import { isObject } from './format'
import { isDirective } from './mappingValue'
import type { BrokenJson } from './mappingValue'

export interface Complaint {
  /** `trigger`, the key of a field such as `customer.email`, or empty when it names none. */
  at: string
  text: string
}

interface Sources {
  broken?: BrokenJson
  /** What the form stands for, unless it is broken. */
  mapping?: JSONObject
  /** Why it could not be saved; empty when nothing went wrong. */
  saving: string
  /** Why it could not be tried; empty when nothing went wrong. */
  preview: string
  match: PresetMatch | undefined
  result: Preview | undefined
  fields: FieldInfo[]
}

/** The first thing that is wrong, in the words of the framework where it has some. */
export function complaintFor({ broken, mapping, saving, preview, match, result, fields }: Sources): Complaint | null {
  if (broken) return { at: broken.key, text: broken.message }
  const missing = mapping && missingField(fields, mapping)
  if (missing) return missing
  if (saving) return { at: locate(saving, fields), text: saving }
  if (preview) return { at: locate(preview, fields), text: preview }
  if (match && !match.matched && match.reason.includes("can't be read")) {
    return { at: 'trigger', text: match.reason }
  }
  if (result?.error && !result.request) return { at: locate(result.error.message, fields), text: result.error.message }
  return null
}

/** The complaint about the first required field without a value, also inside objects; null where all have one. */
export function missingField(fields: FieldInfo[], mapping: JSONObject, prefix = ''): Complaint | null {
  for (const { key, required, properties } of fields) {
    const at = prefix + key
    const value = mapping[key]
    if (required && (value === undefined || value === '')) return { at, text: `The required field ${at} has no value.` }
    const inner = properties && isObject(value) && !isDirective(value) && missingField(properties, value, `${at}.`)
    if (inner) return inner
  }
  return null
}

/** The field that a message is about, by its key or label; the longest name wins, since names contain each other. */
export function locate(message: string, fields: FieldInfo[]): string {
  if (/\btrigger\b/.test(message)) return 'trigger'
  const names = allFields(fields)
    .flatMap(({ path, field }) => [
      { name: path, path },
      { name: path.replace('.', '/'), path },
      { name: field.key, path },
      { name: field.label, path }
    ])
    .sort((a, b) => b.name.length - a.name.length)
  return names.find(({ name }) => holdsWord(message, name))?.path ?? ''
}

function allFields(fields: FieldInfo[], prefix = ''): { path: string; field: FieldInfo }[] {
  return fields.flatMap((field) => [
    { path: prefix + field.key, field },
    ...allFields(field.properties ?? [], `${prefix}${field.key}.`)
  ])
}

/** Whether a text holds a name as a word of its own: "type" is no part of "prototype". */
function holdsWord(text: string, name: string): boolean {
  const at = text.indexOf(name)
  if (at < 0) return false
  const isPart = (character: string | undefined) => character !== undefined && /\w/.test(character)
  return !isPart(text[at - 1]) && !isPart(text[at + name.length])
}
