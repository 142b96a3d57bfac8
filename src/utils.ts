import { IntegrationError, isObject, PayloadValidationError } from '@segment/actions-core'
import type { InputField, ModifiedResponse, RequestClient, RequestOptions } from '@segment/actions-core'
import get from 'lodash/get'
import set from 'lodash/set'
import { resolveHosts } from './customUrl'
import type { VoucherifyHosts } from './customUrl'
import { makeRedact, toDeliveryError } from './errors'
import type { Settings } from './generated-types'
import { VOUCHERIFY_API_VERSION } from './versioning-info'

/** Longest wait for the headers of an answer, and again for its body, in milliseconds. */
export const TIMEOUT_MS = 10_000
/** Longest answer that is read, in bytes. */
export const MAX_ANSWER_BYTES = 1_048_576

/** Values by field key, as a mapping gives them or as a body holds them. */
export type Values = Record<string, unknown>

/** One kind of call to the Segment gateway, as an action declares it. */
export interface GatewayCall {
  /** Last part of the gateway's path. */
  path: 'event-processing' | 'group-processing' | 'customer-processing'
  /** The fields that the body may hold. Hidden ones never do. */
  fields: Record<string, InputField>
  /** Paths of the identifiers that must not be blank, such as `customer.source_id`. */
  requiredIds: string[]
  /** Changes what the mapping gave into what Voucherify expects; `payload` also holds the hidden fields. */
  prepare?(body: Values, payload: Values): Values
}

/** A request that is ready to be sent: nothing in it depends on the host any more. */
export interface VoucherifyRequest {
  url: string
  options: VoucherifyRequestOptions
}

export interface VoucherifyRequestOptions extends RequestOptions {
  /** Bound on the answer in bytes. Known to node-fetch, with which the framework sends, but not to its types. */
  size: number
}

/**
 * Builds the request that carries one call to the Segment gateway.
 *
 * @param payload what the mapping gave; a host may have put anything beside it
 * @throws IntegrationError (400) for a setting, PayloadValidationError for an identifier that can't be used
 */
export function buildGatewayRequest(settings: Settings, call: GatewayCall, payload: object): VoucherifyRequest {
  return gatewayRequest(settings, 'POST', call.path, buildBody(call, payload))
}

/** Builds the request that asks the gateway whether it knows the keys. Throws as `buildGatewayRequest` does. */
export function buildTestRequest(settings: Settings): VoucherifyRequest {
  return gatewayRequest(settings, 'GET', 'test-authentication')
}

/**
 * Builds the request that creates or updates many customers at once: the API's "Update customers in bulk".
 *
 * @param rows customers in the API's form, each already JSON, since their size decides how many go together
 */
export function buildBulkRequest(settings: Settings, rows: string[]): VoucherifyRequest {
  const body = `[${rows.join(',')}]`
  return apiRequest(settings, 'customers/bulk/async', { headers: { 'Content-Type': 'application/json' }, body })
}

/**
 * Builds the request that erases one customer for good: the API's "Delete customer permanently".
 *
 * @throws PayloadValidationError for an ID that no URL can hold: it would reach another path
 */
export function buildErasureRequest(settings: Settings, sourceId: string): VoucherifyRequest {
  return apiRequest(settings, `customers/${encodePathSegment(sourceId)}/permanent-deletion`)
}

/**
 * Sends a request that one of the builders made.
 *
 * @throws what `toDeliveryError` makes of a failure: Voucherify's answers as errors of the framework with the reason
 * in them, everything else as it came
 */
export function send(
  request: RequestClient,
  settings: Settings,
  { url, options }: VoucherifyRequest
): Promise<ModifiedResponse> {
  return request(url, options).catch((error: unknown) => {
    throw toDeliveryError(error, makeRedact(settings))
  })
}

/**
 * The body of a gateway call: the declared visible fields and nothing else, with identifiers trimmed.
 *
 * @throws PayloadValidationError that names a blank identifier
 */
export function buildBody(call: GatewayCall, payload: object): Values {
  const values: Values = { ...payload }
  const picked = pickDeclared(call.fields, values)
  const body = withoutNoValues(call.prepare ? call.prepare(picked, values) : picked)
  for (const id of call.requiredIds) set(body, id, requireId(id, get(body, id)))
  return body
}

type DeclaredFields = Record<string, Pick<InputField, 'properties' | 'allowNull' | 'unsafe_hidden'>>

/**
 * The values of the declared visible fields, inside objects too. A null stays only where the field takes one: the
 * framework sees to that, other hosts don't. Where null is no value, neither is an empty text.
 */
function pickDeclared(fields: DeclaredFields, values: Values): Values {
  const picked: Values = {}
  for (const [key, field] of Object.entries(fields)) {
    const value = values[key]
    if (field.unsafe_hidden || value === undefined) continue
    if ((value === null || value === '') && !field.allowNull) continue
    picked[key] = field.properties && isObject(value) ? pickDeclared(field.properties, value) : value
  }
  return picked
}

/**
 * An empty text, an object without keys, or one that holds nothing but blank texts. Voucherify refuses an empty `referral` or
 * `loyalty`, and might take an empty `metadata` or `address` for "clear everything". The framework drops an empty text
 * from a single call and keeps it in a batch; here both are alike.
 */
function isNoValue(value: unknown): boolean {
  if (typeof value !== 'object') return value === ''
  return isObject(value) && Object.values(value).every((item) => isBlankText(item) || isUnwritten(item))
}

function withoutNoValues(values: Values): Values {
  const kept: Values = {}
  for (const key of Object.keys(values)) if (!isNoValue(values[key])) kept[key] = values[key]
  return kept
}

/** Whether JSON leaves a value out: a path such as `$.toString` finds a function. */
function isUnwritten(value: unknown): boolean {
  return value === undefined || typeof value === 'function'
}

/** Whether a value is a text with nothing to read in it. */
export function isBlankText(value: unknown): boolean {
  return typeof value === 'string' && !value.trim()
}

/** An identifier without the spaces around it. Other hosts may pass a number where the field declares a string. */
function requireId(path: string, value: unknown): string {
  const id = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  if (id) return id
  throw new PayloadValidationError(
    path === 'group_id'
      ? 'The field group_id is blank, most often because the call has no groupId. Send a groupId, or map another ID of the group.'
      : `The field ${path} is blank, most often because the call has no userId. Identify the user first or map another ` +
        'ID; anonymousId is no substitute, since Voucherify would keep it as a separate customer for ever.'
  )
}

function gatewayRequest(
  settings: Settings,
  method: 'GET' | 'POST',
  path: GatewayCall['path'] | 'test-authentication',
  json?: Values
): VoucherifyRequest {
  const { hosts, gatewayHeaders } = connect(settings)
  return {
    url: `${hosts.gateway}/segmentio/${path}`,
    options: guardedOptions(method, { ...gatewayHeaders }, json)
  }
}

function apiRequest(
  settings: Settings,
  path: string,
  content: Pick<RequestOptions, 'body' | 'headers'> = {}
): VoucherifyRequest {
  const { hosts, apiHeaders } = connect(settings)
  return {
    url: `${hosts.api}/${VOUCHERIFY_API_VERSION}/${path}`,
    options: { ...guardedOptions('POST', { ...apiHeaders, ...content.headers }), body: content.body }
  }
}

/**
 * The options of a request, with what every one carries so that no answer can lead the keys elsewhere, hang the call
 * or end the process. Written out, because spreading objects would cost a call more than all its checks.
 */
function guardedOptions(
  method: 'GET' | 'POST',
  headers: RequestOptions['headers'],
  json?: Values
): VoucherifyRequestOptions {
  return {
    redirect: 'manual',
    skipResponseCloning: true,
    timeout: TIMEOUT_MS,
    size: MAX_ANSWER_BYTES,
    method,
    headers,
    json
  }
}

/** What settings come to once they are checked. */
interface Connection {
  settings: Settings
  /** A host on this machine is only good outside production. */
  environment: string | undefined
  hosts: VoucherifyHosts
  apiHeaders: Record<string, string>
  gatewayHeaders: Record<string, string>
}

/** The last one made: a host delivers call after call with the same settings, and checking costs more than the rest. */
let lastConnection: Connection | undefined

function connect(settings: Settings): Connection {
  if (!lastConnection || !isMadeFor(lastConnection, settings)) lastConnection = checkSettings(settings)
  return lastConnection
}

function isMadeFor({ settings, environment }: Connection, { customURL, apiKey, secretKey }: Settings): boolean {
  return (
    environment === process.env.NODE_ENV &&
    settings.customURL === customURL &&
    settings.apiKey === apiKey &&
    settings.secretKey === secretKey
  )
}

function checkSettings({ customURL, apiKey, secretKey }: Settings): Connection {
  const hosts = resolveHosts(customURL)
  const id = readKey(apiKey, 'Application ID', 'INVALID_APPLICATION_ID')
  const token = readKey(secretKey, 'Secret Key', 'INVALID_SECRET_KEY')
  // Voucherify's documented pair.
  const apiHeaders = { 'X-App-Id': id, 'X-App-Token': token }
  // The pair by which the gateway has known this destination since 2023. Nothing public says which of the two pairs it
  // reads today, so both are sent.
  const olderPair = { authorization: `Basic ${base64(id)}`, 'secret-key': base64(token) }
  return {
    settings: { customURL, apiKey, secretKey },
    environment: process.env.NODE_ENV,
    hosts,
    apiHeaders,
    gatewayHeaders: { ...apiHeaders, ...olderPair }
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** A key without the spaces around it. No other form is asked of it: Voucherify may change how keys look. */
function readKey(value: string, label: string, code: string): string {
  const key = String(value ?? '').trim()
  const problem = keyProblem(key)
  if (!problem) return key
  throw new IntegrationError(
    `The setting "${label}" ${problem}. Copy the key again from your Voucherify project's settings.`,
    code,
    400
  )
}

function keyProblem(key: string): string | undefined {
  // The framework leaves out a header whose value reads "undefined", so the call would go without the key.
  if (!key || key === 'undefined') return 'is empty'
  return NOT_IN_HEADERS.test(key) ? 'holds characters that no HTTP header can carry' : undefined
}

/** Everything outside a header's field value: RFC 9110, section 5.5, as node-fetch checks it. */
const NOT_IN_HEADERS = /[^\t\x20-\x7e\x80-\xff]/

/** Escapes an ID for one segment of a path. */
function encodePathSegment(id: string): string {
  // URL takes these two for steps in the path, escaped or not.
  if (id !== '.' && id !== '..') {
    try {
      return encodeURIComponent(id)
    } catch {
      // a lone surrogate has no URL form
    }
  }
  throw new PayloadValidationError(
    "The customer's source_id can't be written into a URL, so the customer was not erased. Erase the customer in Voucherify's dashboard."
  )
}
