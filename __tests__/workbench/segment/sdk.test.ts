import type { SandboxState } from '../../../workbench/shared/types'
import { closeAll, IDENTIFY_PRESET, start, TRACK_PRESET, until, withSdk } from '../helpers'

afterEach(closeAll)

describe('calls of analytics-node', () => {
  it('end as five deliveries, a customer, three events and a group', async () => {
    const { url, ended, get } = await start()
    await withSdk(url, (analytics) => {
      const userId = 'usr_1'
      analytics.identify({ userId, traits: { email: 'ada@example.com', metadata: { plan: 'gold' } } })
      analytics.track({ userId, event: 'Order Completed', properties: { metadata: { total: 12.5 } } })
      analytics.page({ userId, name: 'Pricing' })
      analytics.screen({ userId, name: 'Home' })
      analytics.group({ userId, groupId: 'acme', traits: { seats: 3 } })
    })

    const deliveries = await ended(5)
    expect(deliveries.map(({ status, preset, action }) => [status, preset, action])).toEqual([
      ['delivered', IDENTIFY_PRESET, 'upsertCustomer'],
      ['delivered', TRACK_PRESET, 'addCustomEvent'],
      ['delivered', 'Add Custom Event (Page Event)', 'addCustomEvent'],
      ['delivered', 'Add Custom Event (Screen Event)', 'addCustomEvent'],
      ['delivered', 'Assign Customer To Group', 'assignCustomerToGroup']
    ])
    const state = await get<SandboxState>('/api/sandbox')
    expect(state.customers).toHaveLength(1)
    expect(state.customers[0]).toMatchObject({
      source_id: 'usr_1',
      email: 'ada@example.com',
      metadata: { plan: 'gold' }
    })
    expect(state.events.map(({ event }) => event)).toEqual([
      'Viewed Home Screen',
      'Viewed Pricing Page',
      'Order Completed'
    ])
    expect(state.groups).toMatchObject([{ group_id: 'acme', customers: ['usr_1'] }])
  })

  it('are recorded with the request as it left, keys masked, and the answer as it came', async () => {
    const { url, ended, sandbox } = await start()
    await withSdk(url, (analytics) => analytics.identify({ userId: 'usr_1', traits: { email: 'ada@example.com' } }))

    const [delivery] = await ended(1)
    expect(delivery).toMatchObject({
      status: 'delivered',
      request: {
        method: 'POST',
        url: `${sandbox.url}/segmentio/customer-processing`,
        headers: { 'X-App-Id': '***', 'X-App-Token': '***', authorization: '***', 'secret-key': '***' },
        body: { source_id: 'usr_1', email: 'ada@example.com', type: 'identify' }
      },
      error: null,
      batchSize: 1,
      retryOf: null
    })
    expect(delivery.request?.body).toEqual({ source_id: 'usr_1', email: 'ada@example.com', type: 'identify' })
    expect(delivery.response?.status).toBe(200)
    expect(delivery.event).toMatchObject({ type: 'identify', userId: 'usr_1', traits: { email: 'ada@example.com' } })
  })

  it('put an Engage audience into the metadata, true when it is entered and false when it is left', async () => {
    const { url, ended, sandbox } = await start()
    const personas = { computation_class: 'audience', computation_key: 'vip', computation_id: 'aud_1' }
    const identify = (vip: boolean) =>
      withSdk(url, (analytics) => analytics.identify({ userId: 'usr_1', traits: { vip }, context: { personas } }))

    await identify(true)
    await ended(1)
    expect(sandbox.customer('usr_1')?.customer.metadata).toEqual({ vip: true })
    await identify(false)
    await ended(2)
    expect(sandbox.customer('usr_1')?.customer.metadata).toEqual({ vip: false })
  })

  it('are delivered in order for each user', async () => {
    const { url, ended, sandbox } = await start()
    const users = ['usr_a', 'usr_b', 'usr_c']
    await withSdk(url, (analytics) => {
      for (let count = 0; count < 30; count++) {
        for (const userId of users) analytics.track({ userId, event: `Step ${count}` })
      }
    })

    await ended(90)
    const steps = Array.from({ length: 30 }, (_, count) => `Step ${count}`)
    const { events } = sandbox.state({ limit: 100 })
    for (const userId of users) {
      const own = events.filter(({ customer }) => customer.source_id === userId).map(({ event }) => event)
      expect(own.reverse()).toEqual(steps)
    }
  })
})

describe('batching', () => {
  it('carries 1,500 identify calls whole with at most 10 bulk calls, and an erasure removes a customer', async () => {
    const { url, ended, send, mapping, sandbox } = await start()
    const { mapping: own } = await mapping(IDENTIFY_PRESET)
    const change = { mapping: { ...own, enable_batching: true } }
    expect((await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, change)).status).toBe(200)
    await withSdk(url, (analytics) => {
      for (let index = 0; index < 1500; index++) {
        analytics.identify({ userId: `usr_${index}`, traits: { email: `${index}@example.com` } })
      }
    })

    const deliveries = await ended(1500)
    expect(new Set(deliveries.map(({ status }) => status))).toEqual(new Set(['delivered']))
    expect(new Set(deliveries.map(({ event }) => event.userId)).size).toBe(1500)
    await until(() => sandbox.state().totals.customers === 1500)
    const { bulk } = sandbox.state().totals.calls
    expect(bulk).toBeGreaterThan(0)
    expect(bulk).toBeLessThanOrEqual(10)
    expect(sandbox.customer('usr_1499')?.customer.email).toBe('1499@example.com')

    const answer = await send('POST', '/api/delete', { userId: 'usr_1499' })
    expect(answer).toMatchObject({ status: 200, body: { ok: true, message: 'Customer erased.' } })
    expect(sandbox.customer('usr_1499')).toBeUndefined()
    expect(sandbox.state().totals.customers).toBe(1499)
  }, 60_000)

  it('shows each call its own row, its own outcome and how many shared the request', async () => {
    const { ended, send, mapping } = await start({ limits: { pipeline: { batchWaitMs: 200 } } })
    const { mapping: own } = await mapping(IDENTIFY_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...own, enable_batching: true }
    })
    const identify = (userId: string, traits: object) => ({ type: 'identify', userId, traits })
    await send('POST', '/v1/batch', {
      batch: [identify('usr_1', { email: 'ada@example.com' }), identify('   ', {}), identify('usr_2', { name: 'Bo' })]
    })

    const [first, blank, last] = await ended(3)
    expect(first).toMatchObject({ status: 'delivered', batchSize: 2, response: { status: 202 } })
    expect(first.request?.url).toMatch(/\/v1\/customers\/bulk\/async$/)
    expect(first.request?.body).toEqual([{ source_id: 'usr_1', email: 'ada@example.com' }])
    expect(blank).toMatchObject({ status: 'rejected', request: null, response: null, error: { status: 400 } })
    expect(last.request?.body).toEqual([{ source_id: 'usr_2', name: 'Bo' }])
  })

  it('sends a full batch at once and the rest after the wait', async () => {
    const { ended, send, mapping } = await start({ limits: { pipeline: { batchWaitMs: 300 } } })
    const { mapping: own } = await mapping(IDENTIFY_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...own, enable_batching: true, batch_size: 2 }
    })
    await send('POST', '/v1/batch', {
      batch: [1, 2, 3].map((index) => ({ type: 'identify', userId: `usr_${index}` }))
    })

    expect((await ended(3)).map(({ batchSize }) => batchSize)).toEqual([2, 2, 1])
  })
})
