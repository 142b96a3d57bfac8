import type {
  Delivery,
  DeliveryList,
  RowList,
  Explanation,
  Mapping,
  Outcome,
  Overview,
  PreviewResult,
  TroubleKind
} from '../../../workbench/shared/types'
import { createDeliveries } from '../../../workbench/segment/deliveries'
import type { Deliveries, KeptDelivery } from '../../../workbench/segment/deliveries'
import { newDelivery } from '../../../workbench/segment/delivery'
import { readDeliveryFilter } from '../../../workbench/segment/deliveryFilter'
import { costOf } from '../../../workbench/shared/cost'
import { createSandbox } from '../../../workbench/sandbox'
import type { Sandbox } from '../../../workbench/sandbox'
import { SANDBOX_KEYS, sandboxSettings } from '../../../workbench/app/start'
import { closeAll, IDENTIFY_PRESET, NONE, start, TRACK, TRACK_PRESET, until } from '../helpers'

afterEach(closeAll)

/** How many calls reached the sandbox. */
const callsOf = (sandbox: Sandbox) => Object.values(sandbox.state().totals.calls).reduce((sum, count) => sum + count, 0)

/** An address on this machine where nothing listens any more. */
async function closedAddress(): Promise<string> {
  const sandbox = createSandbox(SANDBOX_KEYS)
  await sandbox.listen(0)
  await sandbox.close()
  return sandbox.url
}

describe('the outcome of a delivery', () => {
  it.each<[TroubleKind, string, number | null, RegExp]>([
    ['400', 'rejected', 400, /Correct the value that Voucherify names/],
    ['401', 'rejected', 401, /VOUCHERIFY_SECRET_KEY/],
    ['429', 'retryable', 429, /fewer calls/],
    ['500', 'retryable', 500, /by itself/],
    ['redirect', 'retryable', 502, /VOUCHERIFY_CUSTOM_URL/]
  ])('after the trouble %s is %s, with words on what to do', async (kind, status, code, whatToDo) => {
    const { send, ended } = await start()
    await send('POST', '/api/trouble', { kind, remaining: 1, seconds: 1 })
    await send('POST', '/v1/batch', { batch: [TRACK, TRACK] })
    const [troubled, next] = await ended(2)
    expect(troubled.status).toBe(status)
    expect(troubled.error?.status).toBe(code)
    expect(troubled.error?.message).not.toBe('')
    expect(troubled.error?.whatToDo).toMatch(whatToDo)
    expect(troubled.request?.body).toMatchObject({ event: 'Order Completed' })
    expect(next.status).toBe('delivered')
  })

  it('is for another try when nothing answers', async () => {
    const { send, ended } = await start({ settings: sandboxSettings(await closedAddress()), mode: 'project' })
    await send('POST', '/v1/track', TRACK)
    expect((await ended(1))[0]).toMatchObject({
      status: 'retryable',
      response: null,
      request: { body: { event: 'Order Completed' } },
      error: {
        status: null,
        message: expect.stringContaining('ECONNREFUSED'),
        whatToDo: expect.stringContaining('address')
      }
    })
  })

  it('is a refusal before anything was sent when nobody is identified', async () => {
    const { send, ended, sandbox } = await start()
    await send('POST', '/v1/track', { type: 'track', event: 'Cart Abandoned', anonymousId: 'anon_1' })
    expect((await ended(1))[0]).toMatchObject({
      status: 'rejected',
      preset: TRACK_PRESET,
      request: null,
      response: null,
      error: { status: 400, message: expect.stringContaining('source_id'), whatToDo: expect.stringContaining('userId') }
    })
    expect(callsOf(sandbox)).toBe(0)
  })

  it('names the mapping when the framework can not use it for a call', async () => {
    const { send, ended, mapping } = await start()
    const own = await mapping(TRACK_PRESET)
    const event = { '@template': { '@path': '$.properties.title' } }
    const change = { mapping: { ...own.mapping, metadata: { '@case': { operator: 'lower', value: event } } } }
    await send('PUT', `/api/mappings/${encodeURIComponent(TRACK_PRESET)}`, change)
    await send('POST', '/v1/track', TRACK)
    expect((await ended(1))[0]).toMatchObject({
      request: null,
      error: { whatToDo: expect.stringContaining('mapping') }
    })
  })
})

describe('GET /api/deliveries', () => {
  it('lists the newest first, and so many as are asked for', async () => {
    const { send, ended, get } = await start()
    await send('POST', '/v1/batch', { batch: ['a', 'b', 'c'].map((event) => ({ ...TRACK, event })) })
    await ended(3)
    const { deliveries, ...numbers } = await get<DeliveryList>('/api/deliveries?limit=2')
    expect(numbers).toEqual({
      kept: 3,
      total: 3,
      matching: 3,
      counts: { delivered: 3, retryable: 0, rejected: 0, unmatched: 0, refused: 0 }
    })
    expect(deliveries.map(({ event }) => event.event)).toEqual(['c', 'b'])
    const older = await get<DeliveryList>(`/api/deliveries?before=${deliveries[1].order}`)
    expect(older.deliveries.map(({ event }) => event.event)).toEqual(['a'])
    expect(older.matching).toBe(3)
  })

  it('lists them as rows too, of each what a list shows', async () => {
    const { send, ended, get } = await start()
    await send('POST', '/v1/track', { ...TRACK, messageId: 'm-1' })
    await send('POST', '/v1/identify', { userId: 'usr_2', traits: { email: 'ida@example.com', birthday: 'soon' } })
    await ended(2)
    const { rows, ...numbers } = await get<RowList>('/api/rows?limit=2')
    const { deliveries, ...same } = await get<DeliveryList>('/api/deliveries')
    expect(numbers).toEqual(same)
    expect(rows[1]).toEqual({
      id: deliveries[1].id,
      order: deliveries[1].order,
      messageId: 'm-1',
      receivedAt: deliveries[1].receivedAt,
      isFromVoucherify: false,
      type: 'track',
      title: TRACK.event,
      user: TRACK.userId,
      userId: TRACK.userId,
      preset: TRACK_PRESET,
      status: 'delivered',
      code: 200,
      warning: deliveries[1].warnings[0]?.message ?? '',
      warnings: deliveries[1].warnings.length,
      tries: 1,
      waitMs: deliveries[1].waitMs,
      durationMs: deliveries[1].durationMs,
      batchSize: 1,
      isRetry: false
    })
    expect(rows[0]).toMatchObject({ type: 'identify', title: 'ida@example.com', user: 'usr_2' })
    const older = await get<RowList>(`/api/rows?user=usr_2&before=${rows[1].order}`)
    expect(older).toMatchObject({ rows: [], matching: 1 })
  })

  it('lists and downloads what is asked for', async () => {
    const { send, ended, get, url } = await start()
    await send('POST', '/v1/batch', {
      batch: [
        { type: 'track', userId: 'usr_1', event: 'Order Completed', properties: { metadata: { note: 'Grüße' } } },
        { type: 'track', userId: 'usr_2', event: 'Order Completed' },
        { type: 'identify', anonymousId: 'usr_1' },
        { type: 'alias', userId: 'usr_1', previousId: 'x' }
      ]
    })
    await ended(4)
    for (const [query, names] of [
      ['status=delivered', ['track usr_2', 'track usr_1']],
      ['status=rejected,unmatched', ['alias usr_1', 'identify usr_1']],
      ['preset=', ['alias usr_1']],
      [`preset=${encodeURIComponent(TRACK_PRESET)}&user=usr_1`, ['track usr_1']],
      ['type=track&limit=1', ['track usr_2']],
      ['user=usr_1', ['alias usr_1', 'identify usr_1', 'track usr_1']],
      ['user=usr', []],
      ['text=GR%C3%9C%C3%9FE', ['track usr_1']],
      ['text=previousid', ['alias usr_1']],
      ['direction=fromVoucherify', []]
    ]) {
      const { deliveries } = await get<DeliveryList>(`/api/deliveries?${query}`)
      const named = (each: Delivery[]) => each.map(({ event }) => `${event.type} ${event.userId ?? event.anonymousId}`)
      expect([query, named(deliveries)]).toEqual([query, names])
      const download = await fetch(`${url}/api/deliveries.ndjson?${query}`)
      const lines = (await download.text()).split('\n').filter(Boolean)
      expect(lines.map((line) => JSON.parse(line))).toEqual(deliveries)
      expect(download.headers.get('content-disposition')).toContain('deliveries.ndjson')
    }
  })

  it.each([
    [
      'GET',
      '/api/deliveries?stauts=rejected',
      'Take status, preset, type, user, text, direction, warned, before, limit.'
    ],
    ['GET', '/api/deliveries.ndjson?stauts=rejected', 'Take status,'],
    ['GET', '/api/rows?stauts=rejected', 'Take status,'],
    ['GET', '/api/sandbox?serach=x', 'Take search, limit.'],
    ['GET', '/api/overview?limit=1', 'It takes none.'],
    ['DELETE', '/api/deliveries?status=rejected', 'It takes none.'],
    ['GET', '/api/deliveries?status=lost', '"status" must be one of delivered, retryable,'],
    ['GET', '/api/deliveries?warned=yes', '"warned" must be one of true, false.'],
    ['GET', '/api/deliveries?before=now', '"before" must be a whole number']
  ])('refuses %s %s', async (method, path, reason) => {
    const { send } = await start()
    expect(await send(method, path)).toEqual({ status: 400, body: { error: expect.stringContaining(reason) } })
  })

  it.each(['-1', 'x', '1.5', ''])('refuses the limit "%s"', async (limit) => {
    const { send } = await start()
    expect((await send('GET', `/api/deliveries?limit=${limit}`)).status).toBe(400)
  })

  it('is empty after DELETE, and the counts start again', async () => {
    const { send, ended, get, deliveries } = await start()
    await send('POST', '/v1/track', TRACK)
    await ended(1)
    expect(await get<Overview>('/api/overview')).toEqual({
      calls: 1,
      waiting: 0,
      retrying: 0,
      counts: { [TRACK_PRESET]: { delivered: 1, retryable: 0, rejected: 0, unmatched: 0, refused: 0 } },
      webhooks: NONE,
      lastMinute: 1
    })
    expect((await send('DELETE', '/api/deliveries')).status).toBe(200)
    expect(await deliveries()).toEqual([])
    expect(await get<Overview>('/api/overview')).toEqual({
      calls: 0,
      waiting: 0,
      retrying: 0,
      counts: {},
      webhooks: NONE,
      lastMinute: 0
    })
  })

  it('counts a call that no preset took under no preset', async () => {
    const { send, ended, get } = await start()
    await send('POST', '/v1/alias', { userId: 'usr_1', previousId: 'anon_1' })
    const [delivery] = await ended(1)
    expect(delivery).toMatchObject({
      status: 'unmatched',
      preset: null,
      action: null,
      error: null,
      reason: 'No mapping that is switched on takes this alias call.'
    })
    expect((await get<Overview>('/api/overview')).counts).toEqual({
      '': { delivered: 0, retryable: 0, rejected: 0, unmatched: 1, refused: 0 }
    })
  })
})

describe('POST /api/deliveries/:id/retry', () => {
  it('sends the same call again with the current mapping, and says of which it is a repetition', async () => {
    const { send, ended, mapping } = await start()
    await send('POST', '/api/trouble', { kind: '500', remaining: 1 })
    await send('POST', '/v1/track', TRACK)
    const [failed] = await ended(1)
    expect(failed.status).toBe('retryable')

    const own = await mapping(TRACK_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(TRACK_PRESET)}`, {
      mapping: { ...own.mapping, event: 'Again' }
    })
    const { status, body } = await send('POST', `/api/deliveries/${failed.id}/retry`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'delivered',
      retryOf: failed.id,
      event: failed.event,
      request: { body: { event: 'Again' } }
    })
    const [, second] = await ended(2)
    expect(second).toEqual(body)

    const third = await send('POST', `/api/deliveries/${second.id}/retry`)
    expect(third.body).toMatchObject({ retryOf: failed.id })
  })

  it('goes in a batch where the preset has batching on', async () => {
    const { send, ended, mapping } = await start()
    await send('POST', '/v1/identify', { userId: 'usr_1' })
    const [first] = await ended(1)
    const own = await mapping(IDENTIFY_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...own.mapping, enable_batching: true }
    })
    expect((await send('POST', `/api/deliveries/${first.id}/retry`)).body).toMatchObject({
      status: 'delivered',
      response: { status: 202 }
    })
  })

  it('sends nothing when the trigger has changed so that it wants the call no more', async () => {
    const { send, ended, sandbox } = await start()
    await send('POST', '/v1/track', TRACK)
    const [first] = await ended(1)
    await send('PUT', `/api/mappings/${encodeURIComponent(TRACK_PRESET)}`, { trigger: 'type = "page"' })
    expect((await send('POST', `/api/deliveries/${first.id}/retry`)).body).toMatchObject({
      status: 'unmatched',
      retryOf: first.id,
      reason: "The call's type is track, and the trigger asks for page."
    })
    expect(sandbox.state().totals.events).toBe(1)
  })

  it('has nothing to send for a call that no preset took, a mapping that is gone or an unknown ID', async () => {
    const { send, ended } = await start()
    await send('PUT', '/api/mappings/Second', { action: 'addCustomEvent', trigger: 'type = "alias"' })
    await send('POST', '/v1/alias', { userId: 'usr_1', previousId: 'anon_1' })
    await ended(1)
    await send('DELETE', '/api/mappings/Second')
    await send('POST', '/v1/alias', { userId: 'usr_1', previousId: 'anon_1' })
    const [gone, unmatched] = await ended(2)
    for (const [id, status] of [
      [gone.id, 409],
      [unmatched.id, 409],
      ['nothing', 404]
    ]) {
      expect((await send('POST', `/api/deliveries/${id}/retry`)).status).toBe(status)
    }
    expect(await ended(2)).toHaveLength(2)
  })
})

describe('GET /api/deliveries/:id', () => {
  it('tells the way of a call: presets, fields, verdict and a curl command', async () => {
    const { send, ended, get, sandbox } = await start()
    await send('POST', '/v1/identify', {
      userId: ' usr_1 ',
      traits: { firstName: "Sam's", lastName: '$(id)', birthday: 19880517, metadata: {}, vip: true },
      context: { personas: { computation_class: 'audience', computation_key: 'vip' } }
    })
    const [{ id }] = await ended(1)
    const { delivery, presets, fields, verdict, curl } = await get<Explanation>(`/api/deliveries/${id}`)

    expect(delivery.id).toBe(id)
    expect(presets.map(({ preset, matched, reason }) => [preset, matched, reason])).toEqual([
      [TRACK_PRESET, false, "The call's type is identify, and the trigger asks for track."],
      ['Add Custom Event (Page Event)', false, "The call's type is identify, and the trigger asks for page."],
      ['Add Custom Event (Screen Event)', false, "The call's type is identify, and the trigger asks for screen."],
      [IDENTIFY_PRESET, true, "The call's type is identify, as the trigger asks."],
      ['Assign Customer To Group', false, "The call's type is identify, and the trigger asks for group."]
    ])
    expect(verdict).toBe('Delivered: Voucherify took the call.')

    const field = (key: string) => fields.find((each) => each.key === key)
    expect(field('source_id')).toEqual({
      key: 'source_id',
      label: 'Source ID',
      source: '$.userId',
      value: ' usr_1 ',
      sent: 'usr_1',
      note: 'Spaces around it were removed.'
    })
    expect(field('name')).toMatchObject({ sent: "Sam's $(id)", note: 'Joined from the first and the last name.' })
    expect(field('first_name')).toMatchObject({
      source: '$.traits.firstName, else $.traits.first_name',
      value: "Sam's",
      sent: "Sam's",
      note: ''
    })
    expect(field('birthdate')).toMatchObject({ value: 19880517, sent: '1988-05-17', note: 'Written as a date.' })
    expect(field('metadata')).toMatchObject({ value: {}, sent: { vip: true }, note: expect.stringContaining('Engage') })
    expect(field('address.city')).toMatchObject({
      label: 'Address: City',
      note: expect.stringContaining('nothing there')
    })
    expect(field('traits')?.sent).toBeUndefined()
    expect(field('enable_batching')).toMatchObject({ value: false, note: expect.stringContaining('never sent') })

    expect(curl).toBe(
      [
        `curl -X POST '${sandbox.url}/segmentio/customer-processing'`,
        '-H "X-App-Id: $VOUCHERIFY_APPLICATION_ID"',
        '-H "X-App-Token: $VOUCHERIFY_SECRET_KEY"',
        '-H "authorization: Basic $(printf %s "$VOUCHERIFY_APPLICATION_ID" | base64)"',
        '-H "secret-key: $(printf %s "$VOUCHERIFY_SECRET_KEY" | base64)"',
        "-H 'Content-Type: application/json'",
        `--data-raw '${JSON.stringify(delivery.request?.body).replace(/'/g, `'\\''`)}'`
      ].join(' \\\n  ')
    )
  })

  it('explains a call by the mappings of its time', async () => {
    const { send, ended, get } = await start()
    await send('POST', '/v1/track', TRACK)
    const [{ id }] = await ended(1)
    await send('PUT', `/api/mappings/${encodeURIComponent(TRACK_PRESET)}`, { enabled: false })
    const { presets } = await get<Explanation>(`/api/deliveries/${id}`)
    expect(presets[0]).toMatchObject({ preset: TRACK_PRESET, enabled: true, matched: true })
  })

  it('says what stopped a call that never left', async () => {
    const { send, ended, get } = await start()
    await send('POST', '/v1/identify', { anonymousId: 'anon_1', traits: { email: 'ada@example.com' } })
    const [{ id }] = await ended(1)
    const { verdict, curl, fields } = await get<Explanation>(`/api/deliveries/${id}`)
    expect(verdict).toMatch(/^Rejected before anything was sent; .*source_id.*Send a userId/)
    expect(curl).toBe('')
    expect(fields.find(({ key }) => key === 'email')).toMatchObject({
      value: 'ada@example.com',
      note: 'The call was refused before anything was sent.'
    })
  })

  it('says why no preset took a call', async () => {
    const { send, ended, get } = await start()
    await send('PUT', `/api/mappings/${encodeURIComponent(TRACK_PRESET)}`, { enabled: false })
    await send('POST', '/v1/track', TRACK)
    const [{ id }] = await ended(1)
    const { presets, fields, verdict } = await get<Explanation>(`/api/deliveries/${id}`)
    expect(presets[0]).toMatchObject({ matched: false, enabled: false, reason: 'The mapping is switched off.' })
    expect(fields).toEqual([])
    expect(verdict).toBe('Not sent: no mapping took the call. No mapping that is switched on takes this track call.')
  })
})

describe('POST /api/preview', () => {
  it('shows what would be sent and sends nothing', async () => {
    const { send, deliveries, sandbox } = await start()
    const { status, body } = await send('POST', '/api/preview', { event: TRACK })
    const { presets, previews } = body as PreviewResult
    expect(status).toBe(200)
    expect(presets).toHaveLength(5)
    expect(previews).toHaveLength(1)
    expect(previews[0]).toMatchObject({
      preset: TRACK_PRESET,
      action: 'addCustomEvent',
      error: null,
      request: {
        method: 'POST',
        url: `${sandbox.url}/segmentio/event-processing`,
        headers: { 'X-App-Id': '***', 'X-App-Token': '***' },
        body: { customer: { source_id: 'usr_1' }, event: 'Order Completed', type: 'track' }
      }
    })
    expect(callsOf(sandbox)).toBe(0)
    expect(await deliveries()).toEqual([])
  })

  it('tries a mapping and a trigger that are not saved, also of a preset that is switched off or not there yet', async () => {
    const { send, mapping } = await start()
    await send('PUT', `/api/mappings/${encodeURIComponent(TRACK_PRESET)}`, { enabled: false })
    const own = await mapping(TRACK_PRESET)
    const tried = { mapping: { ...own.mapping, event: 'Tried' }, trigger: 'type = "track"' }
    for (const change of [
      { preset: TRACK_PRESET, ...tried },
      { preset: 'New', action: 'addCustomEvent', ...tried }
    ]) {
      const { body } = await send('POST', '/api/preview', { event: TRACK, ...change })
      expect(body).toMatchObject({
        presets: [{ preset: change.preset, matched: true }],
        previews: [{ request: { body: { event: 'Tried' } } }]
      })
    }
    expect(await mapping(TRACK_PRESET)).toEqual(own)
    expect((await send('POST', '/api/preview', { event: TRACK, preset: 'New' })).status).toBe(404)
  })

  it('shows the complaint of the framework about a mapping and a trigger', async () => {
    const { send } = await start()
    const preview = async (change: object) =>
      (await send('POST', '/api/preview', { event: TRACK, preset: TRACK_PRESET, ...change })).body as PreviewResult
    const { previews } = await preview({ mapping: { event: { '@magic': 'x' } } })
    expect(previews[0].error?.message).toContain('invalid directive: @magic')
    expect(previews[0].fields.find(({ key }) => key === 'event')?.note).toContain('invalid directive: @magic')
    const { presets } = await preview({ trigger: 'nonsense' })
    expect(presets[0]).toMatchObject({ matched: false, reason: expect.stringContaining("can't be read") })
  })

  it('shows the bulk call of a preset with batching on', async () => {
    const { send, mapping, sandbox } = await start()
    const own = await mapping(IDENTIFY_PRESET)
    const { body } = await send('POST', '/api/preview', {
      event: { type: 'identify', userId: 'usr_1', traits: { address: { street: '1 Main St' }, first_name: 'Ada' } },
      preset: IDENTIFY_PRESET,
      mapping: { ...own.mapping, enable_batching: true }
    })
    const [{ request, error, fields }] = (body as PreviewResult).previews
    expect(error).toBeNull()
    expect(request?.url).toBe(`${sandbox.url}/v1/customers/bulk/async`)
    expect(request?.body).toEqual([{ source_id: 'usr_1', name: 'Ada', address: { line_1: '1 Main St' } }])
    expect(fields.find(({ key }) => key === 'first_name')?.note).toBe(
      'A bulk call has no such field: it is in the name.'
    )
    expect(fields.find(({ key }) => key === 'address.street')).toMatchObject({
      sent: '1 Main St',
      note: expect.stringContaining('line_1')
    })
    expect(callsOf(sandbox)).toBe(0)
  })

  it.each([
    [{}, 'Send { "event"'],
    [{ event: { type: 'track', userId: 'u' } }, 'no event'],
    [{ event: TRACK, preset: 5 }, '"preset" must be a text'],
    [{ event: TRACK, preset: TRACK_PRESET, mapping: 'x' }, '"mapping" must be an object']
  ])('refuses %j', async (request, reason) => {
    const { send } = await start()
    expect(await send('POST', '/api/preview', request)).toEqual({
      status: 400,
      body: { error: expect.stringContaining(reason) }
    })
  })
})

describe('the samples', () => {
  it('go through as if an SDK had sent them, each time with fresh message IDs', async () => {
    const { send, ended, get } = await start()
    expect(await get('/api/samples')).toHaveLength(25)
    expect(await send('POST', '/api/samples')).toEqual({ status: 200, body: { calls: 25 } })
    await ended(25)
    await send('POST', '/api/samples')
    const deliveries = await ended(50)
    expect(new Set(deliveries.map(({ event }) => event.messageId)).size).toBe(50)
    const counts = deliveries.map(({ status }) => status)
    expect(counts.filter((status) => status === 'delivered')).toHaveLength(40)
    expect(counts.filter((status) => status === 'rejected')).toHaveLength(10)
  })
})

describe('POST /api/delete', () => {
  it('erases the customer and says what was sent', async () => {
    const { send, ended, sandbox } = await start()
    await send('POST', '/v1/identify', { userId: 'a/b c@d.e?x=1' })
    await ended(1)
    const answer = await send('POST', '/api/delete', { userId: 'a/b c@d.e?x=1' })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        ok: true,
        message: 'Customer erased.',
        request: {
          method: 'POST',
          url: `${sandbox.url}/v1/customers/a%2Fb%20c%40d.e%3Fx%3D1/permanent-deletion`,
          headers: { 'X-App-Id': '***', 'X-App-Token': '***' }
        },
        response: { status: 200 }
      }
    })
    expect(sandbox.customer('a/b c@d.e?x=1')).toBeUndefined()
    expect((await send('POST', '/api/delete', { userId: 'a/b c@d.e?x=1' })).body).toMatchObject({
      ok: true,
      message: 'Nothing to erase: Voucherify has no such customer.',
      response: { status: 404 }
    })
  })

  it('answers 502 with the reason when Voucherify did not erase', async () => {
    const { send } = await start()
    await send('POST', '/api/trouble', { kind: '500', remaining: 1 })
    const { status, body } = await send('POST', '/api/delete', { userId: 'usr_1' })
    expect(status).toBe(502)
    expect(body).toMatchObject({ ok: false, error: expect.stringContaining('Voucherify answered 500') })
  })

  it('asks for a user', async () => {
    const { send } = await start()
    for (const body of [{}, { userId: ' ' }, { userId: ['a'] }]) {
      expect((await send('POST', '/api/delete', body)).status).toBe(400)
    }
  })

  it('takes a number, as a call does', async () => {
    const { send, ended, sandbox } = await start()
    await send('POST', '/v1/identify', { userId: 5 })
    await ended(1)
    expect((await send('POST', '/api/delete', { userId: 5 })).body).toMatchObject({ message: 'Customer erased.' })
    expect(sandbox.customer('5')).toBeUndefined()
  })

  it('answers 422 with the one thing to do for an ID that no URL can hold', async () => {
    const { send } = await start()
    const { status, body } = await send('POST', '/api/delete', { userId: '..' })
    expect(status).toBe(422)
    expect(body).toMatchObject({ request: null, error: expect.stringMatching(/in Voucherify's dashboard\.$/) })
  })
})

describe('the sandbox through the workbench', () => {
  it('shows what it holds, finds a customer, and is emptied', async () => {
    const { send, ended, get } = await start()
    await send('POST', '/v1/batch', {
      batch: ['ada', 'bo'].map((userId) => ({ type: 'identify', userId, traits: { email: `${userId}@example.com` } }))
    })
    await ended(2)
    expect(await get('/api/sandbox?search=ada&limit=5')).toMatchObject({
      customers: [{ source_id: 'ada', email: 'ada@example.com' }],
      totals: { customers: 2 }
    })
    expect(await get('/api/sandbox/customers/ada')).toMatchObject({ customer: { email: 'ada@example.com' } })
    expect((await send('GET', '/api/sandbox/customers/nobody')).status).toBe(404)
    expect((await send('DELETE', '/api/sandbox')).status).toBe(200)
    expect(await get('/api/sandbox')).toMatchObject({ customers: [], totals: { customers: 0 } })
  })

  it('takes troubles, lists them and forgets them', async () => {
    const { send, get } = await start()
    const trouble = { kind: '429', remaining: 3, seconds: 2 }
    expect((await send('POST', '/api/trouble', trouble)).body).toEqual([trouble])
    expect(await get('/api/trouble')).toEqual([trouble])
    await send('DELETE', '/api/trouble')
    expect(await get('/api/trouble')).toEqual([])
  })

  it.each([
    { kind: 'fire', remaining: 1 },
    { kind: '500' },
    { kind: '500', remaining: 0 },
    { kind: '429', remaining: 1, seconds: -1 }
  ])('refuses the trouble %j', async (trouble) => {
    const { send, get } = await start()
    expect((await send('POST', '/api/trouble', trouble)).status).toBe(400)
    expect(await get('/api/trouble')).toEqual([])
  })

  it('passes the test of the connection, and says in words why not', async () => {
    const { send } = await start()
    expect((await send('POST', '/api/test-connection')).body).toEqual({
      ok: true,
      message: 'The gateway answered and knows the keys.'
    })
    await send('POST', '/api/trouble', { kind: '401', remaining: 1 })
    expect((await send('POST', '/api/test-connection')).body).toEqual({
      ok: false,
      message: expect.stringMatching(/^Voucherify answered 401.*Copy "Application ID" and "Secret Key" again/)
    })
  })

  it('is the target by default', async () => {
    const { get, url, sandbox } = await start()
    expect(await get('/api/target')).toEqual({
      mode: 'sandbox',
      workbench: url,
      gateway: sandbox.url,
      sandbox: sandbox.url
    })
  })
})

describe('a user whose delivery is slow', () => {
  it('does not hold up the others', async () => {
    const { send, ended, sandbox } = await start()
    sandbox.trouble.add({ kind: 'slow', remaining: 1, seconds: 3 })
    await send('POST', '/v1/track', { ...TRACK, userId: 'slow' })
    await until(() => sandbox.trouble.list().length === 0)
    await send('POST', '/v1/batch', { batch: ['a', 'b', 'c'].map((userId) => ({ ...TRACK, userId })) })
    expect((await ended(3)).map(({ event }) => event.userId)).toEqual(['a', 'b', 'c'])
    expect((await ended(4))[0]).toMatchObject({ event: { userId: 'slow' }, status: 'delivered' })
  })
})

describe('the deliveries that are kept', () => {
  const ROOM = { maxCount: 2, maxCost: 10_000 }
  const BOUNDS = { delivered: ROOM, failed: ROOM, unsent: ROOM, webhooks: ROOM }
  const ALL = readDeliveryFilter({})

  const kept = (id: string, order: number, status: Outcome = 'delivered', text = ''): KeptDelivery => ({
    delivery: {
      ...newDelivery({ receivedAt: '2026-11-22T00:00:00.000Z', order }),
      id,
      status,
      event: { type: 'track', event: text }
    },
    mappings: []
  })
  const listed = (deliveries: Deliveries) => deliveries.list(ALL).deliveries.map(({ id }) => id)

  it('are the newest, up to a number', () => {
    const deliveries = createDeliveries(BOUNDS)
    for (const [order, id] of ['a', 'b', 'c'].entries()) deliveries.add(kept(id, order))
    expect(deliveries.list(ALL)).toMatchObject({ kept: 2, matching: 2 })
    expect(listed(deliveries)).toEqual(['c', 'b'])
    expect(deliveries.get('a')).toBeUndefined()
  })

  it('are the newest, up to a size', () => {
    const room = 2.5 * costOf(kept('a', 0, 'delivered', 'x'.repeat(4000)).delivery)
    const deliveries = createDeliveries({ ...BOUNDS, delivered: { maxCount: 100, maxCost: room } })
    for (const [order, id] of ['a', 'b', 'c'].entries()) deliveries.add(kept(id, order, 'delivered', 'x'.repeat(4000)))
    expect(listed(deliveries)).toEqual(['c', 'b'])
  })

  it('keep failures, calls that were not sent and successes apart', () => {
    const deliveries = createDeliveries(BOUNDS)
    const statuses: Outcome[] = ['rejected', 'retryable', 'unmatched', 'refused', 'delivered', 'delivered', 'delivered']
    for (const [order, status] of statuses.entries()) deliveries.add(kept(`${status} ${order}`, order, status))
    expect(listed(deliveries)).toEqual([
      'delivered 6',
      'delivered 5',
      'refused 3',
      'unmatched 2',
      'retryable 1',
      'rejected 0'
    ])
  })

  it('keep what came from Voucherify apart, however it ended', () => {
    const deliveries = createDeliveries(BOUNDS)
    deliveries.add(kept('refused call', 0, 'refused'))
    deliveries.add(kept('delivered call', 1))
    const statuses: Outcome[] = ['unmatched', 'refused', 'delivered']
    for (const [order, status] of statuses.entries()) {
      const { delivery, mappings } = kept(`webhook ${status}`, order + 2, status)
      deliveries.add({ delivery: { ...delivery, direction: 'fromVoucherify' }, mappings })
    }
    expect(listed(deliveries)).toEqual(['webhook delivered', 'webhook refused', 'delivered call', 'refused call'])
  })

  it('cost what the mappings do that came with the first of them', () => {
    const mapping: Mapping = {
      preset: 'A',
      action: 'addCustomEvent',
      enabled: true,
      trigger: 'type = "track"',
      mapping: { metadata: Array(1000).fill({}) },
      changed: true,
      isPreset: true,
      warnings: []
    }
    const deliveries = createDeliveries({ ...BOUNDS, delivered: { maxCount: 1000, maxCost: 200_000 } })
    const one = [mapping]
    for (let order = 0; order < 20; order++) deliveries.add({ ...kept(`same ${order}`, order), mappings: one })
    expect(deliveries.list(ALL).kept).toBe(20)
    for (let order = 20; order < 40; order++) {
      deliveries.add({ ...kept(`own ${order}`, order), mappings: [structuredClone(mapping)] })
    }
    expect(deliveries.list(ALL).kept).toBeLessThan(4)
  })

  it('are listed by arrival, and one that comes again takes its own place', () => {
    const deliveries = createDeliveries(BOUNDS)
    deliveries.add(kept('second', 2))
    deliveries.add(kept('first', 1, 'retryable'))
    deliveries.add(kept('first', 1))
    expect(deliveries.list(ALL)).toMatchObject({ kept: 2, deliveries: [{ id: 'second' }, { status: 'delivered' }] })
  })
})
