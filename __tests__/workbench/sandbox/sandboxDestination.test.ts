/** The destination itself against the sandbox: what a customer's engineer would find in Voucherify in the end. */
import type { SegmentEvent } from '@segment/actions-core'
import type { Sandbox } from '../../../workbench/sandbox'
import { callOf, deliver, deliverBatch, erase, failureOf } from '../../destination/__helpers__/helpers'
import { until } from '../helpers'
import { BULK, closeSandboxes, held, KEYS, post, startSandbox } from './sandboxHelpers'

const settingsFor = ({ url }: Sandbox) => ({
  apiKey: KEYS.applicationId,
  secretKey: KEYS.secretKey,
  customURL: url
})

const identify = (userId: string, traits: SegmentEvent['traits'], more: Partial<SegmentEvent> = {}) =>
  callOf('identify', { userId, traits, ...more })

const personas = (key: string) => ({
  context: { personas: { computation_class: 'audience', computation_key: key, namespace: 'spa_1', space_id: 'spa_1' } }
})

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
})
afterEach(closeSandboxes)

const send = (event: SegmentEvent) => deliver(event, { settings: settingsFor(sandbox) })

/** Waits until every bulk row that was accepted so far is applied: rows are applied in the order of the calls. */
async function settled(to: Sandbox): Promise<void> {
  await post(to, BULK, [{ source_id: 'the last one' }])
  await until(() => to.customer('the last one') !== undefined)
}

describe('calls one by one', () => {
  it('become the customer, its events and its group', async () => {
    await send(
      identify('usr_1', { email: 'maria@example.com', firstName: 'Maria', lastName: 'Nowak', metadata: { a: 1 } })
    )
    await send(callOf('track', { event: 'Order Completed', properties: { metadata: { total: 9.5 } } }))
    await send(callOf('page', { name: 'Home' }))
    await send(callOf('screen', {}))
    await send(callOf('group', { groupId: 'g1', traits: { plan: 'gold' } }))
    expect(sandbox.state()).toMatchObject({
      customers: [{ source_id: 'usr_1', email: 'maria@example.com', name: 'Maria Nowak', metadata: { a: 1 } }],
      events: [
        { event: 'Viewed Screen', type: 'screen', customer: { source_id: 'usr_1' } },
        { event: 'Viewed Home Page', type: 'page', customer: { source_id: 'usr_1' } },
        { event: 'Order Completed', type: 'track', customer: { source_id: 'usr_1' }, metadata: { total: 9.5 } }
      ],
      groups: [{ group_id: 'g1', traits: { plan: 'gold' }, total: 1, customers: ['usr_1'] }],
      totals: { customers: 1, events: 3, groups: 1 }
    })
  })

  it('clear what is null and keep what is absent', async () => {
    await send(
      identify('usr_1', {
        name: 'Maria',
        email: 'maria@example.com',
        phone: '1',
        birthday: '1990-05-14T10:00:00Z',
        address: { street: 'Main 1', city: 'Warsaw', postalCode: '00-001' },
        metadata: { a: 1, b: { deep: [1, null] }, c: 'x' }
      })
    )
    await send(
      identify('usr_1', {
        email: null,
        birthdate: null,
        address: { city: null },
        metadata: { a: null }
      })
    )
    expect(held(sandbox, 'usr_1')).toEqual({
      source_id: 'usr_1',
      name: 'Maria',
      email: null,
      phone: '1',
      birthdate: null,
      address: { line_1: 'Main 1', city: null, postal_code: '00-001' },
      metadata: { a: null, b: { deep: [1, null] }, c: 'x' }
    })
  })

  it('of an audience set and unset its key beside the other metadata', async () => {
    await send(identify('usr_1', { metadata: { plan: 'gold' } }))
    await send(identify('usr_1', { vip: true }, personas('vip')))
    expect(held(sandbox, 'usr_1')).toEqual({ source_id: 'usr_1', metadata: { plan: 'gold', vip: true } })
    await send(identify('usr_1', { vip: false }, personas('vip')))
    expect(held(sandbox, 'usr_1')).toEqual({ source_id: 'usr_1', metadata: { plan: 'gold', vip: false } })
  })

  it('are refused with the reason and without a key when the keys are wrong', async () => {
    const wrong = { ...settingsFor(sandbox), secretKey: 'another-secret' }
    const failure = await failureOf(deliver(callOf('track', { event: 'E' }), { settings: wrong }))
    expect(failure).toMatchObject({
      status: 401,
      message: expect.stringContaining('Voucherify answered 401 (unauthorized')
    })
    expect(failure.message).not.toMatch(/another-secret|application-id|secret-key-/)
    expect(sandbox.state().totals).toMatchObject({ customers: 0, events: 0 })
  })
})

/** The customers as they are in the end, each way: call by call, and in one batch. */
async function bothWays(calls: SegmentEvent[]): Promise<{ single: unknown[]; bulk: unknown[]; bulkCalls: number }> {
  const [single, bulk] = [await startSandbox(), await startSandbox()]
  for (const call of calls) await deliver(call, { settings: settingsFor(single) })
  const outcomes = await deliverBatch(calls, { settings: settingsFor(bulk) })
  expect(outcomes.map(({ status }) => Math.floor(status / 100))).toEqual(calls.map(() => 2))
  const bulkCalls = bulk.state().totals.calls.bulk
  await settled(bulk)
  const ids = Array.from(new Set(calls.map(({ userId }) => String(userId))))
  const heldBy = (one: Sandbox) => ids.map((id) => held(one, id))
  return { single: heldBy(single), bulk: heldBy(bulk), bulkCalls }
}

describe('a batch', () => {
  it.each<[string, SegmentEvent[]]>([
    [
      'every field',
      [
        identify('usr_1', {
          name: 'Maria',
          description: 'd',
          email: 'a@b.c',
          phone: '1',
          birthday: '1990-05-14',
          address: { street: 'Main 1', city: 'Warsaw', state: 'MZ', postal_code: '00-001', country: 'PL' },
          metadata: { a: { b: [null] } }
        })
      ]
    ],
    ['a name in parts', [identify('usr_1', { firstName: 'Maria', lastName: 'Nowak' })]],
    ['a birthdate as a date-time of another zone', [identify('usr_1', { birthday: '1990-05-14T23:30:00-08:00' })]],
    ['a birthdate in seconds', [identify('usr_1', { birthday: 642643200 })]],
    [
      'a birthdate that is none after one that is',
      [identify('usr_1', { birthday: '19900514' }), identify('usr_1', { birthday: 'in spring' })]
    ],
    [
      'updates of one customer among those of others',
      [
        identify('usr_1', { name: 'a', email: 'a@b.c', address: { city: 'Warsaw' }, metadata: { a: 1, b: 1 } }),
        identify('usr_2', { name: 'x' }),
        identify('usr_1', { name: null, address: { city: null, country: 'PL' }, metadata: { b: null, c: 1 } }),
        identify('usr_2', { email: 'x@y.z' })
      ]
    ],
    [
      'metadata that is cleared and filled again',
      [
        identify('usr_1', { metadata: { a: 1 } }),
        identify('usr_1', { metadata: null }),
        identify('usr_1', { metadata: { b: 2 } })
      ]
    ],
    [
      'metadata that is cleared last',
      [identify('usr_1', { metadata: { a: 1 } }), identify('usr_1', { metadata: null })]
    ],
    ['an audience', [identify('usr_1', { metadata: { a: 1 } }), identify('usr_1', { vip: true }, personas('vip'))]]
  ])('ends as the same calls one by one: %s', async (_, calls) => {
    const { single, bulk } = await bothWays(calls)
    expect(single).not.toContain(undefined)
    expect(bulk).toEqual(single)
  })

  it('makes the name of a lone part, which the API has no other place for; alone it stays a part', async () => {
    const { single, bulk } = await bothWays([identify('usr_1', { firstName: 'Jan' })])
    expect([single, bulk]).toEqual([[{ source_id: 'usr_1' }], [{ source_id: 'usr_1', name: 'Jan' }]])
  })

  it('costs one bulk call', async () => {
    const calls = Array.from({ length: 50 }, (_, n) => identify(`usr_${n}`, { email: `${n}@b.c` }))
    const { bulk, bulkCalls } = await bothWays(calls)
    expect(bulkCalls).toBe(1)
    expect(bulk[49]).toEqual({ source_id: 'usr_49', email: '49@b.c' })
  })
})

describe('an erasure', () => {
  it.each(['usr_1', 'a/b c@d.e?x=1', '50 % of #1', 'ü💶', '..%2F..', '__proto__'])(
    'removes exactly the customer %s, and is done as well when there is none',
    async (userId) => {
      for (const id of [userId, 'bystander', 'a', 'b c@d.e', '50 % of ']) {
        await send(identify(id, { email: 'a@b.c' }))
        await send(callOf('track', { userId: id, event: 'E' }))
      }
      expect(await erase(userId, settingsFor(sandbox))).toEqual({ output: 'Customer erased.' })
      const { customers, events, totals } = sandbox.state()
      const left = ['50 % of ', 'b c@d.e', 'a', 'bystander'].map((id) => id.trim())
      expect(customers.map(({ source_id }) => source_id)).toEqual(left)
      expect(events.map(({ customer }) => customer.source_id)).toEqual(left)
      expect(await erase(userId, settingsFor(sandbox))).toEqual({
        output: 'Nothing to erase: Voucherify has no such customer.'
      })
      expect(totals.calls['permanent-deletion']).toBe(1)
    }
  )
})

describe('trouble', () => {
  it.each<['400' | '401' | '429' | '500' | 'redirect', number, string]>([
    ['400', 400, 'Property .rehearsal should not be there'],
    ['401', 401, 'Voucherify answered 401 (unauthorized'],
    ['429', 429, 'the call can be sent again in 60 seconds.'],
    ['500', 500, 'Voucherify answered 500 (internal_error'],
    ['redirect', 502, 'redirect (302) to 127.0.0.1:9']
  ])('of kind %s is what the destination makes of it', async (kind, status, words) => {
    sandbox.trouble.add({ kind, remaining: 1, seconds: 60 })
    const failure = await failureOf(send(identify('usr_1', { email: 'a@b.c' })))
    expect(failure).toMatchObject({ status, message: expect.stringContaining(words) })
    expect(sandbox.state().totals.customers).toBe(0)
    await send(identify('usr_1', { email: 'a@b.c' }))
    expect(sandbox.state().totals.customers).toBe(1)
  })

  it('of kind 400 for a bulk call ends with each customer sent on its own', async () => {
    sandbox.trouble.add({ kind: '400', remaining: 1, seconds: 0 })
    const calls = [identify('usr_1', { email: 'a@b.c' }), identify('usr_2', { email: 'd@e.f' })]
    const outcomes = await deliverBatch(calls, { settings: settingsFor(sandbox) })
    expect(outcomes.map(({ status }) => status)).toEqual([200, 200])
    expect(sandbox.state().totals).toMatchObject({ customers: 2, calls: { bulk: 1, 'customer-processing': 2 } })
  })
})
