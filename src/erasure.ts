import { PayloadValidationError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import { failureOf, isPage } from './errors'
import type { Settings } from './generated-types'
import { askApi } from './requests'

/**
 * Erases a person from Voucherify for good, as Segment's deletion requests ask: the API's "Delete customer
 * permanently". Customers are only ever stored under `userId`, so without one there is nothing to erase.
 *
 * @returns what was done, in words; a customer whom Voucherify does not know counts as erased
 * @throws the errors of a delivery, PayloadValidationError for an ID that no URL can hold
 */
export async function eraseCustomer(
  request: RequestClient,
  { settings, payload }: { settings: Settings; payload: { userId?: string | null } }
): Promise<{ output: string }> {
  const sourceId = String(payload.userId ?? '').trim()
  if (!sourceId) return { output: 'Nothing to erase: the request has no userId.' }
  const path = `customers/${encodePathSegment(sourceId)}/permanent-deletion`
  const answer = await askApi(request, settings, 'POST', path)
  if (answer.status === 404 && !isPage(answer)) return { output: 'Nothing to erase: Voucherify has no such customer.' }
  const failure = failureOf(answer, settings)
  if (failure) throw failure
  return { output: 'Customer erased.' }
}

/** Escapes an ID for one segment of a path. */
function encodePathSegment(id: string): string {
  // URL takes these two for steps in the path, escaped or not.
  if (id !== '.' && id !== '..') {
    try {
      return encodeURIComponent(id)
    } catch {
      // a lone surrogate has no URL form
    }
  }
  throw new PayloadValidationError(
    "The customer's source_id can't be written into a URL, so the customer was not erased. Erase the customer in Voucherify's dashboard."
  )
}
