import { transform } from '@segment/actions-core'
import type { ActionDefinition, JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import isEqual from 'lodash/isEqual'
import type { Settings } from '../../src/generated-types'
import { createMetadataJudge, typeOf } from '../shared/definitions'
import type { LostMetadata } from '../shared/definitions'
import { isJsonObject } from '../shared/json'
import { shorten } from '../shared/text'
import type { Definitions, MetadataOwner, RecordedRequest, RecordedResponse, Warning } from '../shared/types'
import { isPlainMapping } from './mappingChecks'
import { readPlaces, toPlace } from './readPlaces'
import type { Place } from './readPlaces'

/** A call that went well, or would, and what became of it. */
export interface Passed {
  action: ActionDefinition<Settings>
  mapping: JSONObject
  event: SegmentEvent
  request: RecordedRequest
  response: RecordedResponse | null
  definitions: Definitions
}

/** Most warnings of one kind; the last of them says how many more there are. */
const MAX_OF_A_KIND = 20
const MAX_PLACE_LENGTH = 100

/** What is lost of a call although all looks well: what will be missing in Voucherify, and what to do. */
export function warningsOf(passed: Passed): Warning[] {
  const { request, response } = passed
  const isBulk = Array.isArray(request.body)
  const row: unknown = Array.isArray(request.body) ? request.body[0] : request.body
  const body = isJsonObject(row) ? row : {}
  return [
    ...unreadValues(passed, body),
    ...onlyId(body),
    ...lostMetadata(passed, body, isBulk),
    ...noDate(body),
    ...blankFirst(passed),
    ...(isBulk && response?.status === 202 && response.jobStatus !== 'DONE' ? [JOB_NOT_ENDED] : [])
  ]
}

const JOB_NOT_ENDED: Warning = {
  code: 'jobNotEnded',
  message: 'Voucherify took the bulk job and had not ended it, so nobody knows yet whether this customer was changed.',
  whatToDo: 'Look the customer up in Voucherify some time later.'
}

/** What people put into a call: the rest is the protocol's, or the SDK's own. */
const ROOTS = ['traits', 'properties'] as const
/** What analytics.js adds to the properties of every page by itself. */
const OF_EVERY_PAGE = ['path', 'referrer', 'search', 'title', 'url', 'name', 'category']

function unreadValues({ action, mapping, event }: Passed, body: JSONObject): Warning[] {
  const { read } = readingOf(action, mapping)
  const places = ROOTS.flatMap((root) => unread(event[root], [root], read)).filter(
    (place) => !isOfEveryPage(event, place) && !isSentAsMetadata(event, place, body)
  )
  const warnings = places.map((place) => {
    const isMapped =
      place.some((part) => part.includes('.')) && read.some((each) => isEqual(each, toPlace(place.join('.'))))
    return isMapped ? dottedKey(place) : unreadValue(place, action, read)
  })
  return capped(warnings, 'values of the call are read by no field')
}

/** The places below one that hold something and that nothing reads, as high up as that is so. */
function unread(value: unknown, place: Place, read: Place[]): Place[] {
  if (value === undefined || value === null || value === '') return []
  const touching = read.filter((each) => startsWith(each, place) || startsWith(place, each))
  if (touching.some((each) => each.length <= place.length)) return []
  // A whole that nothing looks into is named as such, but for the roots, whose keys are what people know.
  if (!isJsonObject(value) || (!touching.length && place.length > 1)) return [place]
  return Object.entries(value).flatMap(([key, item]) => unread(item, [...place, key], read))
}

function startsWith(place: Place, start: Place): boolean {
  return start.every((part, index) => place[index] === part)
}

function isOfEveryPage({ type }: SegmentEvent, [root, key, ...deeper]: Place): boolean {
  return (
    (type === 'page' || type === 'screen') && root === 'properties' && !deeper.length && OF_EVERY_PAGE.includes(key)
  )
}

/** Traits of Engage reach the metadata without a field of their own. */
function isSentAsMetadata(event: SegmentEvent, [root, key, ...deeper]: Place, { metadata }: JSONObject): boolean {
  const traits: unknown = event.traits
  return (
    root === 'traits' &&
    !deeper.length &&
    isJsonObject(metadata) &&
    isJsonObject(traits) &&
    Object.keys(metadata).includes(key) &&
    isEqual(metadata[key], traits[key])
  )
}

function unreadValue(place: Place, { fields }: ActionDefinition<Settings>, read: Place[]): Warning {
  const [root] = place
  // A mapping of single keys takes the place of the default, which reads the whole object.
  const isMetadataRead = read.some((each) => isEqual(each, [root, 'metadata']))
  const name = nameOf(place)
  const field = fields.metadata ?? fields.traits
  return {
    code: 'unread',
    field: name,
    message: `No field of the mapping reads ${name}, so it will be missing in Voucherify.`,
    whatToDo: `${isMetadataRead ? `Send it inside ${root}.metadata, or map it` : 'Map it'} to a field or to a key of ${
      field?.label ?? 'an object'
    }.`
  }
}

function dottedKey(place: Place): Warning {
  const name = nameOf(place)
  return {
    code: 'dottedKey',
    field: name,
    message: `The mapping has the path $.${name}, which Segment reads as objects inside each other; the call has one key with a dot in it, so nothing is read.`,
    whatToDo: 'Rename the key in the call, or map the whole object around it.'
  }
}

function onlyId({ source_id: id, type: _, ...others }: JSONObject): Warning[] {
  if (id === undefined || Object.keys(others).length) return []
  return [
    {
      code: 'onlyId',
      message: 'The call says nothing of the customer but the ID, so it changes nothing in Voucherify.',
      whatToDo: 'Send traits that the mapping reads, such as email or metadata, unless the customer only has to exist.'
    }
  ]
}

/** Where an action puts metadata, and whose it is. Voucherify keeps the traits of a group among the customer's. */
function metadataIn(body: JSONObject): { key: 'metadata' | 'traits'; owner: MetadataOwner } {
  if (body.group_id !== undefined) return { key: 'traits', owner: 'customer' }
  return { key: 'metadata', owner: body.event === undefined ? 'customer' : 'event' }
}

function lostMetadata({ definitions }: Passed, body: JSONObject, isBulk: boolean): Warning[] {
  const { key, owner } = metadataIn(body)
  const metadata = body[key]
  if (!isJsonObject(metadata) || !Object.keys(metadata).length) return []
  const judge = createMetadataJudge(definitions)
  const lost = judge.lost(owner, metadata).map((each) => lostWarning(each, key, owner, isBulk))
  return [...capped(lost, 'keys of the metadata are lost'), ...(judge.isIgnorant ? [noDefinitions(key, isBulk)] : [])]
}

/** What the API makes of a key that nobody defined. */
const IN_BULK = 'as a text, or the customer is refused where only defined metadata is allowed.'

function noDefinitions(key: string, isBulk: boolean): Warning {
  return {
    code: 'noDefinitions',
    field: key,
    message: `No definitions of metadata are known here. ${
      isBulk
        ? `A bulk call keeps a key that a project does not define ${IN_BULK}`
        : "Voucherify's Segment integration drops every key that a project does not define, without an error."
    }`,
    whatToDo: 'Define in Voucherify what you send, and tell the workbench the same, so that it can say what is lost.'
  }
}

function lostWarning(
  { key, why, got, wanted }: LostMetadata,
  at: string,
  owner: MetadataOwner,
  isBulk: boolean
): Warning {
  const field = shorten(`${at}.${key}`, MAX_PLACE_LENGTH)
  const schema = owner === 'event' ? 'Event schema' : 'Metadata schema'
  switch (why) {
    case 'shape':
      return {
        code: 'eventMetadata',
        field,
        message: `${field} is a ${
          got === 'object' ? 'whole object' : got
        }, and events take neither lists nor objects, so Voucherify drops it.`,
        whatToDo: 'Send its parts as keys of their own, as texts, numbers, dates, true or false.'
      }
    case 'undefined':
      return {
        code: 'undefinedMetadata',
        field,
        message: isBulk
          ? `The project does not define ${field}: a bulk call keeps it ${IN_BULK}`
          : `The project does not define ${field}, and Voucherify's Segment integration drops what is not defined, without an error.`,
        whatToDo: `Define "${shorten(key, MAX_PLACE_LENGTH)}" as ${got} in Voucherify: Project settings, ${schema}.`
      }
    case 'type':
      return {
        code: 'metadataType',
        field,
        message: `${field} is a ${got} here and a ${wanted} in the project's definition, so Voucherify drops it.`,
        whatToDo: `Send a ${wanted}, or change the definition in Voucherify: Project settings, ${schema}.`
      }
  }
}

/** A birthdate, in ISO 8601, with or without a time behind it. */
function noDate({ birthdate }: JSONObject): Warning[] {
  if (typeof birthdate !== 'string') return []
  const [, day] = /^\s*(\d{4}-\d{2}-\d{2})(?=$|[T\s])/.exec(birthdate) ?? []
  if (day !== undefined && typeOf(day).type === 'date') return []
  return [
    {
      code: 'noDate',
      field: 'birthdate',
      message:
        'The birthdate names no day that Voucherify could read, so it will be missing there, or the customer is refused.',
      whatToDo: 'Send the date as YYYY-MM-DD.'
    }
  ]
}

/** "A, if empty B" where A is blank: the framework takes a blank for a value, so B is never looked at. */
function blankFirst({ action, mapping, event }: Passed): Warning[] {
  return readingOf(action, mapping).choices.flatMap(({ field, first, second }) => {
    if (!isBlank(evaluate(first, event))) return []
    const other = evaluate(second, event)
    if (other === undefined || other === null || isBlank(other)) return []
    const name = field.join('.')
    return [
      {
        code: 'blankFirst',
        field: name,
        message: `The first choice of ${name} is blank in this call, which counts as a value: the second one is filled and not used, so ${name} is not sent.`,
        whatToDo: 'Leave the value out of the call where it is blank, or map the place that is filled.'
      }
    ]
  })
}

/** What a mapping reads, worked out once: thousands of calls share it. */
interface Reading {
  read: Place[]
  choices: Choice[]
}

const readings = new WeakMap<JSONObject, Reading>()

function readingOf({ fields }: ActionDefinition<Settings>, mapping: JSONObject): Reading {
  const known = readings.get(mapping)
  if (known) return known
  const choices = choicesIn(mapping, []).filter(({ field }) => !fields[field[0]]?.unsafe_hidden)
  const reading = { read: readPlaces(fields, mapping), choices }
  readings.set(mapping, reading)
  return reading
}

interface Choice {
  field: string[]
  first: JSONValue
  second: JSONValue
}

function choicesIn(value: JSONValue, field: string[]): Choice[] {
  if (!isJsonObject(value)) return []
  if (isPlainMapping(value)) return Object.entries(value).flatMap(([key, item]) => choicesIn(item, [...field, key]))
  const { '@if': condition } = value
  if (!isJsonObject(condition)) return []
  const { exists, then: first, else: second } = condition
  return isEqual(exists, first) && second !== undefined ? [{ field, first, second }, ...choicesIn(second, field)] : []
}

function evaluate(mapped: JSONValue, event: SegmentEvent): unknown {
  try {
    return transform({ value: structuredClone(mapped) }, { ...event }).value
  } catch {
    return undefined
  }
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && !value.trim()
}

function nameOf(place: Place): string {
  return shorten(place.join('.'), MAX_PLACE_LENGTH)
}

/** @param what such as "values of the call are read by no field" */
function capped(warnings: Warning[], what: string): Warning[] {
  if (warnings.length <= MAX_OF_A_KIND) return warnings
  const shown = warnings.slice(0, MAX_OF_A_KIND - 1)
  const [{ code, whatToDo }] = warnings
  return [...shown, { code, message: `${warnings.length - shown.length} more ${what}.`, whatToDo }]
}
