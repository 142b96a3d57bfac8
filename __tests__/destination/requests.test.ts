/**
 * The requests as they are built, without a network: address, headers, options, and a body that holds the declared
 * visible fields and nothing else, whatever the host passed; what is left out; identifiers and keys that can't be used;
 * and the second host, which calls `perform` without the framework.
 */
import { APIError, IntegrationError, PayloadValidationError, RetryableError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import omit from 'lodash/omit'
import addCustomEvent from '../../src/addCustomEvent/index'
import assignToGroup from '../../src/assignCustomerToGroup/index'
import upsertCustomer from '../../src/upsertCustomer/index'
import {
  bodyOf,
  bulkRequest,
  erasureRequest,
  errorOf,
  failureOf,
  requestOf,
  settings,
  testRequest
} from './__helpers__/helpers'

const GUARDS = { redirect: 'manual', skipResponseCloning: true, timeout: 10_000, size: 1_048_576 }

const API_KEYS = {
  'X-App-Id': '1f6b0c7e-5d2a-4c39-9a41-7b0e6f3d8a52',
  'X-App-Token': '8d0e4a97-32cb-47f6-b1a5-c94f2e7d6130'
}

const GATEWAY_KEYS = {
  ...API_KEYS,
  authorization: 'Basic MWY2YjBjN2UtNWQyYS00YzM5LTlhNDEtN2IwZTZmM2Q4YTUy',
  'secret-key': 'OGQwZTRhOTctMzJjYi00N2Y2LWIxYTUtYzk0ZjJlN2Q2MTMw'
}

const EVENT = { customer: { source_id: 'usr_1' }, event: 'Paid', type: 'track' }
const GROUP = { customer: { source_id: 'usr_1' }, group_id: 'org_1', type: 'group' }
const CUSTOMER = { source_id: 'usr_1', type: 'identify' }

const NO_USER_ID =
  'is blank, most often because the call has no userId. Identify the user first or map another ID; anonymousId is no ' +
  'substitute, since Voucherify would keep it as a separate customer for ever.'
const NO_GROUP_ID =
  'The field group_id is blank, most often because the call has no groupId. Send a groupId, or map another ID of the group.'

describe('a request to the gateway', () => {
  it.each<[string, string, object]>([
    ['event-processing', 'addCustomEvent', EVENT],
    ['group-processing', 'assignCustomerToGroup', GROUP],
    ['customer-processing', 'upsertCustomer', CUSTOMER]
  ])('%s carries both pairs of headers, every guard and the body, and nothing else', async (path, call, payload) => {
    expect(await requestOf(call, payload)).toEqual({
      url: `https://us1.segmentio.voucherify.io/segmentio/${path}`,
      options: { ...GUARDS, method: 'POST', headers: GATEWAY_KEYS, json: payload }
    })
  })

  it('that tests the keys is the same without a body', async () => {
    expect(await testRequest()).toEqual({
      url: 'https://us1.segmentio.voucherify.io/segmentio/test-authentication',
      options: { ...GUARDS, method: 'GET', headers: GATEWAY_KEYS }
    })
  })

  it('changes neither the payload nor the settings', async () => {
    const payload = Object.freeze({ ...CUSTOMER, source_id: ' usr_1 ', metadata: Object.freeze({ a: 1 }) })
    const { options } = await requestOf('upsertCustomer', payload)
    expect(options.json).toEqual({ ...CUSTOMER, metadata: { a: 1 } })
    expect(payload).toEqual({ ...CUSTOMER, source_id: ' usr_1 ', metadata: { a: 1 } })
  })

  it('trims the source_id also where the customer is frozen', async () => {
    const customer = Object.freeze({ source_id: ' usr_1 ' })
    expect(await bodyOf('addCustomEvent', { ...EVENT, customer })).toEqual(EVENT)
    expect(customer).toEqual({ source_id: ' usr_1 ' })
  })
})

describe('a request to the API', () => {
  it('with customers in bulk carries the documented pair only, and the rows as they are', async () => {
    expect(await bulkRequest([{ source_id: 'a' }, { source_id: 'b' }])).toEqual({
      url: 'https://us1.api.voucherify.io/v1/customers/bulk/async',
      options: {
        ...GUARDS,
        method: 'POST',
        headers: { ...API_KEYS, 'Content-Type': 'application/json' },
        body: '[{"source_id":"a"},{"source_id":"b"}]'
      }
    })
  })

  it('that erases carries the documented pair only, and no body', async () => {
    expect(await erasureRequest('usr_1')).toEqual({
      url: 'https://us1.api.voucherify.io/v1/customers/usr_1/permanent-deletion',
      options: { ...GUARDS, method: 'POST', headers: API_KEYS }
    })
  })

  it.each([
    ['a/b c@d.e?x=1', 'a%2Fb%20c%40d.e%3Fx%3D1'],
    ['../../v1/vouchers', '..%2F..%2Fv1%2Fvouchers'],
    ['%2e%2e', '%252e%252e'],
    ['a#b', 'a%23b'],
    ['a\\b', 'a%5Cb'],
    ['...', '...'],
    ['Zoë 🎉', 'Zo%C3%AB%20%F0%9F%8E%89']
  ])('escapes the ID %s', async (id, segment) => {
    const { url } = await erasureRequest(id)
    expect(url).toBe(`https://us1.api.voucherify.io/v1/customers/${segment}/permanent-deletion`)
    expect(new URL(url).pathname).toBe(`/v1/customers/${segment}/permanent-deletion`)
  })

  it.each(['.', '..', '\ud800', 'a\udc00b'])(
    'refuses the ID %j, which would reach another path or none',
    async (id) => {
      expect(await failureOf(erasureRequest(id))).toEqual({
        type: PayloadValidationError,
        status: 400,
        message:
          "The customer's source_id can't be written into a URL, so the customer was not erased. Erase the customer in Voucherify's dashboard."
      })
    }
  )
})

describe('the keys', () => {
  it('are trimmed', async () => {
    const typed = { ...settings, apiKey: `  ${settings.apiKey}\n`, secretKey: `\t${settings.secretKey} ` }
    expect((await testRequest(typed)).options.headers).toEqual(GATEWAY_KEYS)
    expect((await erasureRequest('u', typed)).options.headers).toEqual(API_KEYS)
  })

  it('need no pattern', async () => {
    const { options } = await testRequest({ apiKey: 'a b', secretKey: '~!"§' })
    expect(options.headers).toEqual({
      'X-App-Id': 'a b',
      'X-App-Token': '~!"§',
      authorization: 'Basic YSBi',
      'secret-key': 'fiEiwqc='
    })
  })

  const builders: [string, (typed: typeof settings) => Promise<unknown>][] = [
    ['a call', (typed) => requestOf('upsertCustomer', CUSTOMER, typed)],
    ['a test', testRequest],
    ['an erasure', (typed) => erasureRequest('usr_1', typed)]
  ]
  const values: [string, string, string][] = [
    ['empty', '', 'is empty'],
    ['blank', ' \t\n ', 'is empty'],
    ['the word undefined, which the framework would drop', 'undefined', 'is empty'],
    ['with a line end inside', 'half-one\nhalf-two', 'holds characters that no HTTP header can carry'],
    ['with a null character', 'half-one\u0000half-two', 'holds characters that no HTTP header can carry'],
    ['with a delete character', 'half-one\u007fhalf-two', 'holds characters that no HTTP header can carry'],
    ['with letters beyond Latin', 'half-one-Ж-half-two', 'holds characters that no HTTP header can carry'],
    ['with an emoji', 'half-one-🎉-half-two', 'holds characters that no HTTP header can carry']
  ]
  describe.each(builders)('of %s', (_, build) => {
    it.each(values)('are refused when %s, by name and without the value', async (_, value, problem) => {
      for (const [key, label] of [
        ['apiKey', 'Application ID'],
        ['secretKey', 'Secret Key']
      ]) {
        const failure = await failureOf(build({ ...settings, [key]: value }))
        expect(failure).toEqual({
          type: IntegrationError,
          status: 400,
          message: `The setting "${label}" ${problem}. Copy the key again from your Voucherify project's settings.`
        })
        expect(failure.message).not.toContain('half')
      }
    })
  })
})

describe('the body', () => {
  /** What PostHog's CDP puts beside the fields of a payload, and a few keys that nobody declared. */
  const BESIDE = {
    ...settings,
    debug_mode: true,
    internal_partner_action: 'addCustomEvent',
    __segment_internal_sync_mode: 'add',
    toString: 'x',
    extra: { nested: true }
  }

  it('of an event holds all its declared fields, and of the customer, referral and loyalty only theirs', async () => {
    const declared = {
      customer: { source_id: 'usr_1', email: 'ann@example.com' },
      referral: { code: 'REF', referrer_id: 'usr_2' },
      loyalty: { code: 'LOY' },
      metadata: { plan: 'gold', price: 9.5, trial: false, list: ['a'], nested: { deep: { deeper: null } } },
      event: 'Paid',
      type: 'track'
    }
    const payload = {
      ...BESIDE,
      ...declared,
      customer: { ...declared.customer, phone: '1', metadata: { a: 1 } },
      referral: { ...declared.referral, extra: 1 },
      loyalty: { ...declared.loyalty, points: 100 }
    }
    expect(await bodyOf('addCustomEvent', payload)).toEqual(declared)
  })

  it('of a group holds all its declared fields', async () => {
    const declared = {
      customer: { source_id: 'usr_1', email: 'ann@example.com' },
      group_id: 'org_1',
      traits: { name: 'Org', employees: 12, address: { city: 'Austin' }, 'total billed': null },
      type: 'group'
    }
    expect(await bodyOf('assignCustomerToGroup', { ...omit(BESIDE, 'customURL'), ...declared })).toEqual(declared)
  })

  it('of a customer holds all its declared fields, without those that carry Engage or steer batches', async () => {
    const declared = {
      source_id: 'usr_1',
      name: 'Ann Lee',
      first_name: 'Ann',
      last_name: 'Lee',
      description: 'Regular',
      email: 'ann@example.com',
      phone: '+1 212',
      birthdate: '1990-01-02',
      address: { city: 'Austin', state: 'TX', postal_code: '78744', street: '88 Harbor Rd', country: 'US' },
      metadata: { vip: true },
      type: 'identify'
    }
    const payload = {
      ...BESIDE,
      ...declared,
      address: { ...declared.address, line_2: 'x' },
      computation_key: '',
      traits: { secret: 1 },
      enable_batching: true,
      batch_size: 1000
    }
    expect(await bodyOf('upsertCustomer', payload)).toEqual(declared)
  })

  it('keeps null where a field takes it', async () => {
    const nulls = {
      source_id: 'usr_1',
      name: null,
      first_name: null,
      last_name: null,
      description: null,
      email: null,
      phone: null,
      birthdate: null,
      address: { city: null, state: null, postal_code: null, street: null, country: null },
      metadata: null,
      type: 'identify'
    }
    expect(await bodyOf('upsertCustomer', nulls)).toEqual(nulls)
  })

  it('leaves null out where a field takes none', async () => {
    const { customer, event, type } = EVENT
    expect(
      await bodyOf('addCustomEvent', {
        customer: { ...customer, email: null },
        referral: { code: null, referrer_id: 'usr_2' },
        loyalty: null,
        metadata: null,
        event,
        type
      })
    ).toEqual({ customer, referral: { referrer_id: 'usr_2' }, event, type })
    expect(await bodyOf('assignCustomerToGroup', { ...GROUP, traits: null })).toEqual(GROUP)
    expect(await bodyOf('upsertCustomer', { ...CUSTOMER, address: null })).toEqual(CUSTOMER)
  })

  const BLANKS = ['', ' ', '\t\n']

  it.each(BLANKS)('leaves out a declared text that reads %j, at any level', async (blank) => {
    const texts = ['name', 'email', 'phone', 'description', 'birthdate', 'first_name', 'last_name']
    const parts = ['city', 'state', 'postal_code', 'street', 'country']
    const blanks = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, blank]))
    const customer = { ...CUSTOMER, ...blanks(texts), address: { ...blanks(parts), city: 'Austin', state: null } }
    expect(await bodyOf('upsertCustomer', customer)).toEqual({ ...CUSTOMER, address: { city: 'Austin', state: null } })
    const event = {
      ...EVENT,
      customer: { source_id: 'usr_1', email: blank },
      referral: { code: 'REF', referrer_id: blank }
    }
    expect(await bodyOf('addCustomEvent', event)).toEqual({ ...EVENT, referral: { code: 'REF' } })
  })

  it.each<[string, string, object]>([
    ['referral', 'addCustomEvent', EVENT],
    ['loyalty', 'addCustomEvent', EVENT],
    ['address', 'upsertCustomer', CUSTOMER]
  ])('leaves %s out when no key is left in it', async (field, call, rest) => {
    for (const value of [{}, { code: '', city: '\t\n' }, { code: undefined, city: ' ' }, { other: 1 }]) {
      expect(await bodyOf(call, { ...rest, [field]: value })).toEqual(rest)
    }
  })

  const FREE: [string, string, object][] = [
    ['metadata', 'addCustomEvent', EVENT],
    ['traits', 'assignCustomerToGroup', GROUP],
    ['metadata', 'upsertCustomer', CUSTOMER]
  ]

  it.each(FREE)('leaves %s of %s out when there is no key in it', async (field, call, rest) => {
    for (const value of [{}, { key: undefined }]) {
      expect(await bodyOf(call, { ...rest, [field]: value })).toEqual(rest)
    }
  })

  it.each(FREE)(
    'leaves the free keys of %s of %s as they are, whatever stands beside them',
    async (field, call, rest) => {
      const values = ['', ' ', null, 0, false, {}, [], { a: '' }, 'gold']
      for (const value of values) {
        for (const free of [{ tier: value }, { tier: value, x: 1 }]) {
          expect(await bodyOf(call, { ...rest, [field]: free })).toEqual({ ...rest, [field]: free })
        }
      }
    }
  )
})

describe('the identifiers', () => {
  it('are trimmed', async () => {
    expect(await bodyOf('addCustomEvent', { ...EVENT, customer: { source_id: ' \tusr 1\n' } })).toEqual({
      ...EVENT,
      customer: { source_id: 'usr 1' }
    })
    expect(
      await bodyOf('assignCustomerToGroup', { ...GROUP, customer: { source_id: ' usr_1' }, group_id: 'org_1 ' })
    ).toEqual(GROUP)
    expect(await bodyOf('upsertCustomer', { ...CUSTOMER, source_id: '  usr_1  ' })).toEqual(CUSTOMER)
  })

  it('become texts where a host passes numbers', async () => {
    const body = await bodyOf('assignCustomerToGroup', { ...GROUP, customer: { source_id: 0 }, group_id: 12 })
    expect(body).toEqual({ ...GROUP, customer: { source_id: '0' }, group_id: '12' })
  })

  const blanks = [undefined, null, '', ' ', '\t\n', {}, [], true]
  it.each<[string, string, (id: unknown) => object, string]>([
    [
      'customer.source_id of an event',
      'addCustomEvent',
      (id) => ({ ...EVENT, customer: { source_id: id } }),
      `The field customer.source_id ${NO_USER_ID}`
    ],
    [
      'customer.source_id of a group',
      'assignCustomerToGroup',
      (id) => ({ ...GROUP, customer: { source_id: id } }),
      `The field customer.source_id ${NO_USER_ID}`
    ],
    [
      'source_id of a customer',
      'upsertCustomer',
      (id) => ({ ...CUSTOMER, source_id: id }),
      `The field source_id ${NO_USER_ID}`
    ],
    ['group_id', 'assignCustomerToGroup', (id) => ({ ...GROUP, group_id: id }), NO_GROUP_ID]
  ])(
    '%s: a blank one is refused, with the usual cause, and anonymousId is not taken instead',
    async (_, call, payload, message) => {
      for (const blank of blanks) {
        const failure = await failureOf(bodyOf(call, { ...payload(blank), anonymousId: 'anon_1' }))
        expect(failure).toEqual({ type: PayloadValidationError, status: 400, message })
      }
    }
  )

  it.each(['undefined', 'null', 'NaN', 'Infinity', '-Infinity', '[object Object]'])(
    'that read %s are refused, since a broken app gives them to everybody',
    async (id) => {
      const refusal = (field: string) => ({
        type: PayloadValidationError,
        status: 400,
        message:
          `The field ${field} reads "${id}", which an app sends when it has no ID at hand, so it would be shared by ` +
          'strangers. Send the call only when the ID is known, or map another ID.'
      })
      for (const typed of [id, ` ${id}\n`]) {
        const event = { ...EVENT, customer: { source_id: typed } }
        expect(await failureOf(bodyOf('addCustomEvent', event))).toEqual(refusal('customer.source_id'))
        const group = { ...GROUP, group_id: typed }
        expect(await failureOf(bodyOf('assignCustomerToGroup', group))).toEqual(refusal('group_id'))
        expect(await failureOf(bodyOf('upsertCustomer', { ...CUSTOMER, source_id: typed }))).toEqual(
          refusal('source_id')
        )
      }
    }
  )

  it.each(['undefined-1', 'nullify', 'NULL', 'user null', '"null"', '[object Object]s', 'Nan', '0', 'none'])(
    'that only look like such a word pass: %s',
    async (id) => {
      expect(await bodyOf('upsertCustomer', { ...CUSTOMER, source_id: id })).toEqual({ ...CUSTOMER, source_id: id })
    }
  )

  it('of broken apps are erased still, since they came in before', async () => {
    expect((await erasureRequest('undefined')).url).toBe(
      'https://us1.api.voucherify.io/v1/customers/undefined/permanent-deletion'
    )
  })

  it('are asked for also where the whole customer is missing', async () => {
    for (const customer of [undefined, null, {}, '', 'usr_1', []]) {
      const { message } = await failureOf(bodyOf('addCustomEvent', { ...EVENT, customer }))
      expect(message).toBe(`The field customer.source_id ${NO_USER_ID}`)
    }
  })
})

describe('a host without the framework, which passes payload and settings as one object', () => {
  const merged = <T extends object>(fields: T) => ({
    ...settings,
    debug_mode: false,
    internal_partner_action: 'any',
    ...fields
  })
  const [event, group, customer] = [merged(EVENT), merged(GROUP), merged(CUSTOMER)]

  const both = <T extends object>(values: T) => ({ payload: values, settings: values })
  const actions: [string, string, object, (request: RequestClient) => unknown][] = [
    ['addCustomEvent', 'event-processing', EVENT, (request) => addCustomEvent.perform(request, both(event))],
    ['assignCustomerToGroup', 'group-processing', GROUP, (request) => assignToGroup.perform(request, both(group))],
    ['upsertCustomer', 'customer-processing', CUSTOMER, (request) => upsertCustomer.perform(request, both(customer))]
  ]
  it.each(actions)(
    '%s sends the declared fields, with the keys in the headers only',
    async (_, path, fields, perform) => {
      const request = jest.fn().mockResolvedValue({ status: 200 })
      await perform(request)
      expect(request.mock.calls).toEqual([
        [
          `https://us1.segmentio.voucherify.io/segmentio/${path}`,
          { ...GUARDS, method: 'POST', headers: GATEWAY_KEYS, json: fields }
        ]
      ])
      expect(Object.keys(request.mock.calls[0][1].json)).toEqual(Object.keys(fields))
    }
  )

  it('gives null for whatever a call lacks, which clears nothing', async () => {
    const nulls = {
      name: null,
      first_name: null,
      last_name: null,
      phone: null,
      birthdate: null,
      address: { city: null, state: null },
      metadata: { plan: null, vip: true, nested: { a: null } }
    }
    expect(await bodyOf('upsertCustomer', merged({ ...CUSTOMER, email: 'a@example.com', ...nulls }))).toEqual({
      ...CUSTOMER,
      email: 'a@example.com',
      metadata: { vip: true, nested: { a: null } }
    })
    expect(await bodyOf('upsertCustomer', merged({ ...CUSTOMER, metadata: { plan: null } }))).toEqual(CUSTOMER)
    expect(await bodyOf('assignCustomerToGroup', merged({ ...GROUP, traits: { plan: null, size: 3 } }))).toEqual({
      ...GROUP,
      traits: { size: 3 }
    })
    expect(await bodyOf('addCustomEvent', merged({ ...EVENT, metadata: { total: null, '': '' } }))).toEqual({
      ...EVENT,
      metadata: { '': '' }
    })
  })

  it.each(actions)(
    '%s does not count an answer that is no 2xx, though the host does not throw',
    async (_, _path, _fields, perform) => {
      const answered = (status: number) =>
        failureOf(async () => perform(jest.fn().mockResolvedValue({ status, headers: new Map() })))
      expect(await answered(302)).toMatchObject({ type: RetryableError, status: 502 })
      expect(await answered(404)).toMatchObject({ type: APIError, status: 404 })
      expect(await answered(503)).toMatchObject({ type: RetryableError, status: 503 })
    }
  )

  it.each(actions)(
    '%s reads an answer whose headers are a plain object as one that names none',
    async (_, _path, _fields, perform) => {
      const answered = (status: number) =>
        failureOf(async () => perform(jest.fn().mockResolvedValue({ status, headers: { location: '/login' } })))
      expect(await answered(302)).toMatchObject({ type: RetryableError, status: 502 })
      expect(await answered(429)).toMatchObject({ type: RetryableError, status: 429 })
    }
  )

  it.each(actions)("%s hands the host's own error out as it came in", async (_, _path, _fields, perform) => {
    class RetryLater extends Error {}
    const own = new RetryLater(`stopped: ${settings.secretKey}`)
    const request = jest.fn().mockRejectedValue(own)
    expect(await errorOf(async () => perform(request))).toBe(own)
    expect(own.message).toBe(`stopped: ${settings.secretKey}`)
    expect(request).toHaveBeenCalledTimes(1)
  })
})
