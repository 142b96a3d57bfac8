import { isObject } from '@segment/actions-core'
import type { DynamicFieldResponse, RequestClient } from '@segment/actions-core'
import { asError, failureOf, MAX_MESSAGE_LENGTH, readBody, shorten } from './errors'
import type { Settings } from './generated-types'
import { askApi } from './requests'

const BY_HAND = 'Type the keys by hand, or open the mapping again later.'

/**
 * The metadata keys that the project defines for customers, as choices for the mapping editor: Voucherify drops
 * metadata without a definition and gives no error. Source: "Get metadata schema" in Voucherify's API reference.
 *
 * @returns choices in order of the alphabet; none, and an error that says why, where Voucherify does not tell. Never
 * throws
 */
export async function listMetadataKeys(
  request: RequestClient,
  { settings }: { settings: Settings }
): Promise<DynamicFieldResponse> {
  try {
    const answer = await askApi(request, settings, 'GET', 'metadata-schemas/customer')
    // What is said of keys, plan and rights holds here too; everything else is advice about a call.
    const failure = failureOf(answer, settings, [401, 402, 403].includes(answer.status) ? undefined : BY_HAND)
    if (failure) return noChoices(failure.message, answer.status)
    const { properties } = readBody(answer)
    return { choices: toChoices(isObject(properties) ? properties : {}) }
  } catch (error) {
    const { message, status = 500 } = asError(error)
    const reason = message.replace(/\.$/, '')
    return noChoices(`The metadata definitions could not be read: ${reason}. ${BY_HAND}`, status)
  }
}

function toChoices(properties: Record<string, unknown>): DynamicFieldResponse['choices'] {
  return Object.entries(properties)
    .filter((entry): entry is [string, Record<string, unknown>] => isObject(entry[1]) && entry[1].deleted !== true)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([key, { type, array }]) => ({ value: key, label: `${key} (${array === true ? 'list of ' : ''}${type})` }))
}

function noChoices(message: string, status: number): DynamicFieldResponse {
  return { choices: [], error: { message: shorten(message, MAX_MESSAGE_LENGTH), code: String(status) } }
}
