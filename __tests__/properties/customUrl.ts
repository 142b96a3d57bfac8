import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { parse } from 'node:url'
import { Destination, IntegrationError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import fc from 'fast-check'
import definition from '../../src'
import { resolveHosts } from '../../src/customUrl'
import { listMetadataKeys } from '../../src/metadataKeys'
import { anyCharacter, anyText } from './arbitraries'
import { endOf, property } from './property'
import type { End, Property } from './property'

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
    fc.oneof(fc.string({ unit: anyCharacter, maxLength: 1 }), label)
  )
  .map(([url, at, removed, added]) => url.slice(0, at) + added + url.slice(at + removed))

const typedUrl = fc.oneof(
  { weight: 6, arbitrary: composedUrl },
  { weight: 3, arbitrary: changedUrl },
  { weight: 1, arbitrary: anyText }
)

const KEYS = { apiKey: 'application-id', secretKey: 'secret-key' }
const PATHS = [
  '/segmentio/event-processing',
  '/segmentio/group-processing',
  '/segmentio/customer-processing',
  '/segmentio/test-authentication',
  '/v1/customers/user%201/permanent-deletion',
  '/v1/customers/bulk/async',
  '/v1/metadata-schemas/customer'
]

/** Runs everything that makes requests with this setting, each taken. Returns the addresses and the refusals. */
async function requestedUrls(customURL: string): Promise<{ urls: string[]; refusals: Error[] }> {
  const urls: string[] = []
  const request = ((url: string) => {
    urls.push(url)
    return Promise.resolve({ status: 200, data: {}, content: '{}' })
  }) as unknown as RequestClient
  const settings = { ...KEYS, customURL }
  const payload = { customer: { source_id: 'user 1' }, source_id: 'user 1', group_id: 'group-1', event: 'Tried' }
  const { actions, authentication, onDelete } = definition
  const steps: (() => unknown)[] = [
    ...Object.values(actions).map((action) => () => action.perform(request, { settings, payload } as never)),
    () => authentication?.testAuthentication?.(request, { settings } as never),
    () => onDelete?.(request, { settings, payload: { userId: 'user 1' } } as never)
  ]
  const ends: End<unknown>[] = []
  for (const step of steps) ends.push(await endOf(Promise.resolve().then(step)))
  // These two say what is wrong and throw nothing.
  await actions.upsertCustomer.performBatch?.(request, { settings, payload: [payload] } as never)
  await listMetadataKeys(request, { settings })
  return { urls, refusals: ends.flatMap((end) => (end.ok ? [] : [end.error])) }
}

const built = property(
  'any text as Custom URL is refused, or every request goes to voucherify.io at a known path',
  1_000,
  typedUrl,
  async (typed) => {
    const { urls, refusals } = await requestedUrls(typed)
    if (refusals.length) {
      assert.deepEqual([urls, refusals.length], [[], 5], 'a setting is refused by all or none')
      return refusals.forEach(assertRefusal)
    }
    assert.deepEqual(
      urls.map((url) => new URL(url).pathname),
      PATHS
    )
    for (const url of urls) {
      const { protocol, hostname, port, username, password, search, hash } = new URL(url)
      assert.deepEqual([username, password, search, hash], ['', '', '', ''])
      assert.ok(protocol === 'https:' && isVoucherify(hostname) && port === '', `keys go to ${url}`)
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

const destination = new Destination(definition)

const connected = property(
  'with any text as Custom URL no connection is ever opened to another host',
  300,
  typedUrl,
  async (typed) => {
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
    destination.responses.length = 0
    assert.ok(
      ends.every((end, index) => !end.ok || index === 1),
      'something was delivered without a connection'
    )
    for (const { host: name, isTls } of targets) {
      assert.ok(isTls && isVoucherify(name), `a connection to ${name} was opened`)
    }
  }
)

export const customUrlProperties: Property[] = [built, idempotent, connected]

/** Everything that a refusal may say of the setting. */
const PROBLEMS = [
  'is empty',
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
