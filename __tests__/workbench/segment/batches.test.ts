import { createBatches } from '../../../workbench/segment/batches'
import type { Call } from '../../../workbench/segment/delivery'
import type { Delivery, Mapping } from '../../../workbench/shared/types'
import { closeAll, IDENTIFY_PRESET, start, until } from '../helpers'

const mapping = (preset: string): Mapping => ({
  preset,
  action: 'upsertCustomer',
  enabled: true,
  trigger: 'type = "identify"',
  mapping: {},
  changed: false,
  isPreset: true,
  warnings: []
})

const call = (userId: string): Call => ({
  event: { type: 'identify', userId },
  receivedAt: '2026-11-22T00:00:00.000Z',
  order: 64
})

/** A deliverer whose batches end when they are told to. */
function createGate() {
  const begun: { preset: string; users: unknown[] }[] = []
  const ends: (() => void)[] = []
  const deliver = ({ preset }: Mapping, calls: Call[]) =>
    new Promise<Delivery[]>((resolve) => {
      begun.push({ preset, users: calls.map(({ event }) => event.userId) })
      ends.push(() => resolve(calls.map(({ event }) => ({ id: `of ${event.userId}` } as Delivery))))
    })
  return {
    begun,
    deliver,
    async endFirst() {
      ends.shift()?.()
      await new Promise(setImmediate)
    }
  }
}

describe('batches', () => {
  it('go when they are full, and give each call its own delivery', async () => {
    const { begun, deliver, endFirst } = createGate()
    const batches = createBatches(deliver, 60_000)
    const own = mapping('a')
    const first = batches.add(own, call('u1'), 2)
    expect(begun).toEqual([])
    const second = batches.add(own, call('u2'), 2)
    expect(begun).toEqual([{ preset: 'a', users: ['u1', 'u2'] }])
    await endFirst()
    expect([await first, await second]).toEqual([{ id: 'of u1' }, { id: 'of u2' }])
  })

  it('go after the wait when they are not full', async () => {
    const { begun, deliver } = createGate()
    void createBatches(deliver, 20).add(mapping('a'), call('u1'), 1000)
    await until(() => begun.length === 1)
    expect(begun[0].users).toEqual(['u1'])
  })

  it('of one preset go one after the other, those of two presets do not wait for each other', async () => {
    const { begun, deliver, endFirst } = createGate()
    const batches = createBatches(deliver, 60_000)
    const [a, b] = [mapping('a'), mapping('b')]
    void batches.add(a, call('u1'), 1)
    void batches.add(a, call('u2'), 1)
    void batches.add(b, call('u1'), 1)
    expect(begun.map(({ preset, users }) => [preset, ...users])).toEqual([
      ['a', 'u1'],
      ['b', 'u1']
    ])
    await endFirst()
    expect(begun[2]).toEqual({ preset: 'a', users: ['u2'] })
  })

  it('hold calls of one mapping only, so that a changed mapping begins a new one', async () => {
    const { begun, deliver, endFirst } = createGate()
    const batches = createBatches(deliver, 60_000)
    void batches.add(mapping('a'), call('u1'), 10)
    const changed = mapping('a')
    void batches.add(changed, call('u2'), 10)
    expect(begun).toEqual([{ preset: 'a', users: ['u1'] }])
    await endFirst()
    batches.flush()
    expect(begun[1]).toEqual({ preset: 'a', users: ['u2'] })
  })
})

describe('a bulk call that is refused', () => {
  afterEach(closeAll)

  it('shows each customer with the request of its own that followed', async () => {
    const { send, ended, mapping: read, sandbox } = await start({ limits: { pipeline: { batchWaitMs: 100 } } })
    const own = await read(IDENTIFY_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...own.mapping, enable_batching: true }
    })
    await send('POST', '/api/trouble', { kind: '400', remaining: 1 })
    const identify = (userId: string, name: string) => ({ type: 'identify', userId, traits: { name } })
    await send('POST', '/v1/batch', {
      batch: [identify('u1', 'first'), identify('u2', 'other'), identify('u1', 'second')]
    })
    const deliveries = await ended(3)
    for (const { status, batchSize, request, event } of deliveries) {
      expect({ status, batchSize }).toEqual({ status: 'delivered', batchSize: 1 })
      expect(request?.url).toBe(`${sandbox.url}/segmentio/customer-processing`)
      expect(request?.body).toEqual({ source_id: event.userId, name: event.traits?.name, type: 'identify' })
    }
    expect(sandbox.customer('u1')?.customer.name).toBe('second')
  })

  it('marks all its calls for another try after a 500, each with its row', async () => {
    const { send, ended, mapping: read } = await start({ limits: { pipeline: { batchWaitMs: 100 } } })
    const own = await read(IDENTIFY_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...own.mapping, enable_batching: true }
    })
    await send('POST', '/api/trouble', { kind: '500', remaining: 1 })
    await send('POST', '/v1/batch', {
      batch: ['u1', 'u2'].map((userId) => ({ type: 'identify', userId }))
    })
    for (const delivery of await ended(2)) {
      expect(delivery).toMatchObject({
        status: 'retryable',
        batchSize: 2,
        request: { body: [{ source_id: delivery.event.userId }] },
        response: { status: 500 },
        error: { status: 500 }
      })
    }
  })
})
