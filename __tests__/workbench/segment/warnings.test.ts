import type { JSONObject } from '@segment/actions-core'
import type { Definitions, Delivery, Mapping, PreviewResult, Warning } from '../../../workbench/shared/types'
import { closeAll, IDENTIFY_PRESET, start, TRACK, TRACK_PRESET } from '../helpers'
import type { Running } from '../helpers'

const GROUP_PRESET = 'Assign Customer To Group'
const DEFINED: Definitions = {
  customer: [
    { name: 'tier', type: 'string', array: false },
    { name: 'age', type: 'number', array: false }
  ],
  event: [{ name: 'total', type: 'number', array: false }]
}
let definitions = DEFINED
let running: Running

beforeAll(async () => {
  running = await start({ definitions: () => definitions })
})
beforeEach(() => {
  definitions = DEFINED
})
afterAll(closeAll)

/** What the preview of a call through a preset warns of, with a change of its mapping tried. */
async function warningsFor(preset: string, event: JSONObject, change: JSONObject = {}): Promise<Warning[]> {
  const { mapping }: Mapping = await running.mapping(preset)
  const request = { event: { userId: 'usr_1', ...event }, preset, mapping: { ...mapping, ...change } }
  const { previews } = (await running.send('POST', '/api/preview', request)).body as PreviewResult
  expect(previews[0].error).toBeNull()
  return previews[0].warnings
}

const short = (warnings: Warning[]) => warnings.map(({ code, field }) => (field ? `${code} ${field}` : code))
const identify = (traits: JSONObject) => warningsFor(IDENTIFY_PRESET, { type: 'identify', traits })
const track = (properties: JSONObject) => warningsFor(TRACK_PRESET, { type: 'track', event: 'Bought', properties })

describe('values that no field reads', () => {
  it('are named, each with what to do', async () => {
    expect(await track({ total: 9, cart: { id: 1 } })).toEqual([
      {
        code: 'unread',
        field: 'properties.total',
        message: 'No field of the mapping reads properties.total, so it will be missing in Voucherify.',
        whatToDo: 'Send it inside properties.metadata, or map it to a field or to a key of Track Event Metadata.'
      },
      expect.objectContaining({ field: 'properties.cart' })
    ])
    expect(short(await identify({ email: 'a@b.c', plan: 'gold', address: { city: 'Berlin', floor: 3 } }))).toEqual([
      'unread traits.plan',
      'unread traits.address.floor'
    ])
    // A mapping of single keys has taken the place of the default, which reads the whole object.
    const single = { metadata: { plan: { '@path': '$.traits.plan' } } }
    const call = { type: 'identify', traits: { email: 'a', plan: 'gold', metadata: { vip: true } } }
    expect(await warningsFor(IDENTIFY_PRESET, call, single)).toEqual([
      expect.objectContaining({
        field: 'traits.metadata',
        whatToDo: 'Map it to a field or to a key of Metadata.'
      }),
      expect.objectContaining({ field: 'metadata.plan' })
    ])
  })

  it('are none where a field, a template or a whole object reads them', async () => {
    expect(await identify({ email: 'a', first_name: 'b', birthday: '1988-05-17', address: { city: 'c' } })).toEqual([])
    expect(await track({ metadata: { total: 9 }, email: 'a', referral: { code: 'r' } })).toEqual([])
    const call = { type: 'track', event: 'Bought', properties: { kind: 'x', total: 9 } }
    const template = { event: { '@template': 'Bought {{properties.kind}}' } }
    expect(short(await warningsFor(TRACK_PRESET, call, template))).toEqual(['unread properties.total'])
    const whole = { metadata: { '@path': '$.properties' }, event: { '@liquid': '{{ properties.kind }}' } }
    expect(short(await warningsFor(TRACK_PRESET, call, whole))).toEqual(['undefinedMetadata metadata.kind'])
    const own = { metadata: { total: { '@path': "$.properties['total']" }, __proto: { '@path': '$.properties.kind' } } }
    expect(short(await warningsFor(TRACK_PRESET, call, own))).not.toContain('unread properties.total')
  })

  it('are none where they hold nothing, belong to the protocol, or come from the SDK', async () => {
    expect(await identify({ email: 'a', plan: null, note: '' })).toEqual([])
    const context = { ip: '203.0.113.1', page: { url: 'x' }, campaign: { name: 'y' } }
    expect(await warningsFor(TRACK_PRESET, { type: 'track', event: 'Bought', context, sentAt: 'x' })).toEqual([])
    const properties = { url: 'x', path: '/', title: 't', search: '', referrer: 'r', name: 'Home' }
    const page = { type: 'page', name: 'Home', properties: { ...properties, keywords: ['x'] } }
    expect(short(await warningsFor('Add Custom Event (Page Event)', page))).toEqual(['unread properties.keywords'])
  })

  it('are none for a trait of Engage, which reaches the metadata by itself', async () => {
    const context = { personas: { computation_class: 'audience', computation_key: 'tier' } }
    const call = { type: 'identify', traits: { tier: 'gold', plan: 'x' }, context }
    expect(short(await warningsFor(IDENTIFY_PRESET, call))).toEqual(['unread traits.plan'])
  })

  it('are twenty at most, and the last says how many more there are', async () => {
    const warnings = await track(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`p${n}`, n])))
    expect(warnings).toHaveLength(20)
    expect(warnings[19]).toMatchObject({ code: 'unread', message: '31 more values of the call are read by no field.' })
    expect(await track(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`p${n}`, n])))).not.toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('more values') })
    )
  })

  it('with a dot in their key are told that no path reaches them', async () => {
    const mapping = { metadata: { tier: { '@path': '$.traits.plan.tier' } } }
    const call = { type: 'identify', traits: { email: 'a', 'plan.tier': 'gold', 'a.b': 1 } }
    expect(short(await warningsFor(IDENTIFY_PRESET, call, mapping))).toEqual([
      'dottedKey traits.plan.tier',
      'unread traits.a.b'
    ])
    const nested = { type: 'identify', traits: { email: 'a', plan: { tier: 'gold' } } }
    expect(await warningsFor(IDENTIFY_PRESET, nested, mapping)).toEqual([])
  })
})

describe('metadata', () => {
  it('that is defined and of its type loses nothing', async () => {
    expect(await identify({ email: 'a', metadata: { tier: 'gold', age: 5 } })).toEqual([])
    expect(await track({ metadata: { total: 9.5 } })).toEqual([])
    expect(await track({ metadata: {} })).toEqual([])
  })

  it('without a definition, or of another type, is named with what to define', async () => {
    expect(await identify({ email: 'a', metadata: { tier: 7, vip: true, age: null } })).toEqual([
      {
        code: 'metadataType',
        field: 'metadata.tier',
        message: "metadata.tier is a number here and a string in the project's definition, so Voucherify drops it.",
        whatToDo: 'Send a string, or change the definition in Voucherify: Project settings, Metadata schema.'
      },
      {
        code: 'undefinedMetadata',
        field: 'metadata.vip',
        message: expect.stringContaining('drops what is not defined'),
        whatToDo: 'Define "vip" as boolean in Voucherify: Project settings, Metadata schema.'
      }
    ])
    expect(short(await track({ metadata: { tier: 'gold' } }))).toEqual(['undefinedMetadata metadata.tier'])
  })

  it('of an event that is a list or an object is named', async () => {
    expect(short(await track({ metadata: { total: [1], cart: { id: 1 } } }))).toEqual([
      'eventMetadata metadata.total',
      'eventMetadata metadata.cart'
    ])
    definitions = { customer: [{ name: 'tags', type: 'string', array: true }], event: null }
    expect(await identify({ email: 'a', metadata: { tags: ['x'] } })).toEqual([])
  })

  it("of a group are its traits, among the customer's", async () => {
    const call = { type: 'group', groupId: 'acme', traits: { tier: 'gold', seats: 5 } }
    expect(short(await warningsFor(GROUP_PRESET, call))).toEqual(['undefinedMetadata traits.seats'])
    expect(await warningsFor(GROUP_PRESET, { type: 'group', groupId: 'acme' })).toEqual([])
  })

  it('of which nobody knows the definitions is told so, once, and lists of events all the same', async () => {
    definitions = { customer: null, event: [] }
    expect(short(await identify({ email: 'a', metadata: { tier: 7, vip: true } }))).toEqual(['noDefinitions metadata'])
    expect(short(await track({ metadata: { cart: [1] } }))).toEqual([
      'eventMetadata metadata.cart',
      'noDefinitions metadata'
    ])
    expect(await identify({ email: 'a' })).toEqual([])
  })

  it('of which nobody knows the definitions are kept or refused in bulk, and not dropped', async () => {
    definitions = { customer: null, event: null }
    const call = { type: 'identify', traits: { email: 'a', metadata: { tier: 7 } } }
    const [alone] = await warningsFor(IDENTIFY_PRESET, call)
    expect(alone.message).toContain('drops every key')
    const [inBulk] = await warningsFor(IDENTIFY_PRESET, call, { enable_batching: true })
    expect(inBulk).toMatchObject({ code: 'noDefinitions', message: expect.stringContaining('as a text') })
  })
})

describe('a call', () => {
  it('that carries nothing but its ID is told so', async () => {
    expect(short(await identify({}))).toEqual(['onlyId'])
    expect(short(await identify({ plan: 'gold' }))).toEqual(['unread traits.plan', 'onlyId'])
    expect(await identify({ email: null })).toEqual([])
    expect(await track({})).toEqual([])
  })

  it.each([
    ['7/4/1990', ['noDate birthdate']],
    ['1990-02-30', ['noDate birthdate']],
    ['soon', ['noDate birthdate']],
    ['1990-07-04', []],
    ['1990-07-04T10:00:00Z', []],
    [19900704, []],
    [null, []]
  ])('with the birthday %s has the warnings %j', async (birthday, expected) => {
    expect(short(await identify({ email: 'a', birthday }))).toEqual(expected)
  })

  it('whose blank first choice hides a filled second one is told so', async () => {
    expect(short(await identify({ email: 'a', firstName: ' ', first_name: 'Ida', lastName: 'Lovelace' }))).toEqual([
      'blankFirst first_name'
    ])
    expect(short(await identify({ email: 'a', address: { city: 'B', postalCode: '', postal_code: '10119' } }))).toEqual(
      ['blankFirst address.postal_code']
    )
    const context = { traits: { email: 'a@b.c' } }
    const call = { type: 'track', event: 'Bought', properties: { email: '' } }
    expect(short(await warningsFor(TRACK_PRESET, { ...call, context }))).toEqual(['blankFirst customer.email'])
    expect(await warningsFor(TRACK_PRESET, call)).toEqual([])
    expect(await identify({ email: 'a', firstName: 'Ida', first_name: '' })).toEqual([])
  })
})

describe('a delivery', () => {
  it('has the warnings of its preview, and keys of the project in none of them', async () => {
    const own = await start({ definitions: () => DEFINED })
    const { secretKey } = { secretKey: 'workbench-sandbox-secret-key' }
    await own.send('POST', '/v1/track', { ...TRACK, properties: { total: 9, [secretKey]: 1 } })
    const [{ status, warnings }] = await own.ended(1)
    expect(status).toBe('delivered')
    expect(short(warnings)).toEqual(['unread properties.total', 'unread properties.***'])
    expect(JSON.stringify(await own.get('/api/deliveries?warned=true'))).not.toContain(secretKey)
    expect((await own.get<{ matching: number }>('/api/deliveries?warned=false')).matching).toBe(0)
  })

  it('of a sample warns only of what is true', async () => {
    const own = await start({ definitions: () => DEFINED, limits: { pipeline: { batchWaitMs: 0 } } })
    await own.send('POST', '/api/samples')
    const passed = (await own.ended(25)).filter(({ status }) => status === 'delivered')
    expect(passed.length).toBeGreaterThan(15)
    for (const { event, request, warnings } of passed) {
      const body = JSON.stringify(request?.body)
      for (const { code, field = '' } of warnings) {
        const [root, key, ...deeper] = field.split('.')
        const values: unknown = code === 'unread' ? Object(event)[root] : Object(request?.body)[root]
        if (code === 'noDate') expect(event.traits?.birthday).toBe('7/4/1990')
        else expect([code, deeper, Object.keys(Object(values)).includes(key)]).toEqual([code, [], true])
        if (code === 'unread') expect(body).not.toContain(JSON.stringify({ [key]: Object(values)[key] }).slice(1, -1))
      }
    }
  })

  it('that failed has its error and no warnings', async () => {
    const { send, sandbox, ended } = await start()
    sandbox.trouble.add({ kind: '400', remaining: 1, seconds: 0 })
    await send('POST', '/v1/track', { ...TRACK, properties: { total: 9 } })
    expect((await ended(1))[0]).toMatchObject({ status: 'rejected', warnings: [] })
  })

  it.each<[string, string[], string]>([
    ['had only taken', ['jobNotEnded'], 'IN_PROGRESS'],
    ['had ended', [], 'DONE']
  ])('in bulk that Voucherify %s when it was delivered is told so only then', async (_, told, jobStatus) => {
    const { send, sandbox, ended, mapping } = await start({ definitions: () => DEFINED })
    // A job that waits longer than it is asked about, or one that is done at the first question.
    if (told.length) sandbox.trouble.add({ kind: 'job-slow', remaining: 1, seconds: 60 })
    const own = await mapping(IDENTIFY_PRESET)
    await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...own.mapping, enable_batching: true }
    })
    await send('POST', '/v1/identify', { userId: 'usr_1', traits: { email: 'a', metadata: { vip: true } } })
    const [{ response, warnings }]: Delivery[] = await ended(1)
    expect(response?.status).toBe(202)
    expect(response?.jobStatus).toBe(jobStatus)
    expect(short(warnings)).toEqual(['undefinedMetadata metadata.vip', ...told])
    expect(warnings[0].message).toContain('keeps it as a text')
    expect(sandbox.state().totals.calls.bulk).toBe(1)
  })
})
