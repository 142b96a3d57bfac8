import { OUTCOMES } from '../shared/outcomes'
import { Refusal } from '../shared/refusal'
import type { Delivery, DeliveryQuery, Direction } from '../shared/types'

/** Which deliveries are asked for. */
export interface DeliveryFilter {
  matches(delivery: Delivery): boolean
  /** Only older ones, by `order`. */
  before?: number
  limit?: number
}

const DIRECTIONS: readonly Direction[] = ['toVoucherify', 'fromVoucherify']
/** The parameters by name, so that the type checker misses none. */
const NAMES: Record<keyof DeliveryQuery, true> = {
  status: true,
  preset: true,
  type: true,
  user: true,
  text: true,
  direction: true,
  warned: true,
  before: true,
  limit: true
}
export const DELIVERY_PARAMETERS = Object.keys(NAMES)
/** Most deliveries in one answer. */
export const MAX_LISTED = 5000

/** Reads which deliveries are asked for. Throws Refusal 400 that names what is wrong. */
export function readDeliveryFilter(query: DeliveryQuery): DeliveryFilter {
  const statuses = query.status?.split(',').map((name) => oneOf('status', OUTCOMES, name))
  const direction = query.direction === undefined ? undefined : oneOf('direction', DIRECTIONS, query.direction)
  const warned = query.warned === undefined ? undefined : oneOf('warned', ['true', 'false'], query.warned) === 'true'
  const text = query.text?.trim().toLowerCase()
  const { preset, type, user } = query
  return {
    matches: (delivery) =>
      (!statuses || statuses.includes(delivery.status)) &&
      (preset === undefined || (delivery.preset ?? '') === preset) &&
      (type === undefined || (delivery.webhook?.type ?? delivery.event.type) === type) &&
      (user === undefined || isOf(delivery, user)) &&
      (direction === undefined || delivery.direction === direction) &&
      (warned === undefined || delivery.warnings.length > 0 === warned) &&
      (!text || mentions(searched(delivery), text)),
    before: readNumber('before', query.before, Number.MAX_SAFE_INTEGER),
    limit: readNumber('limit', query.limit, MAX_LISTED)
  }
}

/** A whole number; one that is too large is taken for the largest. Throws Refusal 400 for anything else. */
export function readNumber(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,16}$/.test(text)) return Math.min(Number(text), most)
  throw new Refusal(400, `"${name}" must be a whole number from 0 to ${most}.`)
}

function oneOf<Name extends string>(parameter: string, names: readonly Name[], text: string): Name {
  const known = names.find((name) => name === text)
  if (known !== undefined) return known
  throw new Refusal(400, `"${parameter}" must be one of ${names.join(', ')}.`)
}

function isOf({ event, webhook }: Delivery, user: string): boolean {
  return [event, ...(webhook?.calls ?? [])].some(({ userId, anonymousId }) =>
    [userId, anonymousId].some((id) => id !== undefined && id !== null && String(id) === user)
  )
}

/** What a search looks through. The request repeats the call, and an answer seldom says what a reader looks for. */
function searched({ event, preset, action, error, reason, warnings, refusedCall, webhook }: Delivery): unknown {
  return [event, preset, action, error, reason, warnings, refusedCall, webhook]
}

/** Whether a text, number or key somewhere inside a value contains the wanted text, which is in lower case. */
function mentions(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted)
  if (typeof value !== 'object' || value === null) return typeof value === 'number' && String(value).includes(wanted)
  return Object.entries(value).some(
    ([key, item]) => (!Array.isArray(value) && key.toLowerCase().includes(wanted)) || mentions(item, wanted)
  )
}
