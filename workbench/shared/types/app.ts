import type { SegmentEvent } from '@segment/actions-core'
import type { Delivery, Outcome, RecordedRequest, RecordedResponse } from './delivery'
import type { Trouble } from './sandbox'

/** Counts since start or since the deliveries were emptied, for the picture of the flow. */
export interface Overview {
  /** How many came, those that were not taken among them. */
  calls: number
  /** Calls whose delivery has not ended yet. */
  waiting: number
  /** Deliveries that wait for their next try. */
  retrying: number
  /** By preset; calls without a preset, refused ones among them, stand under "". */
  counts: Record<string, Record<Outcome, number>>
  /** Webhooks from Voucherify. They are rows among the deliveries, and no calls on their way through a mapping. */
  webhooks: Record<Outcome, number>
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
  /** How many calls of that user still wait, and would bring the customer back. */
  waiting: number
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
  /** How many calls of a batch were not taken; each is a row that says why. Absent where all were. */
  refused?: number
}

/** What a DELETE answers. */
export interface Done {
  success: true
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
  /**
   * Deliveries that ended or were tried again since the last message, oldest first; of a great many only the newest. One
   * that is known already takes the place of the former.
   */
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
