import { PayloadValidationError } from '@segment/actions-core'
import type { ActionDefinition, InputField } from '@segment/actions-core'
import { customerField, firstOf, path, typeField } from '../fields'
import type { Settings } from '../generated-types'
import { payloadReader, requireCustomer } from '../payload'
import type { Values } from '../payload'
import { send } from '../requests'
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

/** Longest name of an event that Voucherify takes, in characters. Source: "Create event" in its API reference. */
const MAX_EVENT_LENGTH = 300

const readPayload = payloadReader(fields)

/** @throws PayloadValidationError for a source_id or an event name that can't be used */
function toBody(payload: Payload): Values {
  const body = readPayload({ ...payload })
  return { ...body, customer: requireCustomer(body), event: requireEvent(body) }
}

function requireEvent({ type, event: mapped }: Values): string {
  // Hosts without the framework may pass a number for a text.
  const event = typeof mapped === 'number' ? String(mapped) : mapped
  if (typeof event !== 'string') {
    throw new PayloadValidationError(
      'The field event is blank, most often because the call has no event or name. Name the event in the call, or map another value.'
    )
  }
  // The presets name pages and screens by the template "Viewed {{name}} Page". A call without a name leaves two blanks
  // behind, which Voucherify would take for an event of its own. Track names are never touched.
  const name = type === 'page' || type === 'screen' ? event.replace(/^Viewed\s+(Page|Screen)$/, 'Viewed $1') : event
  if (name.length <= MAX_EVENT_LENGTH || [...name].length <= MAX_EVENT_LENGTH) return name
  throw new PayloadValidationError(
    `The field event is longer than the ${MAX_EVENT_LENGTH} characters that Voucherify takes. Send a shorter name, and the rest as metadata.`
  )
}

const action: ActionDefinition<Settings, Payload> = {
  title: 'Add custom event',
  description: 'Saves a track, page or screen call as a custom event of the customer in Voucherify.',
  defaultSubscription: 'type = "track" or type = "page" or type = "screen"',
  fields,
  perform: async (request, { settings, payload }) => send(request, settings, 'event-processing', toBody(payload))
}

export default action
