/**
 * What customers see in Segment and what their saved mappings rely on: settings, actions, fields with keys, labels,
 * types and defaults, the five presets with their triggers and mappings; and the rule for the names of pages and screens.
 */
import { defaultValues, Destination, PayloadValidationError } from '@segment/actions-core'
import type { InputField, SegmentEvent } from '@segment/actions-core'
import omit from 'lodash/omit'
import definition from '../../src/index'
import {
  callOf,
  deliver,
  failureOf,
  gatewayAnswers,
  settings,
  subscriptions,
  withoutNetwork
} from './__helpers__/helpers'
import type { Delivery } from './__helpers__/helpers'

const path = (place: string) => ({ '@path': place })
const firstOf = (place: string, otherwise: string) => ({
  '@if': { exists: { '@path': place }, then: { '@path': place }, else: { '@path': otherwise } }
})

const EVENT_DEFAULTS = {
  customer: { source_id: path('$.userId'), email: firstOf('$.properties.email', '$.context.traits.email') },
  referral: { code: path('$.properties.referral.code'), referrer_id: path('$.properties.referral.referrer_id') },
  loyalty: { code: path('$.properties.loyalty.code') },
  metadata: path('$.properties.metadata'),
  event: firstOf('$.event', '$.name'),
  type: path('$.type')
}

const GROUP_DEFAULTS = {
  customer: { source_id: path('$.userId'), email: firstOf('$.context.traits.email', '$.email') },
  group_id: path('$.groupId'),
  traits: path('$.traits'),
  type: path('$.type')
}

const CUSTOMER_DEFAULTS = {
  source_id: path('$.userId'),
  name: path('$.traits.name'),
  first_name: firstOf('$.traits.firstName', '$.traits.first_name'),
  last_name: firstOf('$.traits.lastName', '$.traits.last_name'),
  description: path('$.traits.description'),
  email: path('$.traits.email'),
  phone: path('$.traits.phone'),
  birthdate: firstOf('$.traits.birthday', '$.traits.birthdate'),
  address: {
    city: path('$.traits.address.city'),
    state: path('$.traits.address.state'),
    postal_code: firstOf('$.traits.address.postalCode', '$.traits.address.postal_code'),
    street: path('$.traits.address.street'),
    country: path('$.traits.address.country')
  },
  metadata: path('$.traits.metadata'),
  type: path('$.type'),
  computation_key: path('$.context.personas.computation_key'),
  computation_class: path('$.context.personas.computation_class'),
  traits: path('$.traits'),
  enable_batching: false,
  batch_size: 1000
}

/** What fields, their properties and settings have in common. */
interface Described {
  label?: string
  description?: string
  type: string
  required?: unknown
  allowNull?: boolean
  unsafe_hidden?: boolean
  properties?: Record<string, Described>
}

/** A field as a row of a table: label, type, and what else is true of it. */
function row(field: Described): string {
  const marks = [field.required && 'required', field.allowNull && 'null', field.unsafe_hidden && 'hidden']
  return [field.label, field.type, ...marks].filter(Boolean).join(', ')
}

const rows = (fields: Record<string, Described> = {}) =>
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, row(field)]))

/** The properties of a field without their labels, which no specification gives. */
const properties = (field: InputField) =>
  Object.fromEntries(
    Object.entries(field.properties ?? {}).map(([key, property]) => [key, row({ ...property, label: undefined })])
  )

describe('the definition', () => {
  it('has the name, slug and mode that Segment knows it by', () => {
    const { name, slug, mode } = definition
    expect({ name, slug, mode }).toEqual({ name: 'Voucherify (Actions)', slug: 'voucherify-actions', mode: 'cloud' })
  })

  it('asks for the three settings', () => {
    expect(definition.authentication?.scheme).toBe('custom')
    expect(rows(definition.authentication?.fields)).toEqual({
      apiKey: 'Application ID, string, required',
      secretKey: 'Secret Key, password, required',
      customURL: 'Custom Voucherify URL, string, required'
    })
  })

  it.each(['apiKey', 'secretKey', 'customURL'])('is refused by the framework without %s', async (key) => {
    const given = omit({ ...settings, subscriptions: subscriptions() }, key)
    expect(await failureOf(new Destination(definition).onEvent(callOf('identify'), given))).toMatchObject({
      status: 400,
      message: `The root value is missing the required field '${key}'.`
    })
  })

  it('has three actions, each with its title and trigger', () => {
    const titles = Object.entries(definition.actions).map(([key, action]) => [
      key,
      action.title,
      action.defaultSubscription
    ])
    expect(titles).toEqual([
      ['addCustomEvent', 'Add custom event', 'type = "track" or type = "page" or type = "screen"'],
      ['assignCustomerToGroup', 'Assign customer to group', 'type = "group"'],
      ['upsertCustomer', 'Upsert Customer', 'type = "identify"']
    ])
  })
})

describe('the fields', () => {
  const { addCustomEvent, assignCustomerToGroup, upsertCustomer } = definition.actions
  const CUSTOMER_PROPERTIES = { source_id: 'string, required', email: 'string' }

  it('of addCustomEvent are as specified', () => {
    expect(rows(addCustomEvent.fields)).toEqual({
      customer: 'Customer Object, object, required',
      referral: 'Referral Object, object',
      loyalty: 'Loyalty Object, object',
      metadata: 'Track Event Metadata, object',
      event: 'Event Name, string',
      type: 'Event Type, string, required'
    })
    expect(properties(addCustomEvent.fields.customer)).toEqual(CUSTOMER_PROPERTIES)
    expect(properties(addCustomEvent.fields.referral)).toEqual({ code: 'string', referrer_id: 'string' })
    expect(properties(addCustomEvent.fields.loyalty)).toEqual({ code: 'string' })
    expect(addCustomEvent.fields.metadata.properties).toBeUndefined()
    expect(defaultValues(addCustomEvent.fields)).toEqual(EVENT_DEFAULTS)
  })

  it('of assignCustomerToGroup are as specified', () => {
    expect(rows(assignCustomerToGroup.fields)).toEqual({
      customer: 'Customer Object, object, required',
      group_id: 'Group ID, string, required',
      traits: 'Group Traits, object',
      type: 'Event Type, string, required'
    })
    expect(properties(assignCustomerToGroup.fields.customer)).toEqual(CUSTOMER_PROPERTIES)
    expect(assignCustomerToGroup.fields.traits.properties).toBeUndefined()
    expect(defaultValues(assignCustomerToGroup.fields)).toEqual(GROUP_DEFAULTS)
  })

  it('of upsertCustomer are as specified, with hidden ones for Engage and for batches', () => {
    expect(rows(upsertCustomer.fields)).toEqual({
      source_id: 'Source ID, string, required',
      name: 'Name, string, null',
      first_name: 'First Name, string, null',
      last_name: 'Last Name, string, null',
      description: 'Description, string, null',
      email: 'Email Address, string, null',
      phone: 'Phone, string, null',
      birthdate: 'Birthdate, string, null',
      address: 'Address, object',
      metadata: 'Metadata, object, null',
      type: 'Event Type, string, required',
      computation_key: 'Engage Computation Key, string, hidden',
      computation_class: 'Engage Computation Class, string, hidden',
      traits: 'Engage Traits, object, null, hidden',
      enable_batching: 'Batch Customers, boolean',
      batch_size: 'Batch Size, number, hidden'
    })
    expect(properties(upsertCustomer.fields.address)).toEqual({
      city: 'string, null',
      state: 'string, null',
      postal_code: 'string, null',
      street: 'string, null',
      country: 'string, null'
    })
    expect(upsertCustomer.fields.metadata.properties).toBeUndefined()
    expect(defaultValues(upsertCustomer.fields)).toEqual(CUSTOMER_DEFAULTS)
  })

  it('carry no format, which would reject a whole call for one odd value', () => {
    for (const action of Object.values(definition.actions)) {
      for (const field of Object.values(action.fields)) {
        expect(field.format).toBeUndefined()
        for (const property of Object.values(field.properties ?? {})) expect(property.format).toBeUndefined()
      }
    }
  })
})

describe('the descriptions', () => {
  const described: [string, Record<string, Described>][] = [
    ['the settings', definition.authentication?.fields ?? {}],
    ...Object.entries(definition.actions).map(([key, { fields }]): [string, Record<string, Described>] => [key, fields])
  ]

  it.each(described)('of %s are there for each field and property, are sentences and all differ', (_, fields) => {
    const descriptions = Object.values(fields).flatMap(({ description, properties = {} }) => [
      description,
      ...Object.values(properties).map((property) => property.description)
    ])
    for (const description of descriptions) expect(description).toMatch(/^[A-Z`].{15,}\.$/)
    expect(new Set(descriptions).size).toBe(descriptions.length)
  })

  it('of the actions are sentences and differ', () => {
    const descriptions = Object.values(definition.actions).map(({ description }) => description)
    for (const description of [...descriptions, definition.description]) expect(description).toMatch(/^[A-Z].{15,}\.$/)
    expect(new Set(descriptions).size).toBe(descriptions.length)
  })

  it('link only to public documentation', () => {
    const links = JSON.stringify(described).match(/\]\([^)]*\)/g) ?? []
    expect(links.length).toBeGreaterThan(4)
    for (const link of links) {
      expect(link).toMatch(
        /^\]\(https:\/\/(docs\.voucherify\.io|app\.voucherify\.io|segment\.com\/docs|www\.iso\.org)\b/
      )
    }
  })

  it('of Batch Customers says what it buys, what it costs and when to use it', () => {
    const { description } = definition.actions.upsertCustomer.fields.enable_batching
    for (const word of [
      'one call',
      'large audience',
      'first sync',
      'some time later',
      'Allow any metadata',
      'refused'
    ]) {
      expect(description).toContain(word)
    }
  })
})

describe('the presets', () => {
  it('are the five that Quick Setup switches on, with their triggers and mappings', () => {
    expect(definition.presets).toEqual([
      {
        name: 'Add Custom Event (Track Event)',
        subscribe: 'type = "track"',
        partnerAction: 'addCustomEvent',
        mapping: EVENT_DEFAULTS,
        type: 'automatic'
      },
      {
        name: 'Add Custom Event (Page Event)',
        subscribe: 'type = "page"',
        partnerAction: 'addCustomEvent',
        mapping: { ...EVENT_DEFAULTS, event: { '@template': 'Viewed {{name}} Page' } },
        type: 'automatic'
      },
      {
        name: 'Add Custom Event (Screen Event)',
        subscribe: 'type = "screen"',
        partnerAction: 'addCustomEvent',
        mapping: { ...EVENT_DEFAULTS, event: { '@template': 'Viewed {{name}} Screen' } },
        type: 'automatic'
      },
      {
        name: 'Create Or Update Customer',
        subscribe: 'type = "identify"',
        partnerAction: 'upsertCustomer',
        mapping: CUSTOMER_DEFAULTS,
        type: 'automatic'
      },
      {
        name: 'Assign Customer To Group',
        subscribe: 'type = "group"',
        partnerAction: 'assignCustomerToGroup',
        mapping: GROUP_DEFAULTS,
        type: 'automatic'
      }
    ])
  })

  describe('together', () => {
    withoutNetwork()

    it.each<[SegmentEvent['type'], string[]]>([
      ['track', ['event-processing']],
      ['page', ['event-processing']],
      ['screen', ['event-processing']],
      ['identify', ['customer-processing']],
      ['group', ['group-processing']],
      ['alias', []]
    ])('make of a %s call the requests %j', async (type, paths) => {
      const sent = gatewayAnswers({ status: 200 })
      await deliver(callOf(type, { event: 'Paid', groupId: 'org_1' }))
      expect(sent.map(({ url }) => url)).toEqual(
        paths.map((last) => `https://us1.segmentio.voucherify.io/segmentio/${last}`)
      )
    })
  })
})

describe('the name of an event', () => {
  withoutNetwork()

  async function nameOf(event: SegmentEvent, options: Delivery = {}): Promise<unknown> {
    const sent = gatewayAnswers({ status: 200 })
    await deliver(event, options)
    expect(sent).toHaveLength(1)
    return (sent[0].body as { event?: unknown }).event
  }

  describe.each<['page' | 'screen', string, string]>([
    ['page', 'Page', 'Add Custom Event (Page Event)'],
    ['screen', 'Screen', 'Add Custom Event (Screen Event)']
  ])('of a %s call', (type, word, preset) => {
    it('says which one was viewed', async () => {
      expect(await nameOf(callOf(type, { name: 'Product List' }))).toBe(`Viewed Product List ${word}`)
    })

    it.each<[string, Partial<SegmentEvent>]>([
      ['is missing', {}],
      ['is empty', { name: '' }],
      ['is blank', { name: '  ' }],
      ['is null', JSON.parse('{ "name": null }')]
    ])('has no gap when the name %s', async (_, overrides) => {
      expect(await nameOf(callOf(type, overrides))).toBe(`Viewed ${word}`)
    })

    it.each([`A  B`, 'Page', 'Screen', ' Sale', '“Ünïcode” 🎉', '{{userId}}'])(
      'keeps the name %j as it is',
      async (name) => {
        expect(await nameOf(callOf(type, { name }))).toBe(`Viewed ${name} ${word}`)
      }
    )

    it.each([
      ['Saw  {{name}}', 'Saw  '],
      [`${word}  viewed`, `${word}  viewed`]
    ])("leaves the customer's own template %j untouched", async (template, expected) => {
      const mappings = { [preset]: { event: { '@template': template } } }
      expect(await nameOf(callOf(type), { mappings })).toBe(expected)
    })
  })

  it.each(['Viewed  Page', 'Viewed   Screen', ' Paid ', 'Viewed'])(
    'of a track call is never touched: %j',
    async (event) => {
      expect(await nameOf(callOf('track', { event }))).toBe(event)
    }
  )

  it('of a track call without one is the name of the call', async () => {
    expect(await nameOf(callOf('track', { name: 'Paid' }))).toBe('Paid')
  })

  const TOO_LONG =
    'The field event is longer than the 300 characters that Voucherify takes. Send a shorter name, and the rest as metadata.'
  const BLANK =
    'The field event is blank, most often because the call has no event or name. Name the event in the call, or map another value.'

  it.each([
    ['of 300 characters', 'x'.repeat(300)],
    ['of 300 characters of two units each', '🎉'.repeat(300)]
  ])('%s is sent', async (_, event) => expect(await nameOf(callOf('track', { event }))).toBe(event))

  it.each<[string, Partial<SegmentEvent>, string]>([
    ['of 301 characters', { event: 'x'.repeat(301) }, TOO_LONG],
    ['of 301 characters of two units each', { event: '🎉'.repeat(301) }, TOO_LONG],
    ['that is missing', {}, BLANK],
    ['that is empty', { event: '' }, BLANK],
    ['that is blank', { event: ' \t' }, BLANK],
    ['that is null', JSON.parse('{ "event": null }'), BLANK]
  ])('%s is refused before anything is sent', async (_, overrides, message) => {
    const sent = gatewayAnswers({ status: 200 })
    expect(await failureOf(deliver(callOf('track', overrides)))).toEqual({
      type: PayloadValidationError,
      status: 400,
      message
    })
    expect(sent).toEqual([])
  })
})
