/**
 * The setting "Custom Voucherify URL": what each form that people type becomes, down to the addresses that requests go
 * to, and what is refused with which words before anything is sent.
 */
import { IntegrationError } from '@segment/actions-core'
import { resolveHosts } from '../../src/customUrl'
import {
  bulkRequest,
  callOf,
  deliver,
  erasureRequest,
  errorOf,
  failureOf,
  gatewayAnswers,
  requestOf,
  settings,
  testRequest,
  withoutNetwork
} from './__helpers__/helpers'

const FORM = 'Use the form https://us1.segmentio.voucherify.io, with the region of your project.'

const NOT_GATEWAY = "must be the host of Voucherify's Segment gateway"
const CONTROL = 'holds spaces, backslashes or control characters'

const refusal = (problem: string) => ({
  type: IntegrationError,
  status: 400,
  message: `The setting "Custom Voucherify URL" ${problem}. ${FORM}`
})

/** Every address that a Custom URL leads to. */
async function addresses(customURL: string): Promise<Record<string, string>> {
  const customer = { source_id: 'u' }
  const typed = { customURL }
  const requests = {
    event: requestOf('addCustomEvent', { customer, event: 'Paid', type: 'track' }, typed),
    group: requestOf('assignCustomerToGroup', { customer, group_id: 'g' }, typed),
    customer: requestOf('upsertCustomer', customer, typed),
    test: testRequest(typed),
    bulk: bulkRequest([customer], typed),
    erasure: erasureRequest('u', typed)
  }
  const urls = Object.entries(requests).map(async ([name, request]) => [name, (await request).url])
  return Object.fromEntries(await Promise.all(urls))
}

const expected = (gateway: string, api: string) => ({
  event: `${gateway}/segmentio/event-processing`,
  group: `${gateway}/segmentio/group-processing`,
  customer: `${gateway}/segmentio/customer-processing`,
  test: `${gateway}/segmentio/test-authentication`,
  bulk: `${api}/v1/customers/bulk/async`,
  erasure: `${api}/v1/customers/u/permanent-deletion`
})

const US = ['https://us1.segmentio.voucherify.io', 'https://us1.api.voucherify.io'] as const
const EUROPE = ['https://segmentio.voucherify.io', 'https://api.voucherify.io'] as const
const DEDICATED = ['https://acme.segmentio.voucherify.io', 'https://acme.api.voucherify.io'] as const

describe('Custom Voucherify URL', () => {
  withoutNetwork()

  describe('is used as typed', () => {
    it.each([
      ['https://us1.segmentio.voucherify.io', ...US],
      ['https://as1.segmentio.voucherify.io', 'https://as1.segmentio.voucherify.io', 'https://as1.api.voucherify.io'],
      ['https://segmentio.voucherify.io', ...EUROPE],
      ['https://acme.segmentio.voucherify.io', ...DEDICATED],
      [
        'https://eu.acme-2.segmentio.voucherify.io',
        'https://eu.acme-2.segmentio.voucherify.io',
        'https://eu.acme-2.api.voucherify.io'
      ]
    ])('%s', async (typed, gateway, api) => expect(await addresses(typed)).toEqual(expected(gateway, api)))
  })

  describe('is cleaned', () => {
    it.each([
      ['spaces around', '  https://us1.segmentio.voucherify.io  ', ...US],
      ['a line end that was copied with it', 'https://us1.segmentio.voucherify.io\r\n', ...US],
      ['capitals in the host', 'https://US1.SegmentIO.Voucherify.IO', ...US],
      ['capitals in the scheme', 'HTTPS://us1.segmentio.voucherify.io', ...US],
      ['a trailing slash', 'https://us1.segmentio.voucherify.io/', ...US],
      ['several trailing slashes', 'https://us1.segmentio.voucherify.io///', ...US],
      ['a trailing /segmentio', 'https://us1.segmentio.voucherify.io/segmentio', ...US],
      ['a trailing /segmentio/', 'https://us1.segmentio.voucherify.io/segmentio/', ...US],
      ['the port that https has anyway', 'https://us1.segmentio.voucherify.io:443', ...US],
      ['all at once', ' HTTPS://Acme.Segmentio.Voucherify.io/segmentio// ', ...DEDICATED]
    ])('%s', async (_, typed, gateway, api) => expect(await addresses(typed)).toEqual(expected(gateway, api)))
  })

  describe('may be the API endpoint, whose label api becomes segmentio', () => {
    it.each([
      ['https://us1.api.voucherify.io', ...US],
      ['https://us1.api.voucherify.io/', ...US],
      ['https://us1.api.voucherify.io/v1', ...US],
      ['https://us1.api.voucherify.io/v1/', ...US],
      ['https://us1.api.voucherify.io/segmentio', ...US],
      ['https://US1.API.voucherify.io/v1', ...US],
      ['https://api.voucherify.io', ...EUROPE],
      ['https://api.voucherify.io/v1', ...EUROPE],
      ['https://acme.api.voucherify.io/v1', ...DEDICATED]
    ])('%s', async (typed, gateway, api) => expect(await addresses(typed)).toEqual(expected(gateway, api)))
  })

  it('of 2,048 characters is looked at', async () => {
    const longest = `https://us1.segmentio.voucherify.io${'/'.repeat(2_013)}`
    expect(longest).toHaveLength(2_048)
    expect(await addresses(longest)).toEqual(expected(...US))
  })

  it('is judged again after a refusal', async () => {
    const judge = () => failureOf(() => resolveHosts('https://example.com'))
    expect([await judge(), await judge()]).toEqual(Array(2).fill(refusal('must be a host of voucherify.io')))
  })

  describe('is refused', () => {
    it.each([
      ['nothing', '', 'is empty'],
      ['only blanks', ' \t ', 'is empty'],
      ['no scheme', 'us1.segmentio.voucherify.io', 'must start with https://'],
      ['no scheme but slashes', '//us1.segmentio.voucherify.io', 'must start with https://'],
      ['a scheme without slashes', 'https:us1.segmentio.voucherify.io', 'must start with https://'],
      ['a scheme with one slash', 'https:/us1.segmentio.voucherify.io', 'must start with https://'],
      ['a scheme with three slashes', 'https:///us1.segmentio.voucherify.io', 'must start with https://'],
      ['another scheme: ftp', 'ftp://us1.segmentio.voucherify.io', 'must start with https://'],
      ['another scheme: ws', 'wss://us1.segmentio.voucherify.io', 'must start with https://'],
      ['another scheme: file', 'file:///etc/hosts', 'must start with https://'],
      ['another scheme: javascript', 'javascript:alert(1)', 'must start with https://'],
      ['http elsewhere', 'http://us1.segmentio.voucherify.io', 'must start with https://'],
      ['http to another machine of the network', 'http://127.0.0.2:8080', 'must start with https://'],
      ['this machine', 'http://127.0.0.1:8080', 'must start with https://'],
      ['localhost', 'http://localhost:8080', 'must start with https://'],
      ['::1', 'http://[::1]', 'must start with https://'],
      ['https to this machine', 'https://127.0.0.1', 'must be a host of voucherify.io'],
      ['https to localhost', 'https://localhost', 'must be a host of voucherify.io'],
      ['https to ::1', 'https://[::1]', 'must be a host of voucherify.io'],
      ['more than 2,048 characters', `https://us1.segmentio.voucherify.io${'/'.repeat(2_014)}`, 'is too long'],
      ['a host outside voucherify.io', 'https://us1.segmentio.example.com', 'must be a host of voucherify.io'],
      ['the bare domain', 'https://voucherify.io', 'must be a host of voucherify.io'],
      ['a look-alike in front', 'https://evil-voucherify.io', 'must be a host of voucherify.io'],
      [
        'a look-alike in front of the gateway',
        'https://segmentio.evil-voucherify.io',
        'must be a host of voucherify.io'
      ],
      ['a look-alike behind', 'https://us1.segmentio.voucherify.io.evil.com', 'must be a host of voucherify.io'],
      ['another top-level domain', 'https://us1.segmentio.voucherify.com', 'must be a host of voucherify.io'],
      ['a look-alike letter', 'https://us1.segmentio.vоucherify.io', 'must be a host of voucherify.io'],
      ['a dot at the end', 'https://us1.segmentio.voucherify.io.', 'must be a host of voucherify.io'],
      ['localhost as a label', 'http://localhost.evil.com:8080', 'must start with https://'],
      ['an IPv4 address', 'https://203.0.113.24', 'must be a host of voucherify.io'],
      ['an IPv6 address', 'https://[2001:db8::1]', 'must be a host of voucherify.io'],
      ['the dashboard', 'https://app.voucherify.io', NOT_GATEWAY],
      ['an empty label', 'https://us1..segmentio.voucherify.io', 'is not a valid host name'],
      ['a label that is too long', `https://${'a'.repeat(64)}.segmentio.voucherify.io`, 'is not a valid host name'],
      ['a host that is too long', `https://${'a.'.repeat(120)}segmentio.voucherify.io`, 'is too long'],
      ['an underscore', 'https://us_1.segmentio.voucherify.io', 'is not a valid host name'],
      ['two labels of the gateway', 'https://segmentio.segmentio.voucherify.io', NOT_GATEWAY],
      ['labels of the gateway and the API', 'https://api.segmentio.voucherify.io', NOT_GATEWAY],
      ['a user', 'https://user@us1.segmentio.voucherify.io', 'must not hold a user name or password'],
      ['a user and password', 'https://user:pass@us1.segmentio.voucherify.io', 'must not hold a user name or password'],
      ['an empty user', 'https://@us1.segmentio.voucherify.io', 'must not hold a user name or password'],
      ['a host as user', 'https://us1.segmentio.voucherify.io@evil.com', 'must not hold a user name or password'],
      ['a user on this machine', 'http://user@127.0.0.1:8080', 'must not hold a user name or password'],
      ['another path', 'https://us1.segmentio.voucherify.io/webhooks', 'must not hold a path'],
      ['a path that leads back', 'https://us1.segmentio.voucherify.io/x/..', 'must not hold a path'],
      ['a path behind /segmentio', 'https://us1.segmentio.voucherify.io/segmentio/x', 'must not hold a path'],
      ['/segmentio in capitals', 'https://us1.segmentio.voucherify.io/SEGMENTIO', 'must not hold a path'],
      ['/v1 on the gateway', 'https://us1.segmentio.voucherify.io/v1', 'must not hold a path'],
      ['/v2 on the API', 'https://us1.api.voucherify.io/v2', 'must not hold a path'],
      ['a path on this machine', 'http://127.0.0.1:8080/x', 'must not hold a path'],
      ['a query', 'https://us1.segmentio.voucherify.io?x=1', 'must not hold a query'],
      ['an empty query', 'https://us1.segmentio.voucherify.io?', 'must not hold a query'],
      ['a fragment', 'https://us1.segmentio.voucherify.io#x', 'must not hold a fragment'],
      ['an empty fragment', 'https://us1.segmentio.voucherify.io/#', 'must not hold a fragment'],
      ['another port', 'https://us1.segmentio.voucherify.io:8443', 'must not name a port'],
      ['the port of http', 'https://us1.segmentio.voucherify.io:80', 'must not name a port'],
      ['a port that is none', 'https://us1.segmentio.voucherify.io:x', 'is not a valid URL'],
      ['a port out of range', 'http://127.0.0.1:65536', 'is not a valid URL'],
      ['no host', 'https://:443', 'is not a valid URL'],
      ['a space inside', 'https://us1.segmentio. voucherify.io', CONTROL],
      ['a tab inside', 'https://us1.segmentio.\tvoucherify.io', CONTROL],
      ['a line end inside', 'https://us1.segmentio.voucherify.io\n.evil.com', CONTROL],
      ['a null character', 'https://us1.segmentio.voucherify.io\u0000.evil.com', CONTROL],
      ['a delete character', 'https://us1.segmentio.voucherify.io\u007f', CONTROL],
      ['a backslash', 'https://evil.com\\.segmentio.voucherify.io', CONTROL],
      ['backslashes for slashes', 'https:\\\\us1.segmentio.voucherify.io', CONTROL],
      ['a control character beyond ASCII', 'https://us1.segmentio\u0085.voucherify.io', CONTROL]
    ])('%s', async (_, typed, problem) => {
      expect(await failureOf(() => resolveHosts(typed))).toEqual(refusal(problem))
    })

    // The parser that sends ends a host at most of these; the one that checks takes them into it.
    it.each([...'\'"`{};<>^|', '%22', '%27', '%00'])('a host with %s in it', async (character) => {
      const failure = await failureOf(() => resolveHosts(`https://evil.com${character}.segmentio.voucherify.io`))
      expect(failure).toMatchObject({ type: IntegrationError, status: 400 })
      expect(failure.message).toMatch(/^The setting "Custom Voucherify URL" .+\. Use the form https:\/\/us1\./)
    })
  })

  it('never quotes what was typed, since it may be a key in the wrong setting', async () => {
    const key = settings.secretKey
    for (const typed of [
      key,
      `https://${key}`,
      `https://x/${key}`,
      `https://${key}@x.io`,
      `https://${key}.voucherify.io`
    ]) {
      const { message } = await errorOf(() => resolveHosts(typed))
      expect(message).toContain(FORM)
      expect(message).not.toContain(key)
    }
  })

  it.each(['https://evil-voucherify.io', 'https://us1.segmentio.voucherify.io.evil.com', 'http://voucherify.io'])(
    'sends nothing at all with %s',
    async (customURL) => {
      const sent = gatewayAnswers({ status: 200 }, new URL(customURL).origin)
      const failure = await failureOf(deliver(callOf('identify'), { settings: { customURL } }))
      expect(failure).toMatchObject({ type: IntegrationError, status: 400 })
      expect(failure.message).toContain('The setting "Custom Voucherify URL" must ')
      expect(sent).toEqual([])
    }
  )

  it('leads a delivery to the address it was cleaned to', async () => {
    const sent = gatewayAnswers({ status: 200 }, 'https://acme.segmentio.voucherify.io')
    await deliver(callOf('identify'), { settings: { customURL: ' https://ACME.api.voucherify.io/v1/ ' } })
    expect(sent.map(({ url }) => url)).toEqual(['https://acme.segmentio.voucherify.io/segmentio/customer-processing'])
  })
})
