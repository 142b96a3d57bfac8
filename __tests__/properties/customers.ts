import assert from 'node:assert/strict'
import { Destination } from '@segment/actions-core'
import type { JSONObject, JSONValue } from '@segment/actions-core'
import fc from 'fast-check'
import definition from '../../src'
import { standIn, withoutQuestions } from '../../tools/standIn'
import type { Sandbox } from '../../workbench/sandbox'
import { anyJson, anyText, metadata, nearlyDate, NOBODY, some } from './arbitraries'
import { endOf, property, SANDBOX_KEYS } from './property'
import type { Property } from './property'

const destination = new Destination(standIn(withoutQuestions(definition)))

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
  fc.record({ userId: anyText.filter((id) => !['', ...NOBODY].includes(id.trim())), traits: plainTraits }),
  async ({ userId, traits }, { sandbox }) => {
    sandbox.clear()
    const call = { type: 'identify', userId, traits }
    await destination.onEvent(call as never, settingsFor(sandbox, false) as never)
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
          first_name: textOrNull,
          last_name: textOrNull,
          birthday: nearlyDate,
          vip: fc.boolean(),
          score: anyJson,
          batch: fc.option(fc.boolean(), { freq: 20 })
        })
      )
      .map(([plain, others]): JSONValue => (others.batch === null ? null : { ...plain, ...others })),
    computed: fc.option(trait),
    kind: fc.constantFrom('audience', 'computed_trait', 'sql_trait')
  })
  .map(
    ({ computed, kind, ...call }): JSONObject => ({
      type: 'identify',
      ...call,
      ...(computed && { context: { personas: { computation_class: kind, computation_key: computed } } })
    })
  )

const inOrder = property(
  'any batch ends in the sandbox as the same calls would have one after the other',
  100,
  fc.record({
    /** What the sandbox holds before. */
    earlier: fc.array(identify, { maxLength: 1 }),
    calls: fc.array(identify, { minLength: 1, maxLength: 5 }),
    /** Whether all calls of the mapping go in bulk, or each says so itself. */
    batching: fc.constantFrom<JSONValue>(true, true, { '@path': '$.traits.batch' })
  }),
  async ({ earlier, calls, batching }, { sandbox }) => {
    const settings = settingsFor(sandbox, batching)
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
    destination.responses.length = 0
    assert.deepEqual(
      multistatus.map(({ status }) => status < 300),
      single
    )
    const actual = customersOf(sandbox)
    // The gateway's answer to one part of a name alone is its own; a row joins whichever parts there are.
    for (const id of loneNames(calls.filter((_call, index) => multistatus[index].status === 202))) {
      const name = rowName(calls.filter(({ userId }) => String(userId).trim() === id))
      if (name !== undefined) assert.deepEqual(actual.get(id)?.name, name)
      for (const customer of [actual.get(id), expected.get(id)]) if (customer) delete customer.name
    }
    assert.deepEqual(actual, expected)
  }
)

/** The customers of whose calls one names one part of the name alone, or clears one. */
function loneNames(calls: JSONObject[]): Set<string> {
  const lone = calls.filter((call) => {
    const { first_name: first, last_name: last } = namesIn(call)
    return first === null || last === null || (first === undefined) !== (last === undefined)
  })
  return new Set(lone.map(({ userId }) => String(userId).trim()))
}

/** The name of a row over calls in order: later parts replace earlier ones, both together also an earlier name. */
function rowName(calls: JSONObject[]): JSONValue | undefined {
  const said: JSONObject = {}
  for (const { name, ...parts } of calls.map(namesIn)) {
    if (name !== undefined) said.name = name
    else if (typeof parts.first_name === 'string' && typeof parts.last_name === 'string') delete said.name
    Object.assign(said, parts)
  }
  const { name, first_name: first, last_name: last } = said
  if (name !== undefined) return name
  if (first === null && last === null) return null
  const parts = [first, last].filter((part): part is string => typeof part === 'string').map((part) => part.trim())
  return parts.length ? parts.join(' ') : undefined
}

/** What a call says of the name: nothing with a blank text, and nothing without traits. */
function namesIn({ traits }: JSONObject): JSONObject {
  const given = Object.entries((traits ?? {}) as JSONObject)
  return Object.fromEntries(given.filter(([key, value]) => /^(first_|last_)?name$/.test(key) && !isBlank(value)))
}

export const customerProperties: Property[] = [arrives, inOrder]

function settingsFor(sandbox: Sandbox, batching: JSONValue) {
  const preset = (definition.presets ?? []).find(({ partnerAction }) => partnerAction === 'upsertCustomer')
  const subscription = { ...preset, mapping: { ...preset?.mapping, enable_batching: batching } }
  return { ...SANDBOX_KEYS, customURL: sandbox.url, subscription }
}

/** The traits in the API's form: a blank text and an object without a key say nothing, metadata is as it was given. */
function expectedValues(traits: JSONObject): JSONObject {
  const values = Object.entries(traits).map(([key, value]): [string, JSONValue] => [
    key,
    key === 'address' ? toApiAddress(value) : value
  ])
  return Object.fromEntries(values.filter(([, value]) => !isBlank(value) && !isEmpty(value)))
}

function toApiAddress(typed: JSONValue): JSONValue {
  if (typed === null) return null
  const parts = Object.entries(typed).filter(([, value]) => !isBlank(value))
  return Object.fromEntries(parts.map(([key, value]) => [key === 'street' ? 'line_1' : key, value]))
}

function isBlank(value: JSONValue): boolean {
  return typeof value === 'string' && !value.trim()
}

function isEmpty(value: JSONValue): boolean {
  return typeof value === 'object' && value !== null && !Object.keys(value).length
}

function customersOf(sandbox: Sandbox) {
  const { customers } = sandbox.state()
  return new Map(customers.map((customer) => [customer.source_id, customer]))
}

/** The ID of the bulk job in what was recorded of its answer. */
function actionIdOf(outcome: object): string {
  const { body } = outcome as { body?: string }
  return /"async_action_id":"(\w+)"/.exec(body ?? '')?.[1] ?? ''
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
