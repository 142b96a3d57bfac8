import type { JSONObject } from '@segment/actions-core'

/** Seconds until the year 5138; a larger number counts milliseconds. */
const MAX_SECONDS = 100_000_000_000
/** A time as warehouses write it: with a space, with "UTC" or no zone at all. */
const WAREHOUSE = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i

/**
 * When a call was made, in milliseconds since 1970: its `timestamp`, else the other times that Segment writes into
 * calls. Undefined where it has none that can be read. A time without a zone counts as UTC.
 */
export function timeOf({ timestamp, originalTimestamp, sentAt, receivedAt }: JSONObject): number | undefined {
  return toMillis(timestamp) ?? toMillis(originalTimestamp) ?? toMillis(sentAt) ?? toMillis(receivedAt)
}

function toMillis(value: unknown): number | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,}$/.test(value))) {
    const time = Number(value)
    return Number.isFinite(time) ? (time < MAX_SECONDS ? time * 1000 : time) : undefined
  }
  if (typeof value !== 'string') return undefined
  const time = Date.parse(inOneWay(value.trim()))
  return Number.isNaN(time) ? undefined : time
}

function inOneWay(text: string): string {
  const [, day, time, zone = 'Z'] = WAREHOUSE.exec(text) ?? []
  if (!day) return text
  if (/^(Z|UTC)$/i.test(zone)) return `${day}T${time}Z`
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return `${day}T${time}${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`
}
