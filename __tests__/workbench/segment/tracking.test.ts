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

  it('keeps a connection for longer than SDKs use it again, so that none ends under a call', async () => {
    const { url } = await start()
    const { headers } = await fetch(`${url}/v1/track`, { method: 'POST', body: JSON.stringify(TRACK) })
    expect(headers.get('keep-alive')).toBe('timeout=60')
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
    ['a packing it does not know', 400, { 'content-encoding': 'br' }, 'x', 'Use gzip'],
    ['a body that is not packed as labelled', 400, { 'content-encoding': 'gzip' }, 'x', "can't be unpacked"],
    ['a body that is too long', 400, {}, 'x'.repeat(512_001), 'longer than 512000 bytes (500 KB)'],
    [
      'a small body that unpacks to a large one',
      400,
      { 'content-encoding': 'gzip' },
      gzipSync('x'.repeat(512_001)),
      'longer than'
    ]
  ])('refuses %s', async (_, status, headers, body, reason) => {
    const { url, deliveries } = await start()
    const answer = await raw(`${url}/v1/batch`, { method: 'POST', headers: { ...json, ...headers }, body })
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body).error).toContain(reason)
    const [row, ...others] = await deliveries()
    expect(row).toMatchObject({ status: 'refused', event: {}, preset: null, reason: expect.stringContaining(reason) })
    expect(row).not.toHaveProperty('refusedCall')
    expect(others).toEqual([])
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
    expect(answer.status).toBe(400)
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
    ['a userId that programs round', 'page', '{"userId":9007199254740993}', '"userId" is a number with more digits'],
    ['a groupId that programs round', 'group', '{"userId":"u","groupId":-1e300}', '"groupId" is a number with more'],
    ['a call over 32 KB', 'page', `{"userId":"u","name":"${'ü'.repeat(16_384)}"}`, 'at most 32768 (32 KB)']
  ])('refuses %s with the reason, and keeps it as a row', async (_, path, body, reason) => {
    const { url, deliveries, get } = await start()
    const answer = await raw(`${url}/v1/${path}`, { method: 'POST', headers: json, body })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body).error).toContain(reason)
    const [row, ...others] = await deliveries()
    expect(row).toMatchObject({ status: 'refused', reason: expect.stringContaining(reason), tries: [], warnings: [] })
    expect(row.event.type).toBe(path === 'batch' ? undefined : path)
    expect(others).toEqual([])
    expect(await get(`/api/deliveries/${row.id}`)).toMatchObject({
      presets: [],
      fields: [],
      verdict: expect.stringContaining(reason)
    })
    expect(await get('/api/overview')).toMatchObject({ calls: 1, counts: { '': { refused: 1 } } })
  })

  it('takes a call of just 32 KB', async () => {
    const { send, ended } = await start()
    const call = { userId: 'u', name: '' }
    const name = 'x'.repeat(32_768 - JSON.stringify(call).length)
    expect((await send('POST', '/v1/page', { ...call, name })).status).toBe(200)
    expect((await ended(1))[0].status).not.toBe('refused')
  })

  it('judges each call of a batch by itself, as Segment does', async () => {
    const { send, ended } = await start()
    const long = { ...TRACK, properties: { text: 'x'.repeat(34_000) } }
    const batch = [TRACK, { type: 'track', userId: 'usr_1', event: {} }, 7, long, { type: 'buy', userId: 'usr_2' }]
    expect(await send('POST', '/v1/batch', { batch })).toEqual({ status: 200, body: { success: true, refused: 4 } })
    const rows = await ended(5)
    expect(rows.map(({ status }) => status)).toEqual(['delivered', 'refused', 'refused', 'refused', 'refused'])
    expect(rows.slice(1).map(({ event, reason }) => [event, reason])).toEqual([
      [{ type: 'track', userId: 'usr_1' }, expect.stringMatching(/^batch\[1\]: The track call has no event/)],
      [{}, 'batch[2]: The call must be a JSON object.'],
      [expect.objectContaining(TRACK), expect.stringContaining('batch[3]: The call is 34')],
      [{ userId: 'usr_2' }, expect.stringContaining("batch[4]: The call's type must be one of")]
    ])
    expect(rows[1].refusedCall).toEqual(batch[1])
    expect(JSON.stringify(rows[3].refusedCall).length).toBeLessThan(5000)
  })

  it('answers 200 for a batch of which it takes nothing, since Segment does', async () => {
    const { send } = await start()
    expect(await send('POST', '/v1/batch', { batch: [{}] })).toEqual({
      status: 200,
      body: { success: true, refused: 1 }
    })
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
    const { send } = await start({ limits: { pipeline: { maxCost: 2000 } } })
    const properties = { text: 'x'.repeat(2000) }
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
