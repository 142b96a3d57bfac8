import { Destination } from '@segment/actions-core'
import type { DestinationDefinition, JSONObject, SegmentEvent } from '@segment/actions-core'
import type { Settings } from '../src/generated-types'
import { standIn } from '../tools/standIn'
import { SANDBOX_KEYS } from '../workbench/app/start'

type Definition = DestinationDefinition<Settings>

/** Runs a destination as Segment does: one preset, the list of answers emptied after each call, since it only grows. */
export class Host {
  private readonly destination: Destination<Settings>
  private readonly settings: JSONObject

  /** @param batching whether the preset's mapping switches on customers in bulk */
  constructor(definition: Definition, url: string, batching = false) {
    const preset = (definition.presets ?? []).find(({ partnerAction }) => partnerAction === 'upsertCustomer')
    this.destination = new Destination(standIn(definition))
    this.settings = {
      apiKey: SANDBOX_KEYS.applicationId,
      secretKey: SANDBOX_KEYS.secretKey,
      customURL: url,
      subscription: { ...preset, mapping: { ...preset?.mapping, enable_batching: batching } }
    }
  }

  /** Delivers one call. Throws what the destination throws. */
  async deliver(event: SegmentEvent): Promise<void> {
    try {
      await this.destination.onEvent(event, this.settings)
    } finally {
      this.destination.responses.length = 0
    }
  }

  /** Delivers a batch. Returns the outcome of each call. */
  async deliverBatch(events: SegmentEvent[]): Promise<{ status: number; errormessage?: string }[]> {
    try {
      const [{ multistatus = [] }] = await this.destination.onBatch(events, this.settings)
      return multistatus
    } finally {
      this.destination.responses.length = 0
    }
  }
}
