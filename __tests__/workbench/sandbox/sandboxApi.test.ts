/** The sandbox as Voucherify's API: customers in bulk and the actions that apply them, one customer, and erasure. */
import type { Sandbox } from '../../../workbench/sandbox'
import { createStore } from '../../../workbench/sandbox/store'
import { raw, until } from '../helpers'
import {
  applyInBulk,
  BULK,
  closeSandboxes,
  CUSTOMER,
  endedJob,
  EVENT,
  finished,
  get,
  GROUP,
  held,
  invalid,
  KEY_HEADERS,
  post,
  startSandbox
} from './sandboxHelpers'

/** Longer than any test runs: rows that wait so long are applied by nobody. */
const NEVER_MS = 3_600_000
const ACTION_ID = expect.stringMatching(/^aa_[0-9a-f]{18}$/)

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
})
afterEach(closeSandboxes)

function actionId(body: unknown): string {
  return (body as { async_action_id: string }).async_action_id
}

describe('a bulk call', () => {
  it('is accepted at once and applied later', async () => {
    const slow = await startSandbox({ bulkDelayMs: NEVER_MS })
    const { status, body } = await post(slow, BULK, [{ source_id: 'c1' }])
    expect({ status, body }).toEqual({ status: 202, body: { async_action_id: ACTION_ID } })
    expect(await get(slow, `/v1/async-actions/${actionId(body)}`)).toMatchObject({
      status: 200,
      body: { id: actionId(body), status: 'ENQUEUED', result: null }
    })
    expect(slow.state().totals.customers).toBe(0)
  })

  it('creates and updates customers: null clears, absent keeps, each way inside address and metadata too', async () => {
    await post(sandbox, CUSTOMER, {
      source_id: 'c1',
      name: 'Maria',
      email: 'maria@example.com',
      address: { street: 'Main 1', city: 'Warsaw' },
      metadata: { a: 1, b: 2 }
    })
    const rows = [
      { source_id: 'c1', email: null, address: { city: null, line_2: 'b' }, metadata: { b: null, c: { d: 1 } } },
      { source_id: 'c2', name: 'Jan', birthdate: '1990-05-14', phone: '1', description: 'd', first_name: 'Jan' },
      { source_id: 'c2', phone: '2' }
    ]
    expect(await applyInBulk(sandbox, rows)).toEqual(endedJob(3))
    expect(held(sandbox, 'c1')).toEqual({
      source_id: 'c1',
      name: 'Maria',
      email: null,
      address: { line_1: 'Main 1', city: null, line_2: 'b' },
      metadata: { a: 1, b: null, c: { d: 1 } }
    })
    expect(held(sandbox, 'c2')).toEqual({
      source_id: 'c2',
      name: 'Jan',
      birthdate: '1990-05-14',
      phone: '2',
      description: 'd'
    })
    expect(sandbox.customer('c2')?.history.map(({ by, changes }) => [by, changes])).toEqual([
      ['bulk', { name: 'Jan', birthdate: '1990-05-14', phone: '1', description: 'd' }],
      ['bulk', { phone: '2' }]
    ])
  })

  it('knows no street: that is the form of the gateway', async () => {
    await applyInBulk(sandbox, [{ source_id: 'c1', address: { street: 'Main 1', line_1: 'Main 2' } }])
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', address: { line_1: 'Main 2' } })
  })

  it('reports each bad row in the action and applies the rest', async () => {
    const failure = (details: string, sourceId: string | null) => ({
      message: 'Invalid payload',
      details,
      key: 'invalid_payload',
      source_id: sourceId
    })
    const rows = [
      { source_id: 'c1' },
      { email: 'a@b.c' },
      null,
      'c2',
      { source_id: 'c3', birthdate: '14.05.1990' },
      { source_id: 'c4', birthdate: '1990-05-14T00:00:00Z' },
      { source_id: 'c5', birthdate: '1990-02-30' },
      { source_id: 'c6', metadata: [] },
      { source_id: 'c7' }
    ]
    expect(await applyInBulk(sandbox, rows)).toEqual(
      endedJob(2, 7, [
        failure('Property .source_id should be a string that is not blank', null),
        failure('Property . should be an object', null),
        failure('Property . should be an object', null),
        failure('Property .birthdate should be a date of the form YYYY-MM-DD', 'c3'),
        failure('Property .birthdate should be a date of the form YYYY-MM-DD', 'c4'),
        failure('Property .birthdate should be a date of the form YYYY-MM-DD', 'c5'),
        failure('Property .metadata should be an object', 'c6')
      ])
    )
    expect(sandbox.state().customers).toEqual([{ source_id: 'c7' }, { source_id: 'c1' }])
  })

  it('lists 1,000 bad rows and counts all', async () => {
    const action = await applyInBulk(
      sandbox,
      Array.from({ length: 2_500 }, () => ({}))
    )
    expect(action).toMatchObject({ status: 'DONE', result: { failed_count: 2_500 } })
    expect((action as { result: { errors: unknown[] } }).result.errors).toHaveLength(1_000)
  })

  it('without rows is done as well', async () => {
    expect(await applyInBulk(sandbox, [])).toEqual(endedJob(0))
  })

  it.each<[string, unknown, string]>([
    ['an object', { source_id: 'c1' }, 'Property . should be an array'],
    ['text that is no JSON', '[{', 'The body is not valid JSON']
  ])('that is no list is refused: %s', async (_, body, details) => {
    const answer = await post(sandbox, BULK, body)
    expect([answer.status, answer.body]).toEqual([400, invalid(details)])
  })

  it('takes 10,485,760 bytes and not one more', async () => {
    const frame = JSON.stringify([{ source_id: 'c1', description: '' }]).length
    const bodyOf = (bytes: number) => JSON.stringify([{ source_id: 'c1', description: 'x'.repeat(bytes - frame) }])
    const tooLarge = await post(sandbox, BULK, bodyOf(10_485_761))
    expect([tooLarge.status, tooLarge.body]).toEqual([
      413,
      {
        statusCode: 413,
        error: 'Request Entity Too Large',
        message: 'Payload content length greater than maximum allowed: 10485760'
      }
    ])
    expect(await applyInBulk(sandbox, bodyOf(10_485_760))).toEqual(endedJob(1))
    expect(sandbox.state().totals).toMatchObject({ customers: 1, calls: { bulk: 2 } })
  })

  it('is applied after those that came before it', async () => {
    const ids: string[] = []
    for (let n = 0; n < 20; n += 1) {
      const rows = Array.from({ length: n % 2 ? 1 : 3_000 }, () => ({ source_id: 'c1', metadata: { n } }))
      ids.push(actionId((await post(sandbox, BULK, rows)).body))
    }
    await finished(sandbox, ids[19])
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1', metadata: { n: 19 } })
    for (const id of ids) expect(await finished(sandbox, id)).toMatchObject({ result: { failed_count: 0 } })
  })

  it('tells the listeners when its rows are applied', async () => {
    let customers = 0
    sandbox.onChange(() => {
      customers = sandbox.state().totals.customers
    })
    await post(sandbox, BULK, [{ source_id: 'c1' }])
    await until(() => customers === 1)
  })

  it('that still waits is forgotten when the sandbox is emptied', async () => {
    const slow = await startSandbox({ bulkDelayMs: 30 })
    const { body } = await post(slow, BULK, [{ source_id: 'c1' }])
    slow.clear()
    expect(await get(slow, `/v1/async-actions/${actionId(body)}`)).toMatchObject({ status: 404 })
    // Rows are applied in order, so the first would have been there before the second.
    await applyInBulk(slow, [{ source_id: 'c2' }])
    expect(slow.state().customers).toEqual([{ source_id: 'c2' }])
  })
})

describe('the room of the sandbox', () => {
  // Straight into the store: what is counted here are customers by the hundred thousand.
  it('ends at a number of customers: more are refused with a reason, those it knows are still updated', () => {
    const store = createStore({ maxCustomers: 2 })
    for (const source_id of ['c1', 'c2']) store.upsertCustomer({ source_id }, 'bulk')
    const full = expect.objectContaining({
      status: 507,
      body: expect.objectContaining({
        code: 507,
        key: 'sandbox_full',
        message: 'The sandbox is full',
        details: 'The sandbox holds its most of 2 customers. Empty it and send the call again.'
      })
    })
    const customer = { source_id: 'one-more' }
    expect(() => store.upsertCustomer(customer, 'customer')).toThrow(full)
    expect(() => store.addEvent({ customer, event: 'E', type: '' })).toThrow(full)
    expect(() => store.assignToGroup(customer, 'g1', undefined)).toThrow(full)
    expect(() => store.createNameless({})).toThrow(full)
    store.upsertCustomer({ source_id: 'c1', name: 'n' }, 'customer')
    expect(store.state().totals).toMatchObject({ customers: 2, events: 0, groups: 0 })
    expect(store.state({ limit: 1 }).customers).toEqual([{ source_id: 'c1', name: 'n' }])
  })

  // Straight into the store: what is counted here are calls by the ten thousand.
  it('keeps the newest 10,000 events and counts all, also in an erasure', () => {
    const store = createStore()
    for (let n = 1; n <= 25_000; n += 1) {
      store.addEvent({ customer: { source_id: `c${n % 2}` }, event: `event ${n}`, type: 'track' })
    }
    const { events, totals } = store.state({ limit: 30_000 })
    expect([events.length, totals.events]).toEqual([10_000, 25_000])
    expect([events[0].event, events[9_999].event]).toEqual(['event 25000', 'event 15001'])
    expect(store.erase('c1')).toMatchObject({ counts: { events: 12_500, groups: 0 } })
    expect(store.state().totals.events).toBe(12_500)
  })

  const text = (thousands: number) => 'x'.repeat(thousands * 1000)
  const bounds = { maxCount: 10_000, maxCost: 33_500 }
  const limits = { maxCost: 134_000, events: bounds, changes: bounds }

  it('keeps the newest events up to a size and counts all', () => {
    const store = createStore(limits)
    for (let n = 1; n <= 40; n += 1) {
      store.addEvent({ customer: { source_id: 'c1' }, event: `event ${n}`, type: 'track', metadata: { text: text(1) } })
    }
    const { events, totals } = store.state()
    expect(events.map(({ event }) => event)).toEqual(Array.from({ length: 19 }, (_, at) => `event ${40 - at}`))
    expect(totals.events).toBe(40)
    expect(store.erase('c1')).toMatchObject({ counts: { events: 40, groups: 0 } })
    expect(store.state().events).toEqual([])
  })

  it('keeps the newest changes of all customers up to a size, and the customers as they are', () => {
    const store = createStore(limits)
    const change = (sourceId: string, description: string) =>
      store.upsertCustomer({ source_id: sourceId, description }, 'customer')
    const changes = (sourceId: string) => store.customer(sourceId)?.history.length
    change('c1', text(10))
    change('c2', text(10))
    change('c1', text(7))
    const shown = store.customer('c1')
    change('c3', text(10))
    expect(['c1', 'c2', 'c3'].map(changes)).toEqual([1, 1, 1])
    expect(store.customer('c1')?.history).toMatchObject([{ changes: { description: text(7) } }])
    expect(shown?.history).toHaveLength(2)

    // What is erased, emptied or past the last 50 takes no room.
    store.erase('c2')
    change('c4', text(10))
    expect(['c1', 'c3', 'c4'].map(changes)).toEqual([1, 1, 1])
    for (let n = 1; n <= 60; n += 1) change('c3', '')
    expect(changes('c3')).toBe(50)
    change('c5', text(5))
    expect(['c4', 'c3', 'c5'].map(changes)).toEqual([1, 50, 1])
    store.clear()
    for (const sourceId of ['c6', 'c7', 'c8']) change(sourceId, text(10))
    expect(['c6', 'c7', 'c8'].map(changes)).toEqual([1, 1, 1])
    change('c9', text(3))
    expect(['c6', 'c7', 'c8', 'c9'].map(changes)).toEqual([0, 1, 1, 1])
    expect(store.customer('c6')?.customer).toEqual({ source_id: 'c6', description: text(10) })
  })

  it('ends at a size of customers and groups: what would add more is refused', () => {
    const store = createStore(limits)
    const description = text(30)
    const full = expect.objectContaining({
      status: 507,
      body: expect.objectContaining({
        details: 'The sandbox holds its most of 134000 bytes of customers and groups. Empty it and send the call again.'
      })
    })
    for (const source_id of ['c1', 'c2', 'c3']) store.upsertCustomer({ source_id, description }, 'customer')
    store.assignToGroup({ source_id: 'c1' }, 'g1', { description })
    expect(() => store.upsertCustomer({ source_id: 'c4', description }, 'customer')).toThrow(full)
    expect(() => store.assignToGroup({ source_id: 'c4' }, 'g2', { description })).toThrow(full)
    expect(() => store.addEvent({ customer: { source_id: 'c1', name: description }, event: 'E', type: '' })).toThrow(
      full
    )
    expect(store.state().totals).toMatchObject({ customers: 3, groups: 1, events: 0 })

    store.upsertCustomer({ source_id: 'c1', description: null }, 'customer')
    store.upsertCustomer({ source_id: 'c4', description }, 'customer')
    expect(() => store.upsertCustomer({ source_id: 'c5', description }, 'customer')).toThrow(full)
    store.assignToGroup({ source_id: 'c1' }, 'g1', null)
    store.upsertCustomer({ source_id: 'c5', description }, 'customer')
    store.erase('c2')
    store.upsertCustomer({ source_id: 'c6', description }, 'customer')
    expect(() => store.upsertCustomer({ source_id: 'c7', description }, 'customer')).toThrow(full)
    store.clear()
    store.upsertCustomer({ source_id: 'c7', description }, 'customer')
  })

  it('ends at a number of groups: more are refused without a trace, those it knows still take customers', () => {
    const store = createStore({ maxGroups: 1 })
    store.assignToGroup({ source_id: 'c1' }, 'g1', undefined)
    expect(() => store.assignToGroup({ source_id: 'c2' }, 'one-more', {})).toThrow(
      expect.objectContaining({ status: 507, body: expect.objectContaining({ key: 'sandbox_full' }) })
    )
    expect(store.customer('c2')).toBeUndefined()
    store.assignToGroup({ source_id: 'c2' }, 'g1', undefined)
    expect(store.state().groups).toEqual([{ group_id: 'g1', traits: {}, total: 2, customers: ['c2', 'c1'] }])
  })

  it('counts what a value costs in memory, and not how it is written', () => {
    const store = createStore({ maxCost: 100_000 })
    const hollow = Array.from({ length: 2_000 }, () => ({}))
    expect(JSON.stringify(hollow).length).toBeLessThan(10_000)
    expect(() => store.upsertCustomer({ source_id: 'c1', metadata: { hollow } }, 'bulk')).toThrow(
      expect.objectContaining({ status: 507 })
    )
  })
})

describe('an async action that is unknown', () => {
  it('is answered 404', async () => {
    expect(await get(sandbox, '/v1/async-actions/aa_unknown')).toMatchObject({
      status: 404,
      body: {
        code: 404,
        key: 'not_found',
        message: 'Resource not found',
        details: 'Cannot find async action with id aa_unknown'
      }
    })
  })
})

const ODD_IDS = ['a/b c@d.e?x=1', '50 % of #1', 'ü💶', '%2F', '...', '__proto__', 'bulk', ':id', `'"<&>`, ' padded ']

describe('a customer of the API', () => {
  it.each(ODD_IDS)('is found under its escaped ID: %s', async (id) => {
    await post(sandbox, CUSTOMER, { source_id: id, email: 'a@b.c' })
    expect(await get(sandbox, `/v1/customers/${encodeURIComponent(id)}`)).toMatchObject({
      status: 200,
      body: { source_id: id, email: 'a@b.c' }
    })
  })

  it('that is unknown is answered 404', async () => {
    expect(await get(sandbox, '/v1/customers/a%20b')).toMatchObject({
      status: 404,
      body: {
        code: 404,
        key: 'not_found',
        message: 'Resource not found',
        details: 'Cannot find customer with id a b'
      }
    })
  })

  it('under an ID that is badly escaped is answered 400', async () => {
    const answer = await raw(`${sandbox.url}/v1/customers/%E0%A4`, { headers: KEY_HEADERS })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([400, invalid('The ID in the path is not URL-encoded')])
  })
})

describe('an erasure', () => {
  const erase = (id: string) => post(sandbox, `/v1/customers/${encodeURIComponent(id)}/permanent-deletion`, '')

  it('takes the customer, its events and its places in groups, and nobody else', async () => {
    for (const id of ['c1', 'c2']) {
      await post(sandbox, CUSTOMER, { source_id: id })
      await post(sandbox, EVENT, { customer: { source_id: id }, event: 'One' })
      await post(sandbox, EVENT, { customer: { source_id: id }, event: 'Two' })
      await post(sandbox, GROUP, { customer: { source_id: id }, group_id: 'g1' })
    }
    expect(await erase('c1')).toMatchObject({
      status: 200,
      body: {
        status: 'DONE',
        related_object_id: expect.stringMatching(/^cust_[0-9A-Za-z]{24}$/),
        data_json: { customer: 1, events: 2 }
      }
    })
    const { customers, events, groups, totals } = sandbox.state()
    expect(customers).toEqual([{ source_id: 'c2' }])
    expect(events.map(({ customer, event }) => [customer.source_id, event])).toEqual([
      ['c2', 'Two'],
      ['c2', 'One']
    ])
    expect(groups).toEqual([{ group_id: 'g1', traits: {}, total: 1, customers: ['c2'] }])
    expect(totals).toMatchObject({ customers: 1, events: 2, groups: 1, calls: { 'permanent-deletion': 1 } })
    expect(sandbox.customer('c1')).toBeUndefined()
  })

  it('of somebody unknown is answered 404', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1' })
    await erase('c1')
    expect(await erase('c1')).toMatchObject({ status: 404, body: { code: 404, key: 'not_found' } })
  })

  it('begins a new history when the customer comes again', async () => {
    await post(sandbox, CUSTOMER, { source_id: 'c1', name: 'Maria' })
    await erase('c1')
    await post(sandbox, CUSTOMER, { source_id: 'c1', email: 'a@b.c' })
    expect(sandbox.customer('c1')).toMatchObject({
      customer: { source_id: 'c1', email: 'a@b.c' },
      history: [{ by: 'customer', changes: { email: 'a@b.c' } }]
    })
    expect(held(sandbox, 'c1')).not.toHaveProperty('name')
  })
})
