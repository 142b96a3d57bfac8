import {
  ErrorCodes,
  IntegrationError,
  isObject,
  MultiStatusResponse,
  PayloadValidationError,
  RetryableError
} from '@segment/actions-core'
import type { ActionDestinationErrorResponse, JSONLikeObject, RequestClient } from '@segment/actions-core'
import groupBy from 'lodash/groupBy'
import omitBy from 'lodash/omitBy'
import { performance } from 'perf_hooks'
import {
  answerOf,
  bodyOf,
  isRetryable,
  makeRedact,
  MAX_MESSAGE_LENGTH,
  redactJson,
  shorten,
  toDeliveryError
} from '../errors'
import type { Redact } from '../errors'
import type { Settings } from '../generated-types'
import { buildBody, buildBulkRequest, buildGatewayRequest, TIMEOUT_MS } from '../utils'
import type { GatewayCall, Values, VoucherifyRequest } from '../utils'
import { toCalendarDate } from './customer'
import type { Payload } from './generated-types'

/** Most bytes of JSON that one bulk call takes. Source: Voucherify's API reference, "Update customers in bulk". */
export const MAX_BULK_BYTES = 10_485_760
/** How many customers are sent at a time when a bulk call was refused and each is sent on its own. */
const CONCURRENCY = 5
/** Longest time for a whole batch, in milliseconds. What is left then is marked for another try. */
const BUDGET_MS = 24_000
/** With less time than this left, in milliseconds, no further request is made: each of its two waits gets half of it. */
const MIN_LEFT_MS = 1_000
/** Longest record of an answer that is kept for each call, in characters. */
const MAX_RECORD_LENGTH = 4_000

/** One call of the batch, at its place in it. */
interface Call {
  index: number
  payload: Payload
  row: Values
  /** The row as JSON. */
  json: string
}

/** All calls of one customer, in order, and the row that says what they would have said one after the other. */
interface BulkCustomer {
  calls: Call[]
  row: Values
  /** The row as JSON. */
  json: string
}

/** The outcome of a call that failed, as the framework records it. */
type ErrorNode = ReturnType<ActionDestinationErrorResponse['value']>

/** What the steps of a batch share. */
interface Batch {
  request: RequestClient
  settings: Settings
  upsert: GatewayCall
  redact: Redact
  results: MultiStatusResponse
  /** Time after which nothing is sent any more, on the clock of `performance.now()`. */
  deadline: number
  signal?: AbortSignal
  /** Set when Voucherify refused the keys: the outcome of all that is left. */
  refusal?: ErrorNode
}

/**
 * Creates or updates many customers with as few calls as the API's limit allows, and gives every call of the batch
 * its own outcome in its own place. Never throws.
 *
 * A bulk call that Voucherify refuses as a whole (400, 413) is sent again customer by customer through the gateway, so
 * that one bad customer costs the others nothing.
 */
export async function upsertBatch(
  request: RequestClient,
  upsert: GatewayCall,
  { settings, payload, signal }: { settings: Settings; payload: Payload[]; signal?: AbortSignal }
): Promise<MultiStatusResponse> {
  const batch: Batch = {
    request,
    settings,
    upsert,
    redact: makeRedact(settings),
    results: new MultiStatusResponse(),
    deadline: performance.now() + BUDGET_MS,
    signal
  }
  const inBulk: BulkCustomer[] = []
  const oneByOne: Call[][] = []
  for (const calls of collectCustomers(batch, payload)) {
    const customer = toBulkCustomer(calls)
    if (customer) inBulk.push(customer)
    else oneByOne.push(calls)
  }
  for (const bulk of packBulks(inBulk)) {
    for (const { calls } of await sendBulk(batch, bulk)) oneByOne.push(calls)
  }
  await sendOneByOne(batch, oneByOne)
  return batch.results
}

/** Other errors of reading a call are the stack's, and would be the same at every try. */
const NOT_WRITABLE =
  'The customer could not be written as JSON, most often because metadata is nested too deeply. Map fewer or flatter values.'

/** The calls of each customer, in order. A call that can't be sent at all is refused here, alone. */
function collectCustomers(batch: Batch, payloads: Payload[]): Call[][] {
  const calls: Call[] = []
  payloads.forEach((payload, index) => {
    try {
      const row = toBulkRow(buildBody(batch.upsert, payload))
      calls.push({ index, payload, row, json: requireSize(JSON.stringify(row)) })
    } catch (error) {
      const reason = error instanceof IntegrationError ? error : new PayloadValidationError(NOT_WRITABLE)
      batch.results.setErrorResponseAtIndex(index, failure(reason, batch.redact))
    }
  })
  return Object.values(groupBy(calls, ({ row }) => `id:${String(row.source_id)}`))
}

/** Puts the calls of one customer into one row; undefined where no row can say it, or batches are switched off. */
function toBulkCustomer(calls: Call[]): BulkCustomer | undefined {
  // A host batches only when the mapping says so; one that asks all the same is not what the customer chose.
  if (calls.some(({ payload }) => payload.enable_batching === false)) return undefined
  const [{ row: first, json: firstJson }] = calls
  if (calls.length === 1) return { calls, row: first, json: firstJson }
  const row = mergeRows(calls.map((call) => call.row))
  const json = row && JSON.stringify(row)
  return json && fitsOneCall(json) ? { calls, row, json } : undefined
}

/** Later values win, key by key. Undefined where metadata is cleared first and filled in the end: no row says both. */
function mergeRows(rows: Values[]): Values | undefined {
  const merged: Values = {}
  for (const row of rows) Object.assign(merged, row)
  for (const key of ['address', 'metadata']) {
    if (!isObject(merged[key])) continue
    const said = rows.map((row) => row[key])
    if (said.includes(null)) return undefined
    merged[key] = Object.fromEntries(said.filter(isObject).flatMap((values) => Object.entries(values)))
  }
  return merged
}

/**
 * A customer in the form of the API: no parts of the name, no type, `line_1` for the street, a date for the birthdate.
 * Source: Voucherify's API reference, "Update customers in bulk".
 */
export function toBulkRow({
  source_id,
  name,
  email,
  phone,
  description,
  birthdate,
  address,
  metadata
}: Values): Values {
  const date = typeof birthdate === 'string' ? toCalendarDate(birthdate) : birthdate
  const row = { source_id, name, email, phone, description, birthdate: date, address: toBulkAddress(address), metadata }
  return omitBy(row, (value) => value === undefined)
}

function toBulkAddress(address: unknown): unknown {
  if (!isObject(address)) return address
  const { street, ...rest } = address
  return street === undefined ? rest : { line_1: street, ...rest }
}

function requireSize(json: string): string {
  if (fitsOneCall(json)) return json
  throw new PayloadValidationError(
    `The customer takes ${callSize(json)} bytes, more than the ${MAX_BULK_BYTES} that Voucherify accepts in a call. ` +
      'Map fewer or shorter values, most often in metadata.'
  )
}

function fitsOneCall(json: string): boolean {
  return callSize(json) <= MAX_BULK_BYTES
}

/** Bytes of a bulk call that holds this row alone. */
function callSize(json: string): number {
  return Buffer.byteLength(json) + '[]'.length
}

/** Fills one bulk call after the other up to the limit, in the order of the batch. */
function packBulks(customers: BulkCustomer[]): BulkCustomer[][] {
  const bulks: BulkCustomer[][] = []
  let room = 0
  for (const customer of customers) {
    const size = Buffer.byteLength(customer.json) + ','.length
    if (!bulks.length || size > room) {
      bulks.push([])
      room = MAX_BULK_BYTES - '['.length
    }
    bulks[bulks.length - 1].push(customer)
    room -= size
  }
  return bulks
}

/** Sends one bulk call and records its outcome for each of its calls. Returns customers to send one by one instead. */
async function sendBulk(batch: Batch, customers: BulkCustomer[]): Promise<BulkCustomer[]> {
  const stopped = stopReason(batch)
  if (stopped) {
    customers.forEach((customer) => recordFailure(batch, customer.calls, stopped))
    return []
  }
  try {
    const rows = customers.map(({ json }) => json)
    const response = await sendInTime(batch, buildBulkRequest(batch.settings, rows))
    const body = toRecord(bodyOf(response), batch.redact)
    for (const { calls, row } of customers) {
      for (const { index } of calls) {
        batch.results.setSuccessResponseAtIndex(index, { status: response.status, sent: toSent(row), body })
      }
    }
    return []
  } catch (error) {
    const status = answerOf(error)?.status
    if (status === 400 || status === 413) return customers
    const node = failure(error, batch.redact)
    if (status === 401 || status === 403) batch.refusal = node
    for (const { calls, row } of customers) recordFailure(batch, calls, withSent(node, row))
    return []
  }
}

/** Sends customers through the gateway, a few at a time, the calls of each in order. */
async function sendOneByOne(batch: Batch, customers: Call[][]): Promise<void> {
  // One iterator for all workers: each takes the next customer that no other has.
  const waiting = customers.values()
  const worker = async () => {
    for (const calls of waiting) await sendInOrder(batch, calls)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}

async function sendInOrder(batch: Batch, calls: Call[]): Promise<void> {
  let halted: ErrorNode | undefined
  for (const call of calls) {
    halted = halted ?? stopReason(batch)
    if (halted) {
      recordFailure(batch, [call], halted)
      continue
    }
    const node = await sendSingle(batch, call)
    // A later call must not overtake one that will be sent again: the older values would win in the end.
    if (node && isRetryable(node.status))
      halted = retryable('An earlier call of the same customer has to be sent again first.')
  }
}

/** Sends one call through the gateway and records its outcome. Returns the error where there is one. */
async function sendSingle(batch: Batch, { index, payload }: Call): Promise<ErrorNode | undefined> {
  let sent: unknown
  try {
    const single = buildGatewayRequest(batch.settings, batch.upsert, payload)
    sent = single.options.json
    const response = await sendInTime(batch, single)
    const body = toRecord(bodyOf(response), batch.redact)
    batch.results.setSuccessResponseAtIndex(index, { status: response.status, sent: toSent(sent), body })
    return undefined
  } catch (error) {
    const node = failure(error, batch.redact)
    const status = answerOf(error)?.status
    if (status === 401 || status === 403) batch.refusal = node
    batch.results.setErrorResponseAtIndex(index, withSent(node, sent))
    return node
  }
}

/** Sends a request that must end before the batch does: its timeout counts once for the headers and once for the body. */
function sendInTime(batch: Batch, { url, options }: VoucherifyRequest): ReturnType<RequestClient> {
  const left = batch.deadline - performance.now()
  return batch.request(url, { ...options, timeout: Math.min(TIMEOUT_MS, Math.floor(left / 2)) })
}

/** Why nothing more may be sent; undefined while it may. */
function stopReason({ refusal, signal, deadline }: Batch): ErrorNode | undefined {
  if (refusal) return { status: refusal.status, errortype: refusal.errortype, errormessage: refusal.errormessage }
  if (signal?.aborted) return retryable('Segment stopped the batch before this call was sent. It can be sent again.')
  if (deadline - performance.now() < MIN_LEFT_MS) {
    return retryable('The batch took too long, and this call was not sent. It can be sent again.')
  }
  return undefined
}

function retryable(message: string): ErrorNode {
  const error = new RetryableError(message)
  return { status: error.status, errortype: 'RETRYABLE_ERROR', errormessage: message }
}

function recordFailure(batch: Batch, calls: Call[], node: ErrorNode): void {
  for (const { index } of calls) batch.results.setErrorResponseAtIndex(index, node)
}

/** The outcome that an error means for one call. `body` is only there when Voucherify answered. */
function failure(error: unknown, redact: Redact): ErrorNode {
  const delivery = toDeliveryError(error, redact)
  const { status, code, message } = readError(delivery)
  const answer = answerOf(error)
  // Our own words hold no key, and one that is a common word would only be cut out of them.
  const isOwn = answer !== undefined || error instanceof IntegrationError
  return {
    // Segment takes an error without a status for 500 and sends the call again.
    status: status ?? 500,
    errortype: code ?? (status === undefined || status === 408 ? 'RETRYABLE_ERROR' : undefined),
    errormessage: shorten(isOwn ? message : redact(message), MAX_MESSAGE_LENGTH),
    ...(answer && { body: toRecord(answer.body, redact) })
  }
}

/** What an error says of itself, whatever it is. */
function readError(error: unknown): { status?: number; code?: keyof typeof ErrorCodes; message: string } {
  if (!(error instanceof Error)) return { message: String(error) }
  const { message, status, code }: Error & { status?: unknown; code?: unknown } = error
  return {
    message,
    status: typeof status === 'number' ? status : undefined,
    code: isErrorCode(code) ? code : undefined
  }
}

function isErrorCode(code: unknown): code is keyof typeof ErrorCodes {
  return typeof code === 'string' && Object.prototype.hasOwnProperty.call(ErrorCodes, code)
}

/** Adds what was sent, where there was an answer to it. */
function withSent(node: ErrorNode, sent: unknown): ErrorNode {
  return node.body === undefined ? node : { ...node, sent: toSent(sent) }
}

/** A row or body as the framework wants it recorded. It holds JSON, as the mapping that it comes from does. */
function toSent(values: unknown): JSONLikeObject {
  return (isObject(values) ? values : {}) as JSONLikeObject
}

/** An answer's body as it is kept for each call: without the keys, and bounded, since a thousand calls may keep it. */
function toRecord(body: unknown, redact: Redact): JSONLikeObject | string {
  const record = redactJson(body, redact)
  const text = typeof record === 'string' ? record : JSON.stringify(record)
  if (text.length > MAX_RECORD_LENGTH) return shorten(text, MAX_RECORD_LENGTH)
  return typeof record === 'object' && record !== null && !Array.isArray(record) ? record : text
}
