/** What the sandbox does when it was asked for trouble, and when a simulated limit is reached. */
import type { Sandbox } from '../../../workbench/sandbox'
import type { LimitOptions } from '../../../workbench/sandbox/limits'
import type { Trouble } from '../../../workbench/shared/types'
import { raw } from '../helpers'
import {
  BULK,
  closeSandboxes,
  CUSTOMER,
  EVENT,
  finished,
  get,
  GROUP,
  invalid,
  KEY_HEADERS,
  post,
  startSandbox,
  TEST
} from './sandboxHelpers'
import type { Answer } from './sandboxHelpers'

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
})
afterEach(closeSandboxes)

/** Every call that the sandbox takes, each of which would change something or find something. */
const CALLS: [string, (to: Sandbox) => Promise<Answer>][] = [
  ['the credentials test', (to) => get(to, TEST)],
  ['a customer', (to) => post(to, CUSTOMER, { source_id: 'new' })],
  ['an event', (to) => post(to, EVENT, { customer: { source_id: 'new' }, event: 'E' })],
  ['a group', (to) => post(to, GROUP, { customer: { source_id: 'new' }, group_id: 'g1' })],
  ['a bulk call', (to) => post(to, BULK, [{ source_id: 'new' }])],
  ['an async action', (to) => get(to, '/v1/async-actions/aa_1')],
  ['one customer', (to) => get(to, '/v1/customers/known')],
  ['an erasure', (to) => post(to, '/v1/customers/known/permanent-deletion', '')]
]

/** What the headers of a 429 say. */
function limitOf(headers: Headers) {
  const number = (name: string) => Number(headers.get(name))
  return {
    wait: number('retry-after'),
    limit: number('x-rate-limit-limit'),
    remaining: number('x-rate-limit-remaining'),
    retry: number('x-rate-limit-retry'),
    type: headers.get('x-rate-limit-type')
  }
}

describe('trouble', () => {
  const once = (kind: Trouble['kind'], seconds = 0) => sandbox.trouble.add({ kind, remaining: 1, seconds })

  it.each(CALLS)('meets %s as any other, and it changes nothing', async (_, call) => {
    await post(sandbox, CUSTOMER, { source_id: 'known' })
    once('500')
    const { status, body } = await call(sandbox)
    expect({ status, body }).toEqual({
      status: 500,
      body: {
        code: 500,
        key: 'internal_error',
        message: 'Internal server error',
        request_id: expect.stringMatching(/^v-/)
      }
    })
    // A bulk call that was taken would be applied by now: rows are applied in the order of the calls.
    const next = await post(sandbox, BULK, [])
    await finished(sandbox, (next.body as { async_action_id: string }).async_action_id)
    expect(sandbox.state()).toMatchObject({ customers: [{ source_id: 'known' }], events: [], groups: [] })
    expect(sandbox.state().customers).toHaveLength(1)
    expect(sandbox.trouble.list()).toEqual([])
  })

  it('of kind 400 is answered as Voucherify refuses a payload', async () => {
    once('400')
    const { status, body } = await post(sandbox, CUSTOMER, { source_id: 'c1' })
    expect([status, body]).toEqual([
      400,
      invalid('Property .rehearsal should not be there: the sandbox was asked to answer 400')
    ])
  })

  it('of kind 401 is answered as Voucherify refuses keys, although they are right', async () => {
    once('401')
    expect(await get(sandbox, TEST)).toMatchObject({ status: 401, body: { code: 401, key: 'unauthorized' } })
    expect(await get(sandbox, TEST)).toMatchObject({ status: 200 })
  })

  it('of kind 429 says how long to wait, in seconds and as a time, and which limit it is', async () => {
    once('429', 90)
    const before = Math.floor(Date.now() / 1000)
    const { status, body, headers } = await post(sandbox, CUSTOMER, { source_id: 'c1' })
    const after = Math.ceil(Date.now() / 1000)
    expect([status, body]).toEqual([429, { code: 429, message: 'Too many requests' }])
    const { retry, ...limit } = limitOf(headers)
    expect(limit).toEqual({ wait: 90, limit: 144_000, remaining: 0, type: 'webhook_calls' })
    expect(retry).toBeGreaterThanOrEqual(before + 90)
    expect(retry).toBeLessThanOrEqual(after + 90)
    // That of the call, unless it names one.
    once('429')
    expect(limitOf((await post(sandbox, BULK, [])).headers)).toMatchObject({ type: 'bulk_api_calls' })
  })

  it('of kind slow does the call at once and answers after so many seconds', async () => {
    once('slow', 0.3)
    const start = performance.now()
    const answer = post(sandbox, CUSTOMER, { source_id: 'c1' })
    const done = new Promise<void>((resolve) => sandbox.onChange(resolve))
    await done
    expect(sandbox.state().customers).toEqual([{ source_id: 'c1' }])
    expect(await answer).toMatchObject({ status: 200, body: { status: 'queued' } })
    expect(performance.now() - start).toBeGreaterThanOrEqual(299)
  })

  it('of kind slow still refuses what is wrong with the call', async () => {
    once('slow', 0.01)
    expect(await post(sandbox, CUSTOMER, {})).toMatchObject({ status: 400 })
  })

  it('of kind slow does not hold up the end of the sandbox', async () => {
    once('slow', 86_400)
    const answer = expect(post(sandbox, CUSTOMER, { source_id: 'c1' })).rejects.toThrow('fetch failed')
    await new Promise<void>((resolve) => sandbox.onChange(resolve))
    await sandbox.close()
    await answer
  })

  it('of kind cut announces a longer body than it sends', async () => {
    once('cut')
    const response = await fetch(`${sandbox.url}${CUSTOMER}`, {
      method: 'POST',
      headers: KEY_HEADERS,
      body: '{"source_id":"c1"}'
    })
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '38'])
    await expect(response.text()).rejects.toThrow('terminated')
    expect(sandbox.state().totals.customers).toBe(0)
  })

  it('of kind redirect points to an address where nothing listens', async () => {
    once('redirect')
    const answer = await raw(`${sandbox.url}${CUSTOMER}`, {
      method: 'POST',
      headers: KEY_HEADERS,
      body: '{"source_id":"c1"}'
    })
    expect([answer.status, answer.headers.location]).toEqual([302, 'http://127.0.0.1:9/'])
    expect(sandbox.state().totals.customers).toBe(0)
  })

  it('comes in the order in which it was added, each for so many calls, and is counted', async () => {
    sandbox.trouble.add({ kind: '500', remaining: 2, seconds: 0 })
    sandbox.trouble.add({ kind: '401', remaining: 1, seconds: 5 })
    const statuses: number[] = []
    const left: Trouble[][] = []
    for (let n = 0; n < 4; n += 1) {
      statuses.push((await get(sandbox, TEST)).status)
      left.push(sandbox.trouble.list())
    }
    expect(statuses).toEqual([500, 500, 401, 200])
    const second: Trouble = { kind: '401', remaining: 1, seconds: 5 }
    expect(left).toEqual([[{ kind: '500', remaining: 1, seconds: 0 }, second], [second], [], []])
    expect(sandbox.state().totals.calls['test-authentication']).toBe(4)
  })

  it('is not used up by requests that are no calls', async () => {
    once('500')
    await get(sandbox, '/unknown')
    await get(sandbox, CUSTOMER)
    await raw(`${sandbox.url}${TEST}`, { headers: { ...KEY_HEADERS, host: 'evil.example' } })
    expect(sandbox.trouble.list()).toHaveLength(1)
  })

  it('ends when it is cleared, and stays when the sandbox is emptied', async () => {
    once('500')
    sandbox.clear()
    expect(sandbox.trouble.list()).toHaveLength(1)
    sandbox.trouble.clear()
    expect(sandbox.trouble.list()).toEqual([])
    expect(await get(sandbox, TEST)).toMatchObject({ status: 200 })
  })

  it.each<[string, Partial<Trouble>, string]>([
    ['no call', { remaining: 0 }, 'remaining must be a whole number from 1: how many calls the trouble lasts.'],
    ['half a call', { remaining: 1.5 }, 'remaining must be a whole number from 1: how many calls the trouble lasts.'],
    ['a negative wait', { seconds: -1 }, 'seconds must be a number from 0 to 2678400.'],
    ['a wait of more than a billing cycle', { seconds: 2_678_401 }, 'seconds must be a number from 0 to 2678400.'],
    ['a wait that is no number', { seconds: NaN }, 'seconds must be a number from 0 to 2678400.']
  ])('is refused for %s', (_, change, message) => {
    expect(() => sandbox.trouble.add({ kind: '429', remaining: 1, seconds: 0, ...change })).toThrow(
      new RangeError(message)
    )
    expect(sandbox.trouble.list()).toEqual([])
  })

  it('can not be changed from outside through the list', () => {
    once('500')
    sandbox.trouble.list()[0].remaining = 99
    expect(sandbox.trouble.list()).toEqual([{ kind: '500', remaining: 1, seconds: 0 }])
  })
})

describe('a simulated limit', () => {
  const START = Date.UTC(2026, 0, 2, 23, 59)
  let clock: number

  beforeEach(() => {
    clock = START
  })

  const limited = (limits: LimitOptions) => startSandbox({ limits, now: () => clock })
  const day = (calls: number) => limited({ webhook_calls: { calls, seconds: 86_400 } })

  it('of the day lets so many customers, events and groups through, and then answers 429', async () => {
    const server = await day(3)
    for (const [, call] of CALLS.slice(1, 4)) expect(await call(server)).toMatchObject({ status: 200 })
    clock += 3_600_500
    for (const [, call] of CALLS.slice(1, 4)) {
      const { status, body, headers } = await call(server)
      expect([status, body]).toEqual([429, { code: 429, message: 'Too many requests' }])
      expect(limitOf(headers)).toEqual({
        wait: 82_800,
        limit: 3,
        remaining: 0,
        retry: Math.ceil(clock / 1000) + 82_800,
        type: 'webhook_calls'
      })
    }
    expect(server.state().totals).toMatchObject({ events: 1, calls: { 'customer-processing': 2 } })
  })

  it('of the day ends a day after the first call', async () => {
    const server = await day(1)
    const send = async () => (await post(server, CUSTOMER, { source_id: 'c1' })).status
    expect(await send()).toBe(200)
    clock = START + 86_399_999
    expect(await send()).toBe(429)
    clock = START + 86_400_000
    expect([await send(), await send()]).toEqual([200, 429])
  })

  it('of the hour concerns bulk calls only', async () => {
    const hour = await limited({ bulk_api_calls: { calls: 1, seconds: 3_600 } })
    expect(await post(hour, BULK, [])).toMatchObject({ status: 202 })
    const refused = await post(hour, BULK, [])
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('3600')
    expect(refused.headers.get('x-rate-limit-type')).toBe('bulk_api_calls')
    expect(await post(hour, CUSTOMER, { source_id: 'c1' })).toMatchObject({ status: 200 })
    clock += 3_600_000
    expect(await post(hour, BULK, [])).toMatchObject({ status: 202 })
  })

  it('counts neither the credentials test nor what the keys shut out nor what trouble answered', async () => {
    const server = await day(1)
    await get(server, TEST)
    await post(server, CUSTOMER, { source_id: 'c1' }, {})
    server.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    await post(server, CUSTOMER, { source_id: 'c1' })
    expect(await post(server, CUSTOMER, { source_id: 'c1' })).toMatchObject({ status: 200 })
  })
})
