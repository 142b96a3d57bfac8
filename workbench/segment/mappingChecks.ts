import { transform } from '@segment/actions-core'
import type { ActionDefinition, InputField, JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import type { Settings } from '../../src/generated-types'
import { isJsonObject } from '../shared/json'
import { Refusal } from '../shared/refusal'
import { samples } from './samples'
import { matchTrigger } from './trigger'

/** A call for questions that don't depend on the call. */
const ANY_CALL: SegmentEvent = { type: 'track' }

/** Throws Refusal 422 with the framework's complaint about a trigger. */
export async function requireTrigger(trigger: string): Promise<void> {
  const { problem } = await matchTrigger(trigger, ANY_CALL)
  if (problem !== undefined) {
    throw new Refusal(
      422,
      `The trigger can't be read (${problem}). Write it as type = "track" and event = "Order Completed".`
    )
  }
}

/** Throws Refusal 422 for a field, or a property of an object, that the action does not have. */
export function requireKnownFields(action: ActionDefinition<Settings>, mapping: JSONObject): void {
  requireKnownKeys(action.fields, mapping, `The action "${action.title}"`)
}

type Fields = Record<string, Pick<InputField, 'properties'>>

function requireKnownKeys(fields: Fields, mapping: JSONObject, owner: string): void {
  for (const [key, value] of Object.entries(mapping)) {
    const field = Object.entries(fields).find(([name]) => name === key)?.[1]
    if (!field) throw new Refusal(422, `${owner} has no field "${key}", only ${Object.keys(fields).join(', ')}.`)
    if (field.properties && isPlainMapping(value)) requireKnownKeys(field.properties, value, `The field ${key}`)
  }
}

/** A path without a name in it: the framework takes most of them for the whole call. */
const NO_PLACE = /^[$.\s]*$/

/** Throws Refusal 422 for a path that names no place in the call, which no field can want. */
export function requirePlaces(mapping: JSONObject): void {
  requirePlacesIn(mapping, '')
}

/** @param at the field whose value it is; empty for the mapping itself */
function requirePlacesIn(value: JSONValue, at: string): void {
  if (Array.isArray(value) || isPlainMapping(value)) {
    for (const [key, inner] of Object.entries(value)) requirePlacesIn(inner, at ? `${at}.${key}` : key)
  } else if (isJsonObject(value)) {
    const { '@path': path, '@if': condition } = value
    if (typeof path === 'string' && NO_PLACE.test(path)) {
      throw new Refusal(
        422,
        `The path "${path}" of the field ${at} names no place in the call. Write the place to take, such as $.userId.`
      )
    }
    if (isJsonObject(condition)) Object.values(condition).forEach((inner) => requirePlacesIn(inner, at))
  }
}

/** Throws Refusal 422 for settings of batching by which no batch could be made. */
export function requireBatchSettings({ enable_batching: isOn, batch_size: size }: JSONObject): void {
  if (isOn !== undefined && typeof isOn !== 'boolean' && !isDirective(isOn)) {
    throw new Refusal(422, 'The field enable_batching must be true or false.')
  }
  if (size !== undefined && !(typeof size === 'number' && Number.isInteger(size) && size >= 1)) {
    throw new Refusal(422, 'The field batch_size must be a whole number of at least 1.')
  }
}

/**
 * Throws Refusal 422 with the framework's complaint about a directive. The framework only complains with a call at
 * hand, and some directives work for some calls only: what fails for every sample is wrong.
 */
export function requireWorkingDirectives(mapping: JSONObject): void {
  const complaints = [ANY_CALL, ...samples.map(({ event }) => event)].map((event) => complaintOf(mapping, event))
  const complaint = complaints.find((text) => text !== undefined)
  if (complaints.every((text) => text !== undefined)) throw new Refusal(422, `The mapping can't be used: ${complaint}`)
}

/** The framework's complaint when it maps a call; undefined when it has none. */
function complaintOf(mapping: JSONObject, event: SegmentEvent): string | undefined {
  try {
    // A copy, since the framework writes defaults into some directives.
    transform(structuredClone(mapping), { ...event })
    return undefined
  } catch (error) {
    return complaintText(error)
  }
}

/** The framework's complaint on one line. Several come as a list of errors with their stacks. */
export function complaintText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const errors: unknown[] = Symbol.iterator in error ? Array.from(error as Iterable<unknown>) : [error]
  return errors.map((each) => (each instanceof Error ? each.message : String(each))).join(' ')
}

/** Throws Refusal 422 for a required field without a value, which Segment does not save either. */
export function requireRequiredFields(action: ActionDefinition<Settings>, mapping: JSONObject): void {
  requireKeys(action.fields, mapping, '')
}

function requireKeys(
  fields: Record<string, Pick<InputField, 'properties' | 'required'>>,
  mapping: JSONObject,
  at: string
): void {
  for (const [key, field] of Object.entries(fields)) {
    const value = mapping[key]
    if (field.required === true && (value === undefined || value === null || value === '')) {
      throw new Refusal(422, `The required field ${at}${key} has no value.`)
    }
    if (field.properties && isPlainMapping(value)) requireKeys(field.properties, value, `${at}${key}.`)
  }
}

/** An object whose properties are mapped one by one, not a directive such as `@path`. */
export function isPlainMapping(value: unknown): value is JSONObject {
  return isJsonObject(value) && !isDirective(value)
}

/** An object that says where a value comes from, such as `@path`. */
function isDirective(value: JSONValue): boolean {
  return isJsonObject(value) && Object.keys(value).some((key) => key.startsWith('@'))
}
