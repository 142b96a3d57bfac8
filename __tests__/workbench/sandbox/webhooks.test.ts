/** The webhooks of the sandbox: for whom, in which envelope, signed how, and what happens when nobody takes them. */
import { createServer } from 'http'
import type { AddressInfo } from 'net'
import type { Sandbox, SandboxOptions } from '../../../workbench/sandbox'
import { signWebhook } from '../../../workbench/sandbox/webhooks'
import { until } from '../helpers'
import { applyInBulk, closeSandboxes, CUSTOMER, EVENT, GROUP, KEYS, post, startSandbox } from './sandboxHelpers'

const OTHER = { applicationId: 'other-app', secretKey: 'other-secret' }
const URL = 'https://hooks.example.com/in'
const START = Date.UTC(2026, 0, 2, 12)
const AT = '2026-01-02T12:00:00.000Z'

interface Sent {
  url: string
  headers: Record<string, string>
  body: string
}

let sent: Sent[]
/** Answers of the receiver, in turn; 200 when there are no more. */
let answers: (number | Error)[]
let later: { work: () => void; ms: number }[]
let clock: number
let sandbox: Sandbox

async function begin(options: Partial<SandboxOptions> = {}): Promise<void> {
  sandbox = await startSandbox({
    now: () => clock,
    moreKeys: [OTHER],
    webhooks: { url: URL, secret: 'hook-secret' },
    async sendWebhook(url, request) {
      await Promise.resolve()
      sent.push({ url, ...request })
      const answer = answers.shift() ?? 200
      if (answer instanceof Error) throw answer
      return answer
    },
    schedule(work, ms) {
      const entry = { work, ms }
      later.push(entry)
      return () => void later.splice(later.indexOf(entry), 1)
    },
    ...options
  })
}

beforeEach(async () => {
  sent = []
  answers = []
  later = []
  clock = START
  await begin()
})
afterEach(closeSandboxes)

const payloads = () => sent.map(({ body }) => JSON.parse(body) as Record<string, never>)
const types = () => payloads().map(({ type }) => type)
const statuses = () => sandbox.webhooks.list().map(({ status, tries }) => [status, tries])
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a webhook', () => {
  it('has the documented envelope, in the documented order, with the whole customer and the key that made the change', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', name: 'Maria' })
    const [payload] = payloads()
    expect(Object.keys(payload)).toEqual(['id', 'project_id', 'created_at', 'type', 'data', 'source', 'event'])
    expect(payload).toEqual({
      id: expect.stringMatching(/^whs_/),
      project_id: 'proj_sandbox',
      created_at: AT,
      type: 'customer.created',
      data: {
        customer: expect.objectContaining({
          id: expect.stringMatching(/^cust_/),
          source_id: 'c1',
          name: 'Maria',
          email: null,
          metadata: {},
          system_metadata: {},
          created_at: AT,
          object: 'customer'
        })
      },
      source: { id: 'wh_sandbox', object: 'webhook', target_url: URL },
      event: {
        id: expect.stringMatching(/^evcus_/),
        type: 'customer.created',
        created_at: AT,
        entity_id: expect.stringMatching(/^cust_/),
        group_id: expect.stringMatching(/^v-/),
        event_source: { channel: 'API', api_key: { name: 'Sandbox', app_id: KEYS.applicationId } }
      }
    })
  })

  it('is signed over its very text, and carries the custom headers', async () => {
    sandbox.webhooks.sendTo({ url: URL, secret: 'hook-secret', headers: { 'x-webhook-secret': 's3cret' } })
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    const [{ url, headers, body }] = sent
    expect([url, headers]).toEqual([
      URL,
      {
        'content-type': 'application/json',
        'x-webhook-secret': 's3cret',
        'x-voucherify-signature': signWebhook(body, 'hook-secret')
      }
    ])
  })

  it('is not signed without a secret', async () => {
    sandbox.webhooks.sendTo({ url: URL })
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    expect(sent[0].headers).toEqual({ 'content-type': 'application/json' })
  })

  // Source: docs.voucherify.io, Introduction to webhooks.
  it.each([
    ['{"a":1}', 'a17d2ac229d1ebbb5f10e839c7985c4818e5986eab297f7e5979196d4d7d3ed2'],
    ['{"a\\"b":1}', 'f7cf97814a03146abedb9793f56e1dec34f618f82d10395310d053f749483ffb'],
    ['  message  ', '53ff92957e1427ce23ad5bda9d0c5f2f4ff384d0806b83eeacb510c842d3a358']
  ])('has the signature that Voucherify publishes for %s', (text, signature) => {
    expect(signWebhook(text, 'secretKey')).toBe(signature)
  })
})

describe('webhooks', () => {
  it('tell of what is created, changed and deleted by gateway and API, and of nothing else', async () => {
    const customer = { source_id: 'c1' }
    await post(sandbox, EVENT, { customer, event: 'E' })
    await post(sandbox, EVENT, { customer, event: 'E' })
    await post(sandbox, CUSTOMER, customer)
    await post(sandbox, GROUP, { customer, group_id: 'g1', traits: { plan: 'gold' } })
    await post(sandbox, '/v1/customers', { source_id: 'c1', name: 'Maria' })
    await post(sandbox, '/v1/events', { customer, event: 'E' })
    await post(sandbox, CUSTOMER, { source_id: ' ' })
    await post(sandbox, '/v1/customers/c1/permanent-deletion', '')
    expect(types()).toEqual(['customer.created', 'customer.updated', 'customer.updated', 'customer.deleted'])
  })

  it('do not tell of bulk calls', async () => {
    await applyInBulk(sandbox, [{ source_id: 'c1', name: 'Maria' }])
    await applyInBulk(sandbox, [{ source_id: 'c1', name: 'Anna' }])
    expect(sent).toEqual([])
  })

  it('name the key of whoever made the change', async () => {
    const headers = { 'X-App-Id': OTHER.applicationId, 'X-App-Token': OTHER.secretKey }
    await post(sandbox, '/v1/customers', { source_id: 'c1' }, headers)
    expect(payloads()[0]).toMatchObject({ event: { event_source: { api_key: { app_id: OTHER.applicationId } } } })
  })

  it('name a deleted customer by a source_id that is free again', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    await fetch(`${sandbox.url}/v1/customers/c1`, {
      method: 'DELETE',
      headers: { 'X-App-Id': KEYS.applicationId, 'X-App-Token': KEYS.secretKey }
    })
    expect(payloads()[1]).toMatchObject({
      type: 'customer.deleted',
      data: { customer: { source_id: `c1_deleted${AT}`, updated_at: AT } }
    })
  })

  it('go nowhere when there is no target', async () => {
    sandbox.webhooks.sendTo(null)
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    expect([sent, sandbox.webhooks.list()]).toEqual([[], []])
  })

  it('go over the network, redirects not followed', async () => {
    const asked: { path?: string; signature?: string | string[] }[] = []
    const server = createServer((request, response) => {
      asked.push({ path: request.url, signature: request.headers['x-voucherify-signature'] })
      request.resume().on('end', () => response.writeHead(302, { location: '/elsewhere' }).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await begin({
      webhooks: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`, secret: 's' },
      sendWebhook: undefined
    })
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    await until(() => sandbox.webhooks.list()[0].status === 'retrying')
    const [{ payload, answer }] = sandbox.webhooks.list()
    expect([asked, answer]).toEqual([[{ path: '/in', signature: signWebhook(JSON.stringify(payload), 's') }], 302])
    server.close()
    server.closeAllConnections()
  })
})

describe('a webhook that nobody takes', () => {
  it('is sent again as Voucherify does, the same each time, until it is taken', async () => {
    answers = [500, new Error('connect ECONNREFUSED')]
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    await settled()
    expect(sandbox.webhooks.list()[0]).toMatchObject({
      status: 'retrying',
      tries: 1,
      answer: 500,
      error: 'It answered 500.',
      nextTryAt: '2026-01-02T12:01:00.000Z'
    })
    for (const minutes of [1, 2]) {
      expect(later.map(({ ms }) => ms)).toEqual([60_000])
      clock = START + minutes * 60_000
      later.splice(0)[0].work()
      await settled()
    }
    expect(statuses()).toEqual([['delivered', 3]])
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1)
    expect(sandbox.webhooks.list()[0]).not.toHaveProperty('nextTryAt')
  })

  it('twelve times after the first ends the webhook', async () => {
    answers = Array.from({ length: 13 }, () => 500)
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    await settled()
    const waits: number[] = []
    while (later.length) {
      const [{ work, ms }] = later.splice(0)
      clock += ms
      waits.push((clock - START) / 60_000)
      work()
      await settled()
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_440])
    expect(statuses()).toEqual([['failed', 13]])
    await post(sandbox, CUSTOMER, { source_id: 'c2' })
    expect(sandbox.webhooks.list()).toHaveLength(1)
  })

  it('is called off with its target', async () => {
    answers = [500]
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    await settled()
    sandbox.webhooks.sendTo({ url: 'https://other.example.com' })
    expect(later).toEqual([])
  })

  it('holds up none but those that find no place beside it', async () => {
    const taken: (() => void)[] = []
    await begin({ sendWebhook: () => new Promise((resolve) => taken.push(() => resolve(200))) })
    for (let n = 0; n < 12; n += 1) await post(sandbox, CUSTOMER, { source_id: `c${n}` })
    expect(taken).toHaveLength(10)
    taken.splice(0, 2).forEach((take) => take())
    await settled()
    expect(taken).toHaveLength(10)
  })
})

describe('a target', () => {
  it.each<[string, Parameters<Sandbox['webhooks']['sendTo']>[0], string]>([
    [
      'another host without https',
      { url: 'http://example.com' },
      'must be an https address, or an http address on this machine'
    ],
    ['no address', { url: 'example' }, 'must be an https address, or an http address on this machine'],
    ['an empty secret', { url: URL, secret: '' }, 'The secret of the webhooks must not be empty.'],
    ['a header in capitals', { url: URL, headers: { 'X-Secret': 'x' } }, `The webhooks can't have a header "X-Secret"`],
    ['a header of the request', { url: URL, headers: { host: 'x' } }, `The webhooks can't have a header "host"`],
    ['a header of two lines', { url: URL, headers: { 'x-secret': 'a\nb' } }, 'must be plain text']
  ])('is refused: %s', (_, target, message) => {
    expect(() => sandbox.webhooks.sendTo(target)).toThrow(message)
    expect(() => sandbox.webhooks.sendTo(target)).toThrow(RangeError)
  })
})
