import assert from 'node:assert/strict'
import { Destination, IntegrationError, MultiStatusResponse } from '@segment/actions-core'
import type { ActionDefinition, DestinationDefinition, InputField, JSONObject, JSONValue } from '@segment/actions-core'
import fc from 'fast-check'
import mapValues from 'lodash/mapValues'
import pickBy from 'lodash/pickBy'
import definition from '../../src'
import type { Settings } from '../../src/generated-types'
import {
  anyJson,
  anyJsonObject,
  anyKey,
  anyMappingChange,
  anyText,
  callType,
  changeMapping,
  nearlyCall,
  plausibleKey
} from './arbitraries'
import type { MappingChange } from './arbitraries'
import type { Received } from './gateway'
import { endOf, overTheWire, property } from './property'
import type { End, Property } from './property'

type Action = ActionDefinition<Settings>
type Values = Record<string, unknown>
type Settled = Record<keyof Settings, string>

/**
 * The same definition with actions that send nothing and give back the payload. What it throws, the framework throws
 * before any code of ours: `context: null`, a directive that is none, a field of the wrong type.
 */
const floorDefinition: DestinationDefinition<Settings> = {
  ...definition,
  actions: mapValues(definition.actions, (action): Action => ({ ...action, ...sendNothing(action) }))
}

function sendNothing(action: Action): Pick<Action, 'perform' | 'performBatch'> {
  return {
    perform: (_request, { payload }) => payload,
    ...(action.performBatch && {
      performBatch: (_request, { payload }) => {
        const results = new MultiStatusResponse()
        payload.forEach((sent: JSONObject) => results.pushSuccessResponse({ status: 200, sent, body: {} }))
        return results
      }
    })
  }
}

const floor = new Destination(floorDefinition)
const ours = new Destination(definition)
const presets = (definition.presets ?? []).flatMap((preset) => (preset.type === 'automatic' ? [preset] : []))
const PATHS: Record<string, string> = {
  addCustomEvent: '/segmentio/event-processing',
  assignCustomerToGroup: '/segmentio/group-processing',
  upsertCustomer: '/segmentio/customer-processing'
}
const BULK_PATH = '/v1/customers/bulk/async'
const BULK_KEYS = ['source_id', 'name', 'email', 'phone', 'description', 'birthdate', 'address', 'metadata']

function subscriptionOf(name: string | undefined, change: MappingChange) {
  const preset = presets.find((one) => one.name === name)
  return {
    ...preset,
    partnerAction: preset?.partnerAction ?? '',
    mapping: changeMapping(preset?.mapping ?? {}, change)
  }
}

/** Any key, and a few that come back with others: what was checked for one project must not serve another. */
const settingsKey = fc.oneof(
  { weight: 2, arbitrary: anyKey },
  { weight: 1, arbitrary: fc.constantFrom('the-first-key', 'the-second-key') }
)

/** Settings as typed. The URL is written in one of the ways that all mean the given one, or it is any text. */
const typedSettings = fc.record({
  apiKey: settingsKey,
  secretKey: settingsKey,
  customURL: fc.oneof(
    { weight: 24, arbitrary: fc.constantFrom('{url}', ' {url}/ ', '{url}/segmentio', '{url}/segmentio//') },
    { weight: 1, arbitrary: anyText }
  )
})

/** A call that a preset asks for, more or less, and what its mapping has in other places. */
const singleInput = fc.oneof(
  ...presets.map(({ name, partnerAction, subscribe }) =>
    fc.record({
      preset: fc.constant(name),
      change: anyMappingChange(Object.keys(definition.actions[partnerAction].fields)),
      settings: typedSettings,
      call: anyCall(/type = "(\w+)"/.exec(subscribe)?.[1] ?? '')
    })
  )
)

function anyCall(type: string): fc.Arbitrary<JSONValue> {
  return fc.oneof(
    { weight: 10, arbitrary: nearlyCall(fc.constant(type)) },
    { weight: 2, arbitrary: nearlyCall(callType) },
    { weight: 1, arbitrary: anyJson }
  )
}

const single = property(
  'any JSON as a call and as a mapping and any text as a setting end delivered or with an error of the framework',
  300,
  singleInput,
  async ({ preset, change, settings: typed, call }, { gateway }) => {
    const settings = { ...typed, customURL: typed.customURL.replace('{url}', gateway.url) }
    const subscription = subscriptionOf(preset, change)
    const action = subscription.partnerAction
    const run = (destination: Destination<Settings>) =>
      endOf(destination.onEvent(...hostInput(call, subscription, settings)))
    const expected = await run(floor)
    const end = await run(ours)
    ours.responses.length = 0
    const received = gateway.take()

    if (!expected.ok) return assertSameEnd(end, expected, received)
    const payload = expected.value.find(({ output }) => output === 'Action Executed')?.data
    if (payload === undefined) return assertSameEnd(end, expected, received)
    if (!end.ok) {
      assert.equal(received.length, 0, 'something was sent although the call failed')
      return assertOwnRefusal(end.error, settings, action, payload)
    }
    assert.equal(received.length, 1, 'a delivered call is one request')
    assertKeys(received[0], settings, [call, change, payload])
    assert.equal(`${received[0].method} ${received[0].path}`, `POST ${PATHS[action]}`)
    assertBody(action, JSON.parse(received[0].body), payload)
  }
)

const CUSTOMERS = 'Create Or Update Customer'

const batchInput = fc.record({
  batching: fc.constantFrom(true, true, true, false),
  change: anyMappingChange(Object.keys(definition.actions.upsertCustomer.fields)),
  settings: typedSettings,
  calls: fc.array(anyCall('identify'), { minLength: 1, maxLength: 5 })
})

const batch = property(
  'any JSON as the calls of a batch gives every call its own outcome and throws nothing of ours',
  300,
  batchInput,
  async ({ batching, change, settings: typed, calls }, { gateway }) => {
    const settings = { ...typed, customURL: typed.customURL.replace('{url}', gateway.url) }
    const batched = 'fields' in change ? { fields: { enable_batching: batching, ...change.fields } } : change
    const run = (destination: Destination<Settings>) =>
      endOf(destination.onBatch(...hostInput(calls, subscriptionOf(CUSTOMERS, batched), settings)))
    const expected = await run(floor)
    const end = await run(ours)
    ours.responses.length = 0
    const received = gateway.take()

    const outcomes = expected.ok ? expected.value[0]?.multistatus : undefined
    if (!outcomes) return assertSameEnd(end, expected, received)
    assert.ok(end.ok, `the batch threw ${end.ok ? '' : end.error.stack}`)
    const actual = end.value[0]?.multistatus ?? []
    assert.equal(actual.length, outcomes.length)
    received.forEach((request) => {
      assertKeys(request, settings, [calls, change])
      assertBulkOrSingle(request)
    })
    if ('fields' in batched && batched.fields.enable_batching === false) {
      assert.ok(!received.some(({ path }) => path === BULK_PATH), 'a bulk call was made though batching is off')
    }
    outcomes.forEach((outcome, index) => {
      if (!outcome || outcome.status !== 200 || !('sent' in outcome)) {
        return assert.deepEqual(actual[index], outcome, 'what the framework refused stays refused')
      }
      const { status } = actual[index]
      if (status === 202) {
        const id = String((outcome.sent as Values).source_id).trim()
        return assert.ok(
          received.some((request) => sourceIds(request).includes(id)),
          'an accepted call was not sent'
        )
      }
      const { errormessage, errortype } = actual[index] as { errormessage: string; errortype: string }
      const error = new IntegrationError(errormessage, errortype, status)
      assertOwnRefusal(error, settings, 'upsertCustomer', outcome.sent)
    })
  }
)

/** A host that runs actions without the framework: one merged object is both payload and settings. */
const secondHost = property(
  'a host that gives anything as payload, settings among it, sees only declared fields leave, without the keys',
  300,
  fc.record({
    action: fc.constantFrom(...Object.keys(definition.actions)),
    settings: fc.record({
      apiKey: plausibleKey,
      secretKey: plausibleKey,
      customURL: fc.constant('https://us1.segmentio.voucherify.io')
    }),
    call: nearlyCall(callType),
    more: anyJsonObject
  }),
  async ({ action, settings, call, more }) => {
    const mapped = mapValues(definition.actions[action].fields, (_field, key) => call[key] ?? more[key])
    const customer = { source_id: call.userId, email: call.email, apiKey: settings.apiKey }
    const payload = { ...more, ...mapped, customer, source_id: call.userId, group_id: call.groupId, ...settings }
    const sent: { url: string; json: unknown }[] = []
    const request = (url: string, options: { json: unknown }) => {
      sent.push({ url, json: options.json })
      return Promise.resolve({ status: 200 })
    }
    const perform = definition.actions[action].perform as unknown as (
      send: typeof request,
      input: { payload: unknown; settings: unknown }
    ) => Promise<unknown>
    const end = await endOf(Promise.resolve().then(() => perform(request, { payload, settings: payload })))
    if (!end.ok) return assertOwnRefusal(end.error, settings, action, payload)
    assert.equal(sent.length, 1)
    assert.equal(sent[0].url, `https://us1.segmentio.voucherify.io${PATHS[action]}`)
    const body = overTheWire(sent[0].json)
    assertDeclared(definition.actions[action].fields, body as Values)
    const text = JSON.stringify(body)
    assert.ok(![settings.apiKey, settings.secretKey].some((key) => text.includes(JSON.stringify(key).slice(1, -1))))
  }
)

export const deliveryProperties: Property[] = [single, batch, secondHost]

/** What a host passes: copies, since the framework writes into a mapping. */
function hostInput(calls: unknown, subscription: object, settings: Settled): [event: never, settings: never] {
  return [structuredClone(calls) as never, { ...settings, subscription: structuredClone(subscription) } as never]
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The framework alone ended so: our definition must not change it, and must have sent nothing. */
function assertSameEnd(end: End<unknown>, expected: End<unknown>, received: Received[]): void {
  assert.equal(received.length, 0, 'something was sent although the framework refused the call')
  if (expected.ok) return assert.deepEqual(end, expected)
  assert.ok(!end.ok, `the framework alone throws "${expected.error.message}"`)
  assert.deepEqual([end.error.name, withoutStack(end.error)], [expected.error.name, withoutStack(expected.error)])
}

/** An aggregate's message quotes the stacks of its errors, and those name the lines of this file. */
function withoutStack({ message }: Error): string {
  return message.replace(/^\s+at .*\n?/gm, '').trim()
}

/** Our own refusals have a reason that is true, name a field or setting, and never show a key. */
function assertOwnRefusal(error: Error, settings: Settled, action: string, payload: unknown): void {
  assert.ok(error instanceof IntegrationError, `not an error of the framework: ${error.stack}`)
  assert.equal(error.status, 400)
  for (const key of [settings.apiKey, settings.secretKey]) {
    assert.ok(key.trim().length < 12 || !error.message.includes(key.trim()), 'the message shows a key')
  }
  const setting = /^The setting "([^"]+)"/.exec(error.message)?.[1]
  if (setting)
    return assert.ok(hasBadSetting(settings, setting), `refused although the setting is right: ${error.message}`)
  assert.equal(error.code, 'PAYLOAD_VALIDATION_FAILED', error.stack)
  const ids = idsOf(action, payload)
  assert.ok(
    Object.entries(ids).some(([field, id]) => !isId(id) && error.message.includes(field)),
    `refused although the identifiers are there: ${error.message}`
  )
}

function hasBadSetting({ apiKey, secretKey, customURL }: Settled, label: string): boolean {
  const isBadKey = (key: string) => ['', 'undefined'].includes(key.trim()) || /[^\t -~\u0080-\u00ff]/.test(key.trim())
  if (label === 'Application ID') return isBadKey(apiKey)
  return label === 'Secret Key' ? isBadKey(secretKey) : !customURL.includes('127.0.0.1')
}

function idsOf(action: string, payload: unknown): Values {
  const { source_id, group_id, customer } = (isObject(payload) ? payload : {}) as Values
  if (action === 'upsertCustomer') return { source_id }
  const ids = { 'customer.source_id': isObject(customer) ? customer.source_id : undefined }
  return action === 'assignCustomerToGroup' ? { ...ids, group_id } : ids
}

function isId(id: unknown): boolean {
  return (typeof id === 'string' || typeof id === 'number') && String(id).trim() !== ''
}

/** The keys stand in the headers where the gateway looks for them, and nowhere else; what was `given` may read like one. */
function assertKeys({ path, headers, body }: Received, settings: Settled, given: unknown): void {
  const [apiKey, secretKey] = [settings.apiKey.trim(), settings.secretKey.trim()]
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  assert.equal(headers['x-app-id'], apiKey)
  assert.equal(headers['x-app-token'], secretKey)
  if (path !== BULK_PATH) {
    assert.equal(headers.authorization, `Basic ${base64(apiKey)}`)
    assert.equal(headers['secret-key'], base64(secretKey))
  }
  const { 'x-app-id': _id, 'x-app-token': _token, authorization: _basic, 'secret-key': _secret, ...others } = headers
  const elsewhere = JSON.stringify([path, others, body])
  for (const key of [apiKey, secretKey].filter((text) => text.length >= 12)) {
    if (JSON.stringify(given).includes(JSON.stringify(key).slice(1, -1))) continue
    assert.ok(!elsewhere.includes(key) && !elsewhere.includes(base64(key)), 'a key left outside the headers')
  }
}

/** The body holds the declared visible fields only, with the values that the mapping gave. */
function assertBody(action: string, body: Values, payload: unknown): void {
  const { fields } = definition.actions[action]
  assertDeclared(fields, body)
  const { birthdate, ...rest } = body
  const { birthdate: mapped, ...expected } = expectedBody(action, overTheWire(payload) as Values)
  assert.deepEqual(rest, expected)
  // What becomes of a date has a property of its own.
  assert.equal(typeof birthdate, typeof mapped)
}

function assertDeclared(
  fields: Record<string, Pick<InputField, 'allowNull' | 'properties' | 'unsafe_hidden'>>,
  body: Values
): void {
  for (const [key, value] of Object.entries(body)) {
    const field = Object.prototype.hasOwnProperty.call(fields, key) ? fields[key] : undefined
    assert.ok(field && !field.unsafe_hidden && key !== 'enable_batching', `${key} is no visible field`)
    assert.ok(value !== null || field.allowNull, `${key} does not take null`)
    if (field.properties && isObject(value)) assertDeclared(field.properties, value)
  }
}

/** What the specification says of a body, written once more. */
function expectedBody(action: string, payload: Values): Values {
  const { enable_batching: _batching, batch_size: _size, computation_key, traits, ...mapped } = payload
  const body: Values = action === 'assignCustomerToGroup' ? { ...mapped, traits } : mapped
  if (action === 'upsertCustomer') prepareCustomer(body, computation_key, traits)
  else body.customer = { ...(body.customer as Values), source_id: trimmed((body.customer as Values).source_id) }
  if (action === 'assignCustomerToGroup') body.group_id = trimmed(body.group_id)
  if (action === 'addCustomEvent' && (body.type === 'page' || body.type === 'screen')) {
    const gap = /^Viewed\s+(Page|Screen)$/.exec(String(body.event))
    if (gap) body.event = `Viewed ${gap[1]}`
  }
  for (const key of ['customer', 'referral', 'loyalty']) {
    if (isObject(body[key])) body[key] = pickBy(body[key] as Values, (value) => value !== '')
  }
  return pickBy(body, (value) => !isNothing(value))
}

function prepareCustomer(body: Values, key: unknown, traits: unknown): void {
  // A call without traits says nothing of the customer; every path through them is null.
  const isUnsaid = (value: unknown) =>
    value === null || (isObject(value) && Object.values(value).every((one) => one === null))
  if (traits === null) Object.keys(body).forEach((name) => isUnsaid(body[name]) && delete body[name])
  const { name, first_name: first, last_name: last, metadata } = body
  const isMissing = name === undefined || (typeof name === 'string' && !name.trim())
  if (isMissing && isText(first) && isText(last)) body.name = `${first.trim()} ${last.trim()}`
  if (isText(key, false) && isObject(traits) && Object.keys(traits).includes(key)) {
    body.metadata = Object.fromEntries([...(isObject(metadata) ? Object.entries(metadata) : []), [key, traits[key]]])
  }
  body.source_id = trimmed(body.source_id)
}

function trimmed(id: unknown): string {
  return String(id).trim()
}

function isText(value: unknown, orBlank = true): value is string {
  return typeof value === 'string' && (orBlank ? value.trim() : value) !== ''
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === '') return true
  return isObject(value) && Object.values(value).every((item) => typeof item === 'string' && !item.trim())
}

/** What a batch sends is a bulk call with rows in the API's form, or a single call with the declared fields. */
function assertBulkOrSingle(request: Received): void {
  assert.equal(request.method, 'POST')
  const body: unknown = JSON.parse(request.body)
  if (request.path !== BULK_PATH) {
    assert.equal(request.path, PATHS.upsertCustomer)
    return assertDeclared(definition.actions.upsertCustomer.fields, body as Values)
  }
  assert.ok(Array.isArray(body) && body.length > 0)
  for (const row of body as Values[]) {
    assert.deepEqual(
      Object.keys(row).filter((key) => !BULK_KEYS.includes(key)),
      []
    )
    assert.ok(
      row.birthdate === undefined || row.birthdate === null || /^\d{4}-\d{2}-\d{2}$/.test(String(row.birthdate))
    )
  }
  const ids = (body as Values[]).map(({ source_id }) => source_id)
  assert.equal(new Set(ids).size, ids.length, 'a customer has two rows in one call')
}

function sourceIds({ body }: Received): unknown[] {
  const parsed = JSON.parse(body) as Values | Values[]
  return (Array.isArray(parsed) ? parsed : [parsed]).map(({ source_id }) => source_id)
}
