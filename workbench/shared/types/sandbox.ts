import type { JSONObject, JSONValue } from '@segment/actions-core'

/** Voucherify's names of its limits. */
export type LimitType = 'api_calls' | 'bulk_api_calls' | 'api_calls_cycle' | 'webhook_calls'

/**
 * What the sandbox does. POST /api/trouble
 *
 * - `400` to `page`: how the next calls are answered; `page` is a web page with status 200.
 * - `bad-row`: bulk calls that hold one of `sourceIds` are answered 400 as a whole.
 * - `job-slow`: an accepted bulk job takes `seconds`, or so many `polls`.
 * - `job-rows`: rows of a job fail. `job-failed`: a job ends as FAILED and applies nothing.
 * - `report-expired`: the reports of a job can't be fetched any more.
 * - a plan: its limits are played until the troubles are cleared, whatever `remaining` says.
 */
export type TroubleKind =
  | '400'
  | '401'
  | '402'
  | '413'
  | '429'
  | '500'
  | 'slow'
  | 'cut'
  | 'redirect'
  | 'page'
  | 'bad-row'
  | 'job-slow'
  | 'job-rows'
  | 'job-failed'
  | 'report-expired'
  | 'Business plan'
  | 'Organization plan'

export interface Trouble {
  kind: TroubleKind
  /** How many calls are still to be answered so, or how many jobs or bulk calls it still meets. */
  remaining: number
  /** Seconds that a 429 asks to wait, or that a slow answer or job takes. */
  seconds: number
  /** Which limit a 429 names; that of the call unless given. */
  limit?: LimitType
  /** Which calls are answered so, such as `bulk` or `async-actions`; every call of API and gateway unless given. */
  call?: string
  /** The rows of `bad-row` and `job-rows`. */
  sourceIds?: string[]
  /** How many rows of `job-rows` fail, from the first, where no `sourceIds` are given; 1 unless given. */
  rows?: number
  /** How many of the failed rows of `job-rows` the action names; all unless given. The report names them all. */
  named?: number
  /** Questions about the jobs until the one of `job-slow` ends; then `seconds` count for nothing. */
  polls?: number
  /** Bulk calls an hour of a plan, 10 unless given: today's number is published nowhere. */
  bulkPerHour?: number
}

/** What metadata belongs to. */
export type MetadataOwner = 'customer' | 'event'

/** One metadata key that a project defines, or that was seen. Names as in Voucherify's metadata schemas. */
export interface Definition {
  name: string
  type: 'string' | 'number' | 'boolean' | 'date' | 'datetime' | 'image_url' | 'geopoint' | 'object'
  /** Whether it takes a list of such values. */
  array: boolean
}

/** What a project defines; null or an empty list where it defines nothing, or nobody knows. */
export interface Definitions {
  customer: Definition[] | null
  event: Definition[] | null
  /** Whose other keys the API refuses, where it otherwise keeps them as texts; nobody's unless given. */
  definedOnly?: MetadataOwner[]
}

export interface SandboxChange {
  at: string
  /** Which call changed the customer. */
  by: 'customer' | 'event' | 'group' | 'bulk' | 'api'
  /** What it set, by field; null for what it cleared. */
  changes: JSONObject
}

export interface SandboxCustomer {
  source_id: string
  [field: string]: JSONValue
}

/** One customer with its history, newest last, bounded. GET /api/sandbox/customers/:source_id */
export interface SandboxCustomerHistory {
  customer: SandboxCustomer
  history: SandboxChange[]
}

export interface SandboxEvent {
  at: string
  customer: JSONObject
  event: string
  type: string
  [field: string]: JSONValue
}

export interface SandboxGroup {
  group_id: string
  traits: JSONObject
  /** How many customers are assigned to the group. */
  total: number
  /** Their source_ids, bounded by the limit. */
  customers: string[]
}

/** GET /api/sandbox?search=&limit= : newest first. The totals count all, the lists are bounded by `limit`. */
export interface SandboxState {
  customers: SandboxCustomer[]
  events: SandboxEvent[]
  groups: SandboxGroup[]
  totals: { customers: number; events: number; groups: number; calls: Record<string, number> }
}

/** What the sandbox tells by webhook. */
export type WebhookType = 'customer.created' | 'customer.updated' | 'customer.deleted'

/** A webhook of the sandbox, and what became of it. */
export interface WebhookDelivery {
  /** `whs_…` */
  id: string
  at: string
  type: WebhookType
  /** `failed` is final: it was tried for a day, or there is nobody to tell any more. */
  status: 'sending' | 'delivered' | 'retrying' | 'failed'
  /** How often it was sent. */
  tries: number
  /** Status of the last answer; absent where none came. */
  answer?: number
  /** Why the last try failed. */
  error?: string
  nextTryAt?: string
  payload: JSONObject
}

/** GET /api/sandbox/webhooks, and the answer of PUT, which takes `{ url, secret, headers }` or null for none. */
export interface SandboxWebhooks {
  /** Absent when they go nowhere. */
  target?: string
  /** The newest first. */
  webhooks: WebhookDelivery[]
}
