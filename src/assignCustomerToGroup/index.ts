import type { ActionDefinition, InputField } from '@segment/actions-core'
import { customerField, customerMetadata, firstOf, path, typeField } from '../fields'
import type { Settings } from '../generated-types'
import { listMetadataKeys } from '../metadataKeys'
import { payloadReader, requireCustomer, requireId } from '../payload'
import type { Values } from '../payload'
import { send } from '../requests'
import type { Payload } from './generated-types'

const fields: Record<string, InputField> = {
  customer: customerField(
    'This is the customer who belongs to the group. Voucherify creates the customer if it does not know the `source_id` yet.',
    firstOf('$.context.traits.email', '$.email')
  ),
  group_id: {
    label: 'Group ID',
    description:
      'This is the ID of the group that the customer belongs to, such as a company or an account. See the [Group call](https://segment.com/docs/connections/spec/group/).',
    type: 'string',
    required: true,
    default: path('$.groupId')
  },
  traits: customerMetadata(
    'Group Traits',
    "These are the traits of the group. Voucherify stores them in the customer's metadata, so define them first under Project settings, Metadata schema.",
    '$.traits'
  ),
  type: typeField
}

const readPayload = payloadReader(fields)

/** @throws PayloadValidationError for a source_id or group_id that can't be used */
function toBody(payload: Payload): Values {
  const body = readPayload({ ...payload })
  return { ...body, customer: requireCustomer(body), group_id: requireId('group_id', body.group_id) }
}

const action: ActionDefinition<Settings, Payload> = {
  title: 'Assign customer to group',
  description: 'Assigns the customer of a group call to that group in Voucherify, with the traits of the group.',
  defaultSubscription: 'type = "group"',
  fields,
  dynamicFields: { traits: { __keys__: listMetadataKeys } },
  perform: async (request, { settings, payload }) => send(request, settings, 'group-processing', toBody(payload))
}

export default action
