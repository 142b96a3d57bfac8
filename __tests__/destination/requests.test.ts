/**
 * The requests as they are built, without a network: address, headers, options, and a body that holds the declared
 * visible fields and nothing else, whatever the host passed; what is left out; identifiers and keys that can't be used;
 * and the second host, which calls `perform` without the framework.
 */
import { IntegrationError, PayloadValidationError } from '@segment/actions-core'
import type { RequestClient } from '@segment/actions-core'
import addCustomEvent, { customEvent } from '../../src/addCustomEvent/index'
import assignToGroup, { groupAssignment } from '../../src/assignCustomerToGroup/index'
import upsertCustomer, { customerUpsert } from '../../src/upsertCustomer/index'
import {
  buildBody,
  buildBulkRequest,
  buildErasureRequest,
  buildGatewayRequest,
  buildTestRequest
} from '../../src/utils'
import type { GatewayCall } from '../../src/utils'
import { errorOf, failureOf, settings } from './__helpers__/helpers'

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
  it.each<[string, GatewayCall, object]>([
    ['event-processing', customEvent, EVENT],
    ['group-processing', groupAssignment, GROUP],
    ['customer-processing', customerUpsert, CUSTOMER]
  ])('%s carries both pairs of headers, every guard and the body, and nothing else', (path, call, payload) => {
    expect(buildGatewayRequest(settings, call, payload)).toEqual({
      url: `https://us1.segmentio.voucherify.io/segmentio/${path}`,
      options: { ...GUARDS, method: 'POST', headers: GATEWAY_KEYS, json: payload }
    })
  })

  it('that tests the keys is the same without a body', () => {
    expect(buildTestRequest(settings)).toEqual({
      url: 'https://us1.segmentio.voucherify.io/segmentio/test-authentication',
      options: { ...GUARDS, method: 'GET', headers: GATEWAY_KEYS }
    })
  })

  it('changes neither the payload nor the settings', () => {
    const payload = Object.freeze({ ...CUSTOMER, source_id: ' usr_1 ', metadata: Object.freeze({ a: 1 }) })
    const body = buildGatewayRequest(Object.freeze({ ...settings }), customerUpsert, payload).options.json
    expect(body).toEqual({ ...CUSTOMER, metadata: { a: 1 } })
    expect(payload).toEqual({ ...CUSTOMER, source_id: ' usr_1 ', metadata: { a: 1 } })
  })

  it('trims the source_id also where the customer is frozen', () => {
    const customer = Object.freeze({ source_id: ' usr_1 ' })
    expect(buildBody(customEvent, { ...EVENT, customer })).toEqual(EVENT)
    expect(customer).toEqual({ source_id: ' usr_1 ' })
  })
})

describe('a request to the API', () => {
  it('with customers in bulk carries the documented pair only, and the rows as they are', () => {
    expect(buildBulkRequest(settings, ['{"source_id":"a"}', '{"source_id":"b"}'])).toEqual({
      url: 'https://us1.api.voucherify.io/v1/customers/bulk/async',
      options: {
        ...GUARDS,
        method: 'POST',
        headers: { ...API_KEYS, 'Content-Type': 'application/json' },
        body: '[{"source_id":"a"},{"source_id":"b"}]'
      }
    })
  })

  it('that erases carries the documented pair only, and no body', () => {
    expect(buildErasureRequest(settings, 'usr_1')).toEqual({
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
  ])('escapes the ID %s', (id, segment) => {
    const { url } = buildErasureRequest(settings, id)
    expect(url).toBe(`https://us1.api.voucherify.io/v1/customers/${segment}/permanent-deletion`)
    expect(new URL(url).pathname).toBe(`/v1/customers/${segment}/permanent-deletion`)
  })

  it.each(['.', '..', '\ud800', 'a\udc00b'])(
    'refuses the ID %j, which would reach another path or none',
    async (id) => {
      expect(await failureOf(() => buildErasureRequest(settings, id))).toEqual({
        type: PayloadValidationError,
        status: 400,
        message:
          "The customer's source_id can't be written into a URL, so the customer was not erased. Erase the customer in Voucherify's dashboard."
      })
    }
  )
})

describe('the keys', () => {
  it('are trimmed', () => {
    const typed = { ...settings, apiKey: `  ${settings.apiKey}\n`, secretKey: `\t${settings.secretKey} ` }
    expect(buildTestRequest(typed).options.headers).toEqual(GATEWAY_KEYS)
    expect(buildErasureRequest(typed, 'u').options.headers).toEqual(API_KEYS)
  })

  it('need no pattern', () => {
    const { headers } = buildTestRequest({ ...settings, apiKey: 'a b', secretKey: '~!"§' }).options
    expect(headers).toEqual({
      'X-App-Id': 'a b',
      'X-App-Token': '~!"§',
      authorization: 'Basic YSBi',
      'secret-key': 'fiEiwqc='
    })
  })

  const builders: [string, (typed: typeof settings) => unknown][] = [
    ['a call', (typed) => buildGatewayRequest(typed, customerUpsert, CUSTOMER)],
    ['a test', buildTestRequest],
    ['a bulk', (typed) => buildBulkRequest(typed, ['{}'])],
    ['an erasure', (typed) => buildErasureRequest(typed, 'usr_1')]
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
        const failure = await failureOf(() => build({ ...settings, [key]: value }))
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

  it('of an event holds all its declared fields, and of the customer, referral and loyalty only theirs', () => {
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
    expect(buildBody(customEvent, payload)).toEqual(declared)
  })

  it('of a group holds all its declared fields', () => {
    const declared = {
      customer: { source_id: 'usr_1', email: 'ann@example.com' },
      group_id: 'org_1',
      traits: { name: 'Org', employees: 12, address: { city: 'Austin' }, 'total billed': null },
      type: 'group'
    }
    expect(buildBody(groupAssignment, { ...BESIDE, ...declared })).toEqual(declared)
  })

  it('of a customer holds all its declared fields, without those that carry Engage or steer batches', () => {
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
    expect(buildBody(customerUpsert, payload)).toEqual(declared)
  })

  it('keeps null where a field takes it', () => {
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
    expect(buildBody(customerUpsert, nulls)).toEqual(nulls)
  })

  it('leaves null out where a field takes none', () => {
    const { customer, type } = EVENT
    expect(
      buildBody(customEvent, {
        customer: { ...customer, email: null },
        referral: { code: null, referrer_id: 'usr_2' },
        loyalty: null,
        metadata: null,
        event: null,
        type
      })
    ).toEqual({ customer, referral: { referrer_id: 'usr_2' }, type })
    expect(buildBody(groupAssignment, { ...GROUP, traits: null })).toEqual(GROUP)
    expect(buildBody(customerUpsert, { ...CUSTOMER, address: null })).toEqual(CUSTOMER)
  })

  it.each<[string, GatewayCall, object]>([
    ['referral', customEvent, EVENT],
    ['loyalty', customEvent, EVENT],
    ['metadata', customEvent, EVENT],
    ['traits', groupAssignment, GROUP],
    ['address', customerUpsert, CUSTOMER],
    ['metadata', customerUpsert, CUSTOMER]
  ])('leaves %s out when it is empty or holds only blank texts', (field, call, rest) => {
    for (const value of [{}, { code: '' }, { code: ' ', city: '\t\n', a: '' }]) {
      expect(buildBody(call, { ...rest, [field]: value })).toEqual(rest)
    }
  })

  it('keeps such an object whole when one value in it says something', () => {
    const says = [
      { city: '', state: null },
      { city: ' ', state: 'TX' }
    ]
    for (const address of says)
      expect(buildBody(customerUpsert, { ...CUSTOMER, address })).toEqual({ ...CUSTOMER, address })
    const values = [{ a: '', b: 0 }, { a: '', b: false }, { a: '', b: null }, { a: {} }, { a: [] }]
    for (const metadata of values) {
      expect(buildBody(customerUpsert, { ...CUSTOMER, metadata })).toEqual({ ...CUSTOMER, metadata })
    }
  })

  it('leaves empty texts out, in a batch as for one call', () => {
    const empty = { name: '', email: '', phone: '', description: '', birthdate: '', first_name: '', last_name: '' }
    expect(buildBody(customerUpsert, { ...CUSTOMER, ...empty })).toEqual(CUSTOMER)
    expect(buildBody(customEvent, { ...EVENT, event: '' })).toEqual({ customer: EVENT.customer, type: 'track' })
  })

  it('leaves an empty text out where null would be left out too, inside objects as well', () => {
    const payload = {
      ...EVENT,
      customer: { source_id: 'usr_1', email: '' },
      referral: { code: 'REF', referrer_id: '' }
    }
    expect(buildBody(customEvent, payload)).toEqual({ ...EVENT, referral: { code: 'REF' } })
  })
})

describe('the identifiers', () => {
  it('are trimmed', () => {
    expect(buildBody(customEvent, { ...EVENT, customer: { source_id: ' \tusr 1\n' } })).toEqual({
      ...EVENT,
      customer: { source_id: 'usr 1' }
    })
    expect(buildBody(groupAssignment, { ...GROUP, customer: { source_id: ' usr_1' }, group_id: 'org_1 ' })).toEqual(
      GROUP
    )
    expect(buildBody(customerUpsert, { ...CUSTOMER, source_id: '  usr_1  ' })).toEqual(CUSTOMER)
  })

  it('become texts where a host passes numbers', () => {
    const body = buildBody(groupAssignment, { ...GROUP, customer: { source_id: 0 }, group_id: 12 })
    expect(body).toEqual({ ...GROUP, customer: { source_id: '0' }, group_id: '12' })
  })

  const blanks = [undefined, null, '', ' ', '\t\n', {}, [], true]
  it.each<[string, GatewayCall, (id: unknown) => object, string]>([
    [
      'customer.source_id of an event',
      customEvent,
      (id) => ({ ...EVENT, customer: { source_id: id } }),
      `The field customer.source_id ${NO_USER_ID}`
    ],
    [
      'customer.source_id of a group',
      groupAssignment,
      (id) => ({ ...GROUP, customer: { source_id: id } }),
      `The field customer.source_id ${NO_USER_ID}`
    ],
    [
      'source_id of a customer',
      customerUpsert,
      (id) => ({ ...CUSTOMER, source_id: id }),
      `The field source_id ${NO_USER_ID}`
    ],
    ['group_id', groupAssignment, (id) => ({ ...GROUP, group_id: id }), NO_GROUP_ID]
  ])(
    '%s: a blank one is refused, with the usual cause, and anonymousId is not taken instead',
    async (_, call, payload, message) => {
      for (const blank of blanks) {
        const failure = await failureOf(() => buildBody(call, { ...payload(blank), anonymousId: 'anon_1' }))
        expect(failure).toEqual({ type: PayloadValidationError, status: 400, message })
      }
    }
  )

  it('are asked for also where the whole customer is missing', async () => {
    for (const customer of [undefined, null, {}, '', 'usr_1', []]) {
      const { message } = await failureOf(() => buildBody(customEvent, { ...EVENT, customer }))
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

  it.each(actions)("%s hands the host's own error out as it came in", async (_, _path, _fields, perform) => {
    class RetryLater extends Error {}
    const own = new RetryLater(`stopped: ${settings.secretKey}`)
    const request = jest.fn().mockRejectedValue(own)
    expect(await errorOf(async () => perform(request))).toBe(own)
    expect(own.message).toBe(`stopped: ${settings.secretKey}`)
    expect(request).toHaveBeenCalledTimes(1)
  })
})
