import type { JSONObject } from '@segment/actions-core'
import type { Mapping, MappingList } from '../../../workbench/shared/types'
import { closeAll, IDENTIFY_PRESET, start, TRACK, TRACK_PRESET } from '../helpers'

afterEach(closeAll)

const at = (preset: string) => `/api/mappings/${encodeURIComponent(preset)}`

describe('the mappings', () => {
  it('start as the five presets, switched on', async () => {
    const { get } = await start()
    const { mappings, limit, actions } = await get<MappingList>('/api/mappings')
    expect(mappings.map(({ preset, action, trigger }) => [preset, action, trigger])).toEqual([
      [TRACK_PRESET, 'addCustomEvent', 'type = "track"'],
      ['Add Custom Event (Page Event)', 'addCustomEvent', 'type = "page"'],
      ['Add Custom Event (Screen Event)', 'addCustomEvent', 'type = "screen"'],
      [IDENTIFY_PRESET, 'upsertCustomer', 'type = "identify"'],
      ['Assign Customer To Group', 'assignCustomerToGroup', 'type = "group"']
    ])
    expect(mappings.every(({ enabled, changed, isPreset }) => enabled && !changed && isPreset)).toBe(true)
    expect(limit).toBe(50)
    const customer = actions.find(({ key }) => key === 'addCustomEvent')?.fields[0]
    expect(customer).toMatchObject({
      key: 'customer',
      label: 'Customer Object',
      required: true,
      hidden: false,
      default: { source_id: { '@path': '$.userId' } }
    })
    expect(customer?.properties?.map(({ key }) => key)).toEqual(['source_id', 'email'])
  })

  it('that are changed decide what is sent', async () => {
    const { send, ended, mapping } = await start()
    const own = await mapping(TRACK_PRESET)
    const change = { mapping: { ...own.mapping, event: { '@template': 'shop: {{event}}' } } }
    expect(await send('PUT', at(TRACK_PRESET), change)).toMatchObject({
      status: 200,
      body: { changed: true, ...change }
    })
    expect(await mapping(TRACK_PRESET)).toMatchObject({ changed: true, ...change })

    await send('POST', '/v1/track', TRACK)
    expect((await ended(1))[0].request?.body).toEqual({
      customer: { source_id: 'usr_1' },
      event: 'shop: Order Completed',
      type: 'track'
    })
  })

  it('are replaced whole by a mapping with required fields, and changed in part by one without', async () => {
    const { send, mapping } = await start()
    const own = await mapping(IDENTIFY_PRESET)
    await send('PUT', at(IDENTIFY_PRESET), { mapping: { enable_batching: true, phone: 'none' } })
    expect((await mapping(IDENTIFY_PRESET)).mapping).toEqual({ ...own.mapping, enable_batching: true, phone: 'none' })

    const whole = { source_id: { '@path': '$.userId' }, type: { '@path': '$.type' } }
    await send('PUT', at(IDENTIFY_PRESET), { mapping: whole })
    expect((await mapping(IDENTIFY_PRESET)).mapping).toEqual(whole)
  })

  it('that are switched off take nothing', async () => {
    const { send, ended } = await start()
    await send('PUT', at(TRACK_PRESET), { enabled: false })
    await send('POST', '/v1/track', TRACK)
    expect(await ended(1)).toMatchObject([{ status: 'unmatched', preset: null, request: null }])
  })

  it('with another trigger take the calls that it asks for', async () => {
    const { send, ended } = await start()
    await send('PUT', at(TRACK_PRESET), { trigger: 'type = "track" and event = "Order Refunded"' })
    await send('POST', '/v1/batch', { batch: [TRACK, { ...TRACK, event: 'Order Refunded' }] })
    expect((await ended(2)).map(({ status }) => status)).toEqual(['unmatched', 'delivered'])
  })

  it.each([
    ['identify', 'The call is an identify call for which the trigger holds: type != "x"'],
    ['page', 'The call is a page call for which the trigger holds: type != "x"']
  ])('say in good English why they take a call of type %s', async (type, reason) => {
    const { send } = await start()
    const change = { event: { type, userId: 'usr_1' }, preset: IDENTIFY_PRESET, trigger: 'type != "x"' }
    expect((await send('POST', '/api/preview', change)).body).toMatchObject({ presets: [{ matched: true, reason }] })
  })

  it('that are added deliver beside the presets, each with an outcome of its own', async () => {
    const { send, ended, get } = await start()
    expect(await send('PUT', at('Second'), { action: 'addCustomEvent', trigger: 'type = "track"' })).toMatchObject({
      status: 200,
      body: { preset: 'Second', isPreset: false, changed: false, enabled: true }
    })
    expect((await get<Mapping>(at('Second'))).mapping).toMatchObject({ type: { '@path': '$.type' } })
    await send('POST', '/v1/track', TRACK)
    expect((await ended(2)).map(({ preset }) => preset)).toEqual([TRACK_PRESET, 'Second'])
  })

  it('go back to the defaults, and those that were added away', async () => {
    const { send, mapping, get } = await start()
    const original = await mapping(TRACK_PRESET)
    await send('PUT', at(TRACK_PRESET), { trigger: 'type = "page"', enabled: false })
    await send('PUT', at('Second'), { action: 'upsertCustomer' })

    expect((await send('DELETE', at(TRACK_PRESET))).status).toBe(200)
    expect(await mapping(TRACK_PRESET)).toEqual(original)
    expect((await send('DELETE', at('Second'))).status).toBe(200)
    expect((await send('GET', at('Second'))).status).toBe(404)
    expect((await send('DELETE', at('Second'))).status).toBe(404)

    await send('PUT', at('Second'), { action: 'upsertCustomer' })
    await send('DELETE', '/api/mappings')
    expect((await get<MappingList>('/api/mappings')).mappings).toHaveLength(5)
  })

  type Refused = [what: string, change: object, reason: string]
  it.each<Refused>([
    ['an unknown field', { mapping: { nickname: 'x' } }, 'The action "Upsert Customer" has no field "nickname"'],
    ['an unknown property', { mapping: { address: { planet: 'x' } } }, 'The field address has no field "planet"'],
    [
      'an unknown directive',
      { mapping: { source_id: { '@magic': 'x' } } },
      '/source_id has an invalid directive: @magic.'
    ],
    [
      'two directives',
      { mapping: { name: { '@path': 'a', '@template': 'b' } } },
      'should only have one @-prefixed key'
    ],
    [
      'a path that is no text',
      { mapping: { name: { '@path': 5 } } },
      'should be a string or a mapping directive but it is a number'
    ],
    ['a condition without a test', { mapping: { name: { '@if': { then: 'x' } } } }, '@if requires an "exists" key'],
    ['a mapping without a required field', { mapping: { type: 'x' } }, 'The required field source_id has no value'],
    ['a required field without a value', { mapping: { source_id: '' } }, 'The required field source_id has no value'],
    ['an empty path', { mapping: { email: { '@path': '' } } }, 'The path "" of the field email names no place'],
    ['a path that stops at the call', { mapping: { email: { '@path': '$.' } } }, 'such as $.userId'],
    ['a path that is the call', { mapping: { email: { '@path': '$' } } }, 'The path "$" of the field email'],
    ['a blank path', { mapping: { address: { city: { '@path': '  ' } } } }, 'The path "  " of the field address.city'],
    ['an empty path among free keys', { mapping: { metadata: { plan: { '@path': '.' } } } }, 'the field metadata.plan'],
    ['an empty path in a list', { mapping: { metadata: { all: [{ '@path': '' }] } } }, 'the field metadata.all.0'],
    [
      'an empty path in "A, else B"',
      { mapping: { name: { '@if': { exists: { '@path': '$.name' }, then: 'x', else: { '@path': '$.' } } } } },
      'of the field name'
    ],
    [
      'a switch for batches that is a text',
      { mapping: { enable_batching: 'yes' } },
      'The field enable_batching must be true or false.'
    ],
    ['a switch for batches that is null', { mapping: { enable_batching: null } }, 'enable_batching must be'],
    ['a switch for batches that is an object', { mapping: { enable_batching: {} } }, 'enable_batching must be'],
    ...['lots', '500', -5, 0, 1.5, null, { '@literal': 5 }].map(
      (size): Refused => [
        `the batch size ${JSON.stringify(size)}`,
        { mapping: { batch_size: size } },
        'The field batch_size must be a whole number of at least 1.'
      ]
    ),
    ['a mapping that is a list', { mapping: [] }, '"mapping" must be an object'],
    [
      'a trigger that is no question',
      { trigger: 'type == "identify"' },
      'The trigger can\'t be read ("type == "identify"" is not a condition). Write it as type = "track" and'
    ],
    ['an empty trigger', { trigger: '  ' }, "The trigger can't be read (it is empty). Write it as"],
    ['a switch that is no switch', { enabled: 'yes' }, '"enabled" must be true or false'],
    ['another action', { action: 'addCustomEvent' }, 'is a mapping of the action upsertCustomer'],
    ['an unknown part', { presets: 'x' }, 'A change has no "presets"']
  ])('refuse %s with the reason, and stay as they were', async (_, change, reason) => {
    const { send, mapping } = await start()
    const original = await mapping(IDENTIFY_PRESET)
    const { status, body } = await send('PUT', at(IDENTIFY_PRESET), change)
    expect(status).toBe(422)
    expect(body).toEqual({ error: expect.stringContaining(reason) })
    expect(await mapping(IDENTIFY_PRESET)).toEqual(original)
  })

  it.each([
    ['without an action', {}, 'name its action'],
    ['for an action that does not exist', { action: 'buy' }, 'There is no action "buy"'],
    ['for what every object has', { action: 'constructor' }, 'There is no action "constructor"']
  ])('refuse a new one %s', async (_, change, reason) => {
    const { send } = await start()
    expect(await send('PUT', at('Second'), change)).toEqual({
      status: 422,
      body: { error: expect.stringContaining(reason) }
    })
  })

  it('accept a directive that works for some calls only', async () => {
    const { send, mapping } = await start()
    const own = await mapping(IDENTIFY_PRESET)
    const name = { '@path': { '@path': '$.traits.nameOf' } }
    const email = { '@template': { '@path': '$.traits.email' } }
    expect((await send('PUT', at(IDENTIFY_PRESET), { mapping: { ...own.mapping, name } })).status).toBe(422)
    expect((await send('PUT', at(IDENTIFY_PRESET), { mapping: { ...own.mapping, email } })).status).toBe(200)
  })

  it.each<[string, JSONObject]>([
    [
      'a whole call inside a list that is taken apart',
      { metadata: { '@arrayPath': ['$.properties', { '@path': '' }] } }
    ],
    ['a path that stands in a text', { description: { '@literal': '$.' } }],
    ['batches of one', { enable_batching: true, batch_size: 1 }],
    ['a switch for batches that is mapped', { enable_batching: { '@path': '$.properties.bulk' } }]
  ])('accept %s', async (_, mapping) => {
    const { send } = await start()
    expect(await send('PUT', at(IDENTIFY_PRESET), { mapping })).toMatchObject({ status: 200, body: { mapping } })
  })

  it('are at most 50, as on Segment', async () => {
    const { send } = await start()
    for (let count = 6; count <= 50; count++) {
      expect((await send('PUT', at(`Mapping ${count}`), { action: 'addCustomEvent' })).status).toBe(200)
    }
    expect(await send('PUT', at('One more'), { action: 'addCustomEvent' })).toEqual({
      status: 422,
      body: { error: expect.stringContaining('50 mappings already') }
    })
    expect((await send('PUT', at('Mapping 50'), { enabled: false })).status).toBe(200)
  })
})

describe('a set of mappings', () => {
  it('is taken as it was given, in the place of all', async () => {
    const { send, get, mapping } = await start()
    const own = await mapping(TRACK_PRESET)
    await send('PUT', at(TRACK_PRESET), { enabled: false, mapping: { ...own.mapping, event: 'Own' } })
    await send('PUT', at('Second'), { action: 'addCustomEvent', trigger: 'type = "alias"' })
    const given = await get<MappingList>('/api/mappings')
    await send('DELETE', '/api/mappings')
    await send('PUT', at('Third'), { action: 'addCustomEvent' })
    await send('PUT', at(IDENTIFY_PRESET), { enabled: false })

    expect(await send('PUT', '/api/mappings', given)).toEqual({ status: 200, body: given })
    expect(await get('/api/mappings')).toEqual(given)
    expect(given.mappings).toHaveLength(6)
  })

  it('is taken as a list of files, and leaves presets that it does not name at their defaults', async () => {
    const { send, get } = await start()
    const { mappings } = await get<MappingList>('/api/mappings')
    await send('PUT', at(IDENTIFY_PRESET), { enabled: false })
    const { preset, action, trigger, mapping } = mappings[0]
    const file = { preset, action, trigger, enabled: false, mapping }
    expect((await send('PUT', '/api/mappings', [file])).status).toBe(200)
    expect((await get<MappingList>('/api/mappings')).mappings).toEqual([
      { ...mappings[0], enabled: false },
      ...mappings.slice(1)
    ])
  })

  const PRESET = { preset: TRACK_PRESET, trigger: 'type = "track"' }
  it.each<[unknown, RegExp]>([
    [{}, /Send \{ "mappings"/],
    [[1], /mappings\[0\]: it must be an object/],
    [[{ preset: 'New' }], /mappings\[0\]: it needs the key of its action/],
    [[PRESET, { ...PRESET, preset: 'Bad', action: 'addCustomEvent', trigger: 'type' }], /mappings\[1\]: The trigger/],
    [[{ ...PRESET, action: 'upsertCustomer' }], /mapping of the action addCustomEvent/],
    [[PRESET, PRESET], /same name/],
    [Array.from({ length: 46 }, (_, n) => ({ preset: `${n}`, action: 'addCustomEvent' })), /these are 51 mappings/]
  ])('is refused whole: %j', async (set, reason) => {
    const { send, get } = await start()
    await send('PUT', at(IDENTIFY_PRESET), { enabled: false })
    const before = await get('/api/mappings')
    expect(await send('PUT', '/api/mappings', set)).toEqual({
      status: 422,
      body: { error: expect.stringMatching(reason) }
    })
    expect(await get('/api/mappings')).toEqual(before)
  })

  it('may be one mapping, as GET gives it, under its own name only', async () => {
    const { send, get } = await start()
    const given = await get<Mapping>(at(TRACK_PRESET))
    expect(await send('PUT', at(TRACK_PRESET), given)).toEqual({ status: 200, body: given })
    expect(await send('PUT', at(IDENTIFY_PRESET), given)).toMatchObject({ status: 422 })
  })
})

describe('a name that every object knows', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('is refused with words: %s', async (name) => {
    const { send, get, ended } = await start()
    expect(await send('PUT', at(name), { action: 'addCustomEvent' })).toEqual({
      status: 422,
      body: { error: expect.stringContaining('Take another name.') }
    })
    await send('POST', '/v1/track', TRACK)
    await ended(1)
    expect((await send('GET', '/api/overview')).status).toBe(200)
    expect(await get(at(name))).toEqual({ error: expect.stringContaining('There is no mapping') })
  })
})
