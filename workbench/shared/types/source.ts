import type { JSONValue } from '@segment/actions-core'
import type { Options, SettingInfo } from '../../../source/options'
import type { WebhookSample } from '../../../source/samples'
import type { SegmentCall } from '../../../source/toSegment'

/** How webhooks become calls; all but the secret, which stays where it is. */
export type SourceOptions = Pick<
  Options,
  'currency' | 'names' | 'events' | 'customerUpdates' | 'orders' | 'ownApplicationId'
>

/** GET /api/source */
export interface SourceInfo {
  /** Where webhooks are taken, signed or with the header `x-webhook-secret`: POST /api/source/webhook?type= */
  address: string
  /** The settings of a Source Function, with their meaning, for forms; `secret` among them. */
  settings: readonly SettingInfo[]
  /** With which options the webhooks that come in become calls. */
  options: SourceOptions
  /** One for each type, and for each kind of thing in it. */
  samples: readonly WebhookSample[]
  /** Stands for the Application ID of the destination, which is never shown: enter it as the option of that name. */
  ownApplicationId: string
}

/** PUT /api/source: options as they are entered, texts too. Answers SourceInfo, or 400 with what can't be read. */
export type SourceChange = { [Key in keyof SourceOptions]?: JSONValue }

/** POST /api/source/preview. Nothing is sent. */
export interface SourcePreviewRequest {
  webhook: JSONValue
  /** In the place of the current options, as they are entered. */
  options?: SourceChange
  /** The type from the address, for raw payloads. */
  type?: string
}

export interface SourcePreview {
  calls: SegmentCall[]
  /** Why there is no call. */
  reason?: string
  /** A sentence for each option that can't be read; such a one counts as not set. */
  problems: string[]
  /** A command that sends this webhook, signed, to the workbench. */
  curl: string
}

/** POST /api/source/webhook, when it was taken. GET /api/source/function gives the bundled script as a text. */
export interface WebhookTaken {
  success: true
  /** How many calls it became. */
  calls: number
  reason?: string
}
