/**
 * Customers in bulk, as contracts: the row that each call becomes, several calls of one customer in one row, and every
 * call's own outcome in its own place: accepted, refused alone, retryable, refused with the keys, or sent one by one
 * after all. Sizes, sockets and time are in batchLoopback.test.ts.
 */
import { createRequestClient, MultiStatusResponse } from '@segment/actions-core'
import type { JSONValue, RequestClient, Result, SegmentEvent } from '@segment/actions-core'
import omit from 'lodash/omit'
import nock from 'nock'
import definition from '../../src/index'
import {
  API,
  API_HEADERS,
  callOf,
  bulkRequest,
  CUSTOMER_PRESET,
  deliverBatch,
  GATEWAY_HEADERS,
  gatewayAnswers,
  json,
  settings,
  withoutNetwork
} from './__helpers__/helpers'
import type { GatewayAnswer, SentRequest } from './__helpers__/helpers'

// Segment's jest has its own limit, which a busy machine passes.
jest.setTimeout(60_000)

type Outcomes = NonNullable<Result['multistatus']>
type Traits = Record<string, JSONValue>

const BULK = 'https://us1.api.voucherify.io/v1/customers/bulk/async'
const CUSTOMER = 'https://us1.segmentio.voucherify.io/segmentio/customer-processing'
/** Without the ID of a job, which jobs.test.ts is about: nothing is asked later. */
const ACCEPTED = { accepted: true }
/** The same as each call's outcome records it. */
const RECORD = '{"accepted":true}'
const NO_USER_ID =
  'The field source_id is blank, most often because the call has no userId. Identify the user first or map another ID; ' +
  'anonymousId is no substitute, since Voucherify would keep it as a separate customer for ever.'

const identify = (userId: string, traits: Traits = {}, context: object = {}): SegmentEvent =>
  callOf('identify', { userId, traits, context })

/** Calls of as many customers, `usr_0` and on. */
const identifyMany = (count: number) =>
  Array.from({ length: count }, (_, index) => identify(`usr_${index}`, { email: `${index}@example.com` }))

/** The rows that a batch of calls becomes, in the one bulk call it costs. */
async function rowsOf(events: SegmentEvent[]): Promise<unknown> {
  const sent = gatewayAnswers(json(202, ACCEPTED), API)
  const outcomes = await deliverBatch(events)
  expect(outcomes.map(({ status }) => status)).toEqual(events.map(() => 202))
  expect(sent).toHaveLength(1)
  return sent[0].body
}

const rowOf = async (traits: Traits, context?: object) => rowsOf([identify('usr_1', traits, context)])

/** The customers that requests to the gateway name, in order. */
const ids = (sent: SentRequest[]) => sent.map(({ body }) => (body as { source_id: string }).source_id)

describe('a batch of customers', () => {
  withoutNetwork()

  it('is one call to the API with the documented pair of headers, and every call of it is accepted', async () => {
    const sent = gatewayAnswers(json(202, ACCEPTED), API)
    const outcomes = await deliverBatch([identify('usr_1', { email: 'a@example.com' }), identify('usr_2')])
    const rows = [{ source_id: 'usr_1', email: 'a@example.com' }, { source_id: 'usr_2' }]
    expect(sent).toEqual([
      { method: 'POST', url: BULK, headers: { ...API_HEADERS, 'content-type': 'application/json' }, body: rows }
    ])
    expect(outcomes).toEqual(rows.map((row) => ({ status: 202, sent: row, body: RECORD })))
  })

  it('goes to the API behind the Custom URL', async () => {
    const sent = gatewayAnswers(json(202, ACCEPTED), 'https://api.voucherify.io')
    await deliverBatch(identifyMany(2), { settings: { customURL: 'https://segmentio.voucherify.io/' } })
    expect(sent.map(({ url }) => url)).toEqual(['https://api.voucherify.io/v1/customers/bulk/async'])
  })

  it('exists for customers only', () => {
    const batching = Object.entries(definition.actions).filter(([, action]) => action.performBatch)
    expect(batching.map(([key]) => key)).toEqual(['upsertCustomer'])
  })
})

describe('a row', () => {
  withoutNetwork()

  const EVERYTHING = {
    firstName: 'Ann',
    lastName: 'Lee',
    description: 'Regular',
    email: 'ann@example.com',
    phone: 12125550148,
    birthday: '1990-01-02T03:04:05Z',
    address: { street: '88 Harbor Rd', city: 'Austin', state: 'TX', postalCode: '78744', country: 'US' },
    metadata: { plan: 'gold', nested: { a: [1, null] } },
    vip: true
  }

  it('has every visible field of the action but for those that the API does not know', async () => {
    const fields = Object.entries(definition.actions.upsertCustomer.fields)
    const visible = fields.filter(([, { unsafe_hidden }]) => !unsafe_hidden).map(([key]) => key)
    const rows = await rowOf(EVERYTHING)
    const [row] = rows as object[]
    expect(visible.filter((key) => !(key in row))).toEqual(['first_name', 'last_name', 'type', 'enable_batching'])
  })

  it('is a customer in the form of the API, without type, parts of the name or anything that steers the batch', async () => {
    expect(await rowOf(EVERYTHING, { personas: { computation_class: 'audience', computation_key: 'vip' } })).toEqual([
      {
        source_id: 'usr_1',
        name: 'Ann Lee',
        description: 'Regular',
        email: 'ann@example.com',
        phone: '12125550148',
        birthdate: '1990-01-02',
        address: { line_1: '88 Harbor Rd', city: 'Austin', state: 'TX', postal_code: '78744', country: 'US' },
        metadata: { plan: 'gold', nested: { a: [1, null] }, vip: true }
      }
    ])
  })

  it.each<[string, Traits, Traits]>([
    [
      'has the name as given beside its parts',
      { name: 'Dr. Lee', firstName: 'Ann', lastName: 'Lee' },
      { name: 'Dr. Lee' }
    ],
    ['has the first name alone as the name', { firstName: ' Ann ' }, { name: 'Ann' }],
    ['has the last name alone as the name', { last_name: 'Lee' }, { name: 'Lee' }],
    ['has the other part where one is null', { first_name: null, lastName: 'Lee' }, { name: 'Lee' }],
    ['has no name where one part is null', { first_name: null }, {}],
    ['clears the name where both parts are null', { first_name: null, last_name: null }, { name: null }],
    [
      'keeps null',
      { name: null, email: null, phone: null, description: null, birthdate: null, metadata: null },
      { name: null, email: null, phone: null, description: null, birthdate: null, metadata: null }
    ],
    [
      'keeps null inside the address',
      { address: { street: null, city: null } },
      { address: { line_1: null, city: null } }
    ],
    [
      'leaves empty texts out, as a single call does',
      { name: '', email: '', phone: '', description: '', birthday: '' },
      {}
    ],
    ['leaves empty objects out', { address: {}, metadata: {} }, {}],
    ['leaves an address of blank texts out', { address: { city: ' ', state: '' } }, {}],
    ['keeps empty texts in metadata, which clear', { metadata: { a: '' } }, { metadata: { a: '' } }],
    ['has an address without a street', { address: { city: 'Austin' } }, { address: { city: 'Austin' } }]
  ])('%s', async (_, traits, row) => expect(await rowOf(traits)).toEqual([{ source_id: 'usr_1', ...row }]))

  it.each<[JSONValue, string]>([
    ['1990-01-02', '1990-01-02'],
    ['1990-01-02T23:30:00-05:00', '1990-01-02'],
    ['1990-01-02T00:30:00+14:00', '1990-01-02'],
    ['1990-01-02 03:04', '1990-01-02'],
    ['19900102', '1990-01-02'],
    ['19900102T030405Z', '1990-01-02'],
    [579830400, '1988-05-17'],
    [579830400000, '1988-05-17'],
    ['2000-02-29', '2000-02-29']
  ])('has for the birthdate %j the date %j', async (birthday, birthdate) => {
    expect(await rowOf({ birthday })).toEqual([{ source_id: 'usr_1', birthdate }])
  })

  it('has no birthdate for a blank one', async () => {
    expect(await rowOf({ birthday: ' ' })).toEqual([{ source_id: 'usr_1' }])
  })

  it.each([
    '2000-0229',
    '200002-29',
    '1990-02-30',
    '1990-13-01',
    '1990-01',
    '1990',
    '7/4/1990',
    '1990-01-02x',
    'in spring'
  ])('can not hold the birthdate %j, so its customer goes alone and Voucherify judges it', async (birthday) => {
    const bulk = gatewayAnswers(json(202, ACCEPTED), API)
    const gateway = gatewayAnswers(json(400, { message: 'Invalid birthdate' }))
    const outcomes = await deliverBatch([identify('usr_1', { birthday }), identify('usr_2')])
    expect(outcomes.map(({ status }) => status)).toEqual([400, 202])
    expect(bulk.map(({ body }) => body)).toEqual([[{ source_id: 'usr_2' }]])
    expect(gateway.map(({ body }) => body)).toEqual([{ source_id: 'usr_1', birthdate: birthday, type: 'identify' }])
  })

  it.each([true, ['1990-01-02'], { year: 1990 }])(
    'can not hold the birthdate %j either, which a host without the framework may pass',
    async (birthdate) => expect((await bulkRequest([{ source_id: 'usr_1', birthdate }])).url).toBe(CUSTOMER)
  )
})

describe('several calls of one customer', () => {
  withoutNetwork()

  it('become one row in which later values win key by key, with its outcome for each', async () => {
    const sent = gatewayAnswers(json(202, ACCEPTED), API)
    const outcomes = await deliverBatch([
      identify('usr_1', {
        email: 'old@example.com',
        phone: '1',
        description: null,
        address: { street: 'Old', city: 'Austin', state: 'TX' },
        metadata: { plan: 'silver', kept: 1, cleared: 2, nested: { a: 1 } }
      }),
      identify('usr_2', { email: 'two@example.com' }),
      identify(' usr_1 ', {
        email: 'new@example.com',
        description: 'Regular',
        address: { street: 'New', state: null },
        metadata: { plan: 'gold', cleared: null, nested: { b: 2 } }
      }),
      identify('usr_1', { firstName: 'Ann', lastName: 'Lee', phone: null })
    ])
    const row = {
      source_id: 'usr_1',
      name: 'Ann Lee',
      email: 'new@example.com',
      phone: null,
      description: 'Regular',
      address: { line_1: 'New', city: 'Austin', state: null },
      metadata: { plan: 'gold', kept: 1, cleared: null, nested: { b: 2 } }
    }
    const other = { source_id: 'usr_2', email: 'two@example.com' }
    expect(sent.map(({ body }) => body)).toEqual([[row, other]])
    expect(outcomes).toEqual([row, other, row, row].map((said) => ({ status: 202, sent: said, body: RECORD })))
  })

  it.each<[string, Traits[], unknown]>([
    ['joined of parts that came apart', [{ firstName: 'Ann' }, { lastName: 'Lee' }], 'Ann Lee'],
    ['joined of the later parts', [{ firstName: 'Ann', lastName: 'Lee' }, { firstName: 'Anna' }], 'Anna Lee'],
    ['the later parts, not the older name', [{ name: 'A. Lee' }, { firstName: 'Ann', lastName: 'Lee' }], 'Ann Lee'],
    ['the later name', [{ firstName: 'Ann', lastName: 'Lee' }, { name: 'A. Lee' }], 'A. Lee'],
    ['the name as mapped beside a lone later part', [{ name: 'A. Lee' }, { firstName: 'Ann' }], 'A. Lee'],
    ['null where it was cleared last', [{ name: 'A. Lee' }, { name: null }], null]
  ])('have as their name %s', async (_, traits, name) => {
    expect(await rowsOf(traits.map((each) => identify('usr_1', each)))).toEqual([{ source_id: 'usr_1', name }])
  })

  it('keep the null of metadata that comes last', async () => {
    const events = [identify('usr_1', { metadata: { a: 1 } }), identify('usr_1', { metadata: null }), identify('usr_1')]
    expect(await rowsOf(events)).toEqual([{ source_id: 'usr_1', metadata: null }])
  })

  it('collect what an audience and a trait of Engage say', async () => {
    const personas = (computation_key: string) => ({ personas: { computation_class: 'audience', computation_key } })
    const events = [
      identify('usr_1', { vip: true }, personas('vip')),
      identify('usr_1', { churned: false }, personas('churned')),
      identify('usr_1', { vip: false }, personas('vip'))
    ]
    expect(await rowsOf(events)).toEqual([{ source_id: 'usr_1', metadata: { vip: false, churned: false } }])
  })

  it('that clear the metadata and fill it again go one by one in order, since no row says both; others go in bulk', async () => {
    const bulk = gatewayAnswers(json(202, ACCEPTED), API)
    const gateway = gatewayAnswers(json(200, { queued: true }))
    const outcomes = await deliverBatch([
      identify('usr_1', { metadata: { a: 1 } }),
      identify('usr_2', { email: 'two@example.com' }),
      identify('usr_1', { metadata: null }),
      identify('usr_1', { firstName: 'Ann', lastName: 'Lee', metadata: { b: 2 } })
    ])
    const other = { source_id: 'usr_2', email: 'two@example.com' }
    const bodies = [
      { source_id: 'usr_1', metadata: { a: 1 }, type: 'identify' },
      { source_id: 'usr_1', metadata: null, type: 'identify' },
      { source_id: 'usr_1', name: 'Ann Lee', first_name: 'Ann', last_name: 'Lee', metadata: { b: 2 }, type: 'identify' }
    ]
    expect(bulk.map(({ body }) => body)).toEqual([[other]])
    expect(gateway).toEqual(
      bodies.map((body) => ({
        method: 'POST',
        url: CUSTOMER,
        headers: { ...GATEWAY_HEADERS, 'content-type': 'application/json' },
        body
      }))
    )
    const single = (body: object) => ({ status: 200, sent: body, body: '{"queued":true}' })
    expect(outcomes).toEqual([
      single(bodies[0]),
      { status: 202, sent: other, body: RECORD },
      single(bodies[1]),
      single(bodies[2])
    ])
  })

  it('keep the null of metadata that was cleared, filled and cleared again', async () => {
    const events = [null, { a: 1 }, null].map((metadata) => identify('usr_1', { metadata }))
    expect(await rowsOf(events)).toEqual([{ source_id: 'usr_1', metadata: null }])
  })

  it('become one row also where there are a thousand, each with many keys of its own', async () => {
    const keysOf = (call: number) => Array.from({ length: 60 }, (_, key) => [`key_${call}_${key}`, call])
    const events = Array.from({ length: 1000 }, (_, call) =>
      identify('usr_1', { metadata: Object.fromEntries(keysOf(call)) })
    )
    const metadata = Object.fromEntries(events.flatMap((_, call) => keysOf(call)))
    expect(await rowsOf(events)).toEqual([{ source_id: 'usr_1', metadata }])
  })

  it('are told apart from those of others, whatever the ID', async () => {
    const odd = ['__proto__', 'constructor', '2', '1', 'toString', 'a', 'A', '2']
    const rows = [...new Set(odd)].map((source_id) => ({ source_id }))
    expect(await rowsOf(odd.map((id) => identify(id)))).toEqual(rows)
  })
})

describe('a call that cannot be sent', () => {
  withoutNetwork()

  it('for a blank source_id is refused alone, in its place', async () => {
    const sent = gatewayAnswers(json(202, ACCEPTED), API)
    const outcomes = await deliverBatch([
      identify('usr_1'),
      identify(' '),
      identify('usr_2'),
      identify(''),
      identify('usr_3')
    ])
    expect(sent.map(({ body }) => body)).toEqual([['usr_1', 'usr_2', 'usr_3'].map((source_id) => ({ source_id }))])
    expect(outcomes.map(({ status }) => status)).toEqual([202, 400, 202, 400, 202])
    for (const index of [1, 3]) {
      expect(outcomes[index]).toEqual({
        status: 400,
        errortype: 'PAYLOAD_VALIDATION_FAILED',
        errormessage: NO_USER_ID,
        errorreporter: 'INTEGRATIONS'
      })
    }
  })

  it('for a missing userId is refused alone by the framework', async () => {
    gatewayAnswers(json(202, ACCEPTED), API)
    const outcomes = await deliverBatch([callOf('identify', { userId: undefined }), identify('usr_2')])
    expect(outcomes).toEqual([
      {
        status: 400,
        errortype: 'PAYLOAD_VALIDATION_FAILED',
        errormessage: "The root value is missing the required field 'source_id'.",
        errorreporter: 'INTEGRATIONS'
      },
      { status: 202, sent: { source_id: 'usr_2' }, body: RECORD }
    ])
  })

  it('for metadata nested too deeply to write is refused alone, and not sent again', async () => {
    const sent = gatewayAnswers(json(202, ACCEPTED), API)
    const deep: Traits = {}
    for (let level = deep, depth = 0; depth < 20_000; depth += 1) level = level.a = {} as Traits
    const { performBatch } = definition.actions.upsertCustomer
    const payload = [{ source_id: 'usr_1', metadata: deep }, { source_id: 'usr_2' }]
    const results = await performBatch?.(createRequestClient(), { settings, payload })
    if (!(results instanceof MultiStatusResponse)) throw new Error('The batch gave no outcomes')
    expect(results.getAllResponses().map((result) => result.value())).toEqual([
      {
        status: 400,
        errortype: 'PAYLOAD_VALIDATION_FAILED',
        errormessage:
          'The call could not be written as JSON, most often because metadata is nested too deeply. Map fewer or flatter values.'
      },
      { status: 202, sent: { source_id: 'usr_2' }, body: RECORD }
    ])
    expect(sent.map(({ body }) => body)).toEqual([[{ source_id: 'usr_2' }]])
  })

  it('leaves nothing to send when there is no other', async () => {
    const sent = gatewayAnswers(json(202, ACCEPTED), API)
    expect((await deliverBatch([identify(' '), identify('\t')])).map(({ status }) => status)).toEqual([400, 400])
    expect(sent).toEqual([])
  })

  it.each([
    [{ customURL: 'https://example.com' }, /^The setting "Custom Voucherify URL" must be a host of voucherify\.io\./],
    [{ apiKey: ' ' }, /^The setting "Application ID" is empty\./],
    [{ secretKey: 'a\nb' }, /^The setting "Secret Key" holds characters that no HTTP header can carry\./]
  ])('for the settings %j is refused in its place, and nothing is thrown', async (changes, words) => {
    const outcomes = await deliverBatch(identifyMany(3), { settings: changes })
    expect(outcomes).toHaveLength(3)
    for (const outcome of outcomes) {
      expect(outcome).toEqual({
        status: 400,
        errortype: 'BAD_REQUEST',
        errormessage: expect.stringMatching(words),
        errorreporter: 'INTEGRATIONS'
      })
    }
  })
})

describe('a bulk call that fails', () => {
  withoutNetwork()

  const body = { code: 0, message: 'Some reason' }
  const rows = [
    { source_id: 'usr_0', email: '0@example.com' },
    { source_id: 'usr_1', email: '1@example.com' }
  ]

  it.each([
    [408, 408, 'RETRYABLE_ERROR', 'The call can be sent again later.'],
    [423, 423, 'RETRYABLE_ERROR', 'The call can be sent again later.'],
    [429, 429, 'RETRYABLE_ERROR', 'The call can be sent again later.'],
    [500, 500, 'RETRYABLE_ERROR', 'The call can be sent again later.'],
    [502, 502, 'RETRYABLE_ERROR', 'The call can be sent again later.'],
    [503, 503, 'RETRYABLE_ERROR', 'The call can be sent again later.'],
    [522, 500, 'RETRYABLE_ERROR', 'The call can be sent again later.'],
    [401, 401, 'INVALID_AUTHENTICATION', 'Check the settings "Application ID" and "Secret Key".'],
    [
      403,
      403,
      'FORBIDDEN',
      'Give the key in the setting "Secret Key" the right to do this, in Voucherify\'s project settings.'
    ],
    [402, 402, 'PAYMENT_REQUIRED', 'The limit of your Voucherify plan is exceeded; ask your Voucherify administrator.'],
    [404, 404, 'NOT_FOUND', 'Check the setting "Custom Voucherify URL".']
  ])('with %d marks each of its calls so, and nothing more is asked', async (answered, status, errortype, advice) => {
    const bulk = gatewayAnswers(json(answered, body), API)
    const gateway = gatewayAnswers(json(200, {}))
    const outcomes = await deliverBatch(identifyMany(2))
    expect(outcomes).toEqual(
      rows.map((sent) => ({
        status,
        errortype,
        errormessage: `Voucherify answered ${answered}: Some reason. ${advice}`,
        sent,
        body: JSON.stringify(body),
        errorreporter: 'DESTINATION'
      }))
    )
    expect([bulk.length, gateway.length]).toEqual([1, 0])
  })

  it('with a page, though of a 2xx, is retryable: nothing shows that a job was made', async () => {
    const page = '<!doctype html><p>hi</p>'
    const sent = gatewayAnswers({ status: 202, body: page }, API)
    expect(await deliverBatch([identify('usr_1')])).toEqual([
      {
        status: 502,
        errortype: 'RETRYABLE_ERROR',
        errormessage:
          'A web page answered (202) instead of Voucherify, so nothing shows that the data arrived. ' +
          'Check the setting "Custom Voucherify URL"; the call can be sent again later.',
        sent: { source_id: 'usr_1' },
        body: page,
        errorreporter: 'DESTINATION'
      }
    ])
    expect(sent).toHaveLength(1)
  })

  it('with a redirect is retryable, and not followed', async () => {
    const elsewhere = gatewayAnswers(json(202, ACCEPTED), 'https://login.example.com')
    gatewayAnswers({ status: 307, headers: { Location: 'https://login.example.com' } }, API)
    const outcomes = await deliverBatch(identifyMany(2))
    expect(outcomes).toMatchObject([
      {
        status: 502,
        errortype: 'RETRYABLE_ERROR',
        errormessage: expect.stringContaining('(307) to login.example.com,')
      },
      { status: 502, errortype: 'RETRYABLE_ERROR' }
    ])
    expect(elsewhere).toEqual([])
  })

  it('for the network is retryable, with nothing recorded as exchanged', async () => {
    nock(API)
      .post(/.*/)
      .replyWithError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    expect(await deliverBatch(identifyMany(2))).toEqual(
      rows.map(() => ({
        status: 500,
        errortype: 'RETRYABLE_ERROR',
        errormessage: expect.stringMatching(/reason: read ECONNRESET$/),
        errorreporter: 'INTEGRATIONS'
      }))
    )
  })

  it.each([401, 403])('with %d marks also what would have gone one by one, without asking again', async (status) => {
    const bulk = gatewayAnswers(json(status, body), API)
    const gateway = gatewayAnswers(json(200, {}))
    const outcomes = await deliverBatch([
      identify('usr_0', { email: '0@example.com' }),
      identify('usr_9', { metadata: null }),
      identify('usr_9', { metadata: { a: 1 } })
    ])
    expect(outcomes.map((outcome) => outcome.status)).toEqual([status, status, status])
    expect(outcomes[0]).toMatchObject({ sent: rows[0], body: JSON.stringify(body), errorreporter: 'DESTINATION' })
    for (const outcome of outcomes.slice(1)) {
      expect(outcome).toEqual({
        status,
        errortype: status === 401 ? 'INVALID_AUTHENTICATION' : 'FORBIDDEN',
        errormessage: expect.stringContaining(`Voucherify answered ${status}: Some reason.`),
        errorreporter: 'INTEGRATIONS'
      })
    }
    expect([bulk.length, gateway.length]).toEqual([1, 0])
  })
})

describe('a bulk call that is refused as a whole', () => {
  withoutNetwork()

  const refusals: [string, GatewayAnswer][] = [
    ['400', json(400, { code: 400, key: 'invalid_payload', message: 'Invalid payload' })],
    ['413', json(413, { statusCode: 413, error: 'Request Entity Too Large', message: 'Payload content length' })]
  ]

  it.each(refusals)("with %s ends with each customer's own outcome from the gateway", async (_, refusal) => {
    const bulk = gatewayAnswers(refusal, API)
    const invalid = { code: 400, key: 'invalid_email', message: 'Invalid email' }
    const gateway = gatewayAnswers(({ body }) => {
      const id = (body as { source_id: string }).source_id
      return id === 'usr_1'
        ? json(400, invalid)
        : id === 'usr_3'
        ? json(503, { code: 503, message: 'Busy' })
        : json(200, { id })
    })
    const outcomes = await deliverBatch([...identifyMany(4), identify(' ')])
    const sent = (index: number) => ({ source_id: `usr_${index}`, email: `${index}@example.com`, type: 'identify' })
    expect(outcomes).toEqual([
      { status: 200, sent: sent(0), body: '{"id":"usr_0"}' },
      {
        status: 400,
        errortype: 'BAD_REQUEST',
        errormessage:
          'Voucherify answered 400 (invalid_email): Invalid email. Correct the value it names in the mapping or in the call; the call is not sent again.',
        sent: sent(1),
        body: JSON.stringify(invalid),
        errorreporter: 'DESTINATION'
      },
      { status: 200, sent: sent(2), body: '{"id":"usr_2"}' },
      {
        status: 503,
        errortype: 'RETRYABLE_ERROR',
        errormessage: 'Voucherify answered 503: Busy. The call can be sent again later.',
        sent: sent(3),
        body: '{"code":503,"message":"Busy"}',
        errorreporter: 'DESTINATION'
      },
      { status: 400, errortype: 'PAYLOAD_VALIDATION_FAILED', errormessage: NO_USER_ID, errorreporter: 'INTEGRATIONS' }
    ])
    expect(bulk).toHaveLength(1)
    expect(gateway.map(({ url, headers }) => ({ url, headers }))).toEqual(
      Array(4).fill({ url: CUSTOMER, headers: { ...GATEWAY_HEADERS, 'content-type': 'application/json' } })
    )
  })

  it('sends at most ten at a time', async () => {
    gatewayAnswers(refusals[0][1], API)
    let running = 0
    let most = 0
    const gateway = gatewayAnswers(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running -= 1
      return json(200, {})
    })
    const outcomes = await deliverBatch(identifyMany(40))
    expect(outcomes.map(({ status }) => status)).toEqual(Array(40).fill(200))
    expect(ids(gateway).sort()).toEqual(
      identifyMany(40)
        .map(({ userId }) => userId)
        .sort()
    )
    expect(most).toBe(10)
  })

  it('sends the calls of each customer in order, one after the other', async () => {
    gatewayAnswers(refusals[0][1], API)
    const running = new Set<string>()
    const overlaps: string[] = []
    const gateway = gatewayAnswers(async ({ body }) => {
      const { source_id } = body as { source_id: string }
      if (running.has(source_id)) overlaps.push(source_id)
      running.add(source_id)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running.delete(source_id)
      return json(200, {})
    })
    const steps = [0, 1, 2, 3]
    const events = steps.flatMap((step) => ['a', 'b', 'c'].map((id) => identify(id, { metadata: { step } })))
    const outcomes = await deliverBatch(events)
    expect(outcomes).toEqual(
      events.map(({ userId, traits }) => ({
        status: 200,
        sent: { source_id: userId, metadata: traits?.metadata, type: 'identify' },
        body: '{}'
      }))
    )
    expect(overlaps).toEqual([])
    for (const id of ['a', 'b', 'c']) {
      const said = gateway.map(({ body }) => body as { source_id: string; metadata: { step: number } })
      expect(said.filter(({ source_id }) => source_id === id).map(({ metadata }) => metadata.step)).toEqual(steps)
    }
  })

  it('does not let a later call of a customer overtake one that is sent again', async () => {
    gatewayAnswers(refusals[0][1], API)
    const gateway = gatewayAnswers(({ body }) =>
      (body as { source_id: string }).source_id === 'a' ? json(503, {}) : json(200, {})
    )
    const outcomes = await deliverBatch([identify('a', { phone: '1' }), identify('b'), identify('a', { phone: '2' })])
    expect(outcomes.map(({ status }) => status)).toEqual([503, 200, 500])
    expect(outcomes[2]).toEqual({
      status: 500,
      errortype: 'RETRYABLE_ERROR',
      errormessage: 'An earlier call of the same customer has to be sent again first.',
      errorreporter: 'INTEGRATIONS'
    })
    expect(ids(gateway).sort()).toEqual(['a', 'b'])
  })

  it.each([
    ['a status alone', { status: 503 }],
    ['a code of its own', { status: 429, code: 'HOST_BUSY' }],
    ['no status, as the network does', { code: 'ECONNRESET' }]
  ])("does not let it overtake one that failed with the host's own error of %s", async (_, details) => {
    const phones: unknown[] = []
    const request = (async (_url: string, { json: body }: { json: { phone: string } }) => {
      phones.push(body.phone)
      if (body.phone === '1') throw Object.assign(new Error('Busy'), details)
      return { status: 200 }
    }) as unknown as RequestClient
    const calls = ['1', '2'].map((phone) => ({ source_id: 'a', phone, type: 'identify', enable_batching: false }))
    const { performBatch } = definition.actions.upsertCustomer
    const results = await performBatch?.(request, { settings, payload: calls })
    if (!(results instanceof MultiStatusResponse)) throw new Error('The batch gave no outcomes')

    expect(phones).toEqual(['1'])
    expect(results.getAllResponses().map((result) => result.value())).toMatchObject([
      { errormessage: 'Busy' },
      { errormessage: 'An earlier call of the same customer has to be sent again first.' }
    ])
  })

  it('lets a later call of a customer go when the earlier one is refused for good', async () => {
    gatewayAnswers(refusals[0][1], API)
    const gateway = gatewayAnswers(({ body }) =>
      (body as { phone?: string }).phone === 'x' ? json(400, { message: 'Bad' }) : json(200, {})
    )
    const outcomes = await deliverBatch([identify('a', { phone: 'x' }), identify('a', { phone: '2' })])
    expect(outcomes.map(({ status }) => status)).toEqual([400, 200])
    expect(ids(gateway)).toEqual(['a', 'a'])
  })

  it.each([401, 403, 429])('asks nobody else once the gateway answers %d', async (status) => {
    gatewayAnswers(refusals[0][1], API)
    const gateway = gatewayAnswers(json(status, { message: 'No' }))
    const outcomes = await deliverBatch(identifyMany(30))
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(30).fill(status))
    expect(gateway.length).toBeLessThanOrEqual(10)
    const recorded = outcomes.filter((outcome) => 'sent' in outcome)
    expect(recorded).toHaveLength(gateway.length)
  })
})

describe('a host that stops early', () => {
  withoutNetwork()

  const STOPPED = {
    status: 500,
    errortype: 'RETRYABLE_ERROR',
    errormessage: 'Segment stopped the batch before this call was sent. It can be sent again.',
    errorreporter: 'INTEGRATIONS'
  }

  it('before the start gets retryable for all, and nothing is sent', async () => {
    const controller = new AbortController()
    controller.abort()
    const bulk = gatewayAnswers(json(202, ACCEPTED), API)
    expect(await deliverBatch(identifyMany(3), { signal: controller.signal })).toEqual(Array(3).fill(STOPPED))
    expect(bulk).toEqual([])
  })

  it('between two requests gets what is done, and retryable for the rest', async () => {
    const controller = new AbortController()
    const request = jest.fn(async () => {
      controller.abort()
      return { status: 202, data: ACCEPTED }
    })
    const customer = (source_id: string, metadata: object | null) => ({ source_id, metadata, type: 'identify' })
    const payload = [customer('usr_1', null), customer('usr_2', { a: 1 }), customer('usr_1', { a: 1 })]
    const { performBatch } = definition.actions.upsertCustomer
    const results = await performBatch?.(Object.assign(request), {
      settings,
      payload,
      signal: controller.signal
    })
    const stopped = omit(STOPPED, 'errorreporter')
    if (!(results instanceof MultiStatusResponse)) throw new Error('The batch gave no outcomes')
    expect(results.getAllResponses().map((result) => result.value())).toEqual([
      stopped,
      { status: 202, sent: { source_id: 'usr_2', metadata: { a: 1 } }, body: RECORD },
      stopped
    ])
    expect(request).toHaveBeenCalledTimes(1)
  })

  it('while a bulk call runs gets retryable for its customers', async () => {
    const controller = new AbortController()
    const bulk = gatewayAnswers(() => {
      controller.abort()
      return new Promise<never>(() => undefined)
    }, API)
    const outcomes = await deliverBatch(identifyMany(2), { signal: controller.signal })
    expect(outcomes).toEqual(
      Array(2).fill({
        status: 408,
        errortype: 'RETRYABLE_ERROR',
        errormessage: 'Request was aborted',
        errorreporter: 'INTEGRATIONS'
      })
    )
    expect(bulk).toHaveLength(1)
  })
})

describe('a batch with batching switched off', () => {
  withoutNetwork()

  it('goes one by one through the gateway, a few at a time', async () => {
    const bulk = gatewayAnswers(json(202, ACCEPTED), API)
    const gateway = gatewayAnswers(json(200, {}))
    const outcomes = await deliverBatch([...identifyMany(8), identify(' ')], {
      mappings: { [CUSTOMER_PRESET]: { enable_batching: false } }
    })
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(8).fill(200), 400])
    expect(bulk).toEqual([])
    expect(gateway.map(({ body }) => body)).toEqual(
      identifyMany(8).map(({ userId, traits }) => ({ source_id: userId, email: traits?.email, type: 'identify' }))
    )
  })
})

describe('what a batch records of an answer', () => {
  withoutNetwork()

  const { apiKey, secretKey } = settings
  const basic = Buffer.from(`${apiKey}:${secretKey}`).toString('base64')
  const echo = {
    message: `No ${secretKey}`,
    [apiKey]: [`Basic ${basic}`],
    details: { token: secretKey, deep: [[apiKey]] }
  }

  const LEFT_OUT = 'Left out, since it echoed a key.'

  function expectNoKeys(outcomes: Outcomes): void {
    const text = JSON.stringify(outcomes)
    for (const part of [apiKey, secretKey, basic]) expect(text).not.toContain(part)
    expect(text).toContain(LEFT_OUT)
  }

  it.each([202, 401, 403, 429, 500, 404])('is nothing where a bulk answer of %d echoes a key', async (status) => {
    gatewayAnswers(json(status, echo), API)
    const outcomes = await deliverBatch(identifyMany(2))
    expectNoKeys(outcomes)
    expect(outcomes[0].body).toBe(LEFT_OUT)
  })

  it.each([200, 400, 401, 503])('is nothing where the gateway echoes a key with %d', async (status) => {
    gatewayAnswers(json(400, echo), API)
    gatewayAnswers(json(status, echo))
    expectNoKeys(await deliverBatch(identifyMany(2)))
  })

  it('is nothing where a text echoes a key', async () => {
    gatewayAnswers({ status: 500, body: `Basic ${basic} ${secretKey}` }, API)
    expectNoKeys(await deliverBatch(identifyMany(1)))
  })

  it('keeps our own words whole when a key is one of them', async () => {
    const [outcome] = await deliverBatch([callOf('identify', { userId: ' ' })], {
      settings: { apiKey: 'field', secretKey: 'user' }
    })
    expect(outcome).toMatchObject({
      status: 400,
      errormessage: expect.stringMatching(/^The field source_id is blank.*Identify the user/)
    })
  })

  it('is nothing where an error of the network tells a key', async () => {
    nock(API)
      .post(/.*/)
      .replyWithError(new Error(`no route for ${secretKey} / ${basic}`))
    expectNoKeys(await deliverBatch(identifyMany(1)))
  })

  it.each([
    ['a long JSON', json(202, { noise: 'x'.repeat(300_000) })],
    ['a long text', { status: 202, body: 'x'.repeat(300_000) }],
    ['a long error', json(500, { message: 'x'.repeat(300_000) })]
  ])('is bounded for %s, since a thousand calls may keep it', async (_, answer) => {
    gatewayAnswers(answer, API)
    for (const outcome of await deliverBatch(identifyMany(3))) {
      expect(JSON.stringify(outcome.body).length).toBeLessThan(4_200)
      expect(JSON.stringify(outcome).length).toBeLessThan(5_000)
    }
  })
})
