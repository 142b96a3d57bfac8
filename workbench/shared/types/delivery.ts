import type { JSONValue, SegmentEvent } from '@segment/actions-core'

/** How a delivery ended. `refused` is the only one that is no delivery: the intake did not take the call. */
export type Outcome =
  | 'delivered'
  /** Not delivered, and Segment sends it again. */
  | 'retryable'
  /** Not delivered, and Segment does not send it again. */
  | 'rejected'
  /** No preset wanted the call, so nothing was sent. */
  | 'unmatched'
  /** Segment would not have taken the call, or it came from a host or an origin that nobody let in. */
  | 'refused'

/** Which way a row went: a call to Voucherify, or a webhook from there. */
export type Direction = 'toVoucherify' | 'fromVoucherify'

/** What a warning is about. */
export type WarningCode =
  /** A value of the call that no field of the mapping reads. */
  | 'unread'
  /** The call carried nothing but who it is about. */
  | 'onlyId'
  /** Metadata that the project does not define, so that Voucherify drops it. */
  | 'undefinedMetadata'
  /** Metadata of another type than its definition has. */
  | 'metadataType'
  /** The sandbox has no definitions, so it keeps what a project might drop. */
  | 'noDefinitions'
  /** A list or an object in the metadata of an event, which takes none. */
  | 'eventMetadata'
  /** A birthdate that names no day. */
  | 'noDate'
  /** A blank value that hid a filled one, in a field that takes "A, if empty B". */
  | 'blankFirst'
  /** A mapped path that a dot in a key of the call leads elsewhere. */
  | 'dottedKey'
  /** Voucherify took the bulk job, and it had not ended when the delivery did. */
  | 'jobNotEnded'
  /** A trigger that Segment reads in another way than it looks. */
  | 'trigger'

/** Something that is lost although all looks well, in plain words. */
export interface Warning {
  code: WarningCode
  /** What it is about: a place in the call (`properties.total`), or a field (`metadata.tier`); absent where it is the whole. */
  field?: string
  /** What happens, and what will be missing in Voucherify. */
  message: string
  whatToDo: string
}

/** One try to send a call. */
export interface Try {
  /** When it began. */
  at: string
  status: 'delivered' | 'retryable' | 'rejected'
  /** Status of the answer; null where none came. */
  responseStatus: number | null
  /** Why it failed; null when it did not. */
  reason: string | null
  /** When the next try is due; null when there will be none. */
  nextAt: string | null
}

/**
 * A request as it left, with the value of every header that carries a key masked. Of a bulk call that several calls
 * shared, `body` holds only this call's row, as a list of one.
 */
export interface RecordedRequest {
  method: string
  url: string
  headers: Record<string, string>
  body: JSONValue
}

export interface RecordedResponse {
  status: number
  /** What Voucherify says of its limits (`x-rate-limit-…`, `retry-after`), by names in small letters; absent where it says nothing. */
  headers?: Record<string, string>
  body: JSONValue
  /** Of a bulk call: what the destination was last told of its job, such as `DONE`; absent where it was told nothing. */
  jobStatus?: string
}

/** Why a delivery failed, and what to do about it, in words for the customer's engineer. */
export interface DeliveryError {
  message: string
  /** HTTP status that the framework or Voucherify gave; null for network errors. */
  status: number | null
  whatToDo: string
}

/**
 * One call on its way through one preset. A call that several presets matched has a delivery for each. While Segment
 * would still try it again, it is a delivery with the outcome `retryable` that gets more `tries`, under the same id.
 *
 * Rows of two other kinds stand among them: calls that were refused at the door, and webhooks from Voucherify.
 */
export interface Delivery {
  id: string
  /** Grows with each arrival, and no two deliveries share it: lists are in this order, and `before` takes it. */
  order: number
  direction: Direction
  receivedAt: string
  /** The call. Of a refused one only what could be read of it, and nothing where its host or origin was refused. */
  event: Partial<SegmentEvent>
  preset: string | null
  action: string | null
  status: Outcome
  request: RecordedRequest | null
  response: RecordedResponse | null
  error: DeliveryError | null
  /** What is lost although all looks well; empty when nothing is. */
  warnings: Warning[]
  /** Every try to send it, the first one first; empty for a call that nothing was tried for. */
  tries: Try[]
  /** From the arrival of the call to the begin of its last try: in the queue, for its batch, and between tries. */
  waitMs: number
  /** How long its last try took, without the wait. */
  durationMs: number
  /** How many calls shared the request: 1, or more for a bulk call. */
  batchSize: number
  /** Set on a delivery that "send again" made: the id of the first one. */
  retryOf: string | null
  /** In a sentence: why no preset took the call, why it was refused, or why a webhook makes no call. */
  reason?: string
  /** Of a refused call: the call as it came, cut where it is long; absent where its host or origin was refused. */
  refusedCall?: JSONValue
  /** Of a row from Voucherify: the webhook, and the calls that were made of it. */
  webhook?: { type: string; body: JSONValue; calls: SegmentEvent[] }
}

/** What a list shows of a delivery. */
export interface Row {
  id: string
  order: number
  messageId: string
  receivedAt: string
  isFromVoucherify: boolean
  type: string
  title: string
  /** Who made the call, in words; and the userId that leads to the customer's page, if any. */
  user: string
  userId: string
  preset: string | null
  status: Outcome
  /** HTTP status of the answer; null where there is none. */
  code: number | null
  /** The first warning in a sentence, and how many there are. */
  warning: string
  warnings: number
  tries: number
  waitMs: number
  durationMs: number
  batchSize: number
  isRetry: boolean
}

/**
 * The query of GET /api/deliveries, GET /api/deliveries.ndjson and GET /api/rows. Every part that is given must hold. A parameter that is
 * not listed here is answered 400.
 */
export interface DeliveryQuery {
  /** One outcome, or several with commas between. */
  status?: string
  /** Name of the preset; empty for calls that no preset took. */
  preset?: string
  /** Type of the call, such as `track`; of a webhook its own. */
  type?: string
  /** A userId or anonymousId, whole. */
  user?: string
  /** A text that stands anywhere in the call, its preset, its error, its reason or its warnings; case ignored. */
  text?: string
  direction?: Direction
  /** `true` for deliveries with warnings, `false` for those without. */
  warned?: 'true' | 'false'
  /** The `order` of a delivery: only older ones are listed. */
  before?: string
  /** Most deliveries in the answer: 500 unless given, at most 5000. The download takes no limit unless given. */
  limit?: string
}

/** GET /api/deliveries : newest first, by arrival. */
export interface DeliveryList {
  deliveries: Delivery[]
  /** How many are kept in all; beyond the limits of memory the oldest are dropped, of failures and of others apart. */
  kept: number
  /** How many there were in the direction that was asked for, since the start, or since they were emptied. */
  total: number
  /** How many of those that are kept match the query, whatever `before` and `limit` say. */
  matching: number
  /** The same by outcome. */
  counts: Record<Outcome, number>
}

/** GET /api/rows : the same as rows, since 20,000 whole deliveries would not fit a tab. */
export interface RowList extends Omit<DeliveryList, 'deliveries'> {
  rows: Row[]
}
