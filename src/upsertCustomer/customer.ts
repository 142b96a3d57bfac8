import { isObject, isString } from '@segment/actions-core'
import dayjs from 'dayjs'
import { payloadReader, requireId } from '../payload'
import type { Values } from '../payload'
import { customerFields } from './fields'

const readPayload = payloadReader(customerFields)

/**
 * What a payload says of a customer, in Voucherify's words: the source_id checked, the birthdate as a date, Engage's
 * traits among the metadata. The name is not joined yet, since the calls of a batch are merged first.
 *
 * @throws PayloadValidationError for a source_id that can't be used
 */
export function readCustomer(payload: object): Values {
  const values: Values = { ...payload }
  const engage = engageTraits(values)
  if (Object.keys(engage).length) values.metadata = { ...(isObject(values.metadata) ? values.metadata : {}), ...engage }
  // Every path through traits that are null gives null, which would clear the whole customer, though the call names no
  // trait at all.
  const customer = readPayload(values, values.traits === null)
  customer.source_id = requireId('source_id', customer.source_id)
  const { birthdate } = customer
  if (isString(birthdate) || typeof birthdate === 'number') customer.birthdate = toIsoDate(String(birthdate))
  return customer
}

/** A customer as the gateway takes it: with the name joined of its parts when both are there and no name is mapped. */
export function toGatewayBody(customer: Values): Values {
  const { name, first_name, last_name } = customer
  const isJoined = name === undefined && isString(first_name) && isString(last_name)
  return isJoined ? { ...customer, name: joinName(customer) } : customer
}

/** The name made of whichever of its parts there is; empty where there is none. */
export function joinName({ first_name, last_name }: Values): string {
  return [first_name, last_name]
    .filter(isString)
    .map((part) => part.trim())
    .join(' ')
}

/** The traits that the fields of a customer read by default; all others of a SQL trait are metadata. */
const MAPPED_TRAITS =
  'name firstName first_name lastName last_name description email phone birthday birthdate address metadata'.split(' ')

/**
 * What Engage says in an identify call, as metadata. An audience or computed trait is the one trait that has the name
 * in `computation_key`; a SQL trait is a row of up to 25 columns, and its name is usually none of them. Mappings saved
 * before the field `computation_class` carry the key alone.
 */
function engageTraits({ computation_class, computation_key: name, traits }: Values): Values {
  if (!isObject(traits)) return {}
  if (computation_class !== 'sql_trait') {
    if (!isString(name) || !name.trim()) return {}
    if (Object.keys(traits).includes(name)) return { [name]: traits[name] }
  }
  return Object.fromEntries(Object.entries(traits).filter(([trait]) => !MAPPED_TRAITS.includes(trait)))
}

/** Seconds from 1840 to 2039; every number beyond is in milliseconds. */
const [MIN_EPOCH_SECONDS, MAX_EPOCH_SECONDS] = [-4_102_444_800, 2_208_988_800]
/** Fewer digits can be a year, a day of a year (ISO 8601), or no date at all. */
const EPOCH = /^(-\d{4,}|[1-9]\d{7,})(\.\d+)?$/
/** Eight digits that begin or end with a year of these centuries are a written date, such as 31121990. */
const WRITTEN_DATE = /^((18|19|20)\d{6}|\d{4}(18|19|20)\d{2})(\.\d+)?$/
const ISO_DATE = /^\d{4}-\d\d-\d\d$/

/**
 * Writes a date that came as a number in the way of ISO 8601, in UTC: `YYYYMMDD`, or seconds or milliseconds since
 * 1970 of eight digits or more.
 * Everything else is returned as it is, dates and date-times of ISO 8601 among it, since Voucherify decides.
 */
export function toIsoDate(birthdate: string): string {
  if (ISO_DATE.test(birthdate)) return birthdate
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

/** Whether a `YYYY-MM-DD` names a day that exists. Without dayjs, since every customer of a batch comes by here. */
function isCalendarDate(date: string): boolean {
  const day = new Date(`${date}T00:00:00.000Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date)
}
