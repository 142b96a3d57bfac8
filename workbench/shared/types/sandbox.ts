import type { JSONObject, JSONValue } from '@segment/actions-core'

/** What the sandbox does with the next calls. POST /api/trouble */
export type TroubleKind = '400' | '401' | '429' | '500' | 'slow' | 'cut' | 'redirect'

export interface Trouble {
  kind: TroubleKind
  /** How many calls are still to be answered so. */
  remaining: number
  /** Seconds that a 429 asks to wait, or that a slow answer takes. */
  seconds: number
}

/** One metadata key that a project defines, or that was seen. Names as in Voucherify's metadata schemas. */
export interface Definition {
  name: string
  type: 'string' | 'number' | 'boolean' | 'date' | 'datetime' | 'image_url' | 'object'
  /** Whether it takes a list of such values. */
  array: boolean
}

/** What a project defines; null or an empty list where it defines nothing, or nobody knows. */
export interface Definitions {
  customer: Definition[] | null
  event: Definition[] | null
}

export interface SandboxChange {
  at: string
  /** Which call changed the customer. */
  by: 'customer' | 'event' | 'group' | 'bulk'
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
