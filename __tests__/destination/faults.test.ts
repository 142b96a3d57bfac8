/**
 * Faults that only sockets can show, from a real server on loopback: answers that are too long, cut, slow, endless,
 * reset or missing, and redirects. Whatever happens, a call ends within 25 seconds of a fast clock, counts as delivered
 * only when it was, and no second host hears of it. A rejection or an exception that nobody handles fails the run: jest
 * sees to that.
 */
import type http from 'http'
import { gzipSync } from 'zlib'
import { APIError, Destination, RetryableError } from '@segment/actions-core'
import voucherify from '../../src/index'
import { standIn } from '../../tools/standIn'
import { onFastClock } from './__helpers__/clock'
import { callOf, deliver, drip, erase, errorOf, settings, startServer } from './__helpers__/helpers'

// Segment's jest has its own limit, which a busy machine passes.
jest.setTimeout(60_000)

/** Longest time that a call may take, in milliseconds. */
const LIMIT_MS = 25_000

type Fault = (res: http.ServerResponse) => void

const KB_300 = 'x'.repeat(300 * 1024)
const MIB = 1_048_576
const SWELLING = gzipSync(Buffer.alloc(3 * MIB))
const JSON_TYPE = { 'Content-Type': 'application/json' }

/** Writes as fast as the other side reads, for ever. */
function flood(res: http.ServerResponse): void {
  const pour = () => {
    while (!res.destroyed && res.write(KB_300));
  }
  res.on('drain', pour)
  pour()
}

const cut: Fault = (res) => {
  res.write('{"code":')
  setTimeout(() => res.destroy(), 50)
}

/** Each fault by name, and whether a call that meets it was delivered. */
const faults: [string, boolean, Fault][] = [
  ['200 with 300 KB', true, (res) => res.writeHead(200).end(KB_300)],
  ['200 with 300 KB of JSON', true, (res) => res.writeHead(200, JSON_TYPE).end(JSON.stringify({ a: KB_300 }))],
  ['200 with exactly 1 MiB', true, (res) => res.writeHead(200).end('x'.repeat(MIB))],
  ['200 with a byte over 1 MiB', false, (res) => res.writeHead(200).end('x'.repeat(MIB + 1))],
  [
    '200 with a body that swells to 3 MiB',
    false,
    (res) => res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(SWELLING)
  ],
  [
    '400 with 300 KB',
    false,
    (res) => res.writeHead(400, JSON_TYPE).end(JSON.stringify({ message: 'Bad', details: KB_300 }))
  ],
  ['400 with a byte over 1 MiB', false, (res) => res.writeHead(400).end('x'.repeat(MIB + 1))],
  ['503 with a page of 300 KB', false, (res) => res.writeHead(503).end(`<html>${KB_300}</html>`)],
  ['200 with a body that pours for ever', false, (res) => flood(res.writeHead(200))],
  ['a reset', false, (res) => res.destroy()],
  ['an answer that is no HTTP', false, (res) => res.socket?.end('SSH-2.0-OpenSSH_9.6\r\n\r\n')]
]

/** Those that a call ends by a limit of its time. */
const slowFaults: [string, boolean, Fault][] = [
  ['200 cut short of its length', false, (res) => cut(res.writeHead(200, { 'Content-Length': 1000 }))],
  ['400 cut short of its length', false, (res) => cut(res.writeHead(400, { 'Content-Length': 1000 }))],
  ['200 cut in chunks', false, (res) => cut(res.writeHead(200))],
  ['500 cut in chunks', false, (res) => cut(res.writeHead(500))],
  ['200 with a body that drips for ever', false, (res) => drip(res.writeHead(200))],
  ['500 with a body that drips for ever', false, (res) => drip(res.writeHead(500))],
  ['302 with a body that drips for ever', false, (res) => drip(res.writeHead(302, { Location: '/x' }))],
  ['200 late, with a body that drips for ever', false, (res) => setTimeout(() => drip(res.writeHead(200)), 4_000)],
  ['200 with headers that stop in the middle', false, (res) => res.socket?.write('HTTP/1.1 200 OK\r\nX-Slow: ')],
  ['no answer', false, () => undefined]
]

type Failed = Error & { status?: unknown; code?: unknown; type?: unknown }

/** Ways in which Segment calls the destination. */
const ways: [string, (customURL: string) => Promise<unknown>][] = [
  ['event', (customURL) => deliver(callOf('track', { event: 'Paid' }), { settings: { customURL } })],
  ['erasure', (customURL) => erase('usr_1', { customURL })],
  ['test', (customURL) => new Destination(standIn(voucherify)).testAuthentication({ ...settings, customURL })]
]

/** How something ended: with an error or well. */
function endOf(work: Promise<unknown>): Promise<Failed | undefined> {
  return work.then(
    () => undefined,
    (reason) => errorOf(Promise.reject(reason))
  )
}

describe('a fault', () => {
  const ends: Record<string, Failed | undefined> = {}
  let slowest: number
  const endMet = (way: string, fault: string) => ends[`${way}: ${fault}`]

  /** Meets each fault in each way, all at the same time. */
  async function meet(all: typeof faults): Promise<void> {
    const meetings = all.map(async ([fault, , handle]) => {
      const server = await startServer((res) => void handle(res))
      const each = ways.map(async ([way, work]) => {
        ends[`${way}: ${fault}`] = await endOf(work(server.origin))
      })
      await Promise.all(each)
      expect(server.requests).toHaveLength(ways.length)
      await server.close()
    })
    await Promise.all(meetings)
  }

  beforeAll(async () => {
    await meet(faults)
    const { milliseconds } = await onFastClock(() => meet(slowFaults))
    slowest = milliseconds
  })

  it('holds no call for more than 25 seconds', () => {
    expect(slowest).toBeGreaterThan(10_000)
    expect(slowest).toBeLessThan(LIMIT_MS)
  })

  describe.each([...faults, ...slowFaults])('%s', (fault, isDelivered) => {
    it(`${isDelivered ? 'counts' : 'does not count'} as delivered`, () => {
      for (const [way] of ways) expect(endMet(way, fault) === undefined).toBe(isDelivered)
    })
  })

  it.each([
    ['400 with 300 KB', APIError, 400],
    ['503 with a page of 300 KB', RetryableError, 503]
  ])('of an answer that was read is told with its status: %s', (fault, type, status) => {
    const error = endMet('event', fault)
    expect(error?.constructor).toBe(type)
    expect(error?.status).toBe(status)
    expect(error?.message.length).toBeLessThanOrEqual(500)
  })

  it.each([
    ['200 with a byte over 1 MiB', { type: 'max-size' }],
    ['200 with a body that swells to 3 MiB', { type: 'max-size' }],
    ['400 with a byte over 1 MiB', { type: 'max-size' }],
    ['200 with a body that pours for ever', { type: 'max-size' }],
    ['200 cut short of its length', { name: 'FetchError' }],
    ['400 cut short of its length', { name: 'FetchError' }],
    ['200 with a body that drips for ever', { type: 'body-timeout' }],
    ['500 with a body that drips for ever', { type: 'body-timeout' }],
    ['302 with a body that drips for ever', { type: 'body-timeout' }],
    ['200 late, with a body that drips for ever', { type: 'body-timeout' }],
    ['a reset', { code: 'ECONNRESET' }],
    ['an answer that is no HTTP', { type: 'system' }]
  ])('of the network passes through as it came, without a status: %s', (fault, expected) => {
    for (const way of ['event', 'erasure']) {
      const error = endMet(way, fault)
      expect(error).toMatchObject(expected)
      expect(error).not.toHaveProperty('status')
    }
  })

  it.each(['200 cut in chunks', '500 cut in chunks'])(
    'of the network passes through as it came, without a status: %s',
    (fault) => {
      // node-fetch 2.6.1, with which Segment's monorepo sends, only sees that nothing follows until the time is over.
      const bySender = [{ code: 'ERR_STREAM_PREMATURE_CLOSE' }, { name: 'FetchError', type: 'body-timeout' }]
      for (const way of ['event', 'erasure']) {
        const error = endMet(way, fault)
        expect(bySender.map((expected) => expect.objectContaining(expected))).toContainEqual(error)
        expect(error).not.toHaveProperty('status')
      }
    }
  )

  it.each(['no answer', '200 with headers that stop in the middle'])(
    'of time is a retryable error without the request and its keys: %s',
    (fault) => {
      for (const way of ['event', 'erasure']) {
        const error = endMet(way, fault)
        expect(error).toBeInstanceOf(RetryableError)
        expect(error).toMatchObject({
          status: 504,
          message: 'Voucherify did not answer in time. The call can be sent again later.'
        })
        expect(error).not.toHaveProperty('options')
      }
    }
  )

  it.each(['no answer', '200 with a body that drips for ever', 'a reset', '200 cut in chunks'])(
    'met by the test of the settings says that the gateway gave no answer: %s',
    (fault) => {
      expect(endMet('test', fault)?.message).toMatch(
        /^Credentials are invalid: {2}Voucherify's gateway (gave no answer( \(\w+\))?|did not answer in time)\. The settings may be right; try again in a few minutes\.$/
      )
    }
  )

  it('of a port where nobody listens passes through as it came, and is said to be the wrong URL', async () => {
    const server = await startServer((res) => res.end())
    await server.close()
    const [event, erasure, test] = await Promise.all(ways.map(([, work]) => endOf(work(server.origin))))
    expect(event).toMatchObject({ code: 'ECONNREFUSED', type: 'system' })
    expect(erasure).toMatchObject({ code: 'ECONNREFUSED', type: 'system' })
    expect(test?.message).toMatch(
      /^Credentials are invalid: {2}No Voucherify gateway could be reached there \(ECONNREFUSED\)\. Check the setting /
    )
  })
})

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('of %d to a second server reaches nobody', async (status) => {
    const second = await startServer((res) => res.writeHead(200).end())
    const first = await startServer((res) => res.writeHead(status, { Location: `${second.origin}/elsewhere` }).end())
    for (const [way, work] of ways) {
      const error = await endOf(work(first.origin))
      expect(error?.message).toContain(`redirect (${status}) to ${second.origin.replace('http://', '')}`)
      if (way !== 'test') expect(error).toMatchObject({ name: 'RetryableError', status: 502 })
    }
    expect(first.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
    expect(second.connections).toBe(0)
    await Promise.all([first.close(), second.close()])
  })
})
