import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { parse } from 'node:url'
import { Destination, IntegrationError } from '@segment/actions-core'
import fc from 'fast-check'
import definition from '../../src'
import { customEvent } from '../../src/addCustomEvent'
import { groupAssignment } from '../../src/assignCustomerToGroup'
import { resolveHosts } from '../../src/customUrl'
import { customerUpsert } from '../../src/upsertCustomer'
import { buildBulkRequest, buildErasureRequest, buildGatewayRequest, buildTestRequest } from '../../src/utils'
import { anyText } from './arbitraries'
import { endOf, property } from './property'
import type { Property } from './property'

const label = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('us1', 'segmentio', 'api', 'acme', 'voucherify', 'io') },
  { weight: 3, arbitrary: fc.constantFrom('voucherify.io', 'segmentio.voucherify.io', 'api.voucherify.io') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('evil.com', 'evil-voucherify', 'voucherifyio', 'localhost', '127.0.0.1', '')
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('ⓥoucherify.io', 'ѕegmentio', 'ﬀ', 'ß', 'xn--80ak6aa92e', '%2e', '%61pi', '\u00ad')
  },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 260 }).map((length) => 'a'.repeat(length)) },
  { weight: 1, arbitrary: fc.integer({ min: 20, max: 130 }).map((count) => 'a.'.repeat(count) + 'a') },
  { weight: 2, arbitrary: fc.constantFrom(...'\'"`{}|;!$&()*+,=_~^%<>[]') },
  { weight: 1, arbitrary: anyText }
)

const separator = fc.oneof(
  { weight: 20, arbitrary: fc.constant('.') },
  { weight: 1, arbitrary: fc.constantFrom('', '..', '。', '．', '%2E', '-', '@', '/', '\\', ':', '#', '?') }
)

const composedHost = fc
  .array(fc.tuple(label, separator), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.map(([text, end], index) => (index < parts.length - 1 ? text + end : text)).join(''))

const host = fc.oneof(
  { weight: 4, arbitrary: composedHost },
  {
    weight: 3,
    arbitrary: fc.tuple(label, fc.constantFrom('', '.')).map(([text, dot]) => `${text}${dot}segmentio.voucherify.io`)
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('us1.segmentio.voucherify.io', 'segmentio.voucherify.io', 'API.Voucherify.IO')
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('localhost', '127.0.0.1', '[::1]', '127.1', '0x7f.1', '2130706433', '127.0.0.2', '[::]')
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'localhost.',
      '[::ffff:127.0.0.1]',
      '[fe80::1%25lo]',
      '0.0.0.0',
      '[0:0:0:0:0:0:0:1]',
      '١٢٧.0.0.1'
    )
  }
)

const usually = (expected: string, ...others: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(expected) }, { weight: 2, arbitrary: fc.constantFrom(...others) })

/** An address made of parts that are right, nearly right, or made to mislead a parser. */
const composedUrl = fc
  .tuple(
    usually('', ' ', '\t', '\n', '\u00a0', '\u0000', '\ufeff'),
    usually(
      'https://',
      'http://',
      'HTTPS://',
      'https:/',
      'https:',
      '',
      '//',
      'ftp://',
      'https:\\\\',
      'https:////',
      'ws://'
    ),
    usually('', 'user@', 'user:pass@', '@', ':@', 'us1.segmentio.voucherify.io@', '%40', 'evil.com#@', 'evil.com%2f@'),
    host,
    usually('', ':443', ':80', ':8080', ':0', ':', ':99999', ':４４３', ':+443', ':443@evil.com'),
    usually(
      '',
      '/',
      '//',
      '/segmentio',
      '/segmentio/',
      '/v1',
      '/v1/',
      '/segmentio/..',
      '/%2e%2e',
      '/x',
      '\\evil.com',
      '/;a'
    ),
    usually('', '?', '?a=1', '#', '#a', '%3f', ' ', '\r\n', '\\')
  )
  .map((parts) => parts.join(''))

/** One character more, less or another: what a typing error or an attacker changes. */
const changedUrl = fc
  .tuple(
    fc.constantFrom('https://us1.segmentio.voucherify.io', 'https://api.voucherify.io/v1', 'http://127.0.0.1:8080/'),
    fc.nat(40),
    fc.constantFrom(0, 1),
    fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), label)
  )
  .map(([url, at, removed, added]) => url.slice(0, at) + added + url.slice(at + removed))

const typedUrl = fc.oneof(
  { weight: 6, arbitrary: composedUrl },
  { weight: 3, arbitrary: changedUrl },
  { weight: 1, arbitrary: anyText }
)

const KEYS = { apiKey: 'application-id', secretKey: 'secret-key' }
const GATEWAY_PATHS = ['event-processing', 'group-processing', 'customer-processing', 'test-authentication']
const PATHS = [
  ...GATEWAY_PATHS.map((path) => `/segmentio/${path}`),
  '/v1/customers/bulk/async',
  '/v1/customers/user%201/permanent-deletion'
]
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]', '::1']

/** Every address that the destination would send to with this setting. */
function builtUrls(customURL: string): string[] {
  const settings = { ...KEYS, customURL }
  const payload = { customer: { source_id: 'user 1' }, source_id: 'user 1', group_id: 'group-1' }
  return [
    ...[customEvent, groupAssignment, customerUpsert].map((call) => buildGatewayRequest(settings, call, payload)),
    buildTestRequest(settings),
    buildBulkRequest(settings, []),
    buildErasureRequest(settings, 'user 1')
  ].map(({ url }) => url)
}

const built = property(
  'any text as Custom URL is refused, or every request goes to voucherify.io or this machine at a known path',
  2_000,
  fc.record({ typed: typedUrl, production: fc.boolean() }),
  async ({ typed, production }) => {
    const end = await inEnvironment(production, () => endOf(Promise.resolve().then(() => builtUrls(typed))))
    if (!end.ok) return assertRefusal(end.error)
    assert.deepEqual(
      end.value.map((url) => new URL(url).pathname),
      PATHS
    )
    for (const url of end.value) {
      const { protocol, hostname, port, username, password, search, hash } = new URL(url)
      assert.deepEqual([username, password, search, hash], ['', '', '', ''])
      if (protocol === 'http:') assert.ok(LOOPBACK.includes(hostname) && !production, `plain HTTP to ${hostname}`)
      else assert.ok(protocol === 'https:' && isVoucherify(hostname) && port === '', `keys go to ${url}`)
      // The parser that requests are sent with must see the same host.
      const sent = parse(new URL(url).toString())
      assert.deepEqual([sent.protocol, sent.host, sent.auth], [protocol, new URL(url).host, null])
    }
  }
)

const idempotent = property(
  'a Custom URL that is accepted gives hosts that, typed again, give the same hosts',
  2_000,
  typedUrl,
  (typed) => {
    let hosts
    try {
      hosts = resolveHosts(typed)
    } catch (error) {
      return assertRefusal(error)
    }
    assert.deepEqual(resolveHosts(hosts.gateway), hosts)
    assert.deepEqual(resolveHosts(hosts.api), hosts)
  }
)

interface Target {
  host: string
  isTls: boolean
}

const connected = property(
  'with any text as Custom URL no connection is ever opened to another host',
  300,
  typedUrl,
  async (typed) => {
    const destination = new Destination(definition)
    const settings = { ...KEYS, customURL: typed, subscriptions: definition.presets }
    const { targets, ends } = await withoutNetwork(async () => ({
      ends: [
        await endOf(
          destination.onEvent({ type: 'track', userId: 'user 1', event: 'Tried' } as never, settings as never)
        ),
        await endOf(destination.onBatch([{ type: 'identify', userId: 'user 1' }] as never, settings as never)),
        await endOf(destination.testAuthentication(settings)),
        await endOf(Promise.resolve(destination.onDelete?.({ userId: 'user 1' } as never, settings as never)))
      ]
    }))
    assert.ok(
      ends.every((end, index) => !end.ok || index === 1),
      'something was delivered without a connection'
    )
    for (const { host: name, isTls } of targets) {
      assert.ok(isTls ? isVoucherify(name) : LOOPBACK.includes(name), `a connection to ${name} was opened`)
    }
  }
)

export const customUrlProperties: Property[] = [built, idempotent, connected]

/** Everything that a refusal may say of the setting. */
const PROBLEMS = [
  'is empty',
  'points to this machine, which only works in development',
  'must use http:// on this machine',
  'must start with https://',
  'must not name a port',
  'holds spaces, backslashes or control characters',
  'must not hold a user name or password',
  'must not hold a query',
  'must not hold a fragment',
  'must not hold a path',
  'is not a valid URL',
  'is not a valid host name',
  'must be a host of voucherify.io',
  "must be the host of Voucherify's Segment gateway",
  'is too long'
]

function isVoucherify(hostname: string): boolean {
  return /^([a-z0-9_-]+\.)+voucherify\.io$/.test(hostname)
}

function assertRefusal(error: unknown): void {
  assert.ok(error instanceof IntegrationError, `not an IntegrationError: ${String(error)}`)
  assert.deepEqual([error.status, error.code], [400, 'INVALID_CUSTOM_URL'])
  assert.match(
    error.message,
    /^The setting "Custom Voucherify URL" .+\. Use the form https:\/\/us1\.segmentio\.voucherify\.io/
  )
  const [problem] = error.message.split('. Use the form')
  // Words of ours alone: a piece of a key that was pasted here would be as bad as all of it.
  assert.ok(PROBLEMS.includes(problem.replace('The setting "Custom Voucherify URL" ', '')), problem)
}

async function inEnvironment<T>(production: boolean, run: () => Promise<T>): Promise<T> {
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = production ? 'production' : 'test'
  try {
    return await run()
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  }
}

/** Runs with agents that open no connection and note where one was asked for. */
async function withoutNetwork<T>(run: () => Promise<T>): Promise<T & { targets: Target[] }> {
  const targets: Target[] = []
  const refuse =
    (isTls: boolean) =>
    ({ host: name = '' }: { host?: string | null }): never => {
      targets.push({ host: name ?? '', isTls })
      throw Object.assign(new Error('No network here'), { code: 'ECONNREFUSED' })
    }
  const agents = [http.globalAgent, https.globalAgent]
  agents.forEach((agent, index) => Object.assign(agent, { createConnection: refuse(index === 1) }))
  try {
    return { ...(await run()), targets }
  } finally {
    agents.forEach((agent) => Reflect.deleteProperty(agent, 'createConnection'))
  }
}
