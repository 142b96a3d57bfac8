import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import type { Delivery, DeliveryError, RecordedRequest, Warning } from './delivery'

/** Why a preset took a call or not. */
export interface PresetMatch {
  preset: string
  action: string
  enabled: boolean
  trigger: string
  matched: boolean
  /** One sentence: "The call's type is identify, and the trigger asks for track." */
  reason: string
  /** What Segment reads otherwise in this trigger than it looks. */
  warnings: Warning[]
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
  /** What would be lost although all looks well. */
  warnings: Warning[]
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
