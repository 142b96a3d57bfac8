import type { InputField } from '@segment/actions-core'
import { clearableText, customerMetadata, firstOf, path, typeField } from '../fields'

/** What a customer is made of. The hidden fields carry what Engage says. */
export const customerFields: Record<string, InputField> = {
  source_id: {
    label: 'Source ID',
    description:
      'The `source_id` identifies the customer in Voucherify. It can never be changed, and Voucherify merges no customers, so map the user ID and not the anonymous ID.',
    type: 'string',
    required: true,
    default: path('$.userId')
  },
  name: clearableText(
    'Name',
    'This is the full name of the customer. When it is not mapped and both First Name and Last Name are, it is the two joined; in a batch, one alone is the name. Null clears it.',
    path('$.traits.name')
  ),
  first_name: clearableText(
    'First Name',
    'The first name is joined with Last Name to the name when Name is not mapped.',
    firstOf('$.traits.firstName', '$.traits.first_name')
  ),
  last_name: clearableText(
    'Last Name',
    'The last name is joined with First Name to the name when Name is not mapped.',
    firstOf('$.traits.lastName', '$.traits.last_name')
  ),
  description: clearableText(
    'Description',
    'You can keep a text of your own about the customer here. Null clears it.',
    path('$.traits.description')
  ),
  email: clearableText(
    'Email Address',
    'This is the email address of the customer. Null clears it.',
    path('$.traits.email')
  ),
  phone: clearableText(
    'Phone',
    'This is the phone number of the customer, with its country code. Null clears it.',
    path('$.traits.phone')
  ),
  birthdate: clearableText(
    'Birthdate',
    'The birthdate of the customer is a date or date-time of [ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html). Seconds or milliseconds since 1970 and `YYYYMMDD` are turned into such a date. Null clears it.',
    firstOf('$.traits.birthday', '$.traits.birthdate')
  ),
  address: {
    label: 'Address',
    description:
      'This is the postal address of the customer. A part that is null is cleared, a part that is absent is kept.',
    type: 'object',
    properties: {
      city: clearableText('City', 'This is the city or town. Null clears it.'),
      state: clearableText('State', 'This is the state, province or region. Null clears it.'),
      postal_code: clearableText('Postal Code', 'This is the postal or ZIP code. Null clears it.'),
      street: clearableText('Street', 'This is the street with the house number. Null clears it.'),
      country: clearableText('Country', 'This is the country, by name or code. Null clears it.')
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
    ...customerMetadata(
      'Metadata',
      'These key-value pairs are stored with the customer, and segments and rules can use them. Define the keys in Voucherify first, under Project settings, Metadata schema: values without a definition are dropped without an error. Traits and audiences of [Engage](https://segment.com/docs/engage/) are added on their own.',
      '$.traits.metadata'
    ),
    allowNull: true
  },
  type: typeField,
  computation_key: {
    label: 'Engage Computation Key',
    description:
      'This is the name of the audience, computed trait or SQL trait that the call carries. Only Engage sets it.',
    type: 'string',
    unsafe_hidden: true,
    default: path('$.context.personas.computation_key')
  },
  computation_class: {
    label: 'Engage Computation Class',
    description:
      'This tells an audience from a computed trait and a SQL trait. Mappings saved before this field lack it.',
    type: 'string',
    unsafe_hidden: true,
    default: path('$.context.personas.computation_class')
  },
  traits: {
    label: 'Engage Traits',
    description:
      'Among the traits of the call, Engage puts the value of the audience or computed trait, or the columns of a SQL trait.',
    type: 'object',
    allowNull: true,
    unsafe_hidden: true,
    default: path('$.traits')
  }
}

/** How customers go in bulk. */
export const batchingFields: Record<string, InputField> = {
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
