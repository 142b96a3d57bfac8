import assert from 'node:assert/strict'
import { APIError, Destination, HTTPError, InvalidAuthenticationError, RetryableError } from '@segment/actions-core'
import type { IntegrationError, JSONObject, JSONValue } from '@segment/actions-core'
import fc from 'fast-check'
import mapValues from 'lodash/mapValues'
import pickBy from 'lodash/pickBy'
import definition from '../../src'
import type { Settings } from '../../src/generated-types'
import { standIn } from '../../tools/standIn'
import { anyJson, anyText, plausibleKey } from './arbitraries'
import type { Gateway } from './gateway'
import { endOf, property } from './property'
import type { End, Property } from './property'

const MAX_MESSAGE_LENGTH = 500
const MAX_RECORD_LENGTH = 4_000
/** Statuses that RetryableError takes: its type in the framework. */
const RETRYABLE = [408, 423, 429, 500, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 598, 599]

const destination = new Destination(standIn(definition))

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** The ways in which an answer may repeat a key: in clear, percent-encoded, or in Base64 that starts with it. */
const ECHOES: ((key: string, around: string) => string)[] = [
  (key) => key,
  (key, around) => around + key + around,
  (key) => base64(key),
  (key, around) => `Basic ${base64(`${key}:${around}`)}`,
  (key) => encodeURIComponent(key),
  (key) => `https://example.com/?key=${encodeURIComponent(key)}`,
  (key) => key + key,
  (key) => key.toUpperCase(),
  (key) => key.replace(/ /g, '\n ')
]

type Keys = Pick<Settings, 'apiKey' | 'secretKey'>

/** Where a key is to be repeated: the way and what stands around it. Filled in later, so that keys shrink on their own. */
const echo = fc
  .tuple(fc.nat(ECHOES.length - 1), fc.constantFrom('apiKey', 'secretKey'), fc.string({ maxLength: 20 }))
  .map((parts) => `«${parts.join('|')}»`)

const ECHO = /«(\d+)\|(apiKey|secretKey)\|([^»]*)»/g

/** A value with the keys in the places that `echo` left for them. */
function fill(given: JSONValue, keys: Keys): JSONValue {
  if (typeof given === 'string') {
    return given.replace(ECHO, (_all, way: number, key: keyof Keys, around: string) =>
      ECHOES[way](keys[key].trim(), around)
    )
  }
  if (Array.isArray(given)) return given.map((item) => fill(item, keys))
  if (typeof given !== 'object' || given === null) return given
  return Object.fromEntries(Object.entries(given).map(([name, item]) => [fill(name, keys), fill(item, keys)]))
}

const long = fc.integer({ min: 10, max: 140 }).map((words) => 'long '.repeat(words))

const text = fc.array(fc.oneof(echo, anyText, long), { maxLength: 4 }).map((parts) => parts.join(' '))

const value: fc.Arbitrary<JSONValue> = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: fc.tuple(text, text).map(([name, inner]): JSONValue => ({ [name]: [inner] })) },
  { weight: 1, arbitrary: anyJson }
)

const errorBody = fc
  .array(fc.tuple(fc.constantFrom('code', 'key', 'message', 'details', 'request_id', 'error', 'statusCode'), value), {
    maxLength: 5
  })
  .map((entries): JSONObject => Object.fromEntries(entries))

const location = fc.oneof(
  text,
  echo.map((key) => `https://${key}.example.com`),
  text.map((place) => `https://example.com/?key=${place}`),
  text.map((place) => `https://${place}.example.com/login`)
)

const answered = fc.record({
  keys: fc.record({ apiKey: plausibleKey, secretKey: plausibleKey }),
  status: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 200, max: 599 }) },
    { weight: 2, arbitrary: fc.constantFrom(302, 429) },
    { weight: 2, arbitrary: fc.constantFrom(200, 204, 302, 304, 400, 401, 402, 403, 404, 408, 413, 423, 429, 500, 501) }
  ),
  headers: fc.record(
    {
      'content-type': fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/html', 'x/y', ''),
      location,
      'retry-after': fc.oneof(text, echo, fc.constantFrom('30', 'Wed, 21 Oct 2026 07:28:00 GMT', '-1')),
      'x-rate-limit-type': fc.oneof(text, echo, fc.constantFrom('webhook_calls', 'api_calls')),
      'x-request-id': text
    },
    { requiredKeys: ['content-type'] }
  ),
  body: fc.oneof(
    { weight: 6, arbitrary: fc.record({ json: errorBody }) },
    { weight: 1, arbitrary: fc.record({ json: value }) },
    { weight: 2, arbitrary: fc.record({ text }) },
    { weight: 1, arbitrary: text.map((page) => ({ text: `<html>${page}</html>` })) },
    { weight: 1, arbitrary: text.map((message) => ({ text: `{"message":"${message}` })) },
    { weight: 1, arbitrary: fc.constant({ text: '' }) },
    // More than a stream holds: a copy of the answer that nobody reads would hang the call.
    { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 60_000 }).map((length) => ({ text: 'x'.repeat(length) })) }
  )
})

interface Answered {
  keys: Keys
  status: number
  headers: Record<string, string | undefined>
  body: { json: JSONValue } | { text: string }
}

/** What Node lets a server write into a header. */
function headerText(given: string): string {
  return given.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').trim()
}

const PERSON = { userId: 'user-1', traits: { email: 'a@example.com' } }

const single = property(
  'any answer to a call gives the error that its status means, in a bounded message without the keys',
  300,
  answered,
  async (input, { gateway }) => {
    const settings = settingsFor(gateway, input)
    const end = await endOf(destination.onEvent({ type: 'identify', ...PERSON } as never, settings as never))
    destination.responses.length = 0
    assert.equal(gateway.take().length, 1, 'an answer is not followed by another request')
    assertClass(end, input)
    if (!end.ok) assertMessage(end.error.message, input.keys)
  }
)

const batch = property(
  'any answer to a batch gives each call an outcome in a bounded message without the keys',
  300,
  answered,
  async (input, { gateway }) => {
    const settings = settingsFor(gateway, input)
    const calls = ['user-1', 'user-2'].map((userId) => ({ ...PERSON, type: 'identify', userId }))
    const [{ multistatus = [] }] = await destination.onBatch(calls as never, settings as never)
    destination.responses.length = 0
    assert.equal(gateway.take().length, [400, 413].includes(input.status) ? 3 : 1)
    assert.equal(multistatus.length, calls.length)
    for (const outcome of multistatus) {
      assert.equal(outcome.status, isTaken(input) ? input.status : errorOf(input).status)
      assertWithoutKeys(JSON.stringify(outcome), input.keys)
      const { body } = outcome as { body?: unknown }
      assert.ok(typeof body === 'string' && body.length <= MAX_RECORD_LENGTH, 'the record is no bounded text')
      assertWithoutKeys(body, input.keys)
      if ('errormessage' in outcome) assertMessage(outcome.errormessage, input.keys)
    }
  }
)

const others = property(
  'any answer to the test of the keys and to an erasure gives a bounded message without the keys',
  300,
  answered,
  async (input, { gateway }) => {
    const settings = settingsFor(gateway, input)
    const test = await endOf(destination.testAuthentication(settings))
    if (!test.ok) assertMessage(test.error.message.replace('Credentials are invalid:  ', ''), input.keys)
    const erasure = await endOf(Promise.resolve(destination.onDelete?.(PERSON as never, settings as never)))
    destination.responses.length = 0
    if (!erasure.ok) assertMessage(erasure.error.message, input.keys)
    // Nobody is left to be erased; a page that says so is no answer of Voucherify's.
    if (input.status === 404 && !isPage(input)) return assert.ok(erasure.ok)
    assertClass(erasure, input)
  }
)

export const answerProperties: Property[] = [single, batch, others]

function settingsFor(gateway: Gateway, { keys, status, body, headers }: Answered) {
  gateway.answer = {
    status,
    headers: mapValues(pickBy(headers), (given = '') => headerText(String(fill(given, keys)))),
    body: 'json' in body ? JSON.stringify(fill(body.json, keys)) : String(fill(body.text, keys))
  }
  const presets = (definition.presets ?? []).map((preset) => ({
    ...preset,
    mapping: { ...preset.mapping, enable_batching: true }
  }))
  const subscriptions = presets.filter(({ partnerAction }) => partnerAction === 'upsertCustomer')
  return { ...keys, customURL: gateway.url, subscriptions }
}

/** Whether the body, as far as its type lets it be read, is a page for people. */
function isPage({ keys, status, body, headers }: Answered): boolean {
  // These two have no body, whatever the server writes.
  if (status === 204 || status === 304) return false
  const given = 'text' in body ? body.text : body.json
  const filled = fill(given, keys)
  const isJson = headers['content-type']?.includes('application/json')
  // A text that is written as JSON begins with a quote, unless its type says how to read it.
  if ('json' in body && !isJson) return false
  return typeof filled === 'string' && /^\s*</.test(filled)
}

function isTaken(answer: Answered): boolean {
  return answer.status < 300 && !isPage(answer)
}

/** What the specification's table says of an answer that takes nothing. */
function errorOf({ status }: Answered): { type: typeof APIError | typeof RetryableError; status: number } {
  if (status < 400) return { type: RetryableError, status: 502 }
  if ([408, 423, 429].includes(status) || (status >= 500 && status !== 501)) {
    return { type: RetryableError, status: RETRYABLE.includes(status) ? status : 500 }
  }
  return { type: APIError, status }
}

function assertClass(end: End<unknown>, answer: Answered): void {
  const { status } = answer
  if (isTaken(answer)) return assert.ok(end.ok, end.ok ? '' : end.error.stack)
  assert.ok(!end.ok, `${status} counts as delivered`)
  const { error } = end
  assert.ok(!(error instanceof HTTPError))
  if (status === 401) return assert.ok(error instanceof InvalidAuthenticationError)
  const expected = errorOf(answer)
  assert.ok(error instanceof expected.type, `${status} became ${error.stack}`)
  assert.equal((error as IntegrationError | RetryableError).status, expected.status)
}

function assertMessage(message: string, keys: Keys): void {
  assert.ok(message.length <= MAX_MESSAGE_LENGTH, `the message has ${message.length} characters`)
  assert.ok(message.trim(), 'the message is empty')
  assert.doesNotMatch(message, /[\p{Cc}\u2028\u2029]/u)
  assertWithoutKeys(message, keys)
}

/** Neither key is in the text: not as it is, not percent-encoded, and not at the start of anything in Base64. */
function assertWithoutKeys(message: string, { apiKey, secretKey }: Keys): void {
  const readings = [message, decodeUrl(message), ...readAsBase64(message)]
  for (const key of [apiKey.trim(), secretKey.trim()]) {
    // A host comes back in small letters, which would still tell most of the key.
    const isShown = readings.some((reading) => reading.toLowerCase().includes(key.toLowerCase()))
    assert.ok(!isShown, `the message shows ${key}: ${message}`)
  }
}

function decodeUrl(message: string): string {
  return message.replace(/(%[0-9a-f]{2})+/gi, (escapes) => Buffer.from(escapes.replace(/%/g, ''), 'hex').toString())
}

/** Everything that looks like Base64, read from its start. */
function readAsBase64(message: string): string[] {
  return (message.match(/[A-Za-z0-9+/]{12,}/g) ?? []).map((run) => Buffer.from(run, 'base64').toString())
}
