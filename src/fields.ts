import type { InputField } from '@segment/actions-core'

/** A mapping default that reads one place of the call, such as `$.traits.email`. */
export const path = (place: string) => ({ '@path': place })

/**
 * A mapping default that reads the first place, or the second where the first holds nothing. A host outside Segment
 * only knows this shape: `exists` equal to `then`, `else` a plain path.
 */
export const firstOf = (place: string, otherwise: string) => ({
  '@if': { exists: path(place), then: path(place), else: path(otherwise) }
})

/** A text of the customer that null clears. Without a default where its object has one. */
export const clearableText = (label: string, description: string, value?: InputField['default']): InputField => ({
  label,
  description,
  type: 'string',
  allowNull: true,
  default: value
})

/** Key-value pairs that land in the customer's metadata. The mapping editor offers the keys that the project defines. */
export const customerMetadata = (label: string, description: string, place: string): InputField => ({
  label,
  description,
  type: 'object',
  defaultObjectUI: 'keyvalue',
  additionalProperties: true,
  dynamic: true,
  default: path(place)
})

/**
 * The Customer Object of events and groups.
 *
 * @param email default of the customer's email, which lies elsewhere in each type of call
 */
export const customerField = (description: string, email: ReturnType<typeof firstOf>): InputField => ({
  label: 'Customer Object',
  description,
  type: 'object',
  required: true,
  properties: {
    source_id: {
      label: 'Source ID',
      description:
        'Voucherify knows the customer under this `source_id`. ' +
        "Map the user ID of the call: an anonymous ID would stay as a customer of its own for ever, since Voucherify can't merge customers.",
      type: 'string',
      required: true
    },
    email: {
      label: 'Email Address',
      description:
        'This is the email address of the customer. Voucherify stores it when it creates or updates the customer.',
      type: 'string'
    }
  },
  default: { source_id: path('$.userId'), email }
})

/** The Event Type that every action carries: it tells Voucherify what kind of Segment call the data comes from. */
export const typeField: InputField = {
  label: 'Event Type',
  description:
    'This is the type of the [Segment call](https://segment.com/docs/connections/spec/): `track`, `page`, `screen`, `identify` or `group`.',
  type: 'string',
  required: true,
  default: path('$.type')
}
