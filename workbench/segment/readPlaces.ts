import type { InputField, JSONObject, JSONValue } from '@segment/actions-core'
import { isJsonObject } from '../shared/json'
import { isPlainMapping } from './mappingChecks'

/** A place in a call, as the framework walks to it: `properties`, `total`. */
export type Place = string[]

type Fields = Record<string, Pick<InputField, 'unsafe_hidden'>>

/** The places of a call that the visible fields of a mapping read. */
export function readPlaces(fields: Fields, mapping: JSONObject): Place[] {
  return Object.entries(mapping).flatMap(([key, value]) => (fields[key]?.unsafe_hidden ? [] : placesIn(value)))
}

/** A path as the framework splits it: at dots and brackets, whatever quotes stand there. */
export function toPlace(path: string): Place {
  return path
    .replace('$.', '')
    .split(/[.[\]]/)
    .map((part) => part.replace(/['"]/g, '').trim())
    .filter(Boolean)
}

function placesIn(value: JSONValue): Place[] {
  if (Array.isArray(value)) return value.flatMap(placesIn)
  if (!isJsonObject(value)) return []
  if (isPlainMapping(value)) return Object.values(value).flatMap(placesIn)
  return Object.keys(value).flatMap((name) => placesOf(name, value[name]))
}

function placesOf(directive: string, argument: JSONValue): Place[] {
  if (typeof argument === 'string') {
    if (directive === '@path') return [toPlace(argument)]
    if (directive === '@template') return namesIn(argument, /\{\{\{?([^}]+)\}/g)
    // Its language has names in many places; what is not the call's stands for nothing there.
    if (directive === '@liquid') return namesIn(argument, /((?:properties|traits|context)[\w.[\]'"-]*)/g)
  }
  if (directive === '@arrayPath' && Array.isArray(argument) && typeof argument[0] === 'string') {
    return [toPlace(argument[0])]
  }
  return placesIn(argument)
}

function namesIn(text: string, pattern: RegExp): Place[] {
  return Array.from(text.matchAll(pattern), ([, name]) => toPlace(name))
}
