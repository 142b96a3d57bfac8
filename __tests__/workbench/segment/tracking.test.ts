import { gzipSync, deflateSync } from 'zlib'
import { closeAll, IDENTIFY_PRESET, raw, start, TRACK, TRACK_PRESET } from '../helpers'

afterEach(closeAll)

const json = { 'content-type': 'application/json' }

describe('the Tracking API', () => {
  it.each([
    ['track', 't', { event: 'Order Completed' }, TRACK_PRESET],
    ['page', 'p', { name: 'Pricing' }, 'Add Custom Event (Page Event)'],
    ['screen', 's', { name: 'Home' }, 'Add Custom Event (Screen Event)'],
    ['identify', 'i', { traits: {} }, IDENTIFY_PRESET],
    ['group', 'g', { groupId: 'acme' }, 'Assign Customer To Group'],
    ['alias', 'a', { previousId: 'anon_1' }, null]
  ])('takes %s calls under the long and the short path and fills in the type', async (type, short, call, preset) => {
    const { send, ended } = await start()
    for (const path of [type, short]) {
      expect(await send('POST', `/v1/${path}`, { userId: 'usr_1', ...call })).toEqual({
        status: 200,
        body: { success: true }
      })
    }
    for (const delivery of await ended(2)) {
      expect(delivery.preset).toBe(preset)
      expect(delivery.event).toMatchObject({ type, userId: 'usr_1', context: {}, ...call })
      expect(delivery.event.messageId).toMatch(/^workbench-/)
      expect(delivery.event.timestamp).toBe(delivery.receivedAt)
    }
  })

  it.each(['batch', 'import', 'b'])('takes batches under /v1/%s', async (path) => {
    const { send, ended } = await start()
    expect((await send('POST', `/v1/${path}`, { batch: [TRACK, TRACK] })).status).toBe(200)
    expect(await ended(2)).toHaveLength(2)
  })

  it('keeps the message ID and the time of a call', async () => {
    const { send, ended } = await start()
    await send('POST', '/v1/track', { ...TRACK, messageId: 'msg_1', timestamp: '2025-03-03T09:00:00.000Z' })
    const [{ event }] = await ended(1)
    expect(event).toMatchObject({ messageId: 'msg_1', timestamp: '2025-03-03T09:00:00.000Z' })
  })

  it('takes each message ID once, as Segment does when an SDK sends a call again', async () => {
    const { send, ended } = await start()
    const [first, second, third] = ['msg_1', 'msg_2', 'msg_3'].map((messageId) => ({ ...TRACK, messageId }))
    for (const batch of [[first, second, second], [second, third], [first]]) {
      const body = { success: true, repeated: 1 }
      expect(await send('POST', '/v1/batch', { batch })).toEqual({ status: 200, body })
    }
    expect((await ended(3)).map(({ event }) => event.messageId)).toEqual(['msg_1', 'msg_2', 'msg_3'])
    expect((await send('GET', '/api/overview')).body).toMatchObject({ calls: 3, waiting: 0 })
  })

  it('takes a message ID again once the deliveries are emptied', async () => {
    const { send, ended } = await start()
    await send('POST', '/v1/track', { ...TRACK, messageId: 'msg_1' })
    await ended(1)
    await send('DELETE', '/api/deliveries')
    await send('POST', '/v1/track', { ...TRACK, messageId: 'msg_1' })
    expect(await ended(1)).toHaveLength(1)
  })

  it('gives the calls of a batch what stands beside it, unless they say otherwise', async () => {
    const { send, ended } = await start()
    await send('POST', '/v1/batch', {
      context: { locale: 'en', ip: '203.0.113.1' },
      integrations: { All: false },
      batch: [
        { ...TRACK, context: { locale: 'de' } },
        { ...TRACK, integrations: { All: true } }
      ]
    })
    const [first, second] = (await ended(2)).map(({ event, status }) => ({ ...event, status }))
    expect(first).toMatchObject({ context: { locale: 'de', ip: '203.0.113.1' }, status: 'unmatched' })
    expect(second).toMatchObject({ context: { locale: 'en' }, status: 'delivered' })
  })

  it('takes a call whose context is null', async () => {
    const { send, ended } = await start()
    await send('POST', '/v1/track', { ...TRACK, context: null, integrations: null })
    expect((await ended(1))[0].status).toBe('delivered')
  })

  it.each([
    ['text/plain', { 'content-type': 'text/plain' }],
    ['nothing', {}],
    ['Basic authentication', { ...json, authorization: 'Basic YW55Og==' }]
  ])('takes JSON with %s', async (_, headers) => {
    const { url, ended } = await start()
    const body = JSON.stringify(TRACK)
    expect((await raw(`${url}/v1/track`, { method: 'POST', headers, body })).status).toBe(200)
    expect((await ended(1))[0].status).toBe('delivered')
  })

  it('does not keep the write key', async () => {
    const { send, ended } = await start()
    await send('POST', '/v1/track', { ...TRACK, writeKey: 'wk_1' })
    expect(JSON.stringify(await ended(1))).not.toContain('wk_1')
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync]
  ])('unpacks %s', async (encoding, pack) => {
    const { url, ended } = await start()
    const headers = { ...json, 'content-encoding': encoding }
    const body = pack(JSON.stringify({ batch: [TRACK] }))
    expect((await raw(`${url}/v1/batch`, { method: 'POST', headers, body })).status).toBe(200)
    expect((await ended(1))[0].status).toBe('delivered')
  })

  it.each([
    ['a packing it does not know', 415, { 'content-encoding': 'br' }, 'x', 'Use gzip'],
    ['a body that is not packed as labelled', 400, { 'content-encoding': 'gzip' }, 'x', "can't be unpacked"],
    ['a body that is too long', 413, {}, 'x'.repeat(5_000_000), 'longer than 4194304 bytes'],
    [
      'a small body that unpacks to a large one',
      413,
      { 'content-encoding': 'gzip' },
      gzipSync('x'.repeat(5_000_000)),
      'longer than'
    ]
  ])('refuses %s', async (_, status, headers, body, reason) => {
    const { url, deliveries } = await start()
    const answer = await raw(`${url}/v1/batch`, { method: 'POST', headers: { ...json, ...headers }, body })
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body).error).toContain(reason)
    expect(await deliveries()).toEqual([])
  })

  it('refuses a long body that does not say its length', async () => {
    const { url } = await start()
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1_000_000))
      }
    })
    const init = { method: 'POST', body, duplex: 'half' }
    const answer = await fetch(`${url}/v1/batch`, init)
    expect(answer.status).toBe(413)
  })

  it.each([
    ['not JSON', 'track', '{"event":', 'The body is not JSON'],
    ['a list', 'track', '[]', 'must be a JSON object'],
    ['no event', 'track', '{"userId":"u"}', 'no event'],
    ['an empty event', 'track', '{"userId":"u","event":""}', 'no event'],
    ['a user that is a list', 'identify', '{"userId":["a"],"anonymousId":"b"}', '"userId" must be a text.'],
    ['a user that is a switch', 'identify', '{"userId":true,"anonymousId":"b"}', '"userId" must be a text.'],
    ['a group that is an object', 'group', '{"userId":"a","groupId":{}}', '"groupId" must be a text.'],
    ['nobody', 'identify', '{}', 'neither userId nor anonymousId'],
    ['an empty user', 'identify', '{"userId":""}', 'neither userId nor anonymousId'],
    ['no group', 'group', '{"userId":"u"}', 'no groupId'],
    ['no previous ID', 'alias', '{"userId":"u"}', 'no previousId'],
    ['traits that are a text', 'identify', '{"userId":"u","traits":"x"}', '"traits" must be an object'],
    ['a context that is a list', 'page', '{"userId":"u","context":[]}', '"context" must be an object'],
    [
      'endless nesting',
      'page',
      `{"userId":"u","properties":{"a":${'['.repeat(30)}${']'.repeat(30)}}}`,
      'deeper than 16'
    ],
    ['no batch', 'batch', '{"userId":"u"}', 'an array "batch"'],
    ['a batch of too many', 'batch', `{"batch":[${Array(2501).fill('{}').join(',')}]}`, 'at most 2500'],
    [
      'a batch with an unknown type',
      'batch',
      '{"batch":[{"type":"buy","userId":"u"}]}',
      "batch[0]: The call's type must be"
    ]
  ])('refuses %s with the reason', async (_, path, body, reason) => {
    const { url, deliveries } = await start()
    const answer = await raw(`${url}/v1/${path}`, { method: 'POST', headers: json, body })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body).error).toContain(reason)
    expect(await deliveries()).toEqual([])
  })

  it('refuses a batch with one bad call whole, and names its place', async () => {
    const { send, get } = await start()
    const { status, body } = await send('POST', '/v1/batch', { batch: [TRACK, { type: 'track', userId: 'usr_1' }] })
    expect(status).toBe(400)
    expect(body).toEqual({ error: expect.stringMatching(/^batch\[1\]: The track call has no event/) })
    expect(await get('/api/overview')).toMatchObject({ calls: 0, waiting: 0 })
  })

  it('answers 429 when too many calls wait, and takes none of the batch', async () => {
    const { send, sandbox, url } = await start({ limits: { pipeline: { maxCalls: 2 } } })
    sandbox.trouble.add({ kind: 'slow', remaining: 2, seconds: 5 })
    expect((await send('POST', '/v1/batch', { batch: [TRACK, TRACK] })).status).toBe(200)
    const answer = await raw(`${url}/v1/track`, { method: 'POST', headers: json, body: JSON.stringify(TRACK) })
    expect(answer.status).toBe(429)
    expect(answer.headers['retry-after']).toBe('1')
    expect(JSON.parse(answer.body).error).toContain('Too many calls wait')
  })

  it('answers 429 when the calls that wait are too long together', async () => {
    const { send } = await start({ limits: { pipeline: { maxLength: 1000 } } })
    const properties = { text: 'x'.repeat(1000) }
    expect((await send('POST', '/v1/track', { ...TRACK, properties })).status).toBe(429)
    expect((await send('POST', '/v1/track', TRACK)).status).toBe(200)
  })

  it('tells analytics.js to send its calls here', async () => {
    const { url, get } = await start()
    const host = url.replace('http://', '')
    expect(await get('/v1/projects/wk_1/settings')).toMatchObject({
      integrations: { 'Segment.io': { apiKey: 'wk_1', apiHost: `${host}/v1`, protocol: 'http' } },
      metrics: { sampleRate: 0 }
    })
  })

  it('takes the counters of analytics.js without making deliveries of them', async () => {
    const { send, deliveries } = await start()
    expect((await send('POST', '/v1/m', { series: [] })).status).toBe(200)
    expect(await deliveries()).toEqual([])
  })

  it('says in words that a path is unknown', async () => {
    const { send } = await start()
    expect(await send('POST', '/v1/buy', TRACK)).toEqual({
      status: 404,
      body: { error: 'There is nothing under this address.' }
    })
  })
})

describe('the integrations of a call', () => {
  it.each([
    [{ All: false }, 'unmatched'],
    [{ All: false, Mixpanel: true }, 'unmatched'],
    [{ 'Voucherify (Actions)': false }, 'unmatched'],
    [{ All: true, 'Voucherify (Actions)': false }, 'unmatched'],
    [{ All: false, 'Voucherify (Actions)': true }, 'delivered'],
    [{ All: false, 'Voucherify (Actions)': { option: 1 } }, 'delivered'],
    [{ All: true }, 'delivered'],
    [{ Mixpanel: false }, 'delivered']
  ])('%j end as %s', async (integrations, status) => {
    const { send, ended, sandbox } = await start()
    await send('POST', '/v1/track', { ...TRACK, integrations })
    const [delivery] = await ended(1)
    expect(delivery.status).toBe(status)
    expect(delivery.reason).toEqual(status === 'unmatched' ? expect.stringContaining('integrations switch') : undefined)
    expect(sandbox.state().totals.events).toBe(status === 'delivered' ? 1 : 0)
  })
})
