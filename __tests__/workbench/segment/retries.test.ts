import { createServer } from 'http'
import type { IncomingMessage, ServerResponse } from 'http'
import type { AddressInfo } from 'net'
import type { Delivery, DeliveryList, ErasureResult, Overview } from '../../../workbench/shared/types'
import { sandboxSettings } from '../../../workbench/app/start'
import { pauseAfter } from '../../../workbench/segment/retries'
import { closeAll, createTestClock, IDENTIFY_PRESET, start, TRACK, until } from '../helpers'

afterEach(closeAll)

async function startWithClock(options: Parameters<typeof start>[0] = {}) {
  const clock = createTestClock()
  const running = await start({ clock, retries: true, ...options })
  const { deliveries, ended } = running
  /** Goes on by so much and waits until the only delivery has so many tries. */
  async function tried(ms: number, tries: number): Promise<Delivery> {
    clock.goOn(ms)
    await until(async () => (await deliveries())[0]?.tries.length === tries)
    return (await deliveries())[0]
  }
  /** The first try of the only delivery. */
  const first = async () => (await ended(1))[0]
  return { ...running, clock, tried, first }
}

describe('a call that may succeed later', () => {
  it('is tried again after growing pauses, in the same delivery', async () => {
    const { send, sandbox, get, clock, tried, first } = await startWithClock()
    sandbox.trouble.add({ kind: '500', remaining: 2, seconds: 0 })
    await send('POST', '/v1/track', TRACK)
    const failed = await first()
    expect(failed).toMatchObject({ status: 'retryable', tries: [{ status: 'retryable', responseStatus: 500 }] })
    expect(Date.parse(failed.tries[0].nextAt ?? '') - clock.now()).toBe(1000)
    // It is not asked of a person as if nothing else would send it.
    expect(failed.error?.whatToDo).toContain('"Send again" does it at once')
    expect(await get<Overview>('/api/overview')).toMatchObject({ waiting: 0, retrying: 1 })
    expect((await get<{ verdict: string }>(`/api/deliveries/${failed.id}`)).verdict).toContain(
      `it is tried again at ${failed.tries[0].nextAt}`
    )

    clock.goOn(999)
    expect(await get<Overview>('/api/overview')).toMatchObject({ retrying: 1 })
    const again = await tried(1, 2)
    expect(again).toMatchObject({ id: failed.id, order: failed.order, status: 'retryable' })
    expect(Date.parse(again.tries[1].nextAt ?? '') - clock.now()).toBe(2000)

    const delivered = await tried(2000, 3)
    expect(delivered).toMatchObject({ id: failed.id, status: 'delivered', error: null, response: { status: 200 } })
    expect(delivered.tries.map(({ status, responseStatus, nextAt }) => [status, responseStatus, nextAt])).toEqual([
      ['retryable', 500, failed.tries[0].nextAt],
      ['retryable', 500, again.tries[1].nextAt],
      ['delivered', 200, null]
    ])
    expect(delivered.waitMs).toBeGreaterThanOrEqual(3000)
    expect(sandbox.state().totals.events).toBe(1)
    expect(await get<DeliveryList>('/api/deliveries')).toMatchObject({
      total: 1,
      counts: { delivered: 1, retryable: 0 }
    })
    expect(await get<Overview>('/api/overview')).toMatchObject({ retrying: 0 })
  })

  it('waits as long as Voucherify asks', async () => {
    const { send, sandbox, clock, tried, first } = await startWithClock()
    sandbox.trouble.add({ kind: '429', remaining: 1, seconds: 90 })
    await send('POST', '/v1/track', TRACK)
    const failed = await first()
    expect(failed.response?.headers).toMatchObject({ 'retry-after': '90' })
    expect(Date.parse(failed.tries[0].nextAt ?? '') - clock.now()).toBe(90_000)
    expect((await tried(90_000, 2)).status).toBe('delivered')
  })

  it('is not tried again after an hour, and says so', async () => {
    const { send, sandbox, get, first } = await startWithClock()
    sandbox.trouble.add({ kind: '429', remaining: 1, seconds: 3600 })
    await send('POST', '/v1/track', TRACK)
    await first()
    sandbox.trouble.add({ kind: '429', remaining: 1, seconds: 3601 })
    await send('POST', '/v1/track', { ...TRACK, userId: 'usr_2' })
    await until(async () => (await get<DeliveryList>('/api/deliveries')).total === 2)
    const [late, inTime] = (await get<DeliveryList>('/api/deliveries')).deliveries
    expect(inTime.tries[0].nextAt).not.toBeNull()
    expect(late).toMatchObject({
      status: 'retryable',
      tries: [{ nextAt: null }],
      reason: expect.stringContaining('one hour')
    })
  })

  it('does not hold up the later calls of its user', async () => {
    const { send, sandbox, ended } = await startWithClock()
    sandbox.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    await send('POST', '/v1/batch', { batch: [TRACK, TRACK] })
    expect((await ended(2)).map(({ status }) => status)).toEqual(['retryable', 'delivered'])
  })

  it('goes in a batch again where it came in one', async () => {
    const { send, sandbox, mapping, tried, first } = await startWithClock({ limits: { pipeline: { batchWaitMs: 0 } } })
    const own = await mapping(IDENTIFY_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...own.mapping, enable_batching: true }
    })
    sandbox.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    await send('POST', '/v1/identify', { userId: 'usr_1' })
    expect((await first()).status).toBe('retryable')
    expect(await tried(1000, 2)).toMatchObject({ status: 'delivered', response: { status: 202 } })
  })

  it('is one whose connection was reset before an answer', async () => {
    let requests = 0
    const server = createServer((request: IncomingMessage, response: ServerResponse) => {
      requests++
      if (requests === 1) request.socket.resetAndDestroy()
      else response.end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const settings = sandboxSettings(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const { send, tried, first } = await startWithClock({ settings })
      await send('POST', '/v1/track', TRACK)
      expect(await first()).toMatchObject({
        status: 'retryable',
        response: null,
        tries: [{ responseStatus: null, reason: expect.stringMatching(/ECONNRESET|socket hang up/) }]
      })
      expect((await tried(1000, 2)).status).toBe('delivered')
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('is tried once where retries are switched off, and where it was refused for good', async () => {
    const { send, sandbox, get, ended } = await startWithClock({ retries: false })
    sandbox.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    await send('POST', '/v1/track', TRACK)
    expect((await ended(1))[0]).toMatchObject({ status: 'retryable', tries: [{ nextAt: null }] })
    expect(await get<Overview>('/api/overview')).toMatchObject({ retrying: 0 })

    const other = await startWithClock()
    other.sandbox.trouble.add({ kind: '400', remaining: 1, seconds: 0 })
    await other.send('POST', '/v1/track', TRACK)
    expect(await other.first()).toMatchObject({ status: 'rejected', tries: [{ nextAt: null }] })
    expect(await other.get<Overview>('/api/overview')).toMatchObject({ retrying: 0 })
  })

  it('is tried again also when the deliveries were emptied, and is a new one then', async () => {
    const { send, sandbox, get, tried, first } = await startWithClock()
    sandbox.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    await send('POST', '/v1/track', TRACK)
    await first()
    await send('DELETE', '/api/deliveries')
    await tried(1000, 2)
    expect(await get<DeliveryList>('/api/deliveries')).toMatchObject({
      total: 1,
      counts: { delivered: 1, retryable: 0 }
    })
  })

  it('is a new one also when they are emptied while it is tried again', async () => {
    const held: ServerResponse[] = []
    let requests = 0
    const server = createServer((_, response) => {
      requests++
      if (requests === 1) response.writeHead(500).end()
      else held.push(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const settings = sandboxSettings(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const { send, get, clock, tried, first } = await startWithClock({ settings })
      await send('POST', '/v1/track', TRACK)
      await first()
      clock.goOn(1000)
      await until(() => held.length === 1)
      await send('DELETE', '/api/deliveries')
      expect(await get<Overview>('/api/overview')).toMatchObject({ calls: 1, retrying: 1, counts: {} })
      held[0].end('{}')
      await tried(0, 2)
      const { calls, retrying, counts } = await get<Overview>('/api/overview')
      expect({ calls, retrying, counts: Object.values(counts) }).toMatchObject({
        calls: 1,
        retrying: 0,
        counts: [{ delivered: 1, retryable: 0 }]
      })
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('is left when the workbench ends, which does not wait for it', async () => {
    const { send, sandbox, workbench, first } = await startWithClock()
    sandbox.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    await send('POST', '/v1/track', TRACK)
    await first()
    expect(await workbench.close(10_000)).toBe(1)
  })
})

it('an erasure says how many calls of the user still wait', async () => {
  const { send, sandbox, ended } = await startWithClock()
  await send('POST', '/v1/batch', { batch: [TRACK, { ...TRACK, userId: 'usr_2' }] })
  await ended(2)
  sandbox.trouble.add({ kind: '500', remaining: 2, seconds: 0 })
  await send('POST', '/v1/batch', { batch: [TRACK, { ...TRACK, userId: ' usr_1' }] })
  await ended(4)
  const erase = async (userId: string) => (await send('POST', '/api/delete', { userId })).body as ErasureResult
  expect(await erase('usr_1')).toMatchObject({
    ok: true,
    waiting: 2,
    message: 'Customer erased. 2 calls of this user still wait and would bring the customer back.'
  })
  expect(await erase('usr_2')).toMatchObject({ ok: true, waiting: 0, message: 'Customer erased.' })
})

describe('the pause', () => {
  const asking = (value: string) => ({ status: 429, headers: { 'retry-after': value }, body: null })

  it('doubles, up to ten minutes', () => {
    expect([1, 2, 3, 10, 11, 30].map((tries) => pauseAfter(tries, null, 0))).toEqual([
      1000, 2000, 4000, 512_000, 600_000, 600_000
    ])
  })

  it('is what Retry-After asks, in seconds or as a date, and never shorter than its own', () => {
    const now = Date.parse('2026-11-25T10:00:00Z')
    expect(pauseAfter(1, asking('30'), now)).toBe(30_000)
    expect(pauseAfter(1, asking('Wed, 25 Nov 2026 10:02:00 GMT'), now)).toBe(120_000)
    expect(pauseAfter(5, asking('1'), now)).toBe(16_000)
    expect(pauseAfter(1, asking('soon'), now)).toBe(1000)
  })
})
