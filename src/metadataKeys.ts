import { isObject } from '@segment/actions-core'
import type { DynamicFieldResponse, RequestClient } from '@segment/actions-core'
import { failureOf, MAX_MESSAGE_LENGTH, shorten } from './errors'
import type { Settings } from './generated-types'
import { askApi } from './requests'

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
    const failure = failureOf(answer, settings)
    if (failure) return noChoices(failure)
    const { properties }: { properties?: unknown } = isObject(answer.data) ? answer.data : {}
    return { choices: toChoices(isObject(properties) ? properties : {}) }
  } catch (error) {
    const { message, status }: Error & { status?: number } = error instanceof Error ? error : new Error(String(error))
    return noChoices({ message: `The metadata definitions could not be read: ${message}`, status })
  }
}

function toChoices(properties: Record<string, unknown>): DynamicFieldResponse['choices'] {
  return Object.entries(properties)
    .filter((entry): entry is [string, Record<string, unknown>] => isObject(entry[1]) && entry[1].deleted !== true)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([key, { type, array }]) => ({ value: key, label: `${key} (${array === true ? 'list of ' : ''}${type})` }))
}

function noChoices({ message, status = 500 }: { message: string; status?: number }): DynamicFieldResponse {
  return { choices: [], error: { message: shorten(message, MAX_MESSAGE_LENGTH), code: String(status) } }
}
