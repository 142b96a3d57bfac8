import { APIError, InvalidAuthenticationError, isObject, RetryableError } from '@segment/actions-core'
import type { ModifiedResponse } from '@segment/actions-core'
import type { Settings } from './generated-types'
import type { Values } from './payload'

/** What Voucherify answered, whatever its status. */
export type Answer = ModifiedResponse
/** What of an answer its reason is read from. `content` is its text, where it came as one. */
export type AnswerBody = Pick<Answer, 'status' | 'data'> & Partial<Pick<Answer, 'content'>>

/** Longest message that a host is given, in characters. */
export const MAX_MESSAGE_LENGTH = 500
const MAX_PART_LENGTH = 100
/** Longest record of an answer that is kept for each call of a batch, in characters. */
const MAX_RECORD_LENGTH = 4_000

/**
 * What an answer means for the call that it answers.
 *
 * @param advice what to do about an answer that refuses
 * @returns the error to throw or to record; undefined where Voucherify took the call
 */
export function failureOf(answer: Answer, settings: Settings, advice = adviceFor(answer, settings)): Error | undefined {
  const { status } = answer
  if (status >= 200 && status < 300) return isPage(answer) ? pageError(status) : undefined
  if (status >= 300 && status < 400) return redirectError(answer, settings)
  const message = describe(answer, advice, settings)
  if (status === 401) return new InvalidAuthenticationError(message)
  if (isRetryable(status))
    return new RetryableError(message, RETRYABLE_STATUSES.find((taken) => taken === status) ?? 500)
  return new APIError(message, status)
}

/** Statuses after which the same call may succeed later; 501 says that it never will. */
export function isRetryable(status: number): boolean {
  return [408, 423, 429].includes(status) || (status >= 500 && status !== 501)
}

/** The statuses that the framework's RetryableError takes. */
const RETRYABLE_STATUSES = [408, 423, 429, 500, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 598, 599] as const

/** A page for people is no answer of Voucherify's, so nothing says that the data arrived. */
function pageError(status: number): RetryableError {
  return new RetryableError(
    `A web page answered (${status}) instead of Voucherify, so nothing shows that the data arrived. ` +
      'Check the setting "Custom Voucherify URL"; the call can be sent again later.',
    502
  )
}

/** A redirect is never followed: it would carry the keys to another host, or turn the call into an empty GET. */
function redirectError(answer: Answer, settings: Settings): RetryableError {
  const target = redirectTarget(answer, settings)
  return new RetryableError(
    `Voucherify's address answered with a redirect (${answer.status}) to ${target}, which is not followed because ` +
      'the keys would go there. Check the setting "Custom Voucherify URL".',
    502
  )
}

/** The host that a redirect names, or words for one that names none. */
export function redirectTarget(answer: Answer, settings: Settings): string {
  const location = headerOf(answer, 'location')
  if (!location) return 'an unnamed host'
  try {
    const { host } = new URL(location, answer.url)
    return !host || holdsKey(host, settings) ? 'an unnamed host' : shorten(host, MAX_PART_LENGTH)
  } catch {
    return 'an unreadable address'
  }
}

/** A header of an answer; empty where it has none. Hosts without the framework may hold headers in another form. */
function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string {
  return headers?.get?.(name) ?? ''
}

/**
 * One or two sentences: what Voucherify answered, its reason, and what to do next. At most 500 characters, of which
 * the reason is what gets cut. A reason that echoes a key is left out whole.
 *
 * @param whatHappened the beginning of the sentence, for what is no answer of its own
 */
export function describe(
  answer: AnswerBody,
  advice: string,
  settings: Settings,
  whatHappened = `Voucherify answered ${answer.status}`
): string {
  const { key, error, request_id, message, details } = readBody(answer)
  const said = [key ?? error, request_id, message, details].map(textOf)
  const [label, request, ...reasons] = said.some((text) => holdsKey(text, settings)) ? [] : said.map(oneLine)

  const labels = [label, request && `request ${request}`].filter(Boolean).map((text) => shorten(text, MAX_PART_LENGTH))
  const head = `${whatHappened}${labels.length ? ` (${labels.join(', ')})` : ''}`
  const room = MAX_MESSAGE_LENGTH - head.length - advice.length - ': . '.length
  const reason = shorten(reasons.filter(Boolean).join(' - '), room).replace(/[.\s]+$/, '')
  return `${head}${reason && `: ${reason}`}. ${advice}`
}

/** An answer as it is recorded for each call of a batch: its text, bounded since a thousand calls may keep it. */
export function toRecord({ data, content }: AnswerBody, settings: Settings): string {
  const parsed = textOf(data)
  const text = withoutKeys(content ?? parsed, settings)
  return shorten(holdsKey(parsed, settings) ? LEFT_OUT : text, MAX_RECORD_LENGTH)
}

/** A text that came from outside, or other words where it echoes a key. */
export function withoutKeys(text: string, settings: Settings): string {
  return holdsKey(text, settings) ? LEFT_OUT : text
}

const LEFT_OUT = 'Left out, since it echoed a key.'

/** Whatever was thrown, as an error with what hosts put on theirs. */
export function asError(thrown: unknown): Error & { status?: number; code?: unknown } {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** Whether a text holds one of the keys in clear, percent-encoded or in Base64, whatever its case. */
function holdsKey(text: string, { apiKey, secretKey }: Settings): boolean {
  const haystack = text.toLowerCase()
  return [apiKey, secretKey].some((setting) => {
    const key = String(setting).trim()
    // Without the end, which Base64 writes otherwise when something follows: "id:secret".
    const base64 = Buffer.from(key).toString('base64').replace(/.?=+$/, '')
    return [key, encodeURIComponent(key), base64].some((form) => form && haystack.includes(form.toLowerCase()))
  })
}

/**
 * What an answer says, also when it is not labelled as JSON. Plain text is a message; a page says nothing.
 * Source of the shape of errors: "Errors" in Voucherify's API reference; 413 has another one.
 */
export function readBody(answer: AnswerBody): Values {
  const body: unknown = answer.data ?? answer.content
  if (isObject(body)) return body
  if (typeof body !== 'string' || isPage(answer)) return {}
  try {
    const parsed: unknown = JSON.parse(body)
    return isObject(parsed) ? parsed : { message: body }
  } catch {
    return { message: body }
  }
}

/** Whether a body is a page for people, as proxies and web servers answer. */
export function isPage({ data, content }: AnswerBody): boolean {
  const body: unknown = data ?? content
  return typeof body === 'string' && /^\s*</.test(body)
}

/** A value as text, whatever it is. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  try {
    return typeof value === 'string' ? value : JSON.stringify(value)
  } catch {
    return '…' // nested too deeply to be written
  }
}

/** One printable line: control characters and line ends become spaces, so that no answer can forge a log line. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}

/** Cuts a text to so many characters, never inside a surrogate pair. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text
  return `${text.slice(0, Math.max(limit - 1, 0)).replace(/[\ud800-\udbff]$/, '')}…`
}

/** What to do next, for the statuses that always mean the same. */
const ADVICE: Partial<Record<number, string>> = {
  401: 'Check the settings "Application ID" and "Secret Key".',
  402: 'The limit of your Voucherify plan is exceeded; ask your Voucherify administrator.',
  403: 'Give the key in the setting "Secret Key" the right to do this, in Voucherify\'s project settings.',
  413: 'Map fewer or shorter values.',
  501: 'Check the setting "Custom Voucherify URL", or ask Voucherify Support; the call is not sent again.'
}

/** What to do next about an answer. */
export function adviceFor(answer: Answer, settings: Settings): string {
  const { status } = answer
  if (status === 429) return rateLimitAdvice(answer, settings)
  const advice = ADVICE[status] ?? (isRetryable(status) && 'The call can be sent again later.')
  if (advice) return advice
  const { key, message } = readBody(answer)
  // With a key it is Voucherify that knows no such thing, such as a code; without one it is not Voucherify's gateway.
  if (status === 404 && !key) return 'Check the setting "Custom Voucherify URL".'
  return key || message ? CORRECT_VALUE : 'The call is not sent again; check the mapping, or ask Voucherify Support.'
}

/** What to do about a reason that names a value. */
export const CORRECT_VALUE = 'Correct the value it names in the mapping or in the call; the call is not sent again.'

/** Which limit was reached and when it ends, as far as Voucherify says (`X-Rate-Limit-Type`, `Retry-After`). */
function rateLimitAdvice(answer: Answer, settings: Settings): string {
  const said = (name: string) => {
    const value = headerOf(answer, name)
    return /^[\w ,:+-]{1,40}$/.test(value) && !holdsKey(value, settings) ? value : ''
  }
  const type = said('x-rate-limit-type')
  const wait = said('retry-after')
  const limit = type === 'webhook_calls' ? `${type}, the daily bucket of integration calls` : type
  const seconds = /^\d+$/.test(wait) && `in ${wait} ${wait === '1' ? 'second' : 'seconds'}`
  const pause = seconds || (wait ? `after ${wait}` : 'later')
  return limit ? `The limit is ${limit}; the call can be sent again ${pause}.` : `The call can be sent again ${pause}.`
}
