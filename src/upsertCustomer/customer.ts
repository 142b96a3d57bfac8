import { isObject } from '@segment/actions-core'
import dayjs from 'dayjs'
import omitBy from 'lodash/omitBy'
import { isBlankText } from '../utils'
import type { Values } from '../utils'

/**
 * Makes of the mapped values what Voucherify expects of a customer: the name joined, the birthdate as a date, Engage's
 * trait among the metadata.
 *
 * @param payload the same values with the hidden fields that carry Engage's trait
 */
export function prepareCustomer(mapped: Values, payload: Values): Values {
  const body = payload.traits === null ? withoutNulls(mapped) : mapped
  return { ...body, ...joinedName(body), ...isoBirthdate(body), ...metadataWithTrait(body, payload) }
}

/**
 * What is left of the values of a call whose traits are null. Every path through it gives null, which would clear the
 * whole customer, though the call names no trait at all.
 */
function withoutNulls(mapped: Values): Values {
  return omitBy(
    mapped,
    (value) => value === null || (isObject(value) && Object.values(value).every((part) => part === null))
  )
}

/** The name joined of its parts, when none is mapped. A null is mapped: it clears the name. */
function joinedName({ name, first_name, last_name }: Values): Values {
  const isMissing = name === undefined || isBlankText(name)
  const parts = [first_name, last_name].filter((part) => typeof part === 'string' && part.trim()).map(String)
  return isMissing && parts.length === 2 ? { name: parts.map((part) => part.trim()).join(' ') } : {}
}

function isoBirthdate({ birthdate }: Values): Values {
  return typeof birthdate === 'string' || typeof birthdate === 'number'
    ? { birthdate: toIsoDate(String(birthdate)) }
    : {}
}

/** Seconds from 1840 to 2039; every number beyond is in milliseconds. */
const [MIN_EPOCH_SECONDS, MAX_EPOCH_SECONDS] = [-4_102_444_800, 2_208_988_800]
/** Fewer digits can be a year, a day of a year (ISO 8601), or no date at all. */
const EPOCH = /^(-\d{4,}|[1-9]\d{7,})(\.\d+)?$/
/** Eight digits that begin or end with a year of these centuries are a date that somebody wrote, if not as YYYYMMDD. */
const WRITTEN_DATE = /^((18|19|20)\d{6}|\d{4}(18|19|20)\d{2})(\.\d+)?$/

/**
 * Writes a date that came as a number in the way of ISO 8601, in UTC: `YYYYMMDD`, or seconds or milliseconds since
 * 1970 of eight digits or more.
 * Everything else is returned as it is, dates and date-times of ISO 8601 among it, since Voucherify decides.
 */
export function toIsoDate(birthdate: string): string {
  const compact = /^(\d{4})(\d{2})(\d{2})$/.exec(birthdate)
  const date = compact?.slice(1).join('-')
  if (date && isCalendarDate(date)) return date
  if (!EPOCH.test(birthdate) || WRITTEN_DATE.test(birthdate)) return birthdate
  const epoch = Number(birthdate)
  const isSeconds = epoch >= MIN_EPOCH_SECONDS && epoch < MAX_EPOCH_SECONDS
  const day = dayjs(isSeconds ? epoch * 1000 : epoch)
  // Years beyond four digits are no birthdates.
  return day.isValid() && /^\d{4}-/.test(day.toISOString()) ? day.toISOString().slice(0, 10) : birthdate
}

/**
 * The date that an ISO 8601 date or date-time names as it is written, whatever its time zone; undefined for anything
 * that names no day.
 */
export function toCalendarDate(birthdate: string): string | undefined {
  const [, year, separator, month, day] = /^\s*(\d{4})(-?)(\d{2})\2(\d{2})(?=$|[T\s])/.exec(birthdate) ?? []
  const date = separator === undefined ? undefined : [year, month, day].join('-')
  return date && isCalendarDate(date) ? date : undefined
}

/** Whether a `YYYY-MM-DD` names a day that exists. */
function isCalendarDate(date: string): boolean {
  const day = dayjs(`${date}T00:00:00.000Z`)
  return day.isValid() && day.toISOString().startsWith(date)
}

/**
 * The metadata with Engage's computed trait or audience under its key. Engage sends an identify call whose trait has
 * the name in `context.personas.computation_key`: true or false for an audience, a number, text or list for a trait.
 */
function metadataWithTrait({ metadata }: Values, { computation_key: key, traits }: Values): Values {
  if (typeof key !== 'string' || !key || !isObject(traits)) return {}
  if (!Object.prototype.hasOwnProperty.call(traits, key)) return {}
  return { metadata: { ...(isObject(metadata) ? metadata : {}), [key]: traits[key] } }
}
