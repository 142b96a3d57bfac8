import type { ActionDefinition, InputField } from '@segment/actions-core'
import { firstOf, path, typeField } from '../fields'
import type { Settings } from '../generated-types'
import { buildGatewayRequest, send } from '../utils'
import type { GatewayCall } from '../utils'
import { upsertBatch } from './batch'
import { prepareCustomer } from './customer'
import type { Payload } from './generated-types'

const customerFields: Record<string, InputField> = {
  source_id: {
    label: 'Source ID',
    description:
      'The `source_id` identifies the customer in Voucherify. It can never be changed, and Voucherify merges no customers, so map the user ID and not the anonymous ID.',
    type: 'string',
    required: true,
    default: path('$.userId')
  },
  name: {
    label: 'Name',
    description:
      'This is the full name of the customer. When it is not mapped and both First Name and Last Name are, it is the two joined. Null clears it.',
    type: 'string',
    allowNull: true,
    default: path('$.traits.name')
  },
  first_name: {
    label: 'First Name',
    description: 'The first name is joined with Last Name to the name when Name is not mapped.',
    type: 'string',
    allowNull: true,
    default: firstOf('$.traits.firstName', '$.traits.first_name')
  },
  last_name: {
    label: 'Last Name',
    description: 'The last name is joined with First Name to the name when Name is not mapped.',
    type: 'string',
    allowNull: true,
    default: firstOf('$.traits.lastName', '$.traits.last_name')
  },
  description: {
    label: 'Description',
    description: 'You can keep a text of your own about the customer here. Null clears it.',
    type: 'string',
    allowNull: true,
    default: path('$.traits.description')
  },
  email: {
    label: 'Email Address',
    description: 'This is the email address of the customer. Null clears it.',
    type: 'string',
    allowNull: true,
    default: path('$.traits.email')
  },
  phone: {
    label: 'Phone',
    description: 'This is the phone number of the customer, with its country code. Null clears it.',
    type: 'string',
    allowNull: true,
    default: path('$.traits.phone')
  },
  birthdate: {
    label: 'Birthdate',
    description:
      'The birthdate of the customer is a date or date-time of [ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html). Seconds or milliseconds since 1970 and `YYYYMMDD` are turned into such a date. Null clears it.',
    type: 'string',
    allowNull: true,
    default: firstOf('$.traits.birthday', '$.traits.birthdate')
  },
  address: {
    label: 'Address',
    description:
      'This is the postal address of the customer. A part that is null is cleared, a part that is absent is kept.',
    type: 'object',
    properties: {
      city: {
        label: 'City',
        description: 'This is the city or town. Null clears it.',
        type: 'string',
        allowNull: true
      },
      state: {
        label: 'State',
        description: 'This is the state, province or region. Null clears it.',
        type: 'string',
        allowNull: true
      },
      postal_code: {
        label: 'Postal Code',
        description: 'This is the postal or ZIP code. Null clears it.',
        type: 'string',
        allowNull: true
      },
      street: {
        label: 'Street',
        description: 'This is the street with the house number. Null clears it.',
        type: 'string',
        allowNull: true
      },
      country: {
        label: 'Country',
        description: 'This is the country, by name or code. Null clears it.',
        type: 'string',
        allowNull: true
      }
    },
    default: {
      city: path('$.traits.address.city'),
      state: path('$.traits.address.state'),
      postal_code: firstOf('$.traits.address.postalCode', '$.traits.address.postal_code'),
      street: path('$.traits.address.street'),
      country: path('$.traits.address.country')
    }
  },
  metadata: {
    label: 'Metadata',
    description:
      'These key-value pairs are stored with the customer, and segments and rules can use them. Define the keys in Voucherify first, under Project settings, Metadata schema: values without a definition are dropped without an error. Traits and audiences of [Engage](https://segment.com/docs/engage/) are added on their own.',
    type: 'object',
    allowNull: true,
    default: path('$.traits.metadata')
  },
  type: typeField,
  computation_key: {
    label: 'Engage Computation Key',
    description: 'This is the name of the audience or computed trait that the call carries. Only Engage sets it.',
    type: 'string',
    unsafe_hidden: true,
    default: path('$.context.personas.computation_key')
  },
  traits: {
    label: 'Engage Traits',
    description: 'Among the traits of the call, Engage puts the value of the audience or computed trait.',
    type: 'object',
    allowNull: true,
    unsafe_hidden: true,
    default: path('$.traits')
  }
}

const batchingFields: Record<string, InputField> = {
  enable_batching: {
    label: 'Batch Customers',
    description:
      'Switch this on for large audiences and first syncs: up to a thousand customers then share one call to the API of Voucherify, so that they fit into the daily number of calls. In return the values are applied some time later, and the metadata rules of the API hold: with "Allow any metadata" in your project, undefined keys are kept as text, otherwise the customer is refused.',
    type: 'boolean',
    default: false
  },
  batch_size: {
    label: 'Batch Size',
    description: 'This is how many calls Segment collects at most before it sends them together.',
    type: 'number',
    unsafe_hidden: true,
    default: 1000
  }
}

export const customerUpsert: GatewayCall = {
  path: 'customer-processing',
  fields: customerFields,
  requiredIds: ['source_id'],
  prepare: prepareCustomer
}

const action: ActionDefinition<Settings, Payload> = {
  title: 'Upsert Customer',
  description: 'Creates or updates the customer of an identify call in Voucherify.',
  defaultSubscription: 'type = "identify"',
  fields: { ...customerFields, ...batchingFields },
  perform: (request, { settings, payload }) =>
    send(request, settings, buildGatewayRequest(settings, customerUpsert, payload)),
  performBatch: (request, input) => upsertBatch(request, customerUpsert, input)
}

export default action
