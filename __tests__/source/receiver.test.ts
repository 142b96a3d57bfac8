import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ANSWER_WITHIN_MS, createReceiver } from '../../source/receiver'
import type { Receiver, ReceiverOptions } from '../../source/receiver'
import { main } from '../../source/main'
import { isSigned, sign } from '../../source/signature'
import type { SegmentCall } from '../../source/toSegment'
import { sample } from './helpers'

const KEY = 'the-key-of-signatures'
const SECRET = 'the-secret-of-the-header'

/** A Segment on loopback: what came in, and what it answers. */
interface Segment {
  url: string
  batches: { calls: SegmentCall[]; bytes: number; authorization?: string; path?: string }[]
  /** Answers one request; 200 by default. */
  answer: (response: ServerResponse, calls: SegmentCall[]) => void
  close(): Promise<void>
}

const ok = (response: ServerResponse) => void response.end('{"success":true}')

async function startSegment(): Promise<Segment> {
  const segment: Segment = { url: '', batches: [], answer: ok, close: async () => undefined }
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const calls: SegmentCall[] = JSON.parse(body.toString()).batch
      const { authorization } = request.headers
      segment.batches.push({ calls, bytes: body.length, authorization, path: request.url })
      segment.answer(response, calls)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  segment.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  segment.close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return segment
}

let segment: Segment
let receiver: Receiver
let url: string
let problems: string[]

beforeEach(async () => {
  segment = await startSegment()
  problems = []
})
afterEach(async () => {
  await receiver?.close()
  await segment.close()
})

async function start(setup: Partial<ReceiverOptions> = {}): Promise<void> {
  // Its own: an answer that comes while a receiver ends must not be counted in the next test.
  const own = problems
  receiver = createReceiver({
    options: {},
    signatureKey: KEY,
    writeKey: 'write-key',
    endpoint: segment.url,
    report: (problem) => own.push(problem),
    // Longer than the receiver's own 9 s, so that a busy machine alone is no trouble.
    answerWithinMs: 30_000,
    ...setup
  })
  url = await receiver.listen(0)
}

/** A webhook of its own id. */
function webhook(id: string, change: (data: ReturnType<typeof sample>['data']) => void = () => undefined): string {
  const made = sample('customer.rewarded')
  change(made.data)
  return JSON.stringify({ ...made, event: { ...made.event, id } })
}

async function post(
  body: string,
  headers: Record<string, string> = { 'x-voucherify-signature': sign(body, KEY) },
  at = url
) {
  const response = await fetch(at, { method: 'POST', body, headers })
  const answer = await response.json()
  return { status: response.status, answer, retryAfter: response.headers.get('retry-after') }
}

const ids = () => segment.batches.flatMap(({ calls }) => calls.map(({ messageId }) => messageId))

/** Waits until Segment has so many requests. */
async function requests(count: number): Promise<void> {
  while (segment.batches.length < count) await new Promise(setImmediate)
}

describe('signatures', () => {
  test.each([
    ['{"a":1}', 'a17d2ac229d1ebbb5f10e839c7985c4818e5986eab297f7e5979196d4d7d3ed2'],
    ['{"a\\"b":1}', 'f7cf97814a03146abedb9793f56e1dec34f618f82d10395310d053f749483ffb'],
    ['  message  ', '53ff92957e1427ce23ad5bda9d0c5f2f4ff384d0806b83eeacb510c842d3a358']
  ])('the published one of %s holds', (body, signature) => {
    expect(isSigned(Buffer.from(body), signature, 'secretKey')).toBe(true)
    expect(isSigned(Buffer.from(body), signature, 'secretkey')).toBe(false)
  })

  test('white space outside of texts is not signed, that inside is', () => {
    const signature = sign('{"a b":[1,"c \\" d\\n"]}', KEY)
    const spaced = Buffer.from('{ "a b" :\r\n\t[ 1, "c \\" d\\n" ] }\n')
    expect(isSigned(spaced, signature, KEY)).toBe(true)
    expect(isSigned(Buffer.from('{"ab":[1,"c \\" d\\n"]}'), signature, KEY)).toBe(false)
  })

  test('a webhook that is signed goes to Segment, with the key and nothing else of ours', async () => {
    await start({ options: { currency: 'EUR' } })
    const body = webhook('ev_1')
    expect(await post(body)).toMatchObject({ status: 200, answer: { success: true, calls: 1 } })
    expect(segment.batches).toMatchObject([
      { path: '/v1/batch', authorization: `Basic ${Buffer.from('write-key:').toString('base64')}` }
    ])
    expect(segment.batches[0].calls).toMatchObject([{ type: 'track', event: 'Reward Received', userId: 'user-1042' }])
  })

  test.each([
    ['a changed byte', (body: string) => body.replace('Ada', 'Adb')],
    ['sorted keys', (body: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body)).sort()))]
  ])('%s is 401 without detail', async (_, change) => {
    await start()
    const body = webhook('ev_1')
    expect(change(body)).not.toBe(body)
    const { status, answer } = await post(change(body), { 'x-voucherify-signature': sign(body, KEY) })
    expect({ status, answer }).toEqual({ status: 401, answer: { error: 'Unauthorized.' } })
    expect(segment.batches).toEqual([])
    expect(problems).toEqual([expect.stringMatching(/^A webhook was refused: .*SIGNATURE_KEY.*Project settings/)])
  })

  test('no signature is 401, before anything of the body is read as JSON', async () => {
    await start()
    expect((await post('garbage', {})).status).toBe(401)
  })

  test('the header is the other way, and with both, both must hold', async () => {
    const body = webhook('ev_1')
    const signed = { 'x-voucherify-signature': sign(body, KEY) }
    const secret = { 'x-webhook-secret': SECRET }
    await start({ signatureKey: undefined, secret: SECRET })
    expect((await post(body, secret)).status).toBe(200)
    expect((await post(body, { 'x-webhook-secret': `${SECRET}.` })).status).toBe(401)
    expect((await post(body, signed)).status).toBe(401)
    const wrong = 'A webhook was refused: its header x-webhook-secret is missing, or it does not hold SECRET.'
    expect(problems).toEqual([wrong, wrong])
    await receiver.close()
    await start({ secret: SECRET })
    expect((await post(body, secret)).status).toBe(401)
    expect((await post(body, signed)).status).toBe(401)
    expect((await post(body, { ...signed, ...secret })).status).toBe(200)
  })

  test('a receiver without either does not start', () => {
    expect(() => createReceiver({ options: {}, writeKey: 'w', endpoint: segment.url })).toThrow('needs a secret')
  })

  test('a replay is the same messageId, so that Segment drops it', async () => {
    await start()
    const body = webhook('ev_1')
    await post(body)
    await post(body)
    expect(ids()).toHaveLength(2)
    expect(new Set(ids()).size).toBe(1)
  })
})

describe('what it takes', () => {
  test('a webhook that is not wanted is 200, says why, and nothing is sent', async () => {
    await start()
    const body = JSON.stringify(sample('campaign.created'))
    expect(await post(body)).toMatchObject({
      status: 200,
      answer: { calls: 0, reason: expect.stringContaining('never') }
    })
    expect(segment.batches).toEqual([])
  })

  test('the type of a raw payload may stand in the address', async () => {
    await start()
    const body = JSON.stringify(sample('customer.segment.left').data)
    await post(body, { 'x-voucherify-signature': sign(body, KEY) }, `${url}/hook?type=customer.segment.left`)
    expect(segment.batches[0].calls).toMatchObject([{ event: 'Segment Left' }])
  })

  test.each(['', 'garbage', '[]', '5', '{"a":'])('the body %j is 400', async (body) => {
    await start()
    expect(await post(body)).toMatchObject({ status: 400, answer: { error: 'The body is no JSON object.' } })
  })

  test('bytes that are no UTF-8 are 400', async () => {
    await start()
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    const headers = { 'x-voucherify-signature': sign(body, KEY) }
    expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(400)
  })

  test('more than 1 MB is 413, announced or not', async () => {
    await start()
    const body = JSON.stringify({ large: 'x'.repeat(1024 * 1024) })
    const headers = { 'x-voucherify-signature': sign(body, KEY) }
    expect((await post(body)).status).toBe(413)
    const parts = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body))
        controller.close()
      }
    })
    // @ts-expect-error -- the type of fetch's options lacks duplex
    expect((await fetch(url, { method: 'POST', body: parts, headers, duplex: 'half' })).status).toBe(413)
  })

  test('health counts, and other methods are 405', async () => {
    await start()
    await post(webhook('ev_1'))
    await post(webhook('ev_2'), {})
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: 'ok',
      waiting: 0,
      received: 2,
      sent: 1,
      unwanted: 0,
      refused: 1,
      failed: 0
    })
    expect((await fetch(url, { method: 'PUT' })).status).toBe(405)
  })
})

describe('Segment in trouble', () => {
  test('it waits as 429 asks, and sends then', async () => {
    await start()
    segment.answer = (response) => {
      segment.answer = ok
      response.writeHead(429, { 'retry-after': '1' }).end()
    }
    expect((await post(webhook('ev_1'))).status).toBe(200)
    expect(ids()).toHaveLength(2)
    expect(problems).toEqual(['Segment answered 429.'])
  })

  test('it goes on after a pause by a clock that lags behind its timers', async () => {
    const elapsed = performance.now.bind(performance)
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => elapsed() * 0.9)
    await start({ answerWithinMs: 5000 })
    segment.answer = (response) => {
      segment.answer = ok
      response.writeHead(500).end()
    }
    expect((await post(webhook('ev_1'))).status).toBe(200)
    expect(ids()).toHaveLength(2)
    clock.mockRestore()
  })

  test('a pause that is too long for Voucherify is 503 at once, and Segment is left alone', async () => {
    await start()
    segment.answer = (response) => void response.writeHead(429, { 'retry-after': '60' }).end()
    for (const id of ['ev_1', 'ev_2']) {
      const { status, retryAfter } = await post(webhook(id))
      expect(status).toBe(503)
      expect(Number(retryAfter)).toBeGreaterThan(50)
    }
    expect(segment.batches).toHaveLength(1)
  })

  test('a 500 is tried again, with the same messageId', async () => {
    await start()
    segment.answer = (response) => {
      segment.answer = ok
      response.writeHead(500).end()
    }
    expect((await post(webhook('ev_1'))).status).toBe(200)
    expect(ids()).toHaveLength(2)
    expect(new Set(ids()).size).toBe(1)
  })

  test.each([
    ['answers 500 for ever', (response: ServerResponse) => void response.writeHead(500).end()],
    ['never answers', () => undefined],
    ['begins an answer and never ends it', (response: ServerResponse) => void response.write('{')],
    ['cuts the connection', (response: ServerResponse) => void response.destroy()],
    ['says that it took nothing', (response: ServerResponse) => void response.end('{"success": false}')]
  ])('a Segment that %s is 503 before Voucherify gives up', async (_, answer) => {
    await start({ answerWithinMs: 300 })
    segment.answer = answer
    expect((await post(webhook('ev_1'))).status).toBe(503)
    expect(ANSWER_WITHIN_MS).toBeLessThan(9000)
  })

  test('a write key that is refused is 503, said once, and quoted nowhere', async () => {
    await start()
    segment.answer = (response) => void response.writeHead(401).end()
    expect((await post(webhook('ev_1'))).status).toBe(503)
    expect(problems).toEqual(['Segment answered 401. Check WRITE_KEY and REGION.'])
  })

  test('the key follows no redirect', async () => {
    const other = await startSegment()
    await start()
    segment.answer = (response) => void response.writeHead(307, { location: `${other.url}/v1/batch` }).end()
    expect((await post(webhook('ev_1'))).status).toBe(503)
    expect(other.batches).toEqual([])
    await other.close()
  })

  test('nothing is answered 200 before Segment took it, and what comes meanwhile goes in batches', async () => {
    await start()
    const held: ServerResponse[] = []
    segment.answer = (response) => void held.push(response)
    let answered = 0
    const posted = Array.from({ length: 60 }, async (_, index) => {
      const { status } = await post(webhook(`ev_${index}`))
      answered++
      return status
    })
    await requests(8)
    expect(answered).toBe(0)
    segment.answer = ok
    held.forEach(ok)
    expect(new Set(await Promise.all(posted))).toEqual(new Set([200]))
    expect(new Set(ids()).size).toBe(60)
    expect(ids()).toHaveLength(60)
    expect(segment.batches.length).toBeLessThan(60)
  })

  test('a batch is at most 500 KB', async () => {
    await start()
    const held: ServerResponse[] = []
    segment.answer = (response) => void held.push(response)
    const first = Array.from({ length: 8 }, (_, index) => post(webhook(`first_${index}`)))
    await requests(8)
    const large = (data: ReturnType<typeof sample>['data']) => (data.reward.name = 'x'.repeat(25_000))
    const more = Array.from({ length: 50 }, (_, index) => post(webhook(`more_${index}`, large)))
    // They are there when their number is counted.
    let waiting = 0
    while (waiting < 58) waiting = (await (await fetch(`${url}/health`)).json()).waiting
    segment.answer = ok
    held.forEach(ok)
    await Promise.all([...first, ...more])
    expect(ids()).toHaveLength(58)
    expect(Math.max(...segment.batches.map(({ bytes }) => bytes))).toBeGreaterThan(400_000)
    expect(Math.max(...segment.batches.map(({ bytes }) => bytes))).toBeLessThanOrEqual(500_000)
  })

  test('one call that Segment refuses does not spoil its batch', async () => {
    await start()
    const held: ServerResponse[] = []
    segment.answer = (response) => void held.push(response)
    const first = Array.from({ length: 8 }, (_, index) => post(webhook(`first_${index}`)))
    await requests(8)
    const bad = post(webhook('bad', (data) => (data.reward.name = 'spoilt')))
    const good = Array.from({ length: 5 }, (_, index) => post(webhook(`good_${index}`)))
    let waiting = 0
    while (waiting < 14) waiting = (await (await fetch(`${url}/health`)).json()).waiting
    segment.answer = (response, calls) =>
      JSON.stringify(calls).includes('spoilt') ? void response.writeHead(400).end() : ok(response)
    held.forEach(ok)
    expect((await bad).status).toBe(503)
    expect((await Promise.all([...first, ...good])).map(({ status }) => status)).toEqual(Array(13).fill(200))
    expect(problems).toEqual(['Segment answered 400.'])
  })
})

describe('the end', () => {
  test('what it holds goes to Segment and is answered', async () => {
    await start()
    const held: ServerResponse[] = []
    segment.answer = (response) => void held.push(response)
    const posted = Array.from({ length: 20 }, (_, index) => post(webhook(`ev_${index}`)))
    await requests(8)
    let waiting = 0
    while (waiting < 20) waiting = (await (await fetch(`${url}/health`)).json()).waiting
    const closed = receiver.close()
    segment.answer = ok
    held.forEach(ok)
    expect((await Promise.all(posted)).map(({ status }) => status)).toEqual(Array(20).fill(200))
    await closed
    expect(new Set(ids()).size).toBe(20)
    await expect(post(webhook('late'))).rejects.toThrow()
  })

  test('the command takes its settings from the environment, and SIGTERM ends it in order', async () => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'cli/main.ts', 'receive'], {
      cwd: join(__dirname, '../..'),
      env: { ...process.env, PORT: '0', ENDPOINT: segment.url, WRITE_KEY: 'write-key', SECRET, NAMES: 'voucherify' }
    })
    let printed = ''
    child.stdout.on('data', (chunk) => (printed += chunk))
    child.stderr.on('data', (chunk) => (printed += chunk))
    const ended = once(child, 'exit')
    while (!/taken at (\S+)\./.test(printed)) await once(child.stdout, 'data')
    const [, at] = /taken at (\S+)\./.exec(printed) ?? []
    const held: ServerResponse[] = []
    segment.answer = (response) => void held.push(response)
    const posted = post(webhook('ev_1'), { 'x-webhook-secret': SECRET }, at)
    await requests(1)
    child.kill('SIGTERM')
    while (!printed.includes('Ending')) await once(child.stdout, 'data')
    held.forEach(ok)
    expect((await posted).status).toBe(200)
    expect(segment.batches[0].calls).toMatchObject([{ event: 'Customer Rewarded' }])
    expect(await ended).toEqual([0, null])
    expect(printed).not.toMatch(new RegExp(`${SECRET}|write-key|ada@`))
  })
})

describe("a configuration that can't be used", () => {
  const errors: string[] = []
  beforeEach(() => {
    errors.length = 0
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean(errors.push(String(text))))
  })
  afterEach(() => jest.restoreAllMocks())

  test.each([
    [{ WRITE_KEY: 'w' }, "Set SIGNATURE_KEY to Voucherify's secret key for webhooks, or SECRET"],
    [{ SECRET }, 'Set WRITE_KEY to the write key'],
    [{ SECRET, WRITE_KEY: 'w', REGION: 'as' }, 'REGION must be us or eu.'],
    [{ SECRET, WRITE_KEY: 'w', ENDPOINT: 'http://example.com' }, 'ENDPOINT must be an https address'],
    [{ SECRET, WRITE_KEY: 'w', PORT: '70000' }, 'PORT must be a port number'],
    [{ SECRET, WRITE_KEY: 'w', CURRENCY: 'EURO' }, 'The variable CURRENCY must be the ISO 4217 code'],
    [{ SECRET, WRITE_KEY: 'w', CUSTOMER_UPDATES: 'perhaps' }, 'The variable CUSTOMER_UPDATES must be true or false.'],
    [
      { SECRET, WRITE_KEY: 'w', EVENTS: '{"customer.cloned":false}' },
      'names "customer.cloned", which is no webhook type'
    ],
    [{ SECRET, WRITE_KEY: 'w', EVENTS: '{"campaign.created":"Made"}' }, 'but it never becomes a call'],
    [{ SECRET, WRITE_KEY: 'w', EVENTS: '{"customer.created":"Made"}' }, 'it becomes an identify, which has none'],
    [{ SECRET, WRITE_KEY: 'w', EVENTS: '{"customer.rewarded:X":"Made"}' }, 'Only types with several names take a kind']
  ])('%j is exit code 2 and a sentence', async (env, sentence) => {
    expect(await main([], env as Record<string, string>)).toBe(2)
    expect(errors.join('')).toContain(sentence)
    expect(errors.join('')).not.toContain(SECRET)
  })
})
