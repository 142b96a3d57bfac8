import type { AudienceList, CustomerList, CustomerView, Definition } from '../../../workbench/shared/types'
import { closeAll, IDENTIFY_PRESET, start, until } from '../helpers'
import type { Running } from '../helpers'

afterEach(closeAll)

const audience = (userId: string, value: boolean, key = 'vip') => ({
  type: 'identify',
  userId,
  traits: { [key]: value },
  context: { personas: { computation_class: 'audience', computation_key: key } }
})

/** Sends calls one after the other, so that their order is known. */
async function sendInOrder(
  { send, ended }: Running,
  calls: { type: string; [field: string]: unknown }[],
  before = 0
): Promise<void> {
  let count = before
  for (const call of calls) {
    await send('POST', `/v1/${call.type}`, call)
    await ended((count += 1))
  }
}

const view = (running: Running, id: string) => running.get<CustomerView>(`/api/customers/${encodeURIComponent(id)}`)

describe('one customer', () => {
  it('has what each call changed, with the value before and the call that did it', async () => {
    const running = await start()
    await sendInOrder(running, [
      { type: 'identify', userId: 'ida/1', traits: { email: 'ida@example.com', metadata: { plan: 'free' } } },
      { type: 'identify', userId: 'ida/1', traits: { email: 'ida@example.com', metadata: { plan: 'gold' } } }
    ])
    const [first, second] = (await running.deliveries()).reverse()
    const { customer, changes } = await view(running, 'ida/1')
    expect(customer).toMatchObject({ email: 'ida@example.com', metadata: { plan: 'gold' } })
    expect(changes).toMatchObject([
      { by: 'customer', cause: { delivery: second.id }, changes: [{ key: 'metadata.plan', old: 'free', new: 'gold' }] },
      {
        by: 'customer',
        cause: { delivery: first.id, call: 'identify' },
        changes: [
          { key: 'email', new: 'ida@example.com' },
          { key: 'metadata.plan', new: 'free' }
        ]
      }
    ])
  })

  it('has its events with their metadata, its groups, and its audiences since the call that put it in', async () => {
    const running = await start()
    const order = { type: 'track', userId: 'ida', event: 'Order Completed', properties: { metadata: { total: 49.9 } } }
    const group = { type: 'group', userId: 'ida', groupId: 'g-1', traits: { name: 'Team' } }
    await sendInOrder(running, [audience('ida', true), audience('ida', true), order, group])
    const [entered, , ordered, joined] = (await running.deliveries()).reverse()
    const { engage, events, groups, changes } = await view(running, 'ida')
    expect(engage).toMatchObject([{ key: 'vip', kind: 'audience', value: true, cause: { delivery: entered.id } }])
    expect(events).toMatchObject([
      {
        event: 'Order Completed',
        metadata: { total: 49.9 },
        cause: { delivery: ordered.id, call: 'track Order Completed' }
      }
    ])
    expect(groups).toMatchObject([{ group: 'g-1', cause: { delivery: joined.id } }])
    expect(changes[0]).toMatchObject({
      cause: { delivery: joined.id },
      changes: [{ key: 'metadata.name', new: 'Team' }]
    })
  })

  it('shows the changes of bulk rows by the calls that they came from', async () => {
    const running = await start()
    await running.send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...(await running.mapping(IDENTIFY_PRESET)).mapping, enable_batching: true }
    })
    await sendInOrder(running, [{ type: 'identify', userId: 'ida', traits: { name: 'Ida' } }])
    const [{ id }] = await running.deliveries()
    expect((await view(running, 'ida')).changes).toMatchObject([{ by: 'bulk', cause: { delivery: id } }])
  })

  it('is remembered by its calls in a real project, of which nothing is read', async () => {
    const tier: Definition = { name: 'tier', type: 'number', array: false }
    const running = await start({ mode: 'project', definitions: () => ({ customer: [tier], event: null }) })
    const traits = { address: { city: 'Oslo' }, metadata: { tier: 'gold', plan: 'x' } }
    await sendInOrder(running, [{ type: 'identify', userId: 'ida', traits }])
    expect(await view(running, 'ida')).toMatchObject({ customer: null, sent: traits, dropped: ['tier', 'plan'] })
    expect(await running.get<CustomerList>('/api/customers')).toMatchObject({ total: 1 })
  })

  it('says what was dropped of the metadata of an event, by what was defined when it came', async () => {
    const running = await start()
    const total: Definition = { name: 'total', type: 'number', array: false }
    const order = (metadata: object) => ({ type: 'track', userId: 'ida', event: 'Paid', properties: { metadata } })
    await running.send('PUT', '/api/definitions', { customer: null, event: [total] })
    await sendInOrder(running, [order({ total: 1, tax: 2, items: ['a'] })])
    await running.send('PUT', '/api/definitions', { customer: null, event: [{ ...total, name: 'tax' }] })
    await sendInOrder(running, [order({ total: 3, tax: 4 })])
    expect((await view(running, 'ida')).events).toMatchObject([
      { metadata: { total: 3, tax: 4 }, dropped: ['total'] },
      { metadata: { total: 1, tax: 2, items: ['a'] }, dropped: ['tax', 'items'] }
    ])
  })

  it('says nothing of calls that did not arrive, and is gone once erased', async () => {
    const running = await start()
    await running.send('POST', '/api/trouble', { kind: '400', remaining: 1 })
    await sendInOrder(running, [audience('ida', true), audience('ida', false)])
    expect((await view(running, 'ida')).engage).toMatchObject([{ value: false }])
    await running.send('POST', '/api/delete', { userId: 'ida' })
    expect(await running.send('GET', '/api/customers/ida')).toMatchObject({
      status: 200,
      body: {
        sourceId: 'ida',
        isKnown: false,
        customer: null,
        sent: {},
        dropped: [],
        changes: [],
        engage: [],
        groups: [],
        events: []
      }
    })
  })
})

describe('the customers', () => {
  it('are found by group, event and audience too', async () => {
    const running = await start()
    await sendInOrder(running, [
      { type: 'group', userId: 'ada', groupId: 'Team Blue' },
      { type: 'track', userId: 'bob', event: 'Review Submitted' },
      audience('cem', true, 'big_spenders')
    ])
    const found = async (search: string) =>
      (await running.get<CustomerList>(`/api/customers?search=${encodeURIComponent(search)}`)).customers.map(
        ({ sourceId }) => sourceId
      )
    expect(await found('team blue')).toEqual(['ada'])
    expect(await found('review')).toEqual(['bob'])
    expect(await found('BIG_spenders')).toEqual(['cem'])
    expect(await found('')).toEqual(['cem', 'bob', 'ada'])
  })

  it('are listed also where the calls did not come through here', async () => {
    const running = await start()
    const headers = { 'X-App-Id': 'workbench-sandbox-app-id', 'X-App-Token': 'workbench-sandbox-secret-key' }
    await fetch(`${running.sandbox.url}/v1/customers/bulk/async`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify([{ source_id: 'old', email: 'old@example.com' }])
    })
    await until(() => running.sandbox.customer('old') !== undefined)
    expect(await running.get<CustomerList>('/api/customers?search=old@')).toMatchObject({
      customers: [{ sourceId: 'old', email: 'old@example.com', audiences: [], lastAt: null }],
      total: 1
    })
    expect((await view(running, 'old')).changes).toMatchObject([{ cause: null }])
  })
})

describe('the audiences', () => {
  it('count who is in and who left, and lead to the call that came last', async () => {
    const running = await start()
    await sendInOrder(running, [audience('ada', true), audience('bob', true), audience('ada', false)])
    const [last] = await running.deliveries()
    const { audiences } = await running.get<AudienceList>('/api/audiences')
    expect(audiences).toMatchObject([
      { key: 'vip', kind: 'audience', members: 1, left: 1, cause: { delivery: last.id }, latest: [{ sourceId: 'bob' }] }
    ])
  })

  it('are none for the metadata that an app sends by itself', async () => {
    const running = await start()
    await sendInOrder(running, [{ type: 'identify', userId: 'ada', traits: { metadata: { vip: true } } }])
    expect(await running.get<AudienceList>('/api/audiences')).toEqual({ audiences: [] })
  })
})
