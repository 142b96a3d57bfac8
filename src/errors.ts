import { APIError, HTTPError, InvalidAuthenticationError, isObject, RetryableError } from '@segment/actions-core'
import type { JSONValue } from '@segment/actions-core'
import escapeRegExp from 'lodash/escapeRegExp'
import type { Settings } from './generated-types'

/** Longest message that a host is given, in characters. */
export const MAX_MESSAGE_LENGTH = 500
const MAX_PART_LENGTH = 100
/** Below this length a key's Base64 cores are too short to mean that key. */
const MIN_CORE_LENGTH = 8
const MASK = '***'

/** Removes the keys of the settings from a text. */
export type Redact = (text: string) => string

/**
 * Makes a function that takes both keys out of a text that came from outside, in clear and in Base64, also where the
 * Base64 holds more than the key (`id:secret`, a whole header) or is folded into lines.
 */
export function makeRedact(settings: Pick<Settings, 'apiKey' | 'secretKey'>): Redact {
  const keys = [settings.apiKey, settings.secretKey].map((key) => String(key ?? '').trim()).filter(Boolean)
  const texts = keys.length ? [...keys, keys.join(':')] : []
  const plain = anyOf(texts.flatMap((text) => [...writtenForms(text), ...base64Patterns(text)]))
  const folded = anyOf(texts.filter((text) => text.length >= MIN_CORE_LENGTH).flatMap(base64Patterns))
  return (text) => {
    const masked = plain ? text.replace(plain, MASK) : text
    return folded ? maskFolded(masked, folded) : masked
  }
}

/** One pattern for all, whatever their case: a host in an address comes back in small letters. */
function anyOf(patterns: string[]): RegExp | undefined {
  // The longest first, so that no rest is left.
  const longestFirst = [...new Set(patterns)].filter(Boolean).sort((a, b) => b.length - a.length)
  return longestFirst.length ? new RegExp(longestFirst.join('|'), 'gi') : undefined
}

/** A line end in Base64, as such and as JSON and addresses write it: mail and some tools fold Base64 into lines. */
const BASE64_FOLD = /\s|\\{1,4}(?:[rnt]|u000[ad])|%0[ad]/gi

/** Masks what a pattern finds in a text once its folds are taken out, and leaves everything else as it is. */
function maskFolded(text: string, pattern: RegExp): string {
  const unfolded = text.replace(BASE64_FOLD, '')
  if (unfolded.length === text.length || unfolded.search(pattern) < 0) return text
  const places = placesBesideFolds(text)
  let masked = ''
  let done = 0
  unfolded.replace(pattern, (found: string, at: number) => {
    masked += text.slice(done, places[at]) + MASK
    done = places[at + found.length - 1] + 1
    return found
  })
  return masked + text.slice(done)
}

/** The places of the characters that are in no fold. */
function placesBesideFolds(text: string): number[] {
  const places: number[] = []
  let place = 0
  const addUpTo = (end: number) => {
    for (; place < end; place += 1) places.push(place)
  }
  text.replace(BASE64_FOLD, (fold: string, at: number) => {
    addUpTo(at)
    place = at + fold.length
    return fold
  })
  addUpTo(text.length)
  return places
}

/** Patterns for a key as it stands in a text, in JSON, in an address and in a form. */
function writtenForms(key: string): string[] {
  const inJson = JSON.stringify(key).slice(1, -1)
  const inForm = new URLSearchParams({ '': key }).toString().slice('='.length)
  return [key, oneLine(key), inJson, inJson.replace(/\//g, '\\/'), inForm, encodeURIComponentSafely(key)].map(
    escapeRegExp
  )
}

function encodeURIComponentSafely(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return text // a lone surrogate has no URL form, so it cannot be echoed in one
  }
}

/**
 * Patterns for every way in which the bytes of a key can appear in Base64. Three bytes become four characters, so inside
 * a longer text the key starts at one of three offsets; the characters that its neighbours share with it are left off.
 */
function base64Patterns(key: string): string[] {
  // The second is how a header carries it.
  return [Buffer.from(key), Buffer.from(key, 'latin1')].flatMap((bytes) => {
    const whole = bytes.toString('base64').replace(/=+$/, '')
    const inLonger = bytes.length < MIN_CORE_LENGTH ? [] : [0, 1, 2].map((offset) => base64Core(bytes, offset))
    return [whole, ...inLonger].map(base64Pattern)
  })
}

/** The characters that the bytes alone decide when they stand so many bytes into what is encoded. */
function base64Core(bytes: Buffer, offset: number): string {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  return padded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
}

/** The two signs of Base64 as they may be written: as such, URL-safe, percent-encoded, escaped in JSON. */
const BASE64_SIGNS: Record<string, string> = { '+': '(?:[+-]|%2B)', '/': '(?:\\\\?/|_|%2F)' }

function base64Pattern(base64: string): string {
  return `${base64.replace(/[+/]/g, (sign) => BASE64_SIGNS[sign])}(?:=|%3D)*`
}

/** An answer that was not 2xx, reduced to what errors need. */
export interface Answer {
  status: number
  url: string
  header(name: string): string | null
  /** The parsed body where Voucherify labelled it as JSON, else its text. */
  body: unknown
}

/** Reads the answer out of the framework's error; undefined for every other error. */
export function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof HTTPError)) return undefined
  const { response } = error
  return {
    status: response.status,
    url: response.url,
    header: (name) => response.headers.get(name),
    body: bodyOf(response)
  }
}

/** What the framework put on a response: `data` parsed from JSON, or `content` as it came. */
export function bodyOf(response: object): unknown {
  const data = 'data' in response ? response.data : undefined
  return data ?? ('content' in response ? response.content : undefined)
}

/**
 * What the host is told about a request that failed: an answer of Voucherify becomes an error of the framework with
 * Voucherify's reason in it; every other error (the host's own, the network's, a timeout) is returned as it came,
 * since the host decides by it whether to send the call again.
 */
export function toDeliveryError(error: unknown, redact: Redact): unknown {
  const answer = answerOf(error)
  return answer ? answerError(answer, redact) : error
}

function answerError(answer: Answer, redact: Redact): Error {
  const { status } = answer
  if (status >= 300 && status < 400) return redirectError(answer, redact)
  const message = describe(answer, adviceFor(answer, redact), redact)
  if (status === 401) return new InvalidAuthenticationError(message)
  if (isRetryable(status)) return new RetryableError(message, takenByRetryableError(status) ? status : 500)
  return new APIError(message, status)
}

/** Statuses after which the same call may succeed later; 501 says that it never will. */
export function isRetryable(status: number): boolean {
  return [408, 423, 429].includes(status) || (status >= 500 && status !== 501)
}

type RetryableStatus = NonNullable<ConstructorParameters<typeof RetryableError>[1]>

const RETRYABLE_ERROR_STATUSES: readonly number[] = [
  408, 423, 429, 500, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 598, 599
]

function takenByRetryableError(status: number): status is RetryableStatus {
  return RETRYABLE_ERROR_STATUSES.includes(status)
}

/** A redirect is never followed: it would carry the keys to another host, or turn the call into an empty GET. */
function redirectError(answer: Answer, redact: Redact): RetryableError {
  return new RetryableError(
    `Voucherify's address answered with a redirect (${answer.status}) to ${redirectTarget(answer, redact)}, which is ` +
      'not followed because the keys would go there. Check the setting "Custom Voucherify URL".',
    502
  )
}

/** The host that a redirect names, or words for one that names none. */
export function redirectTarget(answer: Answer, redact: Redact): string {
  const location = answer.header('location')
  if (!location) return 'an unnamed host'
  try {
    return shorten(redact(new URL(location, answer.url).host), MAX_PART_LENGTH) || 'an unnamed host'
  } catch {
    return 'an unreadable address'
  }
}

/**
 * One or two sentences: what Voucherify answered, its reason, and what to do next. At most 500 characters, of which
 * the reason is what gets cut. Source of the body's shape: "Errors" in Voucherify's API reference; 413 has another one.
 */
export function describe(answer: Answer, advice: string, redact: Redact): string {
  const body = readBody(answer.body)
  const part = (value: unknown, limit = MAX_PART_LENGTH) =>
    shorten(redact(oneLine(textOf(redactJson(value, redact)))), limit)

  const key = part(body.key ?? body.error)
  const requestId = part(body.request_id)
  const labels = [key, requestId && `request ${requestId}`].filter(Boolean).join(', ')
  const head = `Voucherify answered ${answer.status}${labels && ` (${labels})`}`
  const room = MAX_MESSAGE_LENGTH - head.length - advice.length - ': . '.length
  const reason = [part(body.message, room), part(body.details, room)].filter(Boolean).join(' - ')
  return `${head}${reason && `: ${shorten(reason, room).replace(/[.\s]+$/, '')}`}. ${advice}`
}

interface ErrorBody {
  key?: unknown
  error?: unknown
  message?: unknown
  details?: unknown
  request_id?: unknown
}

/** Voucherify's error body, also when it is not labelled as JSON. Plain text is a message; a page says nothing. */
function readBody(body: unknown): ErrorBody {
  if (isObject(body)) return body
  if (typeof body !== 'string' || isPage(body)) return {}
  try {
    const parsed: unknown = JSON.parse(body)
    if (isObject(parsed)) return parsed
    if (parsed === null) return {}
  } catch {
    // not JSON: the text itself is the message
  }
  return { message: body }
}

/** Whether a body is a page for people, as proxies and web servers answer. */
export function isPage(body: unknown): boolean {
  return typeof body === 'string' && /^\s*</.test(body)
}

function textOf(value: JSONValue): string {
  if (value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
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

/** What to do next about an answer. */
export function adviceFor(answer: Answer, redact: Redact): string {
  switch (answer.status) {
    case 401:
      return 'Check the settings "Application ID" and "Secret Key".'
    case 402:
      return 'The limit of your Voucherify plan is exceeded; ask your Voucherify administrator.'
    case 403:
      return 'Give the key in the setting "Secret Key" the right to do this, in Voucherify\'s project settings.'
    case 413:
      return 'Map fewer or shorter values.'
    case 429:
      return rateLimitAdvice(answer, redact)
    case 501:
      return 'Check the setting "Custom Voucherify URL", or ask Voucherify Support; the call is not sent again.'
  }
  if (isRetryable(answer.status)) return 'The call can be sent again later.'
  const { key, message } = readBody(answer.body)
  // With a key it is Voucherify that knows no such thing, such as a code; without one it is not Voucherify's gateway.
  if (answer.status === 404 && !key) return 'Check the setting "Custom Voucherify URL".'
  return key || message
    ? 'Correct the value it names in the mapping or in the call; the call is not sent again.'
    : 'The call is not sent again; check the mapping, or ask Voucherify Support.'
}

/** Which limit was reached and when it ends, as far as Voucherify says (`X-Rate-Limit-Type`, `Retry-After`). */
function rateLimitAdvice(answer: Answer, redact: Redact): string {
  const said = (name: string) => {
    const value = redact(answer.header(name) ?? '')
    return /^[\w ,:+*-]{1,40}$/.test(value) ? value : ''
  }
  const type = said('x-rate-limit-type')
  const wait = said('retry-after')
  const limit = type === 'webhook_calls' ? `${type}, the daily bucket of integration calls` : type
  const seconds = /^\d+$/.test(wait) && `in ${wait} ${wait === '1' ? 'second' : 'seconds'}`
  const pause = seconds || (wait ? `after ${wait}` : 'later')
  return limit ? `The limit is ${limit}; the call can be sent again ${pause}.` : `The call can be sent again ${pause}.`
}

/** Nesting that no answer of Voucherify reaches; deeper values would exhaust the stack. */
const MAX_DEPTH = 20

/** A copy of an answer's body without the keys, for messages and for the record that a batch keeps of each call. */
export function redactJson(value: unknown, redact: Redact, depth = 0): JSONValue {
  if (typeof value === 'string') return redact(value)
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return redact(String(value)) === String(value) ? value : redact(String(value))
  if (depth >= MAX_DEPTH) return null
  if (Array.isArray(value)) return value.map((item) => redactJson(item, redact, depth + 1))
  if (!isObject(value)) return null
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redact(key), redactJson(item, redact, depth + 1)])
  )
}
