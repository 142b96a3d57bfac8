/**
 * What becomes of a customer's values on the way through the presets: the name joined, the birthdate as a date, Engage's
 * audiences and computed traits among the metadata.
 */
import type { JSONValue } from '@segment/actions-core'
import {
  CUSTOMER_PRESET,
  bodyOf as bodySent,
  callOf,
  deliver,
  gatewayAnswers,
  withoutNetwork
} from './__helpers__/helpers'
import type { Delivery } from './__helpers__/helpers'

type Traits = Record<string, JSONValue>

/** The body that an identify call with these traits ends in. */
async function bodyOf(traits: Traits, context: object = {}, options: Delivery = {}): Promise<unknown> {
  const sent = gatewayAnswers({ status: 200 })
  await deliver(callOf('identify', { traits, context }), options)
  expect(sent.map(({ url }) => url)).toEqual(['https://us1.segmentio.voucherify.io/segmentio/customer-processing'])
  return sent[0].body
}

const CUSTOMER = { source_id: 'usr_1', type: 'identify' }

/** A call whose traits are null, as JSON has it; the framework's types do not know it. */
const WITHOUT_TRAITS: object = { traits: null }

describe('a customer', () => {
  withoutNetwork()

  it('keeps all it has when the traits of the call are null', async () => {
    const sent = gatewayAnswers({ status: 200 })
    await deliver({ ...callOf('identify'), ...WITHOUT_TRAITS })
    expect(sent.map(({ body }) => body)).toEqual([CUSTOMER])
  })

  it('takes values mapped from elsewhere when the traits of the call are null', async () => {
    const sent = gatewayAnswers({ status: 200 })
    const email = { '@path': '$.context.traits.email' }
    const call = callOf('identify', { context: { traits: { email: 'ada@example.com' } } })
    await deliver({ ...call, ...WITHOUT_TRAITS }, { mappings: { [CUSTOMER_PRESET]: { email } } })
    expect(sent.map(({ body }) => body)).toEqual([{ ...CUSTOMER, email: 'ada@example.com' }])
  })

  it('loses its address when the address alone is null', async () => {
    const cleared = { city: null, country: null, state: null, street: null, postal_code: null }
    expect(await bodyOf({ address: null })).toEqual({ ...CUSTOMER, address: cleared })
  })

  describe('name', () => {
    it.each<[string, Traits, Traits]>([
      [
        'is the two joined when there is none',
        { firstName: 'Ann', lastName: 'Lee' },
        { name: 'Ann Lee', first_name: 'Ann', last_name: 'Lee' }
      ],
      [
        'is joined of parts in snake_case too',
        { first_name: 'Ann', last_name: 'Lee' },
        { name: 'Ann Lee', first_name: 'Ann', last_name: 'Lee' }
      ],
      [
        'is joined without the blanks around the parts',
        { firstName: ' Ann ', lastName: 'van  Lee ' },
        { name: 'Ann van  Lee', first_name: ' Ann ', last_name: 'van  Lee ' }
      ],
      [
        'is joined when the one there is blank',
        { name: '', firstName: 'Ann', lastName: 'Lee' },
        { name: 'Ann Lee', first_name: 'Ann', last_name: 'Lee' }
      ],
      [
        'stays as mapped beside its parts',
        { name: 'Dr. A. Lee', firstName: 'Ann', lastName: 'Lee' },
        { name: 'Dr. A. Lee', first_name: 'Ann', last_name: 'Lee' }
      ],
      [
        'stays null, which clears it, beside its parts',
        { name: null, firstName: 'Ann', lastName: 'Lee' },
        { name: null, first_name: 'Ann', last_name: 'Lee' }
      ],
      ['is not made of the first name alone', { firstName: 'Ann' }, { first_name: 'Ann' }],
      ['is not made of the last name alone', { lastName: 'Lee' }, { last_name: 'Lee' }],
      [
        'is not made of a part that is null',
        { first_name: null, lastName: 'Lee' },
        { first_name: null, last_name: 'Lee' }
      ],
      ['is not made of a part that is blank', { firstName: ' ', lastName: 'Lee' }, { last_name: 'Lee' }],
      [
        'is joined of numbers, which the framework turns into texts',
        { firstName: 7, lastName: 'Lee' },
        { name: '7 Lee', first_name: '7', last_name: 'Lee' }
      ]
    ])('%s', async (_, traits, body) => expect(await bodyOf(traits)).toEqual({ ...CUSTOMER, ...body }))
  })

  describe('birthdate', () => {
    it.each<[string, JSONValue, JSONValue]>([
      ['an ISO date passes', '1988-05-17', '1988-05-17'],
      ['an ISO date-time passes', '1994-02-09T15:00:00.000Z', '1994-02-09T15:00:00.000Z'],
      ['a date-time with an offset passes', '1994-02-09T23:30:00-05:00', '1994-02-09T23:30:00-05:00'],
      ['a basic date-time passes', '19940209T150000Z', '19940209T150000Z'],
      ['an ISO week date passes', '1994-W06-3', '1994-W06-3'],
      ['an ISO ordinal date passes', '1994-040', '1994-040'],
      ['a compact ordinal date passes', '1994040', '1994040'],
      ['a year and month passes', '1994-02', '1994-02'],
      ['a compact year and month passes', '199402', '199402'],
      ['a year passes', '1994', '1994'],
      ['a year as a number passes', 1994, '1994'],
      ['an ISO date that does not exist passes', '1994-02-30', '1994-02-30'],
      ['YYYYMMDD becomes a date', '19880517', '1988-05-17'],
      ['YYYYMMDD as a number becomes a date', 19880517, '1988-05-17'],
      ['YYYYMMDD of a leap day becomes a date', '20000229', '2000-02-29'],
      ['YYYYMMDD before 1970 becomes a date', '19011231', '1901-12-31'],
      ['epoch seconds become a date', 579830400, '1988-05-17'],
      ['epoch seconds as text become a date', '579830400', '1988-05-17'],
      ['epoch seconds with a fraction become a date', 579830400.75, '1988-05-17'],
      ['the last second of a day stays in it, in UTC', 579916799, '1988-05-17'],
      ['ten digits are seconds', 1580515200, '2020-02-01'],
      ['nine digits are seconds', '100000000', '1973-03-03'],
      ['eight digits are seconds', '31536000', '1971-01-01'],
      ['eight digits that name no day pass', '20230229', '20230229'],
      ['a day that does not exist long ago passes', '18850229', '18850229'],
      ['YYYYMMDD with a fraction passes', '19850115.0', '19850115.0'],
      ['zeros for no date pass', '00000000', '00000000'],
      ['eight digits with the day first pass', '17051988', '17051988'],
      ['eight digits with the day first and a fraction pass', '17051988.0', '17051988.0'],
      ['eight digits with the month first pass', '12312001', '12312001'],
      ['seven digits pass', '9999999', '9999999'],
      ['the last second of 2039 is in seconds', '2208988799', '2039-12-31'],
      ['a number after it is in milliseconds', '2208988800', '1970-01-26'],
      ['the first second of 1840 is in seconds', '-4102444800', '1840-01-01'],
      ['epoch milliseconds become a date', 579830400000, '1988-05-17'],
      ['epoch milliseconds as text become a date', '579830400123', '1988-05-17'],
      ['thirteen digits are milliseconds', 1580515200000, '2020-02-01'],
      ['negative seconds become a date before 1970', -86400, '1969-12-31'],
      ['negative seconds far back become a date', -2208988800, '1900-01-01'],
      ['negative milliseconds become a date before 1970', -1577923200001, '1919-12-31'],
      ['a number out of reach of dates passes', '99999999999999999', '99999999999999999'],
      ['a date of a year beyond four digits passes as it came', '999999999999999', '999999999999999'],
      ['a US date passes', '7/4/1990', '7/4/1990'],
      ['words pass', 'the fourth of July', 'the fourth of July'],
      ['a small number passes', 5, '5'],
      ['zero passes', 0, '0'],
      ['hexadecimal passes', '0x12345678', '0x12345678'],
      ['an exponent passes', '5e8', '5e8']
    ])('%s', async (_, birthday, birthdate) => {
      expect(await bodyOf({ birthday })).toEqual({ ...CUSTOMER, birthdate })
    })

    it('is read from birthdate where there is no birthday', async () => {
      expect(await bodyOf({ birthdate: '19880517' })).toEqual({ ...CUSTOMER, birthdate: '1988-05-17' })
    })

    it('keeps the null that clears it', async () => {
      expect(await bodyOf({ birthdate: null })).toEqual({ ...CUSTOMER, birthdate: null })
    })

    it('is left out when it is empty', async () => {
      expect(await bodyOf({ birthday: '' })).toEqual(CUSTOMER)
    })
  })

  describe('with an audience or computed trait of Engage', () => {
    const personas = (computation_key: JSONValue, computation_class = 'audience') => ({
      personas: { computation_class, computation_key, computation_id: 'id_1', namespace: 'spa_1', space_id: 'spa_1' }
    })

    it.each<[string, JSONValue]>([
      ['true of an audience that was entered', true],
      ['false of an audience that was left', false],
      ['a number', 450.5],
      ['zero', 0],
      ['a text', 'gold'],
      ['an empty text beside nothing else', ''],
      ['a text of blanks', ' '],
      ['a list', ['coffee', 'tea']],
      ['an empty list', []],
      ['an object', { last: '2026-01-01', count: 3 }],
      ['null, which clears it', null]
    ])('carries %s into the metadata', async (_, value) => {
      expect(await bodyOf({ vip: value }, personas('vip'))).toEqual({ ...CUSTOMER, metadata: { vip: value } })
    })

    it('puts it beside what metadata maps', async () => {
      const traits = { vip: true, other: 1, metadata: { plan: 'gold', nested: { a: null } } }
      expect(await bodyOf(traits, personas('vip'))).toEqual({
        ...CUSTOMER,
        metadata: { plan: 'gold', nested: { a: null }, vip: true }
      })
    })

    it('wins over a value of the same name in metadata', async () => {
      const traits = { vip: false, metadata: { vip: true, plan: 'gold' } }
      expect(await bodyOf(traits, personas('vip'))).toEqual({ ...CUSTOMER, metadata: { vip: false, plan: 'gold' } })
    })

    it('carries it also where metadata is null', async () => {
      expect(await bodyOf({ vip: true, metadata: null }, personas('vip'))).toEqual({
        ...CUSTOMER,
        metadata: { vip: true }
      })
    })

    it('carries a computed trait as it carries an audience', async () => {
      expect(await bodyOf({ revenue: 9 }, personas('revenue', 'trait'))).toEqual({
        ...CUSTOMER,
        metadata: { revenue: 9 }
      })
    })

    it('maps a trait that is also a field to both', async () => {
      expect(await bodyOf({ phone: '1' }, personas('phone'))).toEqual({
        ...CUSTOMER,
        phone: '1',
        metadata: { phone: '1' }
      })
    })

    it.each<[string, Traits, object]>([
      ['there are no traits', {}, personas('vip')],
      ['the trait is one that every object has', {}, personas('constructor')],
      ['there is no trait but those that the fields read', { phone: ' ', name: '' }, personas('vip')],
      ['there is no computation_key', { vip: true }, { personas: { computation_class: 'audience' } }],
      ['the computation_key is empty', { vip: true, '': 1 }, personas('')],
      ['the computation_key is blank', { vip: true, ' ': 1 }, personas(' ')],
      ['the computation_key is null', { vip: true, null: 1 }, personas(null)],
      ['there is no personas', { vip: true }, {}],
      ['personas is empty', { vip: true }, { personas: {} }]
    ])('adds nothing when %s', async (_, traits, context) => expect(await bodyOf(traits, context)).toEqual(CUSTOMER))

    it('adds nothing for a saved mapping from before the hidden fields', async () => {
      const mappings = { [CUSTOMER_PRESET]: { computation_key: '', computation_class: '', traits: {} } }
      expect(await bodyOf({ vip: true }, personas('vip'), { mappings })).toEqual(CUSTOMER)
    })

    it('adds it for a saved mapping that reads the key alone', async () => {
      const mappings = { [CUSTOMER_PRESET]: { computation_class: '' } }
      const expected = { ...CUSTOMER, metadata: { vip: true } }
      expect(await bodyOf({ vip: true, other: 1 }, personas('vip'), { mappings })).toEqual(expected)
    })

    it.each<[JSONValue]>([['buyer'], [['buyer']], [5], [true], [{ name: 'Ida' }]])(
      'takes a call whose app means something else by personas: %j',
      async (own) =>
        expect(await bodyOf({ email: 'a@example.com' }, { personas: own })).toEqual({
          ...CUSTOMER,
          email: 'a@example.com'
        })
    )

    it('lets no key change what objects are', async () => {
      const traits: Traits = JSON.parse('{ "__proto__": { "polluted": true } }')
      expect(await bodyOf(traits, personas('__proto__'))).toEqual(CUSTOMER)
      const payload = { ...CUSTOMER, computation_key: '__proto__', traits }
      const body = await bodySent('upsertCustomer', payload)
      expect(JSON.stringify(body)).toBe(
        '{"source_id":"usr_1","metadata":{"__proto__":{"polluted":true}},"type":"identify"}'
      )
      expect(body).not.toHaveProperty('metadata.polluted')
      expect({}).not.toHaveProperty('polluted')
    })
  })

  describe('with a SQL trait of Engage', () => {
    const COLUMNS = { tier: 'gold', orders: 3, refunded: null, note: '', tags: ['a'], last: { at: '2026-01-01' } }
    /** Every trait that a field reads by default. */
    const READ = {
      name: 'Ann Lee',
      firstName: 'Ann',
      first_name: 'Anna',
      lastName: 'Lee',
      last_name: 'Leigh',
      description: 'Regular',
      email: 'ann@example.com',
      phone: '1',
      birthday: '1990-01-02',
      birthdate: '1990-01-03',
      address: { city: 'Austin' }
    }
    const FIELDS = {
      name: 'Ann Lee',
      first_name: 'Ann',
      last_name: 'Lee',
      description: 'Regular',
      email: 'ann@example.com',
      phone: '1',
      birthdate: '1990-01-02',
      address: { city: 'Austin' }
    }
    const sqlTrait = { personas: { computation_class: 'sql_trait', computation_key: 'nightly_scores' } }

    it.each<[string, object]>([
      ['of that class', sqlTrait],
      [
        'of that class whose name is a column',
        { personas: { computation_class: 'sql_trait', computation_key: 'tier' } }
      ],
      ['of that class without a name', { personas: { computation_class: 'sql_trait' } }],
      ['whose name is none of its traits', { personas: { computation_key: 'nightly_scores' } }]
    ])('%s carries every column that no field reads', async (_, context) => {
      expect(await bodyOf({ ...READ, ...COLUMNS }, context)).toEqual({ ...CUSTOMER, ...FIELDS, metadata: COLUMNS })
    })

    it('puts them beside what metadata maps, and wins over it', async () => {
      expect(await bodyOf({ tier: 'gold', metadata: { tier: 'silver', plan: 'x' } }, sqlTrait)).toEqual({
        ...CUSTOMER,
        metadata: { tier: 'gold', plan: 'x' }
      })
    })

    it('is told by its key too where a saved mapping reads the key alone', async () => {
      const mappings = { [CUSTOMER_PRESET]: { computation_class: '' } }
      expect(await bodyOf(COLUMNS, sqlTrait, { mappings })).toEqual({ ...CUSTOMER, metadata: COLUMNS })
    })
  })
})
