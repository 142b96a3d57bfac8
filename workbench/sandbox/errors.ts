import type { JSONObject } from '@segment/actions-core'
import type { LimitType } from '../shared/types'
import { newRequestId } from './ids'

/** Most bytes that a call may hold. Source: Voucherify's API reference, which says it of the bulk calls. */
export const MAX_BODY_BYTES = 10_485_760

export interface Answer {
  status: number
  /** An object goes as JSON, a text as it is, of the type that `headers` name; absent for 204. */
  body?: JSONObject | string
  headers?: Record<string, string>
  /** Announces more than the body and ends the connection after it. */
  isCut?: boolean
}

/** A call that is not done: thrown where the reason is found, answered where the request came in. */
export class Refusal extends Error implements Answer {
  constructor(readonly status: number, readonly body: JSONObject, readonly headers?: Record<string, string>) {
    super(`The sandbox answers ${status}.`)
  }
}

/** 400 in the form of Voucherify's errors. `details` names the property, such as `Property .source_id should …`. */
export function invalidPayload(details: string): Refusal {
  return new Refusal(400, { ...errorBody(400, 'invalid_payload', 'Invalid payload'), details })
}

/** 400 for a parameter of the query. */
export function invalidQuery(details: string): Refusal {
  return new Refusal(400, { ...errorBody(400, 'invalid_query_params', 'Invalid query params'), details })
}

/** 401: its body has a key and no details. */
export function unauthorized(): Refusal {
  return new Refusal(401, errorBody(401, 'unauthorized', 'Unauthorized'))
}

/** 402: the plan is used up, or the subscription has ended. */
export function planExceeded(): Refusal {
  return new Refusal(402, errorBody(402, 'plan_exceeded', 'Your plan is exceeded'))
}

/** 404 for something that Voucherify does not hold, such as `Cannot find customer with id c1`. */
export function notFound(details: string): Refusal {
  return new Refusal(404, { ...errorBody(404, 'not_found', 'Resource not found'), details })
}

/** 404 for a call that Voucherify may know and the sandbox does not play, such as `POST /v1/vouchers`. */
export function notPlayed(call: string): Refusal {
  return notFound(
    `This is the sandbox of the workbench, which does not play ${call}. docs/workbench.md lists what it plays.`
  )
}

/** 413, whose body has another form than all other errors. */
export function tooLarge(): Refusal {
  return new Refusal(413, {
    statusCode: 413,
    error: 'Request Entity Too Large',
    message: `Payload content length greater than maximum allowed: ${MAX_BODY_BYTES}`
  })
}

/**
 * 429: its body has neither key nor details, the headers say which limit was reached and when it ends.
 *
 * @param type name of the limit; `webhook_calls` is the daily bucket of integration calls
 * @param retryAfter seconds to wait
 * @param now milliseconds since 1970 on the clock that the limit runs on
 */
export function tooManyRequests(type: LimitType, limit: number, retryAfter: number, now: number): Refusal {
  return new Refusal(
    429,
    { code: 429, message: 'Too many requests' },
    { 'Retry-After': String(retryAfter), ...limitHeaders(type, limit, 0, Math.ceil(now / 1000) + retryAfter) }
  )
}

/**
 * The headers that say how far a limit is used.
 *
 * @param retry Unix time in seconds at which calls are allowed again
 */
export function limitHeaders(type: LimitType, limit: number, remaining: number, retry: number): Record<string, string> {
  return {
    'X-Rate-Limit-Limit': String(limit),
    'X-Rate-Limit-Remaining': String(remaining),
    'X-Rate-Limit-Retry': String(retry),
    'X-Rate-Limit-Type': type
  }
}

/** 500 as Voucherify would answer in trouble of its own. */
export function internalError(): Refusal {
  return new Refusal(500, errorBody(500, 'internal_error', 'Internal server error'))
}

/** 500 for a fault of the sandbox itself, so that no call can end the process. */
export function sandboxFailed(error: unknown): Refusal {
  const reason = error instanceof Error ? error.message : String(error)
  return new Refusal(500, {
    ...errorBody(500, 'sandbox_failed', 'The sandbox failed'),
    details: `This is a fault of the sandbox and none of your call: ${reason}`
  })
}

/** 507: the sandbox, other than Voucherify, holds everything in memory. Dropping the oldest would look like a loss. */
export function sandboxFull(what: string): Refusal {
  return new Refusal(507, {
    ...errorBody(507, 'sandbox_full', 'The sandbox is full'),
    details: `The sandbox holds its most of ${what}. Empty it and send the call again.`
  })
}

/** 421 and 403: whoever asks is not on this machine, or is a page in a browser. */
export function notForYou(status: 403 | 421, message: string): Refusal {
  return new Refusal(status, errorBody(status, 'forbidden', message))
}

/** 403, 410 and 400 for a report that can't be given. Its storage is not Voucherify's API and has errors of its own. */
export function noReport(status: 400 | 403 | 410, message: string): Refusal {
  return new Refusal(status, { code: status, message })
}

function errorBody(code: number, key: string, message: string): JSONObject {
  return { code, key, message, request_id: newRequestId() }
}
