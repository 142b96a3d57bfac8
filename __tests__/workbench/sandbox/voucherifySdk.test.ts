/** Voucherify's own SDK against the sandbox: the calls that a team's backend makes, and their documented answers. */
import { VoucherifyServerSide } from '@voucherify/sdk'
import type { Sandbox, SandboxOptions } from '../../../workbench/sandbox'
import { until } from '../helpers'
import { closeSandboxes, CUSTOMER, EVENT, KEYS, post, startSandbox } from './sandboxHelpers'

const CUSTOMER_ID = expect.stringMatching(/^cust_[0-9a-f]{24}$/) as unknown
const START = Date.UTC(2026, 0, 2, 12)

let clock: number
let sandbox: Sandbox
let sdk: ReturnType<typeof VoucherifyServerSide>

async function begin(options: Partial<SandboxOptions> = {}): Promise<void> {
  sandbox = await startSandbox({ now: () => clock, ...options })
  sdk = VoucherifyServerSide({ apiUrl: sandbox.url, applicationId: KEYS.applicationId, secretKey: KEYS.secretKey })
}

beforeEach(async () => {
  clock = START
  await begin()
})
afterEach(closeSandboxes)

/** The SDK's error for an answer that is none of 2xx. */
const failure = (code: number, key: string, details: string) =>
  expect.objectContaining({ code, key, details }) as unknown

/** A customer as the API documents it: all keys, whether filled or not. */
const full = (filled: Record<string, unknown>) => ({
  id: CUSTOMER_ID,
  source_id: null,
  name: null,
  description: null,
  email: null,
  phone: null,
  birthday: null,
  birthdate: null,
  address: null,
  metadata: {},
  summary: {
    redemptions: {
      total_redeemed: 0,
      total_failed: 0,
      total_succeeded: 0,
      total_rolled_back: 0,
      total_rollback_failed: 0,
      total_rollback_succeeded: 0,
      gift: { redeemed_amount: 0, amount_to_go: 0 },
      loyalty_card: { redeemed_points: 0, points_to_go: 0 }
    },
    orders: { total_amount: 0, total_count: 0, average_amount: 0, last_order_amount: 0, last_order_date: null }
  },
  loyalty: { points: 0, referred_customers: 0, campaigns: {} },
  referrals: { total: 0, campaigns: [] },
  system_metadata: {},
  created_at: '2026-01-02T12:00:00.000Z',
  updated_at: null,
  assets: { cockpit_url: null, cockpit_preference_center_url: null },
  object: 'customer',
  ...filled
})

describe('a customer', () => {
  it('is created with every documented key, and found by either ID', async () => {
    const created = await sdk.customers.create({
      source_id: 'a/b c',
      name: 'Maria',
      birthdate: '1990-05-14',
      address: { city: 'Warsaw' },
      metadata: { tier: 'gold' }
    })
    const address = { city: 'Warsaw', state: null, line_1: null, line_2: null, country: null, postal_code: null }
    const birthdate = '1990-05-14'
    const filled = {
      source_id: 'a/b c',
      name: 'Maria',
      birthdate,
      birthday: birthdate,
      address,
      metadata: { tier: 'gold' }
    }
    expect(created).toEqual(full(filled))
    const { id } = created as { id: string }
    expect(await sdk.customers.get(id)).toEqual(created)
    expect(await sdk.customers.get('a/b c')).toEqual(created)
  })

  it('that has no source_id is found by its ID', async () => {
    const created = await sdk.customers.create({ name: 'Nobody' })
    expect(created).toEqual(full({ name: 'Nobody' }))
    const { id } = created as { id: string }
    clock += 1_000
    expect(await sdk.customers.create({ id, email: 'a@b.c' })).toMatchObject({ id, name: 'Nobody', email: 'a@b.c' })
    expect(await sdk.customers.get(id)).toMatchObject({ source_id: null, updated_at: '2026-01-02T12:00:01.000Z' })
    expect(sandbox.state().totals.customers).toBe(1)
  })

  it('that is created again, or came from Segment, is updated', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', name: 'Maria', email: 'm@example.com' })
    expect(await sdk.customers.create({ source_id: 'c1', phone: '1' })).toMatchObject({ name: 'Maria', phone: '1' })
    expect(sandbox.state().totals.customers).toBe(1)
    expect(sandbox.customer('c1')?.history.map(({ by }) => by)).toEqual(['customer', 'api'])
  })

  it('is updated by either ID: absent keeps, null clears', async () => {
    const { id } = (await sdk.customers.create({ source_id: 'c1', name: 'Maria', email: 'a@b.c' })) as { id: string }
    expect(await sdk.customers.update({ id, name: 'Anna' })).toMatchObject({ name: 'Anna', email: 'a@b.c' })
    // The types of the SDK lack null, which the API takes.
    const cleared = { source_id: 'c1', email: null as unknown as string }
    expect(await sdk.customers.update(cleared)).toMatchObject({ name: 'Anna', email: null })
  })

  it('keeps its source_id for good', async () => {
    const { id } = (await sdk.customers.create({ source_id: 'c1' })) as { id: string }
    await expect(sdk.customers.update({ id, source_id: 'c2' })).rejects.toEqual(
      failure(400, 'invalid_payload', 'Property .source_id can not be changed')
    )
    expect(await sdk.customers.update({ id, source_id: 'c1', name: 'n' })).toMatchObject({ name: 'n' })
  })

  it('is deleted, its events are not, and its source_id is free again', async () => {
    const first = (await sdk.customers.create({ source_id: 'c1', name: 'Maria' })) as { id: string }
    await sdk.events.create('Paid', { event: 'Paid', customer: { source_id: 'c1' } })
    await sdk.customers.delete('c1')
    await expect(sdk.customers.get(first.id)).rejects.toEqual(
      failure(404, 'not_found', `Cannot find customer with id ${first.id}`)
    )
    expect(sandbox.state()).toMatchObject({ customers: [], totals: { customers: 0, events: 1 } })
    const second = (await sdk.customers.create({ source_id: 'c1' })) as { id: string; name: unknown }
    expect([second.id === first.id, second.name]).toEqual([false, null])
  })

  it('is deleted for good with the documented answer, and so is what it did', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', name: 'Maria' })
    for (const event of ['One', 'Two']) await post(sandbox, EVENT, { customer: { source_id: 'c1' }, event })
    expect(await sdk.customers.deletePermanently('c1')).toEqual({
      id: expect.stringMatching(/^del_/),
      created_at: '2026-01-02T12:00:00.000Z',
      related_object_id: CUSTOMER_ID,
      related_object: 'customer',
      status: 'DONE',
      data_json: {
        events: 2,
        customer_events: 1,
        daily_events: 0,
        segments: 0,
        orders: 0,
        order_events: 0,
        customer: 1
      },
      object: 'pernament_deletion'
    })
    expect(sandbox.state()).toMatchObject({ customers: [], events: [] })
    await expect(sdk.customers.deletePermanently('c1')).rejects.toMatchObject({ code: 404 })
  })

  it.each<[string, Record<string, unknown>, string]>([
    [
      'a birthdate that names no day',
      { birthdate: '14.05.1990' },
      'Property .birthdate should be a date of the form YYYY-MM-DD'
    ],
    ['a birthday that names no day', { birthday: 'x' }, 'Property .birthday should be a date of the form YYYY-MM-DD'],
    ['an address that is no object', { address: 'Main 1' }, 'Property .address should be an object'],
    ['metadata that is no object', { metadata: [] }, 'Property .metadata should be an object'],
    ['a blank source_id', { source_id: ' ' }, 'Property .source_id should be a string that is not blank']
  ])('is refused with %s', async (_, values, details) => {
    await expect(sdk.customers.create(values)).rejects.toEqual(failure(400, 'invalid_payload', details))
    expect(sandbox.state().totals.customers).toBe(0)
  })
})

describe('the list of customers', () => {
  beforeEach(async () => {
    const people = [
      { source_id: 'b', email: 'same@example.com', name: 'Anna', address: { city: 'Warsaw' } },
      { source_id: 'a', email: 'same@example.com', name: 'Jan' },
      { source_id: 'c', email: 'other@example.com', name: 'Anna', address: { city: 'Berlin' } }
    ]
    for (const person of people) {
      await sdk.customers.create(person)
      clock += 1_000
    }
    await sdk.customers.update({ source_id: 'b', phone: '1' })
  })

  const listed = async (params: Record<string, unknown>) => {
    const { customers, ...frame } = await sdk.customers.list(params)
    return [customers.map(({ source_id }) => source_id).join(''), frame.total, frame.has_more]
  }

  it('has the newest first, in the documented frame', async () => {
    const { customers, ...frame } = await sdk.customers.list({})
    expect(frame).toEqual({ object: 'list', data_ref: 'customers', total: 3, has_more: false })
    expect(customers[0]).toEqual(
      full({
        source_id: 'c',
        email: 'other@example.com',
        name: 'Anna',
        address: expect.objectContaining({ city: 'Berlin' }),
        created_at: '2026-01-02T12:00:02.000Z'
      })
    )
  })

  it.each<[string, Record<string, unknown>, unknown[]]>([
    ['the newest first', {}, ['cab', 3, false]],
    ['the oldest first', { order: 'created_at' }, ['bac', 3, false]],
    ['by the last change', { order: '-updated_at' }, ['bca', 3, false]],
    ['by source_id', { order: 'source_id' }, ['abc', 3, false]],
    ['a first page', { limit: 2 }, ['ca', 3, true]],
    ['a second page', { limit: 2, page: 2 }, ['b', 3, false]],
    ['a page behind the last', { page: 9 }, ['', 3, false]],
    ['those with an email', { email: 'same@example.com' }, ['ab', 2, false]],
    ['those with a name and a city', { name: 'Anna', city: 'Warsaw' }, ['b', 1, false]],
    ['those created before', { created_at: { before: '2026-01-02T12:00:01Z' } }, ['b', 1, false]],
    ['those updated after', { updated_at: { after: '2026-01-02T12:00:02Z' } }, ['b', 1, false]],
    ['those behind a time', { starting_after: '2026-01-02T12:00:02Z' }, ['ab', 3, false]]
  ])('gives %s', async (_, params, expected) => {
    expect(await listed(params)).toEqual(expected)
  })

  it('is scrolled through to the end, also over those that came at the same moment', async () => {
    await sdk.customers.updateInBulk(Array.from({ length: 25 }, (_, n) => ({ source_id: `bulk ${n}` })))
    await until(() => sandbox.state().totals.customers === 28)
    const seen = new Set<unknown>()
    // The SDK types its generator so that no loop can take it.
    const all = sdk.customers.scroll({ limit: 10 }) as AsyncIterable<{ source_id?: string }>
    for await (const { source_id } of all) seen.add(source_id)
    expect(seen.size).toBe(28)
  })

  it.each<[Record<string, unknown>, string]>([
    [{ limit: 101 }, 'Parameter limit should be a whole number from 1 to 100'],
    [{ page: 0 }, 'Parameter page should be a whole number from 1 to 99'],
    [{ order: 'name' }, 'Parameter order should be one of created_at, -created_at, updated_at'],
    [{ starting_after: 'soon' }, 'Parameter starting_after should be a date-time'],
    [{ mail: 'a@b.c' }, 'Parameter mail is not played by the sandbox, which takes limit, page, order']
  ])('is refused with %j', async (params, details) => {
    await expect(sdk.customers.list(params)).rejects.toEqual(
      failure(400, 'invalid_query_params', expect.stringContaining(details) as unknown as string)
    )
  })
})

describe('bulk calls', () => {
  it('are accepted, and their jobs got and listed', async () => {
    const first = await sdk.customers.updateInBulk([{ source_id: 'c1', metadata: { a: 1 } }])
    const second = await sdk.customers.updateMetadataInBulk({ source_ids: ['c1'], metadata: { b: 2 } })
    await until(() => sandbox.customer('c1')?.history.length === 2)
    expect(await sdk.customers.get('c1')).toMatchObject({ metadata: { a: 1, b: 2 } })
    expect(await sdk.asyncActions.get(first.async_action_id)).toMatchObject({
      id: first.async_action_id,
      type: 'CUSTOMERS.BULK_UPDATE',
      status: 'DONE',
      result: { done_count: 1, failed_count: 0, errors: [] }
    })
    const { async_actions: actions } = await sdk.asyncActions.list({ limit: 5 })
    expect(actions.map(({ id, type }) => [id, type])).toEqual([
      [second.async_action_id, 'CUSTOMERS.METADATA_UPDATE'],
      [first.async_action_id, 'CUSTOMERS.BULK_UPDATE']
    ])
  })
})

describe('an event', () => {
  it('is taken with the documented answer, and creates its customer', async () => {
    const event = { event: 'Paid', customer: { source_id: 'c1', email: 'a@b.c' }, metadata: { total: 9.5 } }
    expect(await sdk.events.create('Paid', { ...event, loyalty: { code: 'L1' } })).toEqual({
      object: 'event',
      type: 'Paid',
      customer: { id: CUSTOMER_ID, source_id: 'c1', name: null, email: 'a@b.c', metadata: {}, object: 'customer' },
      referral: null,
      loyalty: { code: 'L1' },
      metadata: { total: 9.5 }
    })
    expect(sandbox.state().events).toMatchObject([
      { event: 'Paid', customer: { source_id: 'c1' }, metadata: { total: 9.5 } }
    ])
  })

  it.each<[string, string, Record<string, unknown>, string]>([
    ['no name', '', {}, 'Property .event should be a string of 1 to 300 characters'],
    ['a name of 301 characters', '💶'.repeat(301), {}, 'Property .event should be a string of 1 to 300 characters'],
    ['a referral without code', 'Paid', { referral: {} }, "Property .referral should have required property 'code'"],
    ['no customer', 'Paid', { customer: undefined }, 'Property .customer should be an object']
  ])('with %s is refused and leaves no customer', async (_, name, change, details) => {
    const params = { event: name, customer: { source_id: 'c1' }, ...change }
    await expect(sdk.events.create(name, params)).rejects.toEqual(failure(400, 'invalid_payload', details))
    expect(sandbox.state().totals).toMatchObject({ customers: 0, events: 0 })
  })
})

describe('the activity of a customer', () => {
  beforeEach(async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', name: 'Maria' })
    clock += 1_000
    await sdk.events.create('Paid', { event: 'Paid', customer: { source_id: 'c1' }, metadata: { total: 1 } })
    clock += 1_000
    await sdk.customers.update({ source_id: 'c1', name: 'Anna' })
    await sdk.customers.create({ source_id: 'c2' })
  })

  const customer = { id: CUSTOMER_ID, source_id: 'c1', name: 'Anna', email: null, metadata: {}, object: 'customer' }
  const happened = (type: string, second: number, data = {}) => ({
    id: expect.stringMatching(/^evcus_[0-9a-f]{18}$/) as unknown,
    type,
    created_at: new Date(START + 1_000 * second).toISOString(),
    group_id: expect.stringMatching(/^v-[0-9a-f]{18}$/) as unknown,
    data: { customer, ...data }
  })

  it('has what was done to it and what it did, the newest first', async () => {
    expect(await sdk.customers.listActivity('c1')).toEqual({
      object: 'list',
      data_ref: 'data',
      data: [
        happened('customer.updated', 2),
        happened('customer.custom_event', 1, { custom_event: { event: 'Paid', metadata: { total: 1 } } }),
        happened('customer.created', 0)
      ],
      has_more: false
    })
  })

  it('comes in pages', async () => {
    const first = await sdk.customers.listActivity('c1', { limit: 2, order: 'created_at' })
    expect([first.data.map(({ type }) => type), first.has_more]).toEqual([
      ['customer.created', 'customer.custom_event'],
      true
    ])
    const { more_starting_after: after } = first
    expect(after).toBe(first.data[1].id)
    expect(await sdk.customers.listActivity('c1', { order: 'created_at', starting_after_id: after })).toMatchObject({
      data: [{ type: 'customer.updated' }],
      has_more: false
    })
  })

  it.each<[Record<string, string>, string[]]>([
    [{ type: 'customer.custom_event' }, ['customer.custom_event']],
    [{ start_date: '2026-01-02T12:00:01Z', end_date: '2026-01-02T12:00:01Z' }, ['customer.custom_event']],
    [{ campaign_id: 'camp_1' }, []]
  ])('is filtered by %j', async (params, types) => {
    const { data } = await sdk.customers.listActivity('c1', params)
    expect(data.map(({ type }) => type)).toEqual(types)
  })

  it('of somebody unknown is answered 404', async () => {
    await expect(sdk.customers.listActivity('c9')).rejects.toMatchObject({ code: 404 })
  })
})

describe('metadata schemas', () => {
  it('are those of customers and events, empty until something is defined', async () => {
    const empty = (owner: string) => ({
      id: `ms_sandbox_${owner}`,
      related_object: owner,
      properties: {},
      allow_defined_only: false,
      created_at: '2026-01-02T12:00:00.000Z',
      updated_at: '2026-01-02T12:00:00.000Z',
      object: 'metadata_schema'
    })
    expect(await sdk.metadataSchemas.list()).toEqual({
      object: 'list',
      data_ref: 'schemas',
      schemas: [empty('customer'), empty('event')],
      total: 2
    })
  })

  it('give what is defined', async () => {
    sandbox.metadata.define({
      customer: [{ name: 'tags', type: 'string', array: true }],
      event: null,
      definedOnly: ['customer']
    })
    expect(await sdk.metadataSchemas.get('customer')).toMatchObject({
      related_object: 'customer',
      properties: { tags: { type: 'string', array: true, optional: true, deleted: false } },
      allow_defined_only: true
    })
    await expect(sdk.metadataSchemas.get('voucher')).rejects.toMatchObject({ code: 404 })
  })
})

describe('what the sandbox does not play', () => {
  const PLAYED_NOT = (call: string) =>
    failure(
      404,
      'not_found',
      `This is the sandbox of the workbench, which does not play ${call}. docs/workbench.md lists what it plays.`
    )

  it.each<[string, () => Promise<unknown>]>([
    ['GET /v1/vouchers/X', () => sdk.vouchers.get('X')],
    ['POST /v1/redemptions', () => sdk.redemptions.redeemStackable({ redeemables: [] } as never)],
    ['GET /v1/customers/c1/activities', () => sdk.customers.listActivities('c1')],
    ['GET /v1/customers/c1/redeemables', () => sdk.customers.listRedeemables('c1')],
    ['lists of the customers of a segment', () => sdk.customers.list({ segment_id: 'seg_1' } as never)]
  ])('is answered 404 with words that say so: %s', async (call, ask) => {
    await expect(ask()).rejects.toEqual(PLAYED_NOT(call))
  })
})

describe('limits', () => {
  /** The type of the last limit and when it ends, which the SDK does not give by its own handler. */
  const headers = () => {
    const { lastResponseHeaders } = sdk.customers['client' as never] as { lastResponseHeaders: Record<string, string> }
    return ['type', 'retry'].map((name) => lastResponseHeaders[`x-rate-limit-${name}`])
  }
  const limit = () => {
    const { apiLimitsHandler: handler } = sdk
    const [type, end] = headers()
    return [type, handler.getRateLimit(), handler.getRateLimitRemaining(), end]
  }
  const plan = (kind: 'Business plan' | 'Organization plan', bulkPerHour?: number) =>
    sandbox.trouble.add({ kind, remaining: 1, seconds: 0, bulkPerHour })
  const retry = String(START / 1_000)

  it('stand in the headers of every answer, far away as long as none is played', async () => {
    await sdk.customers.create({ source_id: 'c1' })
    expect(limit()).toEqual(['api_calls', 1_000_000, 1_000_000, retry])
    await sdk.customers.updateInBulk([])
    expect(limit()).toEqual(['bulk_api_calls', 1_000_000, 1_000_000, retry])
  })

  it('of the Business plan are 100 calls a minute, which are counted down and refused', async () => {
    plan('Business plan')
    for (let n = 1; n <= 100; n += 1) await sdk.customers.list({})
    expect(limit()).toEqual(['api_calls', 100, 0, String(START / 1_000 + 60)])
    await expect(sdk.customers.list({})).rejects.toMatchObject({ code: 429, message: 'Too many requests' })
    await sdk.customers.updateInBulk([])
    clock += 60_000
    await sdk.customers.list({})
    expect(limit()).toEqual(['api_calls', 100, 99, String(START / 1_000 + 120)])
  })

  it.each<[number | undefined, number]>([
    [undefined, 10],
    [2, 2]
  ])('of bulk calls an hour can be chosen: %s', async (bulkPerHour, calls) => {
    plan('Organization plan', bulkPerHour)
    for (let n = 1; n <= calls; n += 1) await sdk.customers.updateInBulk([])
    expect(limit()).toEqual(['bulk_api_calls', calls, 0, String(START / 1_000 + 3_600)])
    const refused = await post(sandbox, '/v1/customers/bulk/async', [])
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600'])
  })

  it('of a cycle end it, whatever a minute leaves', async () => {
    await begin({ limits: { api_calls: { calls: 5, seconds: 60 }, api_calls_cycle: { calls: 1, seconds: 2_592_000 } } })
    await sdk.customers.list({})
    clock += 60_000
    const { status, headers } = await fetch(`${sandbox.url}/v1/customers`, {
      headers: { 'X-App-Id': KEYS.applicationId, 'X-App-Token': KEYS.secretKey }
    })
    expect([status, headers.get('x-rate-limit-type'), headers.get('retry-after')]).toEqual([
      429,
      'api_calls_cycle',
      '2591940'
    ])
  })

  it('end with the troubles', async () => {
    plan('Organization plan', 0)
    await expect(sdk.customers.updateInBulk([])).rejects.toMatchObject({ code: 429 })
    expect(sandbox.trouble.list()).toMatchObject([{ kind: 'Organization plan', remaining: 1 }])
    sandbox.trouble.clear()
    await sdk.customers.updateInBulk([])
  })
})
