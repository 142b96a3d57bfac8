/**
 * Deletion requests of Segment: the one call that erases a person for good, the IDs that it can carry, what counts as
 * done, and what does not.
 */
import {
  APIError,
  IntegrationError,
  InvalidAuthenticationError,
  PayloadValidationError,
  RetryableError
} from '@segment/actions-core'
import nock from 'nock'
import {
  API,
  API_HEADERS,
  erase,
  errorOf,
  failureOf,
  gatewayAnswers,
  json,
  settings,
  startServer,
  withoutNetwork
} from './__helpers__/helpers'
import type { GatewayAnswer } from './__helpers__/helpers'

const DONE = { output: 'Customer erased.' }
const NOBODY = { output: 'Nothing to erase: Voucherify has no such customer.' }
const NO_ID = { output: 'Nothing to erase: the request has no userId.' }
const UNKNOWN = {
  code: 404,
  key: 'not_found',
  message: 'Resource not found',
  details: 'Cannot find customer with id usr_1'
}

describe('an erasure', () => {
  withoutNetwork()

  it('is one POST to the API without a body, with the documented pair of headers only', async () => {
    const sent = gatewayAnswers(json(200, { id: 'pd_1', summary: { events: 4 } }), API)
    expect(await erase('usr_1')).toEqual(DONE)
    expect(sent).toEqual([
      {
        method: 'POST',
        url: 'https://us1.api.voucherify.io/v1/customers/usr_1/permanent-deletion',
        headers: API_HEADERS,
        body: ''
      }
    ])
  })

  it('goes to the API of whatever Custom URL the settings hold', async () => {
    const sent = gatewayAnswers(json(200, {}), 'https://acme.api.voucherify.io')
    expect(await erase('usr_1', { customURL: 'https://acme.segmentio.voucherify.io/segmentio' })).toEqual(DONE)
    expect(sent).toHaveLength(1)
  })

  it.each<[string, GatewayAnswer, object]>([
    ['200 without a body', { status: 200 }, DONE],
    ['202', json(202, {}), DONE],
    ['204', { status: 204 }, DONE],
    ['404, since nobody is there', json(404, UNKNOWN), NOBODY],
    ['404 in text', { status: 404, body: JSON.stringify(UNKNOWN) }, NOBODY],
    ['404 without a body', { status: 404 }, NOBODY]
  ])('is done at %s', async (_, answer, result) => {
    const sent = gatewayAnswers(answer, API)
    expect(await erase('usr_1')).toEqual(result)
    expect(sent).toHaveLength(1)
  })

  it('is not done at 404 with a page, which is not Voucherify', async () => {
    gatewayAnswers({ status: 404, body: '<html>Not found</html>', headers: { 'Content-Type': 'text/html' } }, API)
    expect(await failureOf(erase('usr_1'))).toEqual({
      type: APIError,
      status: 404,
      message: 'Voucherify answered 404. Check the setting "Custom Voucherify URL".'
    })
  })

  it('is not done at 200 with a page, which is not Voucherify', async () => {
    gatewayAnswers({ status: 200, body: '<html>Welcome</html>', headers: { 'Content-Type': 'text/html' } }, API)
    expect(await failureOf(erase('usr_1'))).toEqual({
      type: RetryableError,
      status: 502,
      message:
        'A web page answered (200) instead of Voucherify, so nothing shows that the data arrived. Check the setting "Custom Voucherify URL"; the call can be sent again later.'
    })
  })

  it.each([[undefined], [null], [''], [' \t\n']])('needs no call without a userId: %j', async (userId) => {
    const sent = gatewayAnswers(json(200, {}), API)
    expect(await erase(userId)).toEqual(NO_ID)
    expect(sent).toEqual([])
  })

  it.each(['.', '..', ' .. ', '\ud800'])(
    'is refused without a call for the ID %j, which no URL can hold',
    async (userId) => {
      const sent = gatewayAnswers(json(200, {}), API)
      expect(await failureOf(erase(userId))).toEqual({
        type: PayloadValidationError,
        status: 400,
        message:
          "The customer's source_id can't be written into a URL, so the customer was not erased. Erase the customer in Voucherify's dashboard."
      })
      expect(sent).toEqual([])
    }
  )

  const body = { code: 0, key: 'some_key', message: 'Some reason' }
  it.each([
    [400, APIError, 400, 'Correct the value it names in the mapping or in the call; the call is not sent again.'],
    [401, InvalidAuthenticationError, 401, 'Check the settings "Application ID" and "Secret Key".'],
    [
      403,
      APIError,
      403,
      'Give the key in the setting "Secret Key" the right to do this, in Voucherify\'s project settings.'
    ],
    [408, RetryableError, 408, 'The call can be sent again later.'],
    [423, RetryableError, 423, 'The call can be sent again later.'],
    [429, RetryableError, 429, 'The call can be sent again later.'],
    [500, RetryableError, 500, 'The call can be sent again later.'],
    [
      501,
      APIError,
      501,
      'Check the setting "Custom Voucherify URL", or ask Voucherify Support; the call is not sent again.'
    ],
    [503, RetryableError, 503, 'The call can be sent again later.'],
    [522, RetryableError, 500, 'The call can be sent again later.']
  ])('that is answered %d fails as a delivery does', async (answered, type, status, advice) => {
    const sent = gatewayAnswers(json(answered, body), API)
    expect(await failureOf(erase('usr_1'))).toEqual({
      type,
      status,
      message: `Voucherify answered ${answered} (some_key): Some reason. ${advice}`
    })
    expect(sent).toHaveLength(1)
  })

  it('does not follow a redirect', async () => {
    const elsewhere = gatewayAnswers(json(200, {}), 'https://example.com')
    gatewayAnswers({ status: 307, headers: { Location: 'https://example.com/' } }, API)
    expect(await failureOf(erase('usr_1'))).toMatchObject({ type: RetryableError, status: 502 })
    expect(elsewhere).toEqual([])
  })

  it('lets an error of the network pass through as it came', async () => {
    nock(API)
      .post(/.*/)
      .replyWithError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    expect(await errorOf(erase('usr_1'))).toMatchObject({ name: 'FetchError', code: 'ECONNRESET' })
  })

  it('shows no key that an answer echoes', async () => {
    gatewayAnswers(json(400, { message: `${settings.apiKey} ${settings.secretKey}` }), API)
    expect((await errorOf(erase('usr_1'))).message).toMatch(/^Voucherify answered 400\. Correct/)
  })

  it.each([
    [{ customURL: 'https://example.com' }, /^The setting "Custom Voucherify URL" must be a host/],
    [{ apiKey: '\n' }, /^The setting "Application ID" is empty/],
    [{ secretKey: 'ключ' }, /^The setting "Secret Key" holds characters/]
  ])('is refused with the settings %j, without a call', async (changes, words) => {
    const failure = await failureOf(erase('usr_1', changes))
    expect(failure).toMatchObject({ type: IntegrationError, status: 400 })
    expect(failure.message).toMatch(words)
  })
})

describe('the path that an erasure really takes', () => {
  it.each([
    ['a/b c@d.e?x=1', 'a%2Fb%20c%40d.e%3Fx%3D1'],
    ['../vouchers', '..%2Fvouchers'],
    ['%2e%2e', '%252e%252e'],
    ['a#b\\c', 'a%23b%5Cc'],
    ['...', '...'],
    [' usr_1 ', 'usr_1'],
    ["Zoë 🎉 O'Neil+x!*()~", 'Zo%C3%AB%20%F0%9F%8E%89%20O%27Neil%2Bx!*()~'],
    ['a\r\nX-Evil: 1', 'a%0D%0AX-Evil%3A%201']
  ])(
    'for %j hits exactly that customer; a second time nobody is there, and that is done as well',
    async (userId, segment) => {
      let isThere = true
      const server = await startServer((res) => {
        res
          .writeHead(isThere ? 200 : 404, { 'Content-Type': 'application/json' })
          .end(JSON.stringify(isThere ? {} : UNKNOWN))
        isThere = false
      })
      try {
        expect(await erase(userId, { customURL: server.origin })).toEqual(DONE)
        expect(await erase(userId, { customURL: server.origin })).toEqual(NOBODY)
        const request = {
          method: 'POST',
          url: `/v1/customers/${segment}/permanent-deletion`,
          headers: API_HEADERS,
          body: ''
        }
        expect(server.requests).toEqual([request, request])
      } finally {
        await server.close()
      }
    }
  )
})
