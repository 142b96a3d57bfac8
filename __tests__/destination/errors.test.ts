/**
 * What the host sees when a delivery goes wrong: the class, the status and the whole message for every kind of answer;
 * messages that hold Voucherify's reason, stay within 500 characters and never hold a key, however an answer echoes it;
 * and errors that are not Voucherify's answers, which pass through as they came.
 */
import { inspect } from 'util'
import {
  APIError,
  createRequestClient,
  InvalidAuthenticationError,
  PayloadValidationError,
  RetryableError
} from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import nock from 'nock'
import definition from '../../src/index'
import {
  callOf,
  deliver,
  errorOf,
  failureOf,
  GATEWAY,
  gatewayAnswers,
  json,
  settings,
  withoutNetwork
} from './__helpers__/helpers'
import type { Delivery, Failure, GatewayAnswer } from './__helpers__/helpers'

const call = callOf('track', { event: 'Paid' })

/** The failure that one answer of the gateway ends in. The gateway is asked exactly once. */
async function failureFrom(answer: GatewayAnswer, options: Delivery = {}): Promise<Failure> {
  const sent = gatewayAnswers(answer)
  const failure = await failureOf(deliver(call, options))
  expect(sent).toHaveLength(1)
  return failure
}

const REASON = {
  code: 400,
  key: 'invalid_payload',
  message: 'Invalid payload',
  details: "Property .referral should have required property 'code'",
  request_id: 'v-0c15694e0e022146dd'
}
const SAID =
  "invalid_payload, request v-0c15694e0e022146dd): Invalid payload - Property .referral should have required property 'code'"
const NOT_AGAIN = 'The call is not sent again; check the mapping, or ask Voucherify Support.'
const CHECK_URL = 'Check the setting "Custom Voucherify URL".'
const CORRECT = 'Correct the value it names in the mapping or in the call; the call is not sent again.'
const LATER = 'The call can be sent again later.'
const CHECK_KEYS = 'Check the settings "Application ID" and "Secret Key".'

describe('an answer of Voucherify', () => {
  withoutNetwork()

  it.each<[string, GatewayAnswer]>([
    ['200 in JSON', json(200, { status: 'queued' })],
    ['200 without a body', { status: 200 }],
    ['201', json(201, {})],
    ['202', json(202, { async_action_id: 'aa_1' })],
    ['204', { status: 204 }],
    ['200 in text', { status: 200, body: 'OK', headers: { 'Content-Type': 'text/plain' } }],
    ['200 with broken JSON', { status: 200, body: '{"a":', headers: { 'Content-Type': 'application/json' } }]
  ])('of %s is a delivery', async (_, answer) => {
    const sent = gatewayAnswers(answer)
    const results = await deliver(call)
    expect(results.map(({ output }) => output)).toContain('Action Executed')
    expect(sent).toHaveLength(1)
  })

  it.each<[string, GatewayAnswer]>([
    ['200', { status: 200, body: '<!doctype html><p>hi</p>', headers: { 'Content-Type': 'text/html' } }],
    ['202', { status: 202, body: '\n <html></html>', headers: { 'Content-Type': 'application/json' } }],
    ['201', { status: 201, body: '<p>' }]
  ])('of %s with a page is not a delivery, and may be tried again', async (status, answer) => {
    expect(await failureFrom(answer)).toEqual({
      type: RetryableError,
      status: 502,
      message:
        `A web page answered (${status}) instead of Voucherify, so nothing shows that the data arrived. ` +
        'Check the setting "Custom Voucherify URL"; the call can be sent again later.'
    })
  })

  it('of 401 is a matter of the keys', async () => {
    expect(
      await failureFrom(json(401, { ...REASON, key: 'unauthorized', message: 'Unauthorized', details: undefined }))
    ).toEqual({
      type: InvalidAuthenticationError,
      status: 401,
      message: `Voucherify answered 401 (unauthorized, request v-0c15694e0e022146dd): Unauthorized. ${CHECK_KEYS}`
    })
  })

  it.each([
    [400, CORRECT],
    [402, 'The limit of your Voucherify plan is exceeded; ask your Voucherify administrator.'],
    [403, 'Give the key in the setting "Secret Key" the right to do this, in Voucherify\'s project settings.'],
    [404, CORRECT],
    [405, CORRECT],
    [406, CORRECT],
    [409, CORRECT],
    [410, CORRECT],
    [413, 'Map fewer or shorter values.'],
    [415, CORRECT],
    [422, CORRECT],
    [425, CORRECT],
    [426, CORRECT],
    [428, CORRECT],
    [431, CORRECT],
    [451, CORRECT],
    [499, CORRECT],
    [501, 'Check the setting "Custom Voucherify URL", or ask Voucherify Support; the call is not sent again.']
  ])('of %d is final, and says what to correct', async (status, advice) => {
    expect(await failureFrom(json(status, REASON))).toEqual({
      type: APIError,
      status,
      message: `Voucherify answered ${status} (${SAID}. ${advice}`
    })
  })

  it.each([408, 423, 429, 500, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 598, 599])(
    'of %d may be tried again, under its status',
    async (status) => {
      expect(await failureFrom(json(status, REASON))).toEqual({
        type: RetryableError,
        status,
        message: `Voucherify answered ${status} (${SAID}. ${LATER}`
      })
    }
  )

  it.each([520, 521, 522, 523, 524, 525, 526, 527, 530, 561, 597])(
    'of %d may be tried again, as a 500, since the class takes no such status; the message tells it',
    async (status) => {
      expect(await failureFrom(json(status, REASON))).toEqual({
        type: RetryableError,
        status: 500,
        message: `Voucherify answered ${status} (${SAID}. ${LATER}`
      })
    }
  )

  it.each([300, 301, 302, 303, 304, 307, 308])(
    'of %d is not followed, and names the setting and the host',
    async (status) => {
      const elsewhere = gatewayAnswers({ status: 200 }, 'https://login.example.com')
      const headers = { Location: 'https://login.example.com/start?next=1' }
      expect(await failureFrom({ status, headers })).toEqual({
        type: RetryableError,
        status: 502,
        message:
          `Voucherify's address answered with a redirect (${status}) to login.example.com, which is not followed because ` +
          'the keys would go there. Check the setting "Custom Voucherify URL".'
      })
      expect(elsewhere).toEqual([])
    }
  )

  it.each([
    ['/elsewhere', 'us1.segmentio.voucherify.io'],
    ['//login.example.com:8443/x', 'login.example.com:8443'],
    ['', 'an unnamed host'],
    ['https://login.example.com:99999/', 'an unreadable address'],
    [`https://${'a'.repeat(60)}.${'b'.repeat(60)}.example.com/`, `${'a'.repeat(60)}.${'b'.repeat(38)}…`]
  ])('that redirects to %j points to %s', async (location, host) => {
    const { message } = await failureFrom({ status: 302, headers: location ? { Location: location } : {} })
    expect(message).toContain(`answered with a redirect (302) to ${host}, which is not followed`)
  })
})

describe('a rate limit', () => {
  withoutNetwork()

  const body = { code: 429, message: 'Too many requests hit the API too quickly.' }
  const START = 'Voucherify answered 429: Too many requests hit the API too quickly. '

  it.each<[string, Record<string, string>, string]>([
    ['nothing', {}, LATER],
    ['when to come back', { 'Retry-After': '120' }, 'The call can be sent again in 120 seconds.'],
    ['to come back in a second', { 'Retry-After': '1' }, 'The call can be sent again in 1 second.'],
    [
      'a date to come back',
      { 'Retry-After': 'Mon, 23 Nov 2026 00:00:00 GMT' },
      'The call can be sent again after Mon, 23 Nov 2026 00:00:00 GMT.'
    ],
    [
      'which limit it is',
      { 'X-Rate-Limit-Type': 'api_calls' },
      'The limit is api_calls; the call can be sent again later.'
    ],
    [
      'that it is the daily bucket',
      { 'X-Rate-Limit-Type': 'webhook_calls', 'Retry-After': '36000' },
      'The limit is webhook_calls, the daily bucket of integration calls; the call can be sent again in 36000 seconds.'
    ],
    ['something that is no limit and no time', { 'X-Rate-Limit-Type': '<b>', 'Retry-After': '"soon"' }, LATER],
    ['too much', { 'X-Rate-Limit-Type': 'x'.repeat(41), 'Retry-After': '9'.repeat(41) }, LATER]
  ])('that says %s', async (_, headers, advice) => {
    expect(await failureFrom(json(429, body, headers))).toEqual({
      type: RetryableError,
      status: 429,
      message: START + advice
    })
  })
})

describe("Voucherify's reason", () => {
  withoutNetwork()

  const page = '<!DOCTYPE html><html><head><title>Attention required!</title></head><body>Ray ID 1</body></html>'

  it.each<[string, number, Omit<GatewayAnswer, 'status'>, string]>([
    [
      'is the code and message alone where there is no more',
      400,
      json(0, { code: 400, message: 'Bad' }),
      `Voucherify answered 400: Bad. ${CORRECT}`
    ],
    [
      'is read from the other shape of 413',
      413,
      json(0, {
        statusCode: 413,
        error: 'Request Entity Too Large',
        message: 'Payload content length greater than maximum allowed: 10485760'
      }),
      'Voucherify answered 413 (Request Entity Too Large): Payload content length greater than maximum allowed: 10485760. Map fewer or shorter values.'
    ],
    [
      'is read from JSON that is labelled as text',
      400,
      { body: JSON.stringify(REASON), headers: { 'Content-Type': 'text/plain' } },
      `Voucherify answered 400 (${SAID}. ${CORRECT}`
    ],
    [
      'is read from JSON without a label',
      400,
      { body: JSON.stringify(REASON) },
      `Voucherify answered 400 (${SAID}. ${CORRECT}`
    ],
    [
      'is read from JSON of another type',
      400,
      { body: JSON.stringify(REASON), headers: { 'Content-Type': 'application/problem+json' } },
      `Voucherify answered 400 (${SAID}. ${CORRECT}`
    ],
    [
      'is the text of a text',
      503,
      { body: 'upstream connect error', headers: { 'Content-Type': 'text/plain' } },
      `Voucherify answered 503: upstream connect error. ${LATER}`
    ],
    [
      'is the text of broken JSON',
      400,
      { body: '{"code":400,', headers: { 'Content-Type': 'application/json' } },
      `Voucherify answered 400: {"code":400,. ${CORRECT}`
    ],
    [
      'is not there for a page',
      502,
      { body: page, headers: { 'Content-Type': 'text/html' } },
      `Voucherify answered 502. ${LATER}`
    ],
    [
      'is not there for a page after blank lines',
      404,
      { body: `\n\n  ${page}`, headers: {} },
      'Voucherify answered 404. Check the setting "Custom Voucherify URL".'
    ],
    [
      'is not there for a page that calls itself JSON',
      500,
      { body: page, headers: { 'Content-Type': 'application/json' } },
      `Voucherify answered 500. ${LATER}`
    ],
    ['is not there for an empty body', 500, {}, `Voucherify answered 500. ${LATER}`],
    [
      'is not there for an empty body that calls itself JSON',
      400,
      { headers: { 'Content-Type': 'application/json' } },
      `Voucherify answered 400. ${NOT_AGAIN}`
    ],
    ['is not there for JSON that is no object', 400, json(0, [REASON]), `Voucherify answered 400. ${NOT_AGAIN}`],
    [
      'is the text of JSON that is a text',
      400,
      json(0, 'No such app'),
      `Voucherify answered 400: No such app. ${CORRECT}`
    ],
    ['is not there for an empty object', 400, json(0, {}), `Voucherify answered 400. ${NOT_AGAIN}`],
    [
      'of 404 without a key sends to the URL',
      404,
      json(0, { code: 404, message: 'Not Found' }),
      `Voucherify answered 404: Not Found. ${CHECK_URL}`
    ],
    [
      'is written as JSON where it is an object',
      400,
      json(0, { message: 'Bad', details: { field: ['a', 1, null, true] } }),
      `Voucherify answered 400: Bad - {"field":["a",1,null,true]}. ${CORRECT}`
    ],
    [
      'is one line without control characters',
      400,
      json(0, { message: 'a\r\nb\u0000c\u001b[31md\u2028e\t f' }),
      `Voucherify answered 400: a b c [31md e f. ${CORRECT}`
    ],
    [
      'ends with one full stop',
      400,
      json(0, { message: 'Bad value...' }),
      `Voucherify answered 400: Bad value. ${CORRECT}`
    ]
  ])('%s', async (_, status, answer, message) => {
    expect(await failureFrom({ ...answer, status })).toMatchObject({ message })
  })
})

describe('a message', () => {
  withoutNetwork()

  const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

  it.each([
    ['message', { ...REASON, message: 'm'.repeat(2000) }],
    ['details', { ...REASON, details: 'd'.repeat(2000) }],
    ['everything', Object.fromEntries(Object.keys(REASON).map((key) => [key, key.repeat(500)]))],
    ['an object of details', { ...REASON, details: { list: Array.from({ length: 500 }, (_, index) => index) } }],
    ['a text', 'x'.repeat(5000)]
  ])('with a long %s keeps to 500 characters, and its advice', async (_, body) => {
    for (const status of [400, 402, 403, 413, 429, 500]) {
      const headers = { 'X-Rate-Limit-Type': 'webhook_calls', 'Retry-After': 'Mon, 23 Nov 2026 00:00:00 GMT' }
      const { message } = await failureFrom(json(status, body, headers))
      expect(message.length).toBeLessThanOrEqual(500)
      expect(message).toContain('…')
      expect(message).toMatch(/^Voucherify answered \d{3}.*\.$/)
      nock.cleanAll()
    }
  })

  it('with a reason that just fits holds it whole, and one character more cuts it', async () => {
    const room = 500 - 'Voucherify answered 400: '.length - `. ${CORRECT}`.length
    const whole = await failureFrom(json(400, { message: 'm'.repeat(room) }))
    expect(whole.message).toBe(`Voucherify answered 400: ${'m'.repeat(room)}. ${CORRECT}`)
    nock.cleanAll()
    const cut = await failureFrom(json(400, { message: 'm'.repeat(room + 1) }))
    expect(cut.message).toBe(`Voucherify answered 400: ${'m'.repeat(room - 1)}…. ${CORRECT}`)
    expect([whole.message.length, cut.message.length]).toEqual([500, 500])
  })

  it('is never cut inside a surrogate pair', async () => {
    for (const shift of [0, 1, 2, 3]) {
      const text = 'x'.repeat(shift) + '🎉'.repeat(600)
      const { message } = await failureFrom(json(400, { key: text, message: text, details: text, request_id: text }))
      expect(message.length).toBeLessThanOrEqual(500)
      expect(message).toContain('🎉…')
      expect(message).not.toMatch(LONE_SURROGATE)
      nock.cleanAll()
    }
  })

  it('comes also of a body nested too deep to walk', async () => {
    const nested = (open: string, close: string) =>
      `{"code":400,"message":"Bad","details":${open.repeat(5000)}1${close.repeat(5000)}}`
    for (const body of [nested('[', ']'), nested('{"a":', '}')]) {
      const failure = await failureFrom({ status: 400, body, headers: { 'Content-Type': 'application/json' } })
      expect(failure).toMatchObject({ type: APIError, status: 400 })
      expect(failure.message).toMatch(/^Voucherify answered 400: Bad - .+\. Correct the value it names/)
      expect(failure.message.length).toBeLessThanOrEqual(500)
      nock.cleanAll()
    }
  })
})

describe('a key', () => {
  withoutNetwork()

  const base64 = (text: string) => Buffer.from(text).toString('base64')

  /** Keys as Voucherify gives them, and keys of every length and odd characters that it may give one day. */
  const pairs: [string, string, string][] = [
    ['as Voucherify gives it', settings.apiKey, settings.secretKey],
    ['of mixed letters and signs', 'app_1234567', 'sk_AbCdEfGhIjKlMnOp+/=='],
    ['beyond ASCII', 'app id with spaces', 'ÿþýüûúùø÷öõôóò??>>~~'],
    ['longer than a message part', 'a'.repeat(200), 'Zz'.repeat(150)]
  ]

  /** Ways in which a server, a proxy or a debug page gives a header back. */
  const echoes: [string, (apiKey: string, secretKey: string) => string][] = [
    ['in clear', (_, secretKey) => `token ${secretKey} unknown`],
    ['twice', (apiKey, secretKey) => `${apiKey}${secretKey}${apiKey}`],
    ['in other letters', (apiKey) => apiKey.toUpperCase()],
    ['in Base64', (apiKey, secretKey) => `Basic ${base64(apiKey)} / ${base64(secretKey)}`],
    ['in Base64 without padding', (_, secretKey) => base64(secretKey).replace(/=/g, '')],
    ['in Base64 as id:secret', (apiKey, secretKey) => `Basic ${base64(`${apiKey}:${secretKey}`)}`],
    ['percent-encoded', (_, secretKey) => `?token=${encodeURIComponent(secretKey)}`]
  ]

  describe.each(pairs)('%s', (_, apiKey, secretKey) => {
    const options = { settings: { apiKey, secretKey } }

    it.each(echoes)('that a body echoes %s takes the whole reason with it', async (_, echo) => {
      const text = echo(apiKey, secretKey)
      const reasons: [GatewayAnswer, string][] = [
        [json(400, { ...REASON, key: text }), `Voucherify answered 400. ${CORRECT}`],
        [json(400, { ...REASON, message: `no ${text}.` }), `Voucherify answered 400. ${CORRECT}`],
        [json(400, { ...REASON, details: { [text]: [text] } }), `Voucherify answered 400. ${CORRECT}`],
        [json(400, { ...REASON, request_id: text }), `Voucherify answered 400. ${CORRECT}`],
        [json(429, { message: 'x'.repeat(600) + text }), `Voucherify answered 429. ${LATER}`],
        [{ status: 503, body: text, headers: { 'Content-Type': 'text/plain' } }, `Voucherify answered 503. ${LATER}`]
      ]
      for (const [answer, message] of reasons) {
        expect(await failureFrom(answer, options)).toMatchObject({ message })
        nock.cleanAll()
      }
    })
  })

  it.each([
    ['Location', 302, (key: string) => `https://${key}.example.com/?token=${key}`],
    ['Location', 302, (key: string) => `https://${key}@example.com/${key}`],
    ['Location', 302, (key: string) => `https://example.com:443/${key}#${key}`],
    ['X-Rate-Limit-Type', 429, (key: string) => key],
    ['X-Rate-Limit-Type', 429, (key: string) => `calls:${key}`.slice(0, 40)],
    ['Retry-After', 429, (key: string) => key]
  ])('that the header %s of a %d echoes is in no message', async (name, status, value) => {
    const secretKey = 'sk-AbCdEf-4455667'
    const failure = await failureFrom({ status, headers: { [name]: value(secretKey) } }, { settings: { secretKey } })
    // A host comes back in small letters, which would still tell most of the key.
    expect(failure.message.toLowerCase()).not.toContain(secretKey.toLowerCase())
  })
})

describe('an error that is no answer', () => {
  withoutNetwork()

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'CERT_HAS_EXPIRED'])(
    'passes through as it came: %s',
    async (code) => {
      const own = Object.assign(new Error(`connect ${code}`), { code })
      nock(GATEWAY).post(/.*/).replyWithError(own)
      const error = await errorOf(deliver(call))
      expect(error.name).toBe('FetchError')
      expect(error).toMatchObject({ code, type: 'system' })
      expect(error.message).toMatch(new RegExp(`reason: connect ${code}$`))
      expect(error).not.toHaveProperty('status')
    }
  )

  it('passes through as it came when the host stops the call', async () => {
    const controller = new AbortController()
    gatewayAnswers(async () => {
      controller.abort()
      return new Promise<never>(() => undefined)
    })
    const error = await errorOf(deliver(call, { signal: controller.signal }))
    expect(error.name).toBe('RequestClientError')
    expect(error).toMatchObject({ status: 408, message: 'Request was aborted' })
  })

  it('passes through as it came when it is the own error of a host, also with an answer in it', async () => {
    class HostError extends Error {
      response = { status: 503, headers: new Map(), data: { message: 'Busy' } }
    }
    const own = new HostError('Try later')
    const { perform } = definition.actions.upsertCustomer
    const request: unknown = jest.fn().mockRejectedValue(own)
    const data = { settings, payload: { source_id: 'usr_1', type: 'identify' } }
    expect(await errorOf(async () => perform(request as RequestClient, data))).toBe(own)
  })

  it.each<[string, (deep: object) => object]>([
    ['addCustomEvent', (metadata) => ({ customer: { source_id: 'usr_1' }, event: 'Paid', type: 'track', metadata })],
    ['assignCustomerToGroup', (traits) => ({ customer: { source_id: 'usr_1' }, group_id: 'g', type: 'group', traits })],
    ['upsertCustomer', (metadata) => ({ source_id: 'usr_1', type: 'identify', metadata })]
  ])('refuses a call of %s for good when it is nested too deeply to be written', async (action, payloadOf) => {
    const payload = payloadOf({ deep: JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) })
    const { perform } = definition.actions[action]
    expect(await failureOf(async () => perform(createRequestClient(), { settings, payload }))).toEqual({
      type: PayloadValidationError,
      status: 400,
      message:
        'The call could not be written as JSON, most often because metadata is nested too deeply. Map fewer or flatter values.'
    })
  })

  it('that the framework makes of a missing answer is retryable, and holds neither the request nor its keys', async () => {
    nock(GATEWAY).post(/.*/).delay(60_000).reply(200)
    // The framework's own timer, and nothing else, is due at once.
    const later = global.setTimeout
    const clock = jest
      .spyOn(global, 'setTimeout')
      .mockImplementation((act, wait) => later(act, wait === 10_000 ? 0 : wait))
    const error = await errorOf(deliver(call)).finally(() => clock.mockRestore())
    expect(error).toBeInstanceOf(RetryableError)
    expect(error).toMatchObject({
      status: 504,
      message: 'Voucherify did not answer in time. The call can be sent again later.'
    })
    expect(error).not.toHaveProperty('options')
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(settings.secretKey)
  })
})

describe('an answer in an error of a second copy of the framework', () => {
  withoutNetwork()

  /** What Segment's local server has after it reloads modules: errors of another class with the same name. */
  function secondCopy(status: number, data: unknown): RequestClient {
    class HTTPError extends Error {
      response = { status, url: GATEWAY, headers: new Map(), data, content: JSON.stringify(data) }
    }
    const request: unknown = jest.fn().mockImplementation(async () => {
      throw new HTTPError('Some status')
    })
    return request as RequestClient
  }

  const data = { settings, payload: { source_id: 'usr_1', type: 'identify' } }
  const { upsertCustomer } = definition.actions

  it('is read as every other', async () => {
    const failure = await failureOf(async () => upsertCustomer.perform(secondCopy(400, REASON), data))
    expect(failure).toEqual({ type: APIError, status: 400, message: `Voucherify answered 400 (${SAID}. ${CORRECT}` })
  })

  it('of the test tells refused keys', async () => {
    const { testAuthentication } = definition.authentication ?? {}
    const test = async () =>
      testAuthentication?.(secondCopy(401, { message: 'No' }), { settings, auth: undefined } as never)
    expect((await failureOf(test)).message).toMatch(/^Voucherify answered 401: No\. Copy /)
  })

  it('of an erasure says that nobody is there', async () => {
    const payload = { userId: 'usr_1', anonymousId: null }
    expect(await definition.onDelete?.(secondCopy(404, { key: 'not_found' }), { settings, payload })).toEqual({
      output: 'Nothing to erase: Voucherify has no such customer.'
    })
  })

  it('of a bulk call ends one by one', async () => {
    const request = secondCopy(400, REASON)
    await upsertCustomer.performBatch?.(request, { settings, payload: [data.payload, { source_id: 'usr_2' }] })
    expect((request as unknown as jest.Mock).mock.calls.map(([url]) => url)).toEqual([
      'https://us1.api.voucherify.io/v1/customers/bulk/async',
      'https://us1.segmentio.voucherify.io/segmentio/customer-processing',
      'https://us1.segmentio.voucherify.io/segmentio/customer-processing'
    ])
  })
})
