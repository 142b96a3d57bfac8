/**
 * The sandbox as Voucherify's Segment gateway: what it takes and refuses, what it holds afterwards, and whom it does not
 * answer at all.
 */
import { raw } from '../helpers'
import {
  closeSandboxes,
  CUSTOMER,
  EVENT,
  get,
  GROUP,
  held,
  invalid,
  KEYS,
  KEY_HEADERS,
  post,
  startSandbox,
  TEST
} from './sandboxHelpers'
import type { Sandbox } from '../../../workbench/sandbox'
import { createSandbox } from '../../../workbench/sandbox'

const QUEUED = { status: 'queued' }
const UNAUTHORIZED = {
  code: 401,
  key: 'unauthorized',
  message: 'Unauthorized',
  request_id: expect.stringMatching(/^v-[0-9a-f]{18}$/)
}
const EMPTY_TOTALS = {
  customers: 0,
  events: 0,
  groups: 0,
  calls: {
    'test-authentication': 0,
    'customer-processing': 0,
    'event-processing': 0,
    'group-processing': 0,
    bulk: 0,
    'bulk-metadata': 0,
    'async-actions': 0,
    reports: 0,
    customers: 0,
    events: 0,
    'metadata-schemas': 0,
    'permanent-deletion': 0
  }
}
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
})
afterEach(closeSandboxes)

const TRACK = { customer: { source_id: 'c1' }, event: 'Order Completed', type: 'track' }

describe('keys', () => {
  it('are accepted by the credentials test when they are right', async () => {
    expect(await get(sandbox, TEST)).toMatchObject({ status: 200, body: { status: 'authenticated' } })
  })

  it.each<[string, Record<string, string>]>([
    ['no keys', {}],
    ['another Application ID', { ...KEY_HEADERS, 'X-App-Id': 'other' }],
    ['another Secret Key', { ...KEY_HEADERS, 'X-App-Token': 'other' }],
    ['no Secret Key', { 'X-App-Id': KEYS.applicationId }],
    ['the keys the wrong way round', { 'X-App-Id': KEYS.secretKey, 'X-App-Token': KEYS.applicationId }]
  ])('are refused everywhere: %s', async (_, headers) => {
    const answers = await Promise.all([
      get(sandbox, TEST, headers),
      post(sandbox, CUSTOMER, { source_id: 'c1' }, headers),
      post(sandbox, EVENT, TRACK, headers),
      post(sandbox, GROUP, { customer: { source_id: 'c1' }, group_id: 'g1' }, headers),
      post(sandbox, '/v1/customers/bulk/async', [{ source_id: 'c1' }], headers),
      get(sandbox, '/v1/async-actions/aa_1', headers),
      get(sandbox, '/v1/customers/c1', headers),
      post(sandbox, '/v1/customers/c1/permanent-deletion', '', headers)
    ])
    for (const { status, body } of answers) expect({ status, body }).toEqual({ status: 401, body: UNAUTHORIZED })
    expect(sandbox.state().totals).toMatchObject({ customers: 0, events: 0, groups: 0 })
  })
})

describe('a refused call', () => {
  const customer = { source_id: 'c1' }
  it.each<[string, string, unknown, string]>([
    ['an empty body', CUSTOMER, '', 'The body is not valid JSON'],
    ['text that is no JSON', CUSTOMER, '{"source_id":', 'The body is not valid JSON'],
    ['a list', CUSTOMER, [], 'Property . should be an object'],
    ['null', CUSTOMER, 'null', 'Property . should be an object'],
    ['a number', EVENT, '7', 'Property . should be an object'],
    [
      'too deep nesting',
      CUSTOMER,
      '['.repeat(100_000) + ']'.repeat(100_000),
      'The body is nested deeper than 200 levels'
    ],
    ['no source_id', CUSTOMER, { email: 'a@b.c' }, 'Property .source_id should be a string that is not blank'],
    ['a blank source_id', CUSTOMER, { source_id: ' \n' }, 'Property .source_id should be a string that is not blank'],
    ['a number as source_id', CUSTOMER, { source_id: 7 }, 'Property .source_id should be a string that is not blank'],
    ['an email that is no text', CUSTOMER, { ...customer, email: 7 }, 'Property .email should be a string'],
    ['metadata that is no object', CUSTOMER, { ...customer, metadata: [] }, 'Property .metadata should be an object'],
    ['an address that is no object', CUSTOMER, { ...customer, address: 'x' }, 'Property .address should be an object'],
    ['an event without customer', EVENT, { event: 'E' }, 'Property .customer should be an object'],
    [
      "an event with its customer's source_id blank",
      EVENT,
      { ...TRACK, customer: { source_id: '' } },
      'Property .customer.source_id should be a string that is not blank'
    ],
    ['an event without name', EVENT, { customer }, 'Property .event should be a string of 1 to 300 characters'],
    [
      'an empty event name',
      EVENT,
      { customer, event: '' },
      'Property .event should be a string of 1 to 300 characters'
    ],
    [
      'an event name of 301 characters',
      EVENT,
      { customer, event: 'é'.repeat(301) },
      'Property .event should be a string of 1 to 300 characters'
    ],
    [
      'a referral without code',
      EVENT,
      { ...TRACK, referral: {} },
      "Property .referral should have required property 'code'"
    ],
    [
      'a loyalty without code',
      EVENT,
      { ...TRACK, loyalty: { points: 1 } },
      "Property .loyalty should have required property 'code'"
    ],
    [
      'a blank code',
      EVENT,
      { ...TRACK, loyalty: { code: ' ' } },
      'Property .loyalty.code should be a string that is not blank'
    ],
    ['a referral that is no object', EVENT, { ...TRACK, referral: null }, 'Property .referral should be an object'],
    ['event metadata that is no object', EVENT, { ...TRACK, metadata: 'x' }, 'Property .metadata should be an object'],
    ['a group call without group_id', GROUP, { customer }, 'Property .group_id should be a string that is not blank'],
    [
      'a group call with a blank group_id',
      GROUP,
      { customer, group_id: ' ' },
      'Property .group_id should be a string that is not blank'
    ],
    ['a group call without customer', GROUP, { group_id: 'g1' }, 'Property .customer should be an object'],
    [
      'traits that are no object',
      GROUP,
      { customer, group_id: 'g1', traits: 'x' },
      'Property .traits should be an object'
    ]
  ])('names the reason and leaves nothing behind: %s', async (_, path, body, details) => {
    const { status, body: answer } = await post(sandbox, path, body)
    expect({ status, answer }).toEqual({ status: 400, answer: invalid(details) })
    expect(sandbox.state()).toMatchObject({ customers: [], events: [], groups: [] })
  })

  it('over 10,485,760 bytes is answered 413, and a call of just that size is taken', async () => {
    const filler = (bytes: number) => {
      const frame = JSON.stringify({ source_id: 'c1', description: '' })
      return JSON.stringify({ source_id: 'c1', description: 'x'.repeat(bytes - frame.length) })
    }
    expect(await post(sandbox, CUSTOMER, filler(10_485_761))).toMatchObject({
      status: 413,
      body: {
        statusCode: 413,
        error: 'Request Entity Too Large',
        message: 'Payload content length greater than maximum allowed: 10485760'
      }
    })
    expect(sandbox.state().totals.customers).toBe(0)
    expect(await post(sandbox, CUSTOMER, filler(10_485_760))).toMatchObject({ status: 200 })
    expect(sandbox.state().totals.customers).toBe(1)
  })
})

describe('other paths and methods', () => {
  it.each<[string, string]>([
    ['GET', '/'],
    ['GET', '/segmentio'],
    ['GET', '/segmentio/customer-processing/'],
    ['GET', CUSTOMER],
    ['POST', TEST],
    ['PATCH', '/v1/customers/c1'],
    ['GET', '/v1/customers/'],
    ['GET', '/v1/customers/c1/other'],
    ['GET', '/v2/customers/c1'],
    ['POST', '/v1/customers/a/b/permanent-deletion'],
    ['POST', '/v1/vouchers']
  ])('are answered 404 with words that name the sandbox: %s %s', async (method, path) => {
    const { status, body } = await raw(`${sandbox.url}${path}`, { method, headers: KEY_HEADERS })
    expect([status, JSON.parse(body)]).toEqual([
      404,
      {
        code: 404,
        key: 'not_found',
        message: 'Resource not found',
        details: `This is the sandbox of the workbench, which does not play ${method} ${path}. docs/workbench.md lists what it plays.`,
        request_id: expect.stringMatching(/^v-[0-9a-f]{18}$/)
      }
    ])
  })

  it('are counted nowhere', async () => {
    await get(sandbox, '/unknown')
    await get(sandbox, CUSTOMER)
    expect(sandbox.state().totals).toEqual(EMPTY_TOTALS)
  })
})

describe('whoever asks', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1'])(
    'under the name "%s" is refused, whatever its keys',
    async (host) => {
      const answer = await raw(`${sandbox.url}${TEST}`, { headers: { ...KEY_HEADERS, host } })
      expect(answer.status).toBe(421)
      expect(sandbox.state().totals).toEqual(EMPTY_TOTALS)
    }
  )

  it.each(['127.0.0.1', 'localhost:3001', 'LOCALHOST', '[::1]:3001'])('under the name %s is answered', async (host) => {
    expect(await raw(`${sandbox.url}${TEST}`, { headers: { ...KEY_HEADERS, host } })).toMatchObject({ status: 200 })
  })

  it.each(['https://evil.example', 'http://127.0.0.1:3000', 'null'])(
    'is refused when it is a page of %s',
    async (origin) => {
      const answer = await raw(`${sandbox.url}${CUSTOMER}`, {
        method: 'POST',
        headers: { ...KEY_HEADERS, origin },
        body: '{"source_id":"c1"}'
      })
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      expect(sandbox.state().totals).toEqual(EMPTY_TOTALS)
    }
  )
})

describe('a customer', () => {
  it('is held in the form of the API, with what a customer has and nothing else', async () => {
    const answer = await post(sandbox, CUSTOMER, {
      source_id: 'c1',
      name: 'Maria Nowak',
      first_name: 'Maria',
      last_name: 'Nowak',
      description: 'vip',
      email: 'maria@example.com',
      phone: '+48 600',
      birthdate: '1990-05-14T23:30:00-08:00',
      address: { street: 'Main 1', city: 'Warsaw', state: null, postal_code: '00-001', country: 'PL', planet: 'x' },
      metadata: { vip: true, nested: { list: [1, null, 'ü'] }, gone: null },
      type: 'identify',
      undeclared: 1
    })
    expect(answer).toMatchObject({ status: 200, body: QUEUED })
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(held(sandbox, 'c1')).toEqual({
      source_id: 'c1',
      name: 'Maria Nowak',
      description: 'vip',
      email: 'maria@example.com',
      phone: '+48 600',
      birthdate: '1990-05-14',
      address: { line_1: 'Main 1', city: 'Warsaw', state: null, postal_code: '00-001', country: 'PL' },
      metadata: { vip: true, nested: { list: [1, null, 'ü'] }, gone: null }
    })
  })

  it('keeps what is absent and clears what is null, inside address and metadata too', async () => {
    await post(sandbox, CUSTOMER, {
      source_id: 'c1',
      name: 'Maria',
      email: 'maria@example.com',
      phone: '1',
      birthdate: '1990-05-14',
      address: { street: 'Main 1', city: 'Warsaw' },
      metadata: { a: 1, b: { deep: true, gone: 1 }, c: 'x' }
    })
    await post(sandbox, CUSTOMER, {
      source_id: 'c1',
      email: null,
      birthdate: null,
      address: { city: null },
      metadata: { a: null, b: { deep: false } }
    })
    expect(held(sandbox, 'c1')).toEqual({
      source_id: 'c1',
      name: 'Maria',
      email: null,
      phone: '1',
      birthdate: null,
      address: { line_1: 'Main 1', city: null },
      metadata: { a: null, b: { deep: false }, c: 'x' }
    })
  })

  it('loses all metadata by null, and starts anew with what comes next', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', metadata: { a: 1 }, address: { city: 'Warsaw' } })
    await post(sandbox, CUSTOMER, { source_id: 'c1', metadata: null, address: null })
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', metadata: null, address: null })
    await post(sandbox, CUSTOMER, { source_id: 'c1', metadata: { b: 2 }, address: { country: 'PL' } })
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', metadata: { b: 2 }, address: { country: 'PL' } })
  })

  it('keeps its birthdate when the new one names no day', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', birthdate: '1990-05-14' })
    expect(await post(sandbox, CUSTOMER, { source_id: 'c1', birthdate: 'in spring' })).toMatchObject({ status: 200 })
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', birthdate: '1990-05-14' })
  })

  it('holds keys that mean something to JavaScript as any other', async () => {
    await post(sandbox, CUSTOMER, '{"source_id":"__proto__","metadata":{"__proto__":{"a":1},"constructor":"x"}}')
    await post(sandbox, CUSTOMER, '{"source_id":"__proto__","metadata":{"toString":null,"__proto__":{"b":2}}}')
    expect(JSON.stringify(held(sandbox, '__proto__'))).toBe(
      '{"source_id":"__proto__","metadata":{"__proto__":{"b":2},"constructor":"x","toString":null}}'
    )
    expect(held(sandbox, 'constructor')).toBeUndefined()
    expect(({} as Record<string, unknown>).b).toBeUndefined()
  })

  it('shows what each call changed, the newest last, and no more than 50 changes', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', name: 'Maria', type: 'identify' })
    await post(sandbox, EVENT, { ...TRACK, customer: { source_id: 'c1', email: 'm@example.com' } })
    await post(sandbox, EVENT, TRACK)
    await post(sandbox, GROUP, { customer: { source_id: 'c1', email: 'n@example.com' }, group_id: 'g1' })
    await post(sandbox, CUSTOMER, { source_id: 'c1', name: null, address: { street: 'Main 1' } })
    expect(sandbox.customer('c1')?.history).toEqual([
      { at: ISO, by: 'customer', changes: { name: 'Maria' } },
      { at: ISO, by: 'event', changes: { email: 'm@example.com' } },
      { at: ISO, by: 'group', changes: { email: 'n@example.com' } },
      { at: ISO, by: 'customer', changes: { name: null, address: { line_1: 'Main 1' } } }
    ])
    for (let n = 1; n <= 60; n += 1) await post(sandbox, CUSTOMER, { source_id: 'c1', metadata: { n } })
    const history = sandbox.customer('c1')?.history ?? []
    expect(history.map(({ changes }) => changes)).toEqual(
      Array.from({ length: 50 }, (_, at) => ({ metadata: { n: at + 11 } }))
    )
  })
})

describe('an event', () => {
  it('is held with all that came, each time it comes, and creates its customer', async () => {
    const body = {
      customer: { source_id: 'c1', email: 'maria@example.com' },
      event: '💶'.repeat(300),
      type: 'track',
      referral: { code: 'R1', referrer_id: 'c2' },
      loyalty: { code: 'L1' },
      metadata: { total: 9.5, currency: null }
    }
    expect(await post(sandbox, EVENT, body)).toMatchObject({ status: 200, body: QUEUED })
    await post(sandbox, EVENT, body)
    expect(sandbox.state()).toEqual({
      customers: [{ source_id: 'c1', email: 'maria@example.com' }],
      events: [
        { at: ISO, ...body },
        { at: ISO, ...body }
      ],
      groups: [],
      totals: {
        customers: 1,
        events: 2,
        groups: 0,
        calls: { ...EMPTY_TOTALS.calls, 'event-processing': 2 }
      }
    })
  })

  it('leaves a known customer as it was when it says nothing new', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', email: 'maria@example.com', metadata: { a: 1 } })
    await post(sandbox, EVENT, TRACK)
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', email: 'maria@example.com', metadata: { a: 1 } })
  })
})

describe('a group', () => {
  it('holds its traits, merged by key, and its customers, who are created', async () => {
    const assign = (sourceId: string, traits?: unknown) =>
      post(sandbox, GROUP, { customer: { source_id: sourceId, email: 'a@b.c' }, group_id: 'g1', traits, type: 'group' })
    expect(await assign('c1', { plan: 'gold', seats: 3 })).toMatchObject({ status: 200, body: QUEUED })
    await assign('c2')
    await assign('c1', { plan: null, site: { city: 'Warsaw' } })
    expect(sandbox.state()).toMatchObject({
      groups: [{ group_id: 'g1', traits: { plan: null, seats: 3, site: { city: 'Warsaw' } }, customers: ['c2', 'c1'] }],
      totals: { customers: 2, groups: 1 }
    })
    await assign('c1', null)
    expect(sandbox.state().groups[0].traits).toEqual({})
  })
})

describe('the traits of a group', () => {
  it('become metadata of the customer beside what it has, in one change', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', metadata: { tier: 'gold', seats: 1 } })
    const customer = { source_id: 'c1', email: 'a@b.c' }
    await post(sandbox, GROUP, { customer, group_id: 'g1', traits: { seats: 3, plan: null } })
    const metadata = { tier: 'gold', seats: 3, plan: null }
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', email: 'a@b.c', metadata })
    expect(sandbox.customer('c1')?.history[1]).toEqual({
      at: ISO,
      by: 'group',
      changes: { email: 'a@b.c', metadata: { seats: 3, plan: null } }
    })
  })

  it('leave the metadata alone when there are none', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', metadata: { tier: 'gold' } })
    await post(sandbox, GROUP, { customer: { source_id: 'c1' }, group_id: 'g1', traits: null })
    await post(sandbox, GROUP, { customer: { source_id: 'c1' }, group_id: 'g1' })
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', metadata: { tier: 'gold' } })
    expect(sandbox.customer('c1')?.history).toHaveLength(1)
  })
})

describe('what is held', () => {
  it('is listed with the last changed first, as many as asked for, and counted whole', async () => {
    for (const id of ['c1', 'c2', 'c3']) {
      await post(sandbox, CUSTOMER, { source_id: id, name: id })
      await post(sandbox, EVENT, { ...TRACK, event: `of ${id}` })
      await post(sandbox, GROUP, { customer: { source_id: id }, group_id: `g-${id}` })
    }
    await post(sandbox, CUSTOMER, { source_id: 'c2', name: 'again' })
    await post(sandbox, GROUP, { customer: { source_id: 'c3' }, group_id: 'g-c1' })
    const ids = (limit?: number) => {
      const { customers, events, groups, totals } = sandbox.state({ limit })
      return [
        customers.map(({ source_id }) => source_id),
        events.map(({ event }) => event),
        groups.map(({ group_id, customers: members }) => `${group_id}: ${members.join()}`),
        [totals.customers, totals.events, totals.groups]
      ]
    }
    expect(ids()).toEqual([
      ['c2', 'c3', 'c1'],
      ['of c3', 'of c2', 'of c1'],
      ['g-c1: c3,c1', 'g-c3: c3', 'g-c2: c2'],
      [3, 3, 3]
    ])
    expect(ids(1)).toEqual([['c2'], ['of c3'], ['g-c1: c3'], [3, 3, 3]])
    expect(ids(0)).toEqual([[], [], [], [3, 3, 3]])
  })

  it('is listed up to 100 of a kind when no limit is asked for', async () => {
    for (let n = 0; n < 101; n += 1) await post(sandbox, CUSTOMER, { source_id: `c${n}` })
    expect(sandbox.state().customers).toHaveLength(100)
    expect(sandbox.state({ limit: 500 }).customers).toHaveLength(101)
  })

  it('is searched in its values and in the keys of metadata, whatever the case', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'usr_1', name: 'Maria', address: { city: 'Warsaw' } })
    await post(sandbox, CUSTOMER, {
      source_id: 'usr_2',
      metadata: { Vip_Audience: true, deep: { list: [{ a: 1234 }] } }
    })
    await post(sandbox, EVENT, { ...TRACK, customer: { source_id: 'usr_3' }, metadata: { sku: 'Shoe' } })
    await post(sandbox, GROUP, { customer: { source_id: 'usr_3' }, group_id: 'Acme', traits: { plan: 'gold' } })
    const found = (search: string) => {
      const { customers, events, groups } = sandbox.state({ search })
      return [
        ...customers.map(({ source_id }) => source_id),
        ...events.map(({ event }) => event),
        ...groups.map(({ group_id }) => group_id)
      ]
    }
    expect(found('maria')).toEqual(['usr_1'])
    expect(found(' WARSAW ')).toEqual(['usr_1'])
    expect(found('vip_aud')).toEqual(['usr_2'])
    expect(found('1234')).toEqual(['usr_2'])
    expect(found('usr_3')).toEqual(['usr_3', 'Order Completed'])
    expect(found('shoe')).toEqual(['Order Completed'])
    expect(found('PLAN')).toEqual(['usr_3', 'Acme'])
    expect(found('name')).toEqual([])
    expect(found('nobody')).toEqual([])
    expect(sandbox.state({ search: 'nobody' }).totals).toMatchObject({ customers: 3, events: 1, groups: 1 })
  })

  it('is gone after it was emptied, and so are the counts', async () => {
    await post(sandbox, EVENT, TRACK)
    await post(sandbox, GROUP, { customer: { source_id: 'c1' }, group_id: 'g1' })
    sandbox.clear()
    expect(sandbox.state()).toEqual({ customers: [], events: [], groups: [], totals: EMPTY_TOTALS })
    expect(sandbox.customer('c1')).toBeUndefined()
  })

  it('tells each listener of every call until the listener is ended', async () => {
    const [first, second] = [jest.fn(), jest.fn()]
    const endFirst = sandbox.onChange(first)
    sandbox.onChange(second)
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 1])
    endFirst()
    sandbox.clear()
    sandbox.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    sandbox.trouble.clear()
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 4])
  })
})

describe('the server', () => {
  it('listens on 127.0.0.1 and says so', () => {
    expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('has no address before it listens', () => {
    expect(() => createSandbox(KEYS).url).toThrow('The sandbox has no address before it listens.')
  })

  it('rejects a port that is taken, and listens on another one then', async () => {
    const second = createSandbox(KEYS)
    await expect(second.listen(Number(new URL(sandbox.url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await second.listen(0)
    expect(await get(second, TEST)).toMatchObject({ status: 200 })
    await second.close()
  })

  it('answers nobody after it was closed, which may be said twice', async () => {
    await sandbox.close()
    await sandbox.close()
    await expect(get(sandbox, TEST)).rejects.toThrow('fetch failed')
  })
})
