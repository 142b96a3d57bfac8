/**
 * The test of the settings in Segment, with the exact words that people read: keys that Voucherify refuses, a URL that
 * is not its Segment gateway, and a gateway in trouble. The framework puts "Credentials are invalid: " before each.
 */
import { createRequestClient, Destination, InvalidAuthenticationError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import nock from 'nock'
import definition from '../../src/index'
import {
  errorOf,
  failureOf,
  GATEWAY,
  GATEWAY_HEADERS,
  gatewayAnswers,
  json,
  settings,
  withoutNetwork
} from './__helpers__/helpers'
import type { GatewayAnswer } from './__helpers__/helpers'

const test = (changes: Partial<typeof settings> = {}) =>
  new Destination(definition).testAuthentication({ ...settings, ...changes })

/** The same without the framework around it, which replaces the error by its message. */
const ask = async (request: RequestClient) => definition.authentication?.testAuthentication?.(request, ASKED)
const ASKED = { settings, auth: { accessToken: '', refreshToken: '' } }

const START = 'Credentials are invalid:  '
const CHECK_KEYS =
  'Copy "Application ID" and "Secret Key" again from your Voucherify project\'s settings; Custom Voucherify URL must name ' +
  "the same project's region."
const CHECK_URL =
  'Check the setting "Custom Voucherify URL": it is the API endpoint of your project with "api" replaced by "segmentio", ' +
  'such as https://us1.segmentio.voucherify.io.'
const TRY_LATER = 'The settings may be right; try again in a few minutes.'
const PAGE: Omit<GatewayAnswer, 'status'> = {
  body: '<!doctype html><html><title>Sign in</title></html>',
  headers: { 'Content-Type': 'text/html' }
}

const LONG_PAGE = { ...PAGE, body: PAGE.body + 'x'.repeat(1_048_576) }

describe('the test of the settings', () => {
  withoutNetwork()

  it.each<[string, GatewayAnswer]>([
    ['200 in JSON', json(200, { ok: true })],
    ['200 in text', { status: 200, body: 'OK' }],
    ['200 without a body', { status: 200 }],
    ['204', { status: 204 }]
  ])('passes with %s, after one GET with the keys in both pairs of headers', async (_, answer) => {
    const sent = gatewayAnswers(answer)
    await test()
    expect(sent).toEqual([
      {
        method: 'GET',
        url: 'https://us1.segmentio.voucherify.io/segmentio/test-authentication',
        headers: GATEWAY_HEADERS,
        body: ''
      }
    ])
  })

  describe('says that Voucherify refuses the keys', () => {
    it.each<[string, GatewayAnswer, string]>([
      [
        'at 401',
        json(401, { code: 401, key: 'unauthorized', message: 'Unauthorized', request_id: 'v-1' }),
        'Voucherify answered 401 (unauthorized, request v-1): Unauthorized.'
      ],
      ['at 403', json(403, { code: 403, message: 'Forbidden' }), 'Voucherify answered 403: Forbidden.'],
      ['at 401 without a body', { status: 401 }, 'Voucherify answered 401.'],
      ['at 403 with a page', { status: 403, ...PAGE }, 'Voucherify answered 403.']
    ])('%s', async (_, answer, said) => {
      gatewayAnswers(answer)
      expect((await errorOf(test())).message).toBe(`${START}${said} ${CHECK_KEYS}`)
    })

    it('and leaves out a reason that echoes one', async () => {
      const { apiKey, secretKey } = settings
      gatewayAnswers(json(401, { message: `No project ${apiKey} with ${secretKey}` }))
      expect((await errorOf(test())).message).toBe(`${START}Voucherify answered 401. ${CHECK_KEYS}`)
    })
  })

  describe("says that the URL is not that of Voucherify's Segment gateway", () => {
    it.each<[string, GatewayAnswer, string]>([
      ['at 404', json(404, { code: 404, message: 'Not Found' }), 'The address answered 404.'],
      ['at 404 with a page', { status: 404, ...PAGE }, 'The address answered 404.'],
      ['for a page with 200', { status: 200, ...PAGE }, 'A web page answered instead of Voucherify.'],
      [
        'for a page that calls itself JSON',
        { status: 200, body: ` \n${PAGE.body}`, headers: { 'Content-Type': 'application/json' } },
        'A web page answered instead of Voucherify.'
      ],
      ['for a page with 400', { status: 400, ...PAGE }, 'The address answered 400.'],
      [
        'for a page over 1 MiB',
        { status: 200, ...LONG_PAGE },
        'The address answered with far more than Voucherify does.'
      ],
      [
        'at 404 with a page over 1 MiB',
        { status: 404, ...LONG_PAGE },
        'The address answered with far more than Voucherify does.'
      ],
      [
        'for a redirect',
        { status: 302, headers: { Location: 'https://login.example.com/?next=1' } },
        'The address answered with a redirect (302) to login.example.com.'
      ],
      [
        'for a redirect within it',
        { status: 308, headers: { Location: '/app' } },
        'The address answered with a redirect (308) to us1.segmentio.voucherify.io.'
      ],
      ['for a redirect to nowhere', { status: 301 }, 'The address answered with a redirect (301) to an unnamed host.']
    ])('%s', async (_, answer, said) => {
      gatewayAnswers(answer)
      expect((await errorOf(test())).message).toBe(`${START}${said} ${CHECK_URL}`)
    })

    it.each([
      'ENOTFOUND',
      'EAI_AGAIN',
      'ECONNREFUSED',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID'
    ])('for a host that cannot be reached: %s', async (code) => {
      nock(GATEWAY)
        .get(/.*/)
        .replyWithError(Object.assign(new Error(`getaddrinfo ${code}`), { code }))
      expect((await errorOf(test())).message).toBe(
        `${START}No Voucherify gateway could be reached there (${code}). ${CHECK_URL}`
      )
    })

    it('for another answer that no gateway gives', async () => {
      gatewayAnswers(json(405, { code: 405, message: 'Method not allowed' }))
      expect((await errorOf(test())).message).toBe(`${START}Voucherify answered 405: Method not allowed. ${CHECK_URL}`)
    })
  })

  describe('says that the gateway is in trouble', () => {
    it.each<[string, GatewayAnswer, string]>([
      ['at 429', json(429, { code: 429, message: 'Too many requests' }), 'Voucherify answered 429: Too many requests.'],
      ['at 429 with a page', { status: 429, ...PAGE }, 'Voucherify answered 429.'],
      [
        'at 500',
        json(500, { code: 500, key: 'internal', message: 'Oops' }),
        'Voucherify answered 500 (internal): Oops.'
      ],
      ['at 502 with a page', { status: 502, ...PAGE }, 'Voucherify answered 502.'],
      ['at 503 without a body', { status: 503 }, 'Voucherify answered 503.'],
      ['at 522', { status: 522, body: 'error code: 522' }, 'Voucherify answered 522: error code: 522.']
    ])('%s', async (_, answer, said) => {
      gatewayAnswers(answer)
      expect((await errorOf(test())).message).toBe(`${START}${said} ${TRY_LATER}`)
    })

    it.each(['ECONNRESET', 'ETIMEDOUT', 'EPIPE'])('when it gives no answer: %s', async (code) => {
      nock(GATEWAY)
        .get(/.*/)
        .replyWithError(Object.assign(new Error(`read ${code}`), { code }))
      expect((await errorOf(test())).message).toBe(
        `${START}Voucherify's gateway gave no answer (${code}). ${TRY_LATER}`
      )
    })

    it('when the request fails for no reason that is known', async () => {
      const request = jest.fn().mockRejectedValue(new Error('what?'))
      expect((await errorOf(ask(request))).message).toBe(`Voucherify's gateway gave no answer. ${TRY_LATER}`)
    })
  })

  it('throws an error of the framework, for hosts that show more than the message', async () => {
    for (const status of [401, 403, 404, 302, 429, 500]) {
      gatewayAnswers({ status })
      const failure = await failureOf(ask(createRequestClient()))
      expect(failure).toMatchObject({ type: InvalidAuthenticationError, status: 401 })
      nock.cleanAll()
    }
    const silent = Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' })
    expect(await failureOf(ask(jest.fn().mockRejectedValue(silent)))).toMatchObject({
      type: InvalidAuthenticationError
    })
  })

  it.each([
    [
      { customURL: 'https://example.com' },
      'The setting "Custom Voucherify URL" must be a host of voucherify.io. Use the form https://us1.segmentio.voucherify.io, with the region of your project.'
    ],
    [
      { apiKey: ' ' },
      'The setting "Application ID" is empty. Copy the key again from your Voucherify project\'s settings.'
    ],
    [
      { secretKey: 'a\nb' },
      'The setting "Secret Key" holds characters that no HTTP header can carry. Copy the key again from your Voucherify project\'s settings.'
    ]
  ])('says without asking anybody what is wrong with %j', async (changes, words) => {
    const sent = gatewayAnswers({ status: 200 })
    expect((await errorOf(test(changes))).message).toBe(START + words)
    expect(sent).toEqual([])
  })
})
