import assert from 'node:assert/strict'
import { Destination } from '@segment/actions-core'
import type { JSONObject, JSONValue } from '@segment/actions-core'
import fc from 'fast-check'
import definition from '../../src'
import type { Sandbox } from '../../workbench/sandbox'
import { anyJson, anyText, metadata, nearlyDate, some } from './arbitraries'
import { endOf, property, SANDBOX_KEYS } from './property'
import type { Property } from './property'

const textOrNull: fc.Arbitrary<JSONValue> = fc.option(anyText, { freq: 4 })

const address = some({
  street: textOrNull,
  city: textOrNull,
  state: textOrNull,
  postal_code: textOrNull,
  country: textOrNull
})

/** The traits that the preset maps one to one, under the names that let null through. */
const plainTraits = some({
  name: textOrNull,
  description: textOrNull,
  email: textOrNull,
  phone: textOrNull,
  birthdate: fc
    .option(fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }))
    .map((date) => date && date.toISOString().slice(0, 10)),
  address,
  metadata: fc.option(metadata, { freq: 3 })
})

const arrives = property(
  'any customer with nulls, nested metadata and odd Unicode arrives with the same values',
  300,
  fc.record({ userId: anyText.filter((id) => id.trim() !== ''), traits: plainTraits }),
  async ({ userId, traits }, { sandbox }) => {
    sandbox.clear()
    const call = { type: 'identify', userId, traits }
    await new Destination(definition).onEvent(call as never, settingsFor(sandbox, false) as never)
    const source_id = userId.trim()
    assert.deepEqual(sandbox.customer(source_id)?.customer, { source_id, ...expectedValues(traits) })
  }
)

const trait = fc.constantFrom('vip', 'score')

/** One of few customers, with everything that the mapping reads and that may say the opposite of an earlier call. */
const identify = fc
  .record({
    userId: fc.oneof({ weight: 12, arbitrary: fc.constantFrom('user-1', ' user-1', 'user-2', 'user-3') }, anyText),
    traits: fc
      .tuple(
        plainTraits,
        some({
          firstName: textOrNull,
          last_name: textOrNull,
          birthday: nearlyDate,
          vip: fc.boolean(),
          score: anyJson,
          batch: fc.option(fc.boolean(), { freq: 20 })
        })
      )
      .map(([plain, others]): JSONValue => (others.batch === null ? null : { ...plain, ...others })),
    computed: fc.option(trait)
  })
  .map(
    ({ computed, ...call }): JSONObject => ({
      type: 'identify',
      ...call,
      ...(computed && { context: { personas: { computation_class: 'audience', computation_key: computed } } })
    })
  )

const inOrder = property(
  'any batch ends in the sandbox as the same calls would have one after the other',
  1_000,
  fc.record({
    /** What the sandbox holds before. */
    earlier: fc.array(identify, { maxLength: 1 }),
    calls: fc.array(identify, { minLength: 1, maxLength: 5 }),
    /** Whether all calls of the mapping go in bulk, or each says so itself. */
    batching: fc.constantFrom<JSONValue>(true, true, { '@path': '$.traits.batch' })
  }),
  async ({ earlier, calls, batching }, { sandbox }) => {
    const settings = settingsFor(sandbox, batching)
    const destination = new Destination(definition)
    const sendEach = async (list: JSONObject[]) => {
      const ends: boolean[] = []
      for (const call of list) ends.push((await endOf(destination.onEvent(call as never, settings as never))).ok)
      return ends
    }
    sandbox.clear()
    await sendEach(earlier)
    const single = await sendEach(calls)
    const expected = customersOf(sandbox)

    sandbox.clear()
    await sendEach(earlier)
    const [{ multistatus = [] }] = await destination.onBatch(calls as never, settings as never)
    await Promise.all([...new Set(multistatus.map(actionIdOf))].map((id) => id && applied(sandbox, id)))
    assert.deepEqual(
      multistatus.map(({ status }) => status < 300),
      single
    )
    assert.deepEqual(customersOf(sandbox), expected)
  }
)

export const customerProperties: Property[] = [arrives, inOrder]

function settingsFor(sandbox: Sandbox, batching: JSONValue) {
  const preset = (definition.presets ?? []).find(({ partnerAction }) => partnerAction === 'upsertCustomer')
  const subscription = { ...preset, mapping: { ...preset?.mapping, enable_batching: batching } }
  return { ...SANDBOX_KEYS, customURL: sandbox.url, subscription }
}

/** The traits in the API's form; an empty text, and an object with nothing but blank texts, says nothing. */
function expectedValues(traits: JSONObject): JSONObject {
  const values = Object.entries(traits).filter(([, value]) => value !== '' && !isBlankObject(value))
  return Object.fromEntries(values.map(([key, value]) => [key, key === 'address' ? toApiAddress(value) : value]))
}

function toApiAddress(typed: JSONValue): JSONObject {
  const { street, ...rest } = typed as JSONObject
  return street === undefined ? rest : { ...rest, line_1: street }
}

function isBlankObject(value: JSONValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).every((item) => typeof item === 'string' && !item.trim())
}

function customersOf(sandbox: Sandbox) {
  const { customers } = sandbox.state()
  return new Map(customers.map((customer) => [customer.source_id, customer]))
}

function actionIdOf(outcome: object): string {
  const { body } = outcome as { body?: { async_action_id?: string } }
  return body?.async_action_id ?? ''
}

/** Waits until the rows of a bulk call are applied. */
async function applied(sandbox: Sandbox, id: string): Promise<void> {
  const headers = { 'X-App-Id': SANDBOX_KEYS.apiKey, 'X-App-Token': SANDBOX_KEYS.secretKey }
  for (;;) {
    const response = await fetch(`${sandbox.url}/v1/async-actions/${id}`, { headers })
    const { status } = (await response.json()) as { status: string }
    if (status === 'DONE') return
  }
}
