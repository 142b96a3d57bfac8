import assert from 'node:assert/strict'
import { Destination, IntegrationError, MultiStatusResponse } from '@segment/actions-core'
import type { ActionDefinition, DestinationDefinition, InputField, JSONObject, JSONValue } from '@segment/actions-core'
import fc from 'fast-check'
import mapValues from 'lodash/mapValues'
import omit from 'lodash/omit'
import definition from '../../src'
import type { Settings } from '../../src/generated-types'
import { standIn } from '../../tools/standIn'
import {
  anyJson,
  anyJsonObject,
  anyKey,
  anyMappingChange,
  anyText,
  callType,
  changeMapping,
  nearlyCall,
  NOBODY,
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
const ours = new Destination(standIn(definition))
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

/** Settings as typed. The URL is that of the gateway, or it is any text; how else it may be written is tried elsewhere. */
const typedSettings = fc.record({
  apiKey: settingsKey,
  secretKey: settingsKey,
  customURL: fc.oneof({ weight: 24, arbitrary: fc.constantFrom('{url}', '{url}/') }, { weight: 1, arbitrary: anyText })
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

/** A payload of a host that runs actions without the framework: it passes any value, whatever a field declares. */
const hostPayload = (action: fc.Arbitrary<string>) =>
  fc.record({ action, call: nearlyCall(callType), more: anyJsonObject }).map(({ action: name, call, more }) => {
    const { traits, context } = call
    const engage = isObject(context) && isObject(context.personas) ? context.personas : {}
    const given: Values = { ...call, ...(isObject(traits) ? traits : {}), metadata: traits, traits, ...engage }
    const mapped = mapValues(definition.actions[name].fields, (_field, key) => given[key] ?? more[key])
    const ids = { source_id: call.userId, group_id: call.groupId }
    return { action: name, payload: { ...more, ...mapped, ...ids, customer: { ...ids, email: call.email } } as Values }
  })

const REGION = 'https://us1.segmentio.voucherify.io'

/** Such a host gives one merged object as both payload and settings, and null for whatever a call lacks. */
const secondHost = property(
  'a host that gives anything as payload, settings among it, sees only declared fields leave, without nulls and keys',
  300,
  fc.record({
    given: hostPayload(fc.constantFrom(...Object.keys(definition.actions))),
    settings: fc.record({ apiKey: plausibleKey, secretKey: plausibleKey, customURL: fc.constant(REGION) }),
    isMerged: fc.boolean()
  }),
  async ({ given: { action, payload: mapped }, settings, isMerged }) => {
    const payload = isMerged ? { ...mapped, ...settings } : omit(mapped, 'customURL')
    const { end, sent } = await sentBy(action, payload, settings)
    if (!end.ok) return assertOwnRefusal(end.error, settings, action, payload)
    assert.deepEqual(
      sent.map(({ url }) => url),
      [`${REGION}${PATHS[action]}`]
    )
    const body = overTheWire(sent[0].json) as Values
    assertBody(action, body, payload)
    assertDeclared(definition.actions[action].fields, body, isMerged)
    if (!isMerged) return
    const text = JSON.stringify(body)
    assert.ok(![settings.apiKey, settings.secretKey].some((key) => text.includes(JSON.stringify(key).slice(1, -1))))
  }
)

/** What leaves must not depend on whether the mapping switches bulk on. */
const sameInBulk = property(
  'any payload of a customer leaves the same values in a row of a bulk call as alone, or goes alone from a batch too',
  300,
  hostPayload(fc.constant('upsertCustomer')),
  async ({ payload: given }) => {
    const settings = { apiKey: 'application-id', secretKey: 'secret-key', customURL: REGION }
    const payload = { ...given, enable_batching: true }
    const alone = await sentBy('upsertCustomer', payload, settings)
    const batched = await sentBy('upsertCustomer', [payload], settings)
    assert.ok(batched.end.ok, 'a batch never throws')
    if (!alone.end.ok) return assert.equal(batched.sent.length, 0)
    assert.equal(batched.sent.length, 1)
    const [{ url, body, json }] = batched.sent
    if (!url.endsWith(BULK_PATH)) return assert.deepEqual(json, alone.sent[0].json)
    assert.deepEqual(JSON.parse(String(body)), [rowOf(overTheWire(alone.sent[0].json) as Values)])
  }
)

interface Sent {
  url: string
  /** The body before it is written as JSON. */
  json?: unknown
  body?: string
}

/** Runs an action without the framework: its batch where the payload is a list. Everything is taken. */
async function sentBy(
  action: string,
  payload: unknown,
  settings: Settled
): Promise<{ end: End<unknown>; sent: Sent[] }> {
  const sent: Sent[] = []
  const request = (url: string, { json, body }: Omit<Sent, 'url'>) => {
    sent.push({ url, json, body })
    return Promise.resolve({ status: 200, data: {}, content: '{}' })
  }
  const { perform, performBatch } = definition.actions[action]
  const run = (Array.isArray(payload) ? performBatch : perform) as unknown as (
    send: typeof request,
    input: { payload: unknown; settings: unknown }
  ) => Promise<unknown>
  return { end: await endOf(Promise.resolve().then(() => run(request, { payload, settings }))), sent }
}

/** A body of the gateway in the form of the API; the parts of the name are joined from whichever there is. */
function rowOf({ type: _type, first_name: first, last_name: last, address, birthdate, ...row }: Values): Values {
  const parts = [first, last].filter((part) => typeof part === 'string').map((part) => part.trim())
  if (row.name === undefined && parts.length) row.name = parts.join(' ')
  if (row.name === undefined && first === null && last === null) row.name = null
  if (birthdate !== undefined) row.birthdate = birthdate && dateIn(String(birthdate))
  if (!isObject(address)) return address === undefined ? row : { ...row, address }
  const { street, ...others } = address
  return { ...row, address: street === undefined ? others : { ...others, line_1: street } }
}

/** The day at the start of a date or date-time, as a row holds it. */
function dateIn(birthdate: string): string {
  return birthdate.trim().replace(/^(\d{4})-?(\d{2})-?(\d{2}).*$/s, '$1-$2-$3')
}

export const deliveryProperties: Property[] = [single, batch, secondHost, sameInBulk]

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
  const refused = Object.entries(idsOf(action, payload)).filter(([, id]) => !isId(id))
  if (action === 'addCustomEvent' && !isEventName(payload)) refused.push(['event', undefined])
  assert.ok(
    refused.some(([field]) => error.message.startsWith(`The field ${field} `)),
    `refused although nothing is wrong with it: ${error.message}`
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
  const text = typeof id === 'string' || typeof id === 'number' ? String(id).trim() : ''
  return text !== '' && !NOBODY.includes(text)
}

/** A name of 1 to 300 characters, once the two spaces of a page without a name are one. */
function isEventName(payload: unknown): boolean {
  const { event, type } = (isObject(payload) ? payload : {}) as Values
  if (typeof event !== 'string' || !event.trim()) return false
  return isGap({ event, type }) || [...event].length <= 300
}

function isGap({ event, type }: Values): boolean {
  return (type === 'page' || type === 'screen') && /^Viewed\s+(Page|Screen)$/.test(String(event))
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
  assert.equal(birthdate === undefined || birthdate === null, mapped === undefined || mapped === null)
}

type Declared = Record<string, Pick<InputField, 'allowNull' | 'properties' | 'unsafe_hidden'>>

function assertDeclared(fields: Declared, body: Values, isWithoutNulls = false): void {
  for (const [key, value] of Object.entries(body)) {
    const field = Object.prototype.hasOwnProperty.call(fields, key) ? fields[key] : undefined
    assert.ok(field && !field.unsafe_hidden && key !== 'enable_batching', `${key} is no visible field`)
    assert.ok(value !== null || (field.allowNull && !isWithoutNulls), `${key} does not take null`)
    if (!isObject(value)) continue
    assert.ok(Object.keys(value).length, `${key} is empty`)
    if (field.properties) assertDeclared(field.properties, value, isWithoutNulls)
    else assert.ok(!isWithoutNulls || !Object.values(value).includes(null), `a key of ${key} is null`)
  }
}

/** What the specification says of a body, written once more. */
function expectedBody(action: string, payload: Values): Values {
  // A call without traits says nothing of the customer, and such a host gives null for what it does not know.
  const isWithoutNulls = 'customURL' in payload || (action === 'upsertCustomer' && payload.traits === null)
  const { enable_batching: _batching, ...body } = expectedValues(
    definition.actions[action].fields,
    payload,
    isWithoutNulls
  )
  if (action === 'upsertCustomer') prepareCustomer(body, payload, isWithoutNulls)
  else body.customer = { ...(body.customer as Values), source_id: trimmed((body.customer as Values).source_id) }
  if (action === 'assignCustomerToGroup') body.group_id = trimmed(body.group_id)
  if (action === 'addCustomEvent' && isGap(body)) body.event = String(body.event).replace(/\s+/, ' ')
  return body
}

/** The table of blanks, nulls and absence. */
function expectedValues(fields: Declared, payload: Values, isWithoutNulls: boolean): Values {
  const entries = Object.entries(fields).flatMap(([key, { unsafe_hidden, allowNull, properties }]) => {
    let value = Object.prototype.hasOwnProperty.call(payload, key) ? payload[key] : undefined
    if (unsafe_hidden || value === undefined) return []
    if (value === null && (!allowNull || isWithoutNulls)) return []
    if (typeof value === 'string' && !value.trim()) return []
    if (isObject(value) && properties) value = expectedValues(properties, value, isWithoutNulls)
    else if (isObject(value) && isWithoutNulls) value = withoutNulls(value)
    return isObject(value) && !Object.keys(value).length ? [] : [[key, value] as const]
  })
  return Object.fromEntries(entries)
}

function withoutNulls(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))
}

function prepareCustomer(body: Values, payload: Values, isWithoutNulls: boolean): void {
  const { name, first_name: first, last_name: last, metadata } = body
  if (name === undefined && typeof first === 'string' && typeof last === 'string') {
    body.name = `${first.trim()} ${last.trim()}`
  }
  const found = fromEngage(payload)
  const added = isWithoutNulls ? withoutNulls(found) : found
  if (Object.keys(added).length) {
    body.metadata = Object.fromEntries([
      ...Object.entries(isObject(metadata) ? metadata : {}),
      ...Object.entries(added)
    ])
  }
  body.source_id = trimmed(body.source_id)
}

const MAPPED_TRAITS =
  'name firstName first_name lastName last_name description email phone birthday birthdate address metadata'.split(' ')

/** The trait that Engage computed, or all columns of a SQL trait that no field reads. */
function fromEngage({ computation_class: kind, computation_key: key, traits }: Values): Values {
  if (!isObject(traits)) return {}
  const isNamed = typeof key === 'string' && key !== ''
  const entries = Object.entries(traits)
  if (kind !== 'sql_trait' && isNamed && Object.keys(traits).includes(key)) {
    return Object.fromEntries(entries.filter(([trait]) => trait === key))
  }
  if (kind !== 'sql_trait' && !isNamed) return {}
  return Object.fromEntries(entries.filter(([trait]) => !MAPPED_TRAITS.includes(trait)))
}

function trimmed(id: unknown): string {
  return String(id).trim()
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
