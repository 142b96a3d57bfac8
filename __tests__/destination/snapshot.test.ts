/**
 * The request of every action, whole, with all of its fields and with those alone that it can't do without. A change of
 * what leaves shows in the diff of the snapshots.
 */
import { Destination } from '@segment/actions-core'
import type { InputField, JSONObject } from '@segment/actions-core'
import pickBy from 'lodash/pickBy'
import definition from '../../src/index'
import { callOf, gatewayAnswers, settings, withoutNetwork } from './__helpers__/helpers'

const DATA: Record<string, JSONObject> = {
  addCustomEvent: {
    customer: { source_id: 'usr_1', email: 'ada@example.com' },
    referral: { code: 'REF-1', referrer_id: 'usr_2' },
    loyalty: { code: 'CARD-1' },
    metadata: { plan: 'gold', seats: 3, trial: false },
    event: 'Order Completed',
    type: 'track'
  },
  assignCustomerToGroup: {
    customer: { source_id: 'usr_1', email: 'ada@example.com' },
    group_id: 'acme',
    traits: { plan: 'gold', seats: 3 },
    type: 'group'
  },
  upsertCustomer: {
    source_id: 'usr_1',
    name: 'Ada Lovelace',
    first_name: 'Ada',
    last_name: 'Lovelace',
    description: 'Countess',
    email: 'ada@example.com',
    phone: '+44 20 7946 0000',
    birthdate: '1815-12-10',
    address: {
      city: 'London',
      state: 'England',
      postal_code: 'W1G 9QG',
      street: '12 St James Square',
      country: 'GB'
    },
    metadata: { plan: 'gold', tags: ['a', 'b'], nested: { seats: 3 } },
    type: 'identify',
    computation_key: 'vip',
    computation_class: 'audience',
    traits: { vip: true },
    enable_batching: false,
    batch_size: 1000
  }
}

type Fields = Record<string, InputField>

/** Names of fields or of their values, those inside of objects that declare fields as `object.field`. */
function namesOf(values: object, fields: Fields): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const inside = fields[name]?.properties as Fields | undefined
    return [name, ...(inside ? namesOf(value.properties ?? value, inside).map((inner) => `${name}.${inner}`) : [])]
  })
}

/** The values alone that the action can't do without. It asks for an event's name itself, so as to say why. */
function requiredOf(fields: Fields, values: JSONObject): JSONObject {
  const required = pickBy(values, (_value, name) => fields[name].required || name === 'event') as JSONObject
  for (const [name, value] of Object.entries(required)) {
    const { properties } = fields[name]
    if (properties) required[name] = requiredOf(properties as Fields, value as JSONObject)
  }
  return required
}

describe.each(Object.entries(definition.actions))('the action %s', (partnerAction, { fields }) => {
  withoutNetwork()

  async function requestsOf(mapping: JSONObject) {
    const requests = gatewayAnswers({ status: 200 })
    const subscription = { partnerAction, subscribe: 'type = "track"', mapping }
    await new Destination(definition).onEvent(callOf('track', { event: 'Any' }), { ...settings, subscription })
    return requests
  }

  it('has data here for each of its fields', () => {
    expect(namesOf(DATA[partnerAction], fields).sort()).toEqual(namesOf(fields, fields).sort())
  })

  it('sends all fields', async () => {
    expect(await requestsOf(DATA[partnerAction])).toMatchSnapshot()
  })

  it('sends the required fields', async () => {
    expect(await requestsOf(requiredOf(fields, DATA[partnerAction]))).toMatchSnapshot()
  })
})
