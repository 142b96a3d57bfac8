import type { ActionDefinition, InputField } from '@segment/actions-core'
import { customerField, firstOf, path, typeField } from '../fields'
import type { Settings } from '../generated-types'
import { buildGatewayRequest, send } from '../utils'
import type { GatewayCall } from '../utils'
import type { Payload } from './generated-types'

const fields: Record<string, InputField> = {
  customer: customerField(
    'This is the customer who did what the event tells. Voucherify creates the customer if it does not know the `source_id` yet.',
    firstOf('$.properties.email', '$.context.traits.email')
  ),
  referral: {
    label: 'Referral Object',
    description:
      'This is the referral that the event converts. Voucherify needs its code when a custom event is the conversion event of a referral program. See the [Voucherify documentation](https://docs.voucherify.io).',
    type: 'object',
    properties: {
      code: {
        label: 'Referral Code',
        description: 'This is the code of the referral, as the referred customer used it.',
        type: 'string'
      },
      referrer_id: {
        label: 'Referrer ID',
        description: 'This is the Voucherify ID or `source_id` of the customer who made the referral.',
        type: 'string'
      }
    },
    default: {
      code: path('$.properties.referral.code'),
      referrer_id: path('$.properties.referral.referrer_id')
    }
  },
  loyalty: {
    label: 'Loyalty Object',
    description:
      'The loyalty card named here earns points for the event. Voucherify needs its code when an earning rule of a loyalty program is based on a custom event. See the [Voucherify documentation](https://docs.voucherify.io).',
    type: 'object',
    properties: {
      code: {
        label: 'Loyalty Card Code',
        description: 'The points go to the loyalty card with this code.',
        type: 'string'
      }
    },
    default: { code: path('$.properties.loyalty.code') }
  },
  metadata: {
    label: 'Track Event Metadata',
    description:
      'These key-value pairs are stored with the custom event and can be used in rules. Define the keys in Voucherify first, under Project settings, Event schema. Values are text, numbers, booleans and dates; Voucherify takes no nested objects or lists here.',
    type: 'object',
    default: path('$.properties.metadata')
  },
  event: {
    label: 'Event Name',
    description:
      'This is the name of the custom event in Voucherify, 1 to 300 characters. It must match the name of the event in your Voucherify project, since rules find it by name.',
    type: 'string',
    default: firstOf('$.event', '$.name')
  },
  type: typeField
}

/**
 * The presets name page and screen events by the template "Viewed {{name}} Page". A call without a name leaves the
 * template's two blanks behind, which Voucherify would take for an event of its own. Track names are never touched.
 */
function closeNameGap(body: Record<string, unknown>): Record<string, unknown> {
  const { type, event } = body
  if ((type !== 'page' && type !== 'screen') || typeof event !== 'string') return body
  return { ...body, event: event.replace(/^Viewed\s+(Page|Screen)$/, 'Viewed $1') }
}

export const customEvent: GatewayCall = {
  path: 'event-processing',
  fields,
  requiredIds: ['customer.source_id'],
  prepare: closeNameGap
}

const action: ActionDefinition<Settings, Payload> = {
  title: 'Add custom event',
  description: 'Saves a track, page or screen call as a custom event of the customer in Voucherify.',
  defaultSubscription: 'type = "track" or type = "page" or type = "screen"',
  fields,
  perform: (request, { settings, payload }) =>
    send(request, settings, buildGatewayRequest(settings, customEvent, payload))
}

export default action
