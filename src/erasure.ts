import { IntegrationError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import { answerOf, bodyOf, isPage, makeRedact, toDeliveryError } from './errors'
import type { Settings } from './generated-types'
import { buildErasureRequest } from './utils'

const NOT_ERASED =
  'A web page answered instead of Voucherify, so the customer was not erased. Check the setting "Custom Voucherify URL" and ask for the deletion again.'

/**
 * Erases a person from Voucherify for good, as Segment's deletion requests ask. Customers are only ever stored under
 * `userId`, so without one there is nothing to erase.
 *
 * @returns what was done, in words; a customer whom Voucherify does not know counts as erased
 * @throws the errors of a delivery, PayloadValidationError for an ID that no URL can hold
 */
export async function eraseCustomer(
  request: RequestClient,
  settings: Settings,
  userId: string | null | undefined
): Promise<{ output: string }> {
  const sourceId = String(userId ?? '').trim()
  if (!sourceId) return { output: 'Nothing to erase: the request has no userId.' }
  const { url, options } = buildErasureRequest(settings, sourceId)
  let body: unknown
  try {
    body = bodyOf(await request(url, options))
  } catch (error) {
    const answer = answerOf(error)
    // A page is not Voucherify's answer: somebody would count as erased who was not.
    if (answer?.status === 404 && !isPage(answer.body))
      return { output: 'Nothing to erase: Voucherify has no such customer.' }
    throw toDeliveryError(error, makeRedact(settings))
  }
  if (isPage(body)) throw new IntegrationError(NOT_ERASED, 'INVALID_CUSTOM_URL', 400)
  return { output: 'Customer erased.' }
}
