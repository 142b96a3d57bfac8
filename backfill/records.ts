import type { JSONObject, JSONValue } from '@segment/actions-core'

/** Where something stands in the input. */
export interface Place {
  file: string
  /** From 1; of the first line where it takes several. */
  line: number
}

/** One call that the input holds, or that a row of it was made into. */
export interface CallRecord extends Place {
  kind: 'identify' | 'group'
  call: JSONObject
  /** Second line of the address, which only the backfill knows; null clears it. */
  line2?: string | null
  /** What came, for whoever has to mend it. */
  raw(): JSONValue
}

/** A row that can't be sent, and why. */
export interface RefusedRecord extends Place {
  kind: 'refused'
  reason: string
  sourceId?: string
  raw(): JSONValue
}

/** Something that is not for a backfill, such as a track call: it is counted under its name. */
export interface LeftRecord {
  kind: 'left'
  what: string
}

/** What was sent once and rejected: a customer in the API's form, or a group call. No mapping makes it. */
export interface SentRecord extends Place {
  kind: 'customer' | 'group body'
  body: JSONObject
  raw(): JSONValue
}

export type InputRecord = CallRecord | RefusedRecord | LeftRecord | SentRecord

/** Longest row that is read, in characters. A longer one is most likely a quote that was never closed. */
export const MAX_ROW_LENGTH = 1 << 26

export function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Longest part of a text that a report quotes. */
const MAX_QUOTED = 100_000

/** A text that is kept to be shown, cut where it is endless. */
export function quoted(text: string): string {
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
}
