/**
 * Customers in bulk over real sockets: how many calls a batch costs, that no body is over Voucherify's limit of
 * 10,485,760 bytes and none is missing, and that a batch ends within 25 seconds of a fast clock however slow the answers
 * are.
 */
import type http from 'http'
import type { JSONValue, Result, SegmentEvent } from '@segment/actions-core'
import { onFastClock } from './__helpers__/clock'
import { callOf, deliverBatch, drip, startServer } from './__helpers__/helpers'
import type { Handler, LoopbackServer } from './__helpers__/helpers'

// Segment's jest has its own limit, which a busy machine passes.
jest.setTimeout(60_000)

type Outcomes = NonNullable<Result['multistatus']>

const LIMIT_BYTES = 10_485_760
const LIMIT_MS = 25_000
const BULK_PATH = '/v1/customers/bulk/async'

const STOPPED = 'Segment stopped the batch before this call was sent. It can be sent again.'

const identify = (userId: string, traits: Record<string, JSONValue> = {}): SegmentEvent =>
  callOf('identify', { userId, traits })
const statusesOf = (outcomes: Outcomes) => outcomes.map(({ status }) => status)

/** Without the ID of a job, so that nothing is asked later. */
const accept: Handler = (res) => answer(res, 202, {})

/** As Voucherify does: 413 for a bulk call that is too long, and for each customer on its own what `single` says. */
const acceptUpTo =
  (single: number): Handler =>
  (res, { url }, size) =>
    answer(res, url !== BULK_PATH ? single : size > LIMIT_BYTES ? 413 : 202, { message: 'Some reason' })

function answer(res: http.ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

describe('a batch', () => {
  let server: LoopbackServer
  const start = async (handle: Handler) => {
    server = await startServer(handle)
    return { settings: { customURL: server.origin } }
  }
  afterEach(() => server.close())

  /** The rows of all bulk calls, in the order in which they came. */
  const rows = () => server.requests.flatMap(({ body }) => body as { source_id: string; description?: string }[])

  it('of 1,000 calls costs one call, and each is accepted', async () => {
    const options = await start(accept)
    const events = Array.from({ length: 1000 }, (_, index) =>
      identify(`usr_${index}`, { email: `${index}@example.com` })
    )
    expect(statusesOf(await deliverBatch(events, options))).toEqual(Array(1000).fill(202))
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([`POST ${BULK_PATH}`])
    expect(rows()).toEqual(events.map(({ userId, traits }) => ({ source_id: userId, email: traits?.email })))
  })

  it('of 2,000 long customers costs as many calls as the limit asks for, and no body is over it', async () => {
    const options = await start(accept)
    // Letters of two bytes, so that characters are not taken for bytes.
    const about = 'é'.repeat(7_000)
    const events = Array.from({ length: 2_000 }, (_, index) => identify(`usr_${index}`, { description: about }))
    expect(statusesOf(await deliverBatch(events, options))).toEqual(Array(2_000).fill(202))

    const total = server.sizes.reduce((sum, size) => sum + size, 0)
    expect(server.requests).toHaveLength(Math.ceil(total / LIMIT_BYTES))
    expect(server.requests.length).toBeGreaterThan(2)
    for (const size of server.sizes) expect(size).toBeLessThanOrEqual(LIMIT_BYTES)
    expect(rows().map(({ source_id }) => source_id)).toEqual(events.map(({ userId }) => userId))
    expect(rows().every(({ description }) => description === about)).toBe(true)
  })

  describe('at the limit', () => {
    /** A customer whose row takes so many bytes. */
    const customerOf = (userId: string, bytes: number) => {
      const frame = JSON.stringify({ source_id: userId, description: '' }).length
      return identify(userId, { description: 'x'.repeat(bytes - frame) })
    }
    const half = LIMIT_BYTES / 2

    it('goes in one call when it just fits', async () => {
      const options = await start(accept)
      const events = [customerOf('a', half - 1), customerOf('b', half - 2)]
      expect(statusesOf(await deliverBatch(events, options))).toEqual([202, 202])
      expect(server.sizes).toEqual([LIMIT_BYTES])
    })

    it('goes in two when it is a byte over', async () => {
      const options = await start(accept)
      const events = [customerOf('a', half - 1), customerOf('b', half - 1)]
      expect(statusesOf(await deliverBatch(events, options))).toEqual([202, 202])
      expect(server.sizes).toEqual([half + 1, half + 1])
    })

    it('takes a single customer that just fits, and gives one that is a byte over a call and an outcome of its own', async () => {
      const options = await start(acceptUpTo(413))
      const events = [customerOf('a', LIMIT_BYTES - 2), customerOf('b', LIMIT_BYTES - 1), identify('c')]
      const outcomes = await deliverBatch(events, options)
      expect(statusesOf(outcomes)).toEqual([202, 413, 202])
      expect(outcomes[1]).toMatchObject({
        errortype: 'PAYLOAD_TOO_LARGE',
        errormessage: 'Voucherify answered 413: Some reason. Map fewer or shorter values.',
        errorreporter: 'DESTINATION'
      })
      expect(server.requests.map(({ url }) => url)).toEqual([
        BULK_PATH,
        BULK_PATH,
        BULK_PATH,
        '/segmentio/customer-processing'
      ])
      expect(server.sizes.slice(0, 3)).toEqual([LIMIT_BYTES, LIMIT_BYTES + 1, '[{"source_id":"c"}]'.length])
    })

    it('sends the calls of one customer one by one when only their one row is over it', async () => {
      const options = await start(acceptUpTo(200))
      const long = (key: string) => identify('a', { metadata: { [key]: 'x'.repeat(6_000_000) } })
      const outcomes = await deliverBatch([long('one'), identify('b'), long('two')], options)
      expect(statusesOf(outcomes)).toEqual([200, 202, 200])
      expect(server.requests.map(({ url }) => url)).toEqual([
        BULK_PATH,
        BULK_PATH,
        '/segmentio/customer-processing',
        '/segmentio/customer-processing'
      ])
      expect(server.requests.slice(2).map(({ body }) => Object.keys((body as { metadata: object }).metadata))).toEqual([
        ['one'],
        ['two']
      ])
    })
  })

  it('of 100 with a blank source_id, one over the limit and two of one customer gives 100 statuses in their places', async () => {
    const options = await start(acceptUpTo(413))
    const events = Array.from({ length: 100 }, (_, index) =>
      identify(`usr_${index}`, { email: `${index}@example.com` })
    )
    events[17] = identify('  ')
    events[42] = identify('usr_42', { description: 'x'.repeat(LIMIT_BYTES) })
    events[80] = identify('usr_5', { email: 'later@example.com', phone: '1' })
    const outcomes = await deliverBatch(events, options)

    expect(statusesOf(outcomes)).toEqual(events.map((_, index) => (index === 17 ? 400 : index === 42 ? 413 : 202)))
    const row = { source_id: 'usr_5', email: 'later@example.com', phone: '1' }
    expect(outcomes[5]).toEqual({ status: 202, sent: row, body: '{"message":"Some reason"}' })
    expect(outcomes[80]).toEqual(outcomes[5])
    // The first up to the long one, the long one, the rest, and the long one alone.
    expect(server.requests).toHaveLength(4)
    const taken = server.requests.filter((_, call) => call === 0 || call === 2).flatMap(({ body }) => body as object[])
    expect(taken).toHaveLength(97)
    expect(rows().filter(({ source_id }) => source_id === 'usr_5')).toEqual([row])
  })

  describe('that takes several bulk calls', () => {
    const two = () => ['a', 'b'].map((id) => identify(id, { description: 'x'.repeat(6_000_000) }))

    it.each([401, 403])(
      'marks all that is left once the keys are refused with %d, without asking again',
      async (status) => {
        const options = await start((res) => answer(res, status, { message: 'No' }))
        const outcomes = await deliverBatch(two(), options)
        expect(statusesOf(outcomes)).toEqual([status, status])
        expect(outcomes.map((outcome) => 'sent' in outcome)).toEqual([true, false])
        expect(server.requests).toHaveLength(1)
      }
    )

    it.each([429, 503])("marks only that call's customers as retryable at %d", async (status) => {
      let isFirst = true
      const options = await start((res) => {
        answer(res, isFirst ? status : 202, {})
        isFirst = false
      })
      expect(statusesOf(await deliverBatch(two(), options))).toEqual([status, 202])
      expect(server.requests).toHaveLength(2)
    })

    it('sends one by one only what was refused', async () => {
      let isFirst = true
      const options = await start((res, { url }) => {
        answer(res, url !== BULK_PATH ? 200 : isFirst ? 413 : 202, {})
        isFirst = false
      })
      expect(statusesOf(await deliverBatch(two(), options))).toEqual([200, 202])
      expect(server.requests.map(({ url }) => url)).toEqual([BULK_PATH, BULK_PATH, '/segmentio/customer-processing'])
    })

    it('stops when the host stops, with what is done and retryable for the rest', async () => {
      const controller = new AbortController()
      const options = await start((res) => {
        if (server.requests.length === 1) answer(res, 202, {})
        else controller.abort()
      })
      const many = Array.from({ length: 4 }, (_, index) =>
        identify(`usr_${index}`, { description: 'x'.repeat(9_000_000) })
      )
      const outcomes = await deliverBatch(many, { ...options, signal: controller.signal })
      expect(outcomes).toMatchObject([
        { status: 202 },
        { status: 408, errortype: 'RETRYABLE_ERROR' },
        { status: 500, errortype: 'RETRYABLE_ERROR', errormessage: STOPPED },
        { status: 500, errortype: 'RETRYABLE_ERROR', errormessage: STOPPED }
      ])
      expect(server.requests).toHaveLength(2)
    })
  })
})

describe('a batch that is answered slowly for ever', () => {
  const dripLate: Handler = (res) => {
    const timer = setTimeout(() => drip(res.writeHead(202)), 9_000)
    res.on('close', () => clearTimeout(timer))
  }

  const many = (count: number, traits: Record<string, JSONValue> = {}) =>
    Array.from({ length: count }, (_, index) => identify(`usr_${index}`, traits))
  const long = { description: 'x'.repeat(6_000_000) }

  const cases: [string, SegmentEvent[], Handler][] = [
    ['without any answer', many(10), () => undefined],
    ['by a body that drips', many(10), (res) => drip(res.writeHead(202))],
    ['late, by a body that drips', many(10), dripLate],
    ['in each of several bulk calls', many(4, long), dripLate],
    [
      'by the gateway, after a bulk call that was refused',
      many(60),
      (res, { url }) => (url === BULK_PATH ? answer(res, 400, {}) : drip(res.writeHead(200)))
    ],
    [
      'by the gateway without any answer',
      many(60),
      (res, { url }) => (url === BULK_PATH ? answer(res, 400, {}) : undefined)
    ]
  ]
  const outcomes: Record<string, { outcomes: Outcomes; milliseconds: number; asked: number }> = {}

  beforeAll(async () => {
    for (const [name, events, handle] of cases) {
      const server = await startServer(handle)
      const batch = () => deliverBatch(events, { settings: { customURL: server.origin } })
      const { value, milliseconds } = await onFastClock(batch)
      outcomes[name] = { outcomes: value, milliseconds, asked: server.requests.length }
      await server.close()
    }
  })

  it.each(cases)('%s ends within 25 seconds with every call retryable', (name, events) => {
    const { outcomes: result, milliseconds } = outcomes[name]
    expect(milliseconds).toBeLessThan(LIMIT_MS)
    expect(result).toHaveLength(events.length)
    for (const outcome of result) {
      expect(outcome).toMatchObject({ errortype: 'RETRYABLE_ERROR', errorreporter: 'INTEGRATIONS' })
      expect([500, 504]).toContain(outcome.status)
    }
  })

  it('asks once and no more where one call holds all', () => {
    for (const name of ['without any answer', 'by a body that drips', 'late, by a body that drips']) {
      expect(outcomes[name].asked).toBe(1)
    }
  })

  it('says what was not sent any more', () => {
    const { outcomes: result, asked } = outcomes['by the gateway without any answer']
    const late = result.filter(
      (outcome) =>
        'errormessage' in outcome &&
        outcome.errormessage === 'The batch took too long, and this call was not sent. It can be sent again.'
    )
    expect(late).toHaveLength(60 - (asked - 1))
    expect(late.length).toBeGreaterThan(0)
  })
})
