import { isObject, PayloadValidationError } from '@segment/actions-core'
import type { InputField } from '@segment/actions-core'

/** Values by field key, as a mapping gives them or as a body holds them. */
export type Values = Record<string, unknown>

/** What of a field decides what leaves. Worked out once for each action, since every call asks for it. */
interface VisibleField {
  key: string
  takesNull: boolean
  /** The declared fields inside an object; undefined for free keys and everything else. */
  parts?: VisibleField[]
}

type Declared = Record<string, Pick<InputField, 'properties' | 'allowNull' | 'unsafe_hidden'>>

/**
 * Makes the function that reads a payload: what the declared visible fields say, and nothing that a host put beside
 * them. One rule holds for single calls, batches and hosts without the framework:
 * - a null leaves where the field takes one, since it clears; elsewhere it is absent,
 * - a declared text of nothing but white space is absent, so that a template over no names blanks nobody,
 * - free keys (metadata, group traits) leave as they are, `''` and null among them,
 * - an object in which no key is left is absent, since Voucherify might take `{}` for "clear everything".
 *
 * With `dropNulls`, nulls are absent everywhere.
 */
export function payloadReader(fields: Declared): (payload: Values, dropNulls?: boolean) => Values {
  const visible = visibleFields(fields)
  // A host that merges its settings into the payload (PostHog's CDP) gives null for whatever the call lacks.
  return (payload, dropNulls = false) => read(visible, payload, dropNulls || 'customURL' in payload)
}

function visibleFields(fields: Declared): VisibleField[] {
  return Object.entries(fields)
    .filter(([, { unsafe_hidden }]) => !unsafe_hidden)
    .map(([key, { allowNull = false, properties }]) => ({
      key,
      takesNull: allowNull,
      parts: properties && visibleFields(properties)
    }))
}

function read(fields: VisibleField[], values: Values, dropNulls: boolean): Values {
  const body: Values = {}
  for (const field of fields) {
    const value = readValue(field, values[field.key], dropNulls)
    if (value !== undefined) body[field.key] = value
  }
  return body
}

function readValue({ takesNull, parts }: VisibleField, value: unknown, dropNulls: boolean): unknown {
  if (value === null) return takesNull && !dropNulls ? null : undefined
  if (typeof value === 'string') return value.trim() ? value : undefined
  if (!isObject(value)) return value
  const object = parts ? read(parts, value, dropNulls) : freeKeys(value, dropNulls)
  return Object.keys(object).length ? object : undefined
}

/** Free keys without those that JSON leaves out; a mapping path can hit a method of an object. */
function freeKeys(values: Values, dropNulls: boolean): Values {
  const isAbsent = (value: unknown) =>
    value === undefined || typeof value === 'function' || (dropNulls && value === null)
  if (!Object.values(values).some(isAbsent)) return values
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isAbsent(value)))
}

/** What an app sends that writes a missing ID down as text. */
const NOBODY = ['undefined', 'null', 'NaN', 'Infinity', '-Infinity', '[object Object]']

/**
 * An identifier without the spaces around it. Hosts without the framework may pass a number for a text.
 *
 * @param field the field's path in the payload, such as `customer.source_id`
 * @throws PayloadValidationError for a blank ID, and for one that a broken app gives to everybody: a source_id can
 * never be changed and Voucherify merges nobody, so strangers would share points
 */
export function requireId(field: string, value: unknown): string {
  const id = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  if (!id) {
    throw new PayloadValidationError(
      field === 'group_id'
        ? 'The field group_id is blank, most often because the call has no groupId. Send a groupId, or map another ID of the group.'
        : `The field ${field} is blank, most often because the call has no userId. Identify the user first or map another ` +
          'ID; anonymousId is no substitute, since Voucherify would keep it as a separate customer for ever.'
    )
  }
  if (!NOBODY.includes(id)) return id
  throw new PayloadValidationError(
    `The field ${field} reads "${id}", which an app sends when it has no ID at hand, so it would be shared by strangers. ` +
      'Send the call only when the ID is known, or map another ID.'
  )
}

/**
 * The Customer Object of an event or group, with its identifier checked.
 *
 * @throws PayloadValidationError as `requireId` does
 */
export function requireCustomer({ customer }: Values): Values {
  const values = isObject(customer) ? customer : {}
  return { ...values, source_id: requireId('customer.source_id', values.source_id) }
}
