import type { DestinationDefinition, JSONObject, SegmentEvent } from '@segment/actions-core'
import type { Settings } from '../../src/generated-types'
import { toCurl } from './curl'
import type { Deliverer } from '../segment/deliver'
import type { KeptDelivery } from '../segment/deliveries'
import { isCall } from '../segment/delivery'
import { isJsonObject } from '../shared/json'
import { actionOf } from '../segment/mappings'
import { matchMappings } from '../segment/matching'
import { withAdvice } from '../segment/outcome'
import type { PipelineOptions } from '../segment/pipeline'
import { traceFields } from './trace'
import type { Delivery, Explanation, Mapping, Preview, PreviewResult, RecordedRequest } from '../shared/types'

/** Explains the way of calls through mappings, for deliveries that have been and for calls that are only tried. */
export interface Explainer {
  explain(kept: KeptDelivery): Promise<Explanation>
  /** What each of the mappings would make of a call. Nothing is sent. */
  preview(event: SegmentEvent, mappings: readonly Mapping[]): Promise<PreviewResult>
}

/** @param warn what is lost of a call although all looks well */
export function createExplainer(
  definition: DestinationDefinition<Settings>,
  deliverer: Deliverer,
  warn: PipelineOptions['warn']
): Explainer {
  function traced({ action, mapping }: Mapping, event: SegmentEvent, request: RecordedRequest | null) {
    return traceFields(actionOf(definition, action).fields, mapping, event, request ? bodyOf(request) : undefined)
  }

  async function previewMapping(mapping: Mapping, event: SegmentEvent): Promise<Preview> {
    const { request, error } = await deliverer.preview(mapping, event)
    const { preset, action } = mapping
    const warnings = error ? [] : warn(mapping, event, { request, response: null })
    return { preset, action, fields: traced(mapping, event, request), request, error, warnings }
  }

  return {
    async explain({ delivery, mappings }) {
      const { event, preset, request } = delivery
      const mapping = mappings.find((each) => each.preset === preset)
      return {
        delivery,
        presets: isCall(event) ? await matchMappings(deliverer.name, event, mappings) : [],
        fields: mapping && isCall(event) ? traced(mapping, event, request) : [],
        verdict: verdictFor(delivery),
        curl: request ? toCurl(request) : ''
      }
    },
    async preview(event, mappings) {
      const presets = await matchMappings(deliverer.name, event, mappings)
      const matched = mappings.filter((_, index) => presets[index].matched)
      return { presets, previews: await Promise.all(matched.map((mapping) => previewMapping(mapping, event))) }
    }
  }
}

/** The fields that were sent: the body of a single call, or this call's row of a bulk call. */
function bodyOf({ body }: RecordedRequest): JSONObject {
  const fields = Array.isArray(body) ? body[0] : body
  return isJsonObject(fields) ? fields : {}
}

/** The destination's message about an answer says what to do; about everything else it is added. */
function failureOf({ error, response }: Delivery): string {
  if (!error) return ''
  return response ? error.message : withAdvice(error)
}

/** When a delivery is tried again. */
function nextTry({ tries }: Delivery): string {
  const nextAt = tries[tries.length - 1]?.nextAt
  return nextAt ? `it is tried again at ${nextAt}` : 'Segment would send it again'
}

function webhookVerdict({ status, reason = '', webhook }: Delivery): string {
  if (status === 'refused') return `Not taken. ${reason}`
  if (status === 'unmatched') return `No call for Segment. ${reason}`
  const [call] = webhook?.calls ?? []
  return `Taken: it became ${call?.type === 'identify' ? 'an identify' : `a ${call?.type ?? 'call'}`}. ${reason}`.trim()
}

function verdictFor(delivery: Delivery): string {
  const { status, reason, response, batchSize } = delivery
  if (delivery.direction === 'fromVoucherify') return webhookVerdict(delivery)
  switch (status) {
    case 'delivered':
      return batchSize > 1
        ? `Delivered: Voucherify took the bulk call that carried ${batchSize} calls, and applies the values some time later.`
        : 'Delivered: Voucherify took the call.'
    case 'retryable':
      return `Not delivered; ${nextTry(delivery)}. ${failureOf(delivery)}`
    case 'rejected':
      return `Rejected ${
        response ? 'by Voucherify' : 'before anything was sent'
      }; Segment would not send it again. ${failureOf(delivery)}`
    case 'unmatched':
      return `Not sent: no mapping took the call. ${reason ?? ''}`
    case 'refused':
      return `Not taken. ${reason ?? ''}`
  }
}
