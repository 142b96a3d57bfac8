import { transform } from '@segment/actions-core'
import type { InputField, JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import isEqual from 'lodash/isEqual'
import { isJsonObject } from '../shared/json'
import { complaintText, isPlainMapping } from '../segment/mappingChecks'
import type { FieldTrace } from '../shared/types'

/** Fields that a bulk row knows by another name. */
const BULK_NAMES: Record<string, string> = { street: 'line_1' }

type Fields = Record<string, Pick<InputField, 'label' | 'properties' | 'unsafe_hidden' | 'allowNull'>>

/**
 * Follows every field of a mapping from the call to the body. The properties of an object that are mapped one by one
 * have a trace each, under keys such as `customer.email`.
 *
 * @param body what was sent, or would be; undefined when the call was refused before
 */
export function traceFields(
  fields: Fields,
  mapping: JSONObject,
  event: SegmentEvent,
  body: JSONObject | undefined
): FieldTrace[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    const mapped: JSONValue | undefined = mapping[key]
    if (!field.properties || !isPlainMapping(mapped)) return traceField(key, field, mapped, event, body)
    const sent = body?.[key]
    const inner = isJsonObject(sent) ? sent : body && {}
    return traceFields(field.properties, mapped, event, inner).map((trace) => ({
      ...trace,
      key: `${key}.${trace.key}`,
      label: `${field.label}: ${trace.label}`
    }))
  })
}

function traceField(
  key: string,
  field: Fields[string],
  mapped: JSONValue | undefined,
  event: SegmentEvent,
  body: JSONObject | undefined
): FieldTrace {
  const { value, complaint } = evaluate(mapped, event)
  const sent: JSONValue | undefined = body?.[key] ?? body?.[BULK_NAMES[key] ?? key]
  return {
    key,
    label: field.label,
    source: mapped === undefined ? 'not mapped' : describeSource(mapped),
    ...(value !== undefined && { value }),
    ...(sent !== undefined && { sent }),
    note: complaint ?? noteFor({ key, field, mapped, value, sent, body })
  }
}

/** What the framework makes of one mapping value and a call. */
function evaluate(mapped: JSONValue | undefined, event: SegmentEvent): { value?: JSONValue; complaint?: string } {
  if (mapped === undefined) return {}
  try {
    // What it makes of JSON is JSON.
    const { value } = transform({ value: structuredClone(mapped) }, { ...event }) as JSONObject
    return { value }
  } catch (error) {
    return { complaint: complaintText(error) }
  }
}

interface Traced {
  key: string
  field: Fields[string]
  mapped: JSONValue | undefined
  value: JSONValue | undefined
  sent: JSONValue | undefined
  body: JSONObject | undefined
}

function noteFor(traced: Traced): string {
  const { key, field, mapped, value, sent, body } = traced
  if (key === 'enable_batching' || key === 'batch_size') return 'A setting of the mapping: it is never sent.'
  if (field.unsafe_hidden) return 'Only read for the trait of an Engage audience; it is never sent by itself.'
  if (sent !== undefined && body?.[key] === undefined) return `Sent as ${BULK_NAMES[key]}, as bulk calls name it.`
  if (sent !== undefined) return isEqual(sent, value) ? '' : noteForChange(traced)
  if (mapped === undefined) return 'Not mapped, so nothing is sent.'
  if (value === undefined) return 'The call has nothing there, so nothing is sent.'
  if (!body) return 'The call was refused before anything was sent.'
  if (value === null && !field.allowNull) return 'The field takes no null, so nothing is sent.'
  if (isNothing(value)) return 'Empty values are left out.'
  const isPartOfName = (key === 'first_name' || key === 'last_name') && body.name !== undefined
  return isPartOfName ? 'A bulk call has no such field: it is in the name.' : 'A bulk call has no such field.'
}

/** Why something else was sent than the mapping gave. */
function noteForChange({ key, value, sent }: Traced): string {
  if (key === 'metadata') return 'With the trait of the Engage audience or computed trait.'
  if (key === 'name' && value === undefined) return 'Joined from the first and the last name.'
  if (key === 'birthdate') return 'Written as a date.'
  if (typeof sent === 'string' && typeof value === 'string' && sent === value.trim())
    return 'Spaces around it were removed.'
  if (typeof sent === 'string' && String(value).trim() === sent) return 'Written as a text, as the field asks.'
  if (key === 'event') return 'The gap that the missing name leaves was closed.'
  return 'Written as Voucherify expects it.'
}

function isNothing(value: JSONValue): boolean {
  if (typeof value === 'string') return !value.trim()
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string' && !item.trim())
}

/** Where a value comes from, in words. */
export function describeSource(mapped: JSONValue): string {
  if (isJsonObject(mapped)) {
    const [name] = Object.keys(mapped).filter((key) => key.startsWith('@'))
    if (name !== undefined) return describeDirective(name, mapped[name])
    return Object.entries(mapped).length
      ? Object.entries(mapped)
          .map(([key, value]) => `${key}: ${describeSource(value)}`)
          .join('; ')
      : 'an empty object'
  }
  return typeof mapped === 'string' ? `text "${mapped}"` : JSON.stringify(mapped)
}

function describeDirective(name: string, argument: JSONValue): string {
  switch (name) {
    case '@path':
      return typeof argument === 'string' ? argument : JSON.stringify(argument)
    case '@template':
      return `template "${typeof argument === 'string' ? argument : JSON.stringify(argument)}"`
    case '@literal':
      return describeSource(argument)
    case '@if':
      return describeIf(argument)
    default:
      return `${name} ${JSON.stringify(argument)}`
  }
}

function describeIf(argument: JSONValue): string {
  if (!isJsonObject(argument)) return `@if ${JSON.stringify(argument)}`
  const { exists, blank, then, else: otherwise } = argument
  const condition: JSONValue = exists ?? blank ?? null
  const last = otherwise === undefined ? '' : `, else ${describeSource(otherwise)}`
  if (isEqual(condition, then)) return `${describeSource(condition)}${last}`
  return `if there is ${describeSource(condition)}: ${then === undefined ? 'nothing' : describeSource(then)}${last}`
}
