/**
 * What the workbench's API takes and gives: the contract between the server and the page. Times are ISO 8601 in UTC,
 * durations milliseconds. No value of it ever holds a key.
 */
import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'

/** How a delivery ended. `unmatched`: no preset wanted the call, so nothing was sent. */
export type Outcome = 'delivered' | 'retryable' | 'rejected' | 'unmatched'

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
  body: JSONValue
}

/** Why a delivery failed, and what to do about it, in words for the customer's engineer. */
export interface DeliveryError {
  message: string
  /** HTTP status that the framework or Voucherify gave; null for network errors. */
  status: number | null
  whatToDo: string
}

/** One call on its way through one preset. A call that several presets matched has a delivery for each. */
export interface Delivery {
  id: string
  receivedAt: string
  event: SegmentEvent
  preset: string | null
  action: string | null
  status: Outcome
  request: RecordedRequest | null
  response: RecordedResponse | null
  error: DeliveryError | null
  durationMs: number
  /** How many calls shared the request: 1, or more for a bulk call. */
  batchSize: number
  /** Set on a delivery that "send again" made: the id of the first one. */
  retryOf: string | null
  /** Set when no preset took the call: why, in a sentence. */
  reason?: string
}

/** GET /api/deliveries?limit= : newest first. */
export interface DeliveryList {
  deliveries: Delivery[]
  /** How many are kept in all; the oldest are dropped when the limit of memory is reached. */
  total: number
}

/** A preset as a mapping of this workbench: what Segment calls a subscription. */
export interface Mapping {
  preset: string
  action: string
  enabled: boolean
  /** The trigger in Segment's query language, such as `type = "track"`. */
  trigger: string
  mapping: JSONObject
  /** Whether trigger or mapping differ from the preset's own. */
  changed: boolean
  /** False for mappings that were added beside the five presets. */
  isPreset: boolean
}

/**
 * PUT /api/mappings/:preset. A name that does not exist yet needs `action` and creates a mapping. `mapping` takes the
 * place of the whole mapping, unless it names none of the required fields: then only the fields that it names change.
 * Answers the Mapping, or 422 with the reason.
 */
export interface MappingChange {
  mapping?: JSONObject
  enabled?: boolean
  trigger?: string
  action?: string
}

/** What the editor needs to know of an action's field. */
export interface FieldInfo {
  key: string
  label: string
  description: string
  type: string
  required: boolean
  hidden: boolean
  allowNull: boolean
  default: JSONValue
  properties: FieldInfo[] | null
}

/** GET /api/mappings */
export interface MappingList {
  mappings: Mapping[]
  /** Most mappings that one destination can have on Segment. */
  limit: number
  actions: { key: string; title: string; fields: FieldInfo[] }[]
}

/** Why a preset took a call or not. */
export interface PresetMatch {
  preset: string
  action: string
  enabled: boolean
  trigger: string
  matched: boolean
  /** One sentence: "The call's type is identify, and the trigger asks for track." */
  reason: string
}

/** One field of a mapping on its way from the call to the body. */
export interface FieldTrace {
  /** Such as `event`, or `customer.email` for a property that is mapped on its own. */
  key: string
  label: string
  /** Where the value comes from, in words: `$.traits.email`, `"$.event", else "$.name"`, `text "gold"`, `template …`. */
  source: string
  /** What the mapping gave; absent when it gave nothing. */
  value?: JSONValue
  /** What was put into the body; absent when nothing was. */
  sent?: JSONValue
  /** Why nothing, or something else, was sent; empty when the value was sent as mapped. */
  note: string
}

/** What one preset makes of one call: POST /api/preview, and part of an explanation. */
export interface Preview {
  preset: string
  action: string
  fields: FieldTrace[]
  request: RecordedRequest | null
  error: DeliveryError | null
}

/** GET /api/deliveries/:id */
export interface Explanation {
  delivery: Delivery
  presets: PresetMatch[]
  /** The mapping field by field; empty for a call that no preset matched. */
  fields: FieldTrace[]
  /** The verdict in words. */
  verdict: string
  /** A curl command that sends the same request, with placeholders for the keys; empty when nothing was sent. */
  curl: string
}

/** POST /api/preview { event, preset?, trigger?, mapping? }: with a preset, only that one, with the given changes tried. */
export interface PreviewRequest {
  event: SegmentEvent
  preset?: string
  /** Needed for a preset that is not saved yet. */
  action?: string
  trigger?: string
  mapping?: JSONObject
}

/** `previews` has one for each preset that matched. With a preset asked for, it counts as switched on. */
export interface PreviewResult {
  presets: PresetMatch[]
  previews: Preview[]
}

/** Counts since start or since the deliveries were emptied, for the picture of the flow. */
export interface Overview {
  calls: number
  /** Calls whose delivery has not ended yet. */
  waiting: number
  /** By preset; calls without a preset stand under "". */
  counts: Record<string, Record<Outcome, number>>
  /** Deliveries that ended in the last 60 seconds. */
  lastMinute: number
}

/** Where deliveries go. GET /api/target */
export interface Target {
  mode: 'sandbox' | 'project'
  /** Address of this workbench, for the snippets. */
  workbench: string
  /** Address that deliveries go to. */
  gateway: string
  /** Address of the embedded sandbox, which runs in both modes. */
  sandbox: string
}

/** POST /api/test-connection: the words of the destination's own test. */
export interface ConnectionTest {
  ok: boolean
  message: string
}

/** POST /api/delete { userId }: what the destination's erasure did. An erasure that failed answers 502, as ApiError too. */
export interface ErasureResult {
  ok: boolean
  /** What was done, or why not and what to do. */
  message: string
  request: RecordedRequest | null
  response: RecordedResponse | null
}

/** POST /api/samples */
export interface SamplesSent {
  /** How many calls were taken. */
  calls: number
}

/** What the Tracking API answers. */
export interface CallsTaken {
  success: true
  /** How many of the calls have a messageId that was taken before, so that nothing is delivered; absent where none has. */
  repeated?: number
}

/** What a DELETE answers. */
export interface Done {
  success: true
}

/** What the sandbox does with the next calls. POST /api/trouble */
export type TroubleKind = '400' | '401' | '429' | '500' | 'slow' | 'cut' | 'redirect'

export interface Trouble {
  kind: TroubleKind
  /** How many calls are still to be answered so. */
  remaining: number
  /** Seconds that a 429 asks to wait, or that a slow answer takes. */
  seconds: number
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

export interface Sample {
  label: string
  covers: string
  event: SegmentEvent
}

/** Server-sent events of GET /api/stream, by name. */
export interface StreamEvents {
  /** Sent on connect and whenever the counts change, at most a few times a second. */
  overview: Overview
  /** Deliveries that ended since the last message, oldest first; of a great many only the newest. */
  deliveries: Delivery[]
  /** The deliveries were emptied. */
  cleared: Record<string, never>
  /** Mappings were changed. */
  mappings: Record<string, never>
  /** The sandbox holds something new; read it again. */
  sandbox: Record<string, never>
  /** Troubles that are switched on. */
  trouble: Trouble[]
}

/** The body of every answer that is not 2xx. */
export interface ApiError {
  error: string
}
