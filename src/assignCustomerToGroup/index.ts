import type { ActionDefinition, InputField } from '@segment/actions-core'
import { customerField, firstOf, path, typeField } from '../fields'
import type { Settings } from '../generated-types'
import { buildGatewayRequest, send } from '../utils'
import type { GatewayCall } from '../utils'
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
  traits: {
    label: 'Group Traits',
    description:
      "These are the traits of the group. Voucherify stores them in the customer's metadata, so define them first under Project settings, Metadata schema.",
    type: 'object',
    default: path('$.traits')
  },
  type: typeField
}

export const groupAssignment: GatewayCall = {
  path: 'group-processing',
  fields,
  requiredIds: ['customer.source_id', 'group_id']
}

const action: ActionDefinition<Settings, Payload> = {
  title: 'Assign customer to group',
  description: 'Assigns the customer of a group call to that group in Voucherify, with the traits of the group.',
  defaultSubscription: 'type = "group"',
  fields,
  perform: (request, { settings, payload }) =>
    send(request, settings, buildGatewayRequest(settings, groupAssignment, payload))
}

export default action
