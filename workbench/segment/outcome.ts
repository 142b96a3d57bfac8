import { RetryableError } from '@segment/actions-core'
import type { Result } from '@segment/actions-core'
import { shorten } from '../shared/text'
import { errorCode } from '../shared/errorCode'
import { complaintText } from './mappingChecks'
import type { Mask } from '../shared/mask'
import type { Delivery, DeliveryError, Outcome } from '../shared/types'

const MAX_MESSAGE_LENGTH = 1000
/** Statuses after which Segment sends a call again, on both of its lists. */
const RETRIED_STATUSES = [408, 429, 500, 502, 503, 504]

/** How a delivery ended. */
export interface Verdict {
  status: Extract<Outcome, 'delivered' | 'retryable' | 'rejected'>
  error: DeliveryError | null
}

/** What the framework says of one call of a batch. */
export type BatchResult = NonNullable<Result['multistatus']>[number]

/** What both ways of failing say. */
interface Failure {
  message: string
  status?: number
  code?: string
  isRetryable: boolean
  exchange: Recorded
}

/** What left and what came back; null where nothing did. */
export type Recorded = Pick<Delivery, 'request' | 'response'>

export const DELIVERED: Verdict = { status: 'delivered', error: null }

/** Judges what `onEvent` threw, as Segment would: whether the call would be sent again, and what to do about it. */
export function judgeError(error: unknown, exchange: Recorded, mask: Mask): Verdict {
  const isRetryable = error instanceof RetryableError
  const [status, code] = [errorStatus(error), errorCode(error)]
  return fail({ message: complaintText(error), status, code, isRetryable, exchange }, mask)
}

/** Judges the outcome of one call of a batch. */
export function judgeBatchResult(result: BatchResult | undefined, exchange: Recorded, mask: Mask): Verdict {
  if (!result)
    return fail({ message: 'The framework gave no outcome for this call.', isRetryable: true, exchange }, mask)
  if (!('errormessage' in result)) return DELIVERED
  const { status, errormessage: message, errortype: code } = result
  return fail({ message, status, code, isRetryable: code === 'RETRYABLE_ERROR', exchange }, mask)
}

/** The message and the advice in one text. Messages of the network end without a full stop. */
export function withAdvice({ message, whatToDo: advice }: DeliveryError): string {
  return `${message.replace(/[.\s]*$/, '.')} ${advice}`
}

function fail(failure: Failure, mask: Mask): Verdict {
  const { status } = failure
  // Segment takes an error without a status for 500.
  const isRetried = failure.isRetryable || status === undefined || RETRIED_STATUSES.includes(status)
  return {
    status: isRetried ? 'retryable' : 'rejected',
    error: {
      message: shorten(mask.text(failure.message), MAX_MESSAGE_LENGTH),
      status: status ?? null,
      whatToDo: whatToDo(failure, isRetried)
    }
  }
}

/** The status of an error of the framework; errors of the network have none. */
function errorStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined
  return typeof error.status === 'number' ? error.status : undefined
}

const START_AGAIN = 'and start the workbench again'

/** What the customer's engineer does next. The destination's message says what happened; this is for this workbench. */
function whatToDo({ message, status, code, exchange }: Failure, isRetried: boolean): string {
  switch (code) {
    case 'INVALID_CUSTOM_URL':
      return `Correct VOUCHERIFY_CUSTOM_URL ${START_AGAIN}.`
    case 'INVALID_APPLICATION_ID':
      return `Correct VOUCHERIFY_APPLICATION_ID ${START_AGAIN}.`
    case 'INVALID_SECRET_KEY':
      return `Correct VOUCHERIFY_SECRET_KEY ${START_AGAIN}.`
  }
  if (exchange.response) return afterAnswer(exchange.response.status)
  if (status === 400) return beforeSending(message)
  if (code !== undefined && status === undefined) {
    return 'Check that the address of the gateway is right and can be reached; Segment would send the call again by itself.'
  }
  if (!exchange.request && status === undefined)
    return 'Correct the mapping: the framework can not use it for this call.'
  return isRetried
    ? 'Segment would send the call again by itself; "Send again" does it at once.'
    : 'Correct the call or the mapping; Segment would not send it again.'
}

/** For calls that never left: the framework or the destination refused them. */
function beforeSending(message: string): string {
  if (/source_id is blank|field 'source_id'/.test(message)) {
    return 'Send a userId with the call, or map another ID; an anonymous visitor has to be identified first.'
  }
  if (/group_id/.test(message)) return 'Send a groupId with the call, or map another ID of the group.'
  return 'Correct the value in the call, or map another place to the field.'
}

/** What to do on this machine. The sandbox's own settings are never wrong: there, such an answer was rehearsed. */
function here(variables: string): string {
  return `here, correct ${variables} ${START_AGAIN}. A rehearsed answer needs only "Send again".`
}

function afterAnswer(status: number): string {
  if (status >= 300 && status < 400) {
    return `In Segment, set Custom Voucherify URL to the address of the gateway itself; ${here(
      'VOUCHERIFY_CUSTOM_URL'
    )}`
  }
  if (status === 429 || status === 408 || status === 423 || (status >= 500 && status !== 501)) {
    return status === 429
      ? 'Segment would send the call again later. If it happens often, send fewer calls: switch mappings off, or batch customers.'
      : 'Nothing is wrong with the call: Segment would send it again by itself; "Send again" does it at once.'
  }
  switch (status) {
    case 401:
      return `In Segment, check the settings Application ID and Secret Key; ${here(
        'VOUCHERIFY_APPLICATION_ID and VOUCHERIFY_SECRET_KEY'
      )}`
    case 402:
      return 'Ask your Voucherify administrator about the limits of your plan.'
    case 403:
      return "Give the key the right to do this, in Voucherify's project settings."
    case 404:
      return `In Segment, check the setting Custom Voucherify URL; ${here('VOUCHERIFY_CUSTOM_URL')}`
    case 413:
      return 'Map fewer or shorter values, most often in metadata.'
    default:
      return 'Correct the value that Voucherify names, in the call or in the mapping; Segment would not send the call again.'
  }
}
