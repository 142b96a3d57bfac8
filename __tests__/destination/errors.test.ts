/**
 * What the host sees when a delivery goes wrong: the class, the status and the whole message for every kind of answer;
 * messages that hold Voucherify's reason, stay within 500 characters and never hold a key, however an answer echoes it;
 * and errors that are not Voucherify's answers, which pass through as they came.
 */
import { APIError, InvalidAuthenticationError, RetryableError } from '@segment/actions-core'
import nock from 'nock'
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
    ['200 with a page', { status: 200, body: '<!doctype html><p>hi</p>', headers: { 'Content-Type': 'text/html' } }],
    ['200 with broken JSON', { status: 200, body: '{"a":', headers: { 'Content-Type': 'application/json' } }]
  ])('of %s is a delivery', async (_, answer) => {
    const sent = gatewayAnswers(answer)
    const results = await deliver(call)
    expect(results.map(({ output }) => output)).toContain('Action Executed')
    expect(sent).toHaveLength(1)
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
  /** In lines of 20 characters, as mail folds at 76. */
  const folded = (text: string, end: string) => text.replace(/.{20}/g, `$&${end}`)
  const urlSafe = (text: string) => base64(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

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
    ['in Base64', (apiKey, secretKey) => `Basic ${base64(apiKey)} / ${base64(secretKey)}`],
    [
      'in Base64 without padding',
      (apiKey, secretKey) => [apiKey, secretKey].map((key) => base64(key).replace(/=/g, '')).join()
    ],
    ['in Base64 as id:secret', (apiKey, secretKey) => `Basic ${base64(`${apiKey}:${secretKey}`)}`],
    ['in Base64 as secret:', (_, secretKey) => base64(`${secretKey}:`)],
    ['in Base64 as :secret', (_, secretKey) => base64(`:${secretKey}`)],
    ['in Base64 as x:secret', (_, secretKey) => base64(`x:${secretKey}`)],
    ['in Base64 of a header', (apiKey, secretKey) => base64(`X-App-Id: ${apiKey}\r\nX-App-Token: ${secretKey}\r\n`)],
    ['in URL-safe Base64', (apiKey, secretKey) => urlSafe(`${apiKey}:${secretKey}`)],
    ['in Base64 folded into lines', (apiKey, secretKey) => folded(base64(`${apiKey}:${secretKey}`), '\r\n')],
    [
      'in Base64 folded into lines inside JSON',
      (apiKey, secretKey) => JSON.stringify(folded(base64(`${apiKey}:${secretKey}`), '\n'))
    ],
    ['in Base64 that breaks after two characters', (_, secretKey) => base64(secretKey).replace(/^../, '$&\r\n\t')],
    ['in Base64 folded inside an address', (_, secretKey) => folded(base64(`:${secretKey}`), '%0D%0A')],
    ['in Base64 of the bytes of a header', (_, secretKey) => Buffer.from(secretKey, 'latin1').toString('base64')],
    ['percent-encoded', (_, secretKey) => `?token=${encodeURIComponent(secretKey)}`],
    ['as a form', (_, secretKey) => new URLSearchParams({ token: secretKey }).toString()],
    ['in JSON that escapes slashes', (_, secretKey) => secretKey.replace(/\//g, '\\/')]
  ]

  /** What of a key must not be in a message: the key, and the middle of each Base64 that holds it. */
  function traces(key: string): string[] {
    const middles = [0, 1, 2].flatMap((offset) =>
      (['utf8', 'latin1'] as const).map((encoding) =>
        Buffer.from('\0'.repeat(offset) + key, encoding)
          .toString('base64')
          .slice(4, -4)
      )
    )
    return [
      key,
      encodeURIComponent(key),
      new URLSearchParams({ '': key }).toString().slice(1),
      key.replace(/\//g, '\\/'),
      ...middles,
      ...middles.map((text) => text.replace(/\+/g, '-').replace(/\//g, '_'))
    ]
  }

  function expectNoKeys(text: string, ...keys: string[]): void {
    const unfolded = text.replace(/\s|\\[rnt]|%0[AD]/g, '')
    for (const trace of keys.flatMap(traces)) {
      expect(text).not.toContain(trace)
      expect(unfolded).not.toContain(trace)
    }
  }

  describe.each(pairs)('%s', (_, apiKey, secretKey) => {
    const options = { settings: { apiKey, secretKey } }

    it.each(echoes)('that a body echoes %s is in no message', async (_, echo) => {
      const text = echo(apiKey, secretKey)
      const bodies = [
        json(400, { ...REASON, key: text, message: text, details: text, request_id: text }),
        json(500, { error: text, message: { [text]: [text] } }),
        json(429, { message: 'x'.repeat(300) + text }),
        { status: 503, body: text, headers: { 'Content-Type': 'text/plain; charset=utf-8' } },
        json(401, { message: text })
      ]
      for (const body of bodies) {
        const { message } = await failureFrom(body, options)
        expectNoKeys(message, apiKey, secretKey)
        expect(message.length).toBeLessThanOrEqual(500)
        nock.cleanAll()
      }
    })

    it('that a text echoes is masked, and the rest is kept', async () => {
      const { message } = await failureFrom(
        json(400, { message: `no app ${apiKey}.`, details: `and ${secretKey}?` }),
        options
      )
      expect(message).toBe(`Voucherify answered 400: no app ***. - and ***?. ${CORRECT}`)
    })
  })

  it('that is echoed in folded Base64 is cut out of the words around it, and nothing else is', async () => {
    const { secretKey } = settings
    const { message } = await failureFrom(json(400, { message: `not "${folded(base64(secretKey), '\n')}" at all` }))
    expect(message).toBe(`Voucherify answered 400: not "***" at all. ${CORRECT}`)
  })

  it('that is a common word masks no two words that read like it together', async () => {
    const { message } = await failureFrom(json(400, { message: 'It was not true at all' }), {
      settings: { secretKey: 'nottrue', apiKey: 'wasnottrue' }
    })
    expect(message).toBe(`Voucherify answered 400: It was not true at all. ${CORRECT}`)
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
    expectNoKeys(failure.message, secretKey)
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
})
