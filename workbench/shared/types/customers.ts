import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { SandboxChange, SandboxCustomer } from './sandbox'

/** The delivery by which something came about, for a link to it. */
export interface Cause {
  delivery: string
  /** Type and name of the call, such as "track Order Completed". */
  call: string
}

/** A value that changed. `old` is absent where nobody knows it, or where there was none. */
export interface ValueChange {
  /** Such as `email`, `metadata.plan`, `address.city`. */
  key: string
  old?: JSONValue
  /** null for what was cleared. */
  new: JSONValue
}

/** One call's changes of a customer. */
export interface CustomerChange {
  at: string
  by: SandboxChange['by']
  /** null where the call did not come through this workbench, or was forgotten. */
  cause: Cause | null
  changes: ValueChange[]
}

/** An Engage audience or computed trait of one customer. */
export interface EngageValue {
  /** Name of the metadata. */
  key: string
  kind: 'audience' | 'trait'
  /** true and false for an audience. */
  value: JSONValue
  /** When it became this value. */
  since: string
  cause: Cause
}

export interface CustomerEvent {
  at: string
  event: string
  type: string
  metadata: JSONValue
  /** Keys of the metadata that Voucherify drops, by what was defined when the event was delivered. */
  dropped: string[]
  cause: Cause
}

export interface CustomerGroup {
  group: string
  at: string
  cause: Cause
}

/** GET /api/customers/:source_id : one customer as this workbench knows it, everything newest first and bounded. */
export interface CustomerView {
  sourceId: string
  /** False where no delivered call was about this customer, or it was erased: then all else is empty. */
  isKnown: boolean
  /** What the sandbox holds; null where it has no such customer, or deliveries go to a real project. */
  customer: SandboxCustomer | null
  /** What the delivered calls say by now, of the values that they carried. */
  sent: JSONObject
  /** Keys of the metadata in `sent` that a real project drops, by what it defines. The sandbox drops them by itself. */
  dropped: string[]
  changes: CustomerChange[]
  engage: EngageValue[]
  groups: CustomerGroup[]
  events: CustomerEvent[]
}

/** A customer in a list. */
export interface CustomerSummary {
  sourceId: string
  name: string
  email: string
  metadata: JSONObject
  /** Keys of the audiences that the customer is in. */
  audiences: string[]
  /** When the last call was delivered; null where none came through this workbench. */
  lastAt: string | null
}

/** GET /api/customers?search=&limit= : the ones that changed last first. */
export interface CustomerList {
  customers: CustomerSummary[]
  /** How many there are in all. */
  total: number
}

/** A metadata key that Engage sent. */
export interface Audience {
  key: string
  kind: 'audience' | 'trait'
  /** How many customers are in the audience, or have the trait. */
  members: number
  /** How many left it, of those who are remembered. */
  left: number
  firstAt: string
  lastAt: string
  /** The call that sent it last. */
  cause: Cause
  /** Who came in last, newest first, bounded. */
  latest: { sourceId: string; since: string }[]
}

/** GET /api/audiences : the ones that were sent last first. */
export interface AudienceList {
  audiences: Audience[]
}
