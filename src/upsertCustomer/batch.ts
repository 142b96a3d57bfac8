import { ErrorCodes, IntegrationError, isObject, isString, MultiStatusResponse } from '@segment/actions-core'
import type { ActionDestinationErrorResponse, JSONLikeObject, RequestClient } from '@segment/actions-core'
import groupBy from 'lodash/groupBy'
import {
  asError,
  CORRECT_VALUE,
  describe,
  failureOf,
  isRetryable,
  MAX_MESSAGE_LENGTH,
  readBody,
  shorten,
  textOf,
  toRecord,
  withoutKeys
} from '../errors'
import type { Answer, AnswerBody } from '../errors'
import type { Settings } from '../generated-types'
import type { Values } from '../payload'
import { askApi, askGateway, TIMEOUT_MS } from '../requests'
import { readCustomer, toGatewayBody } from './customer'
import type { Payload } from './generated-types'
import { mergeCustomers, packRows, toBulkRow } from './rows'

/** How many customers are sent at a time when a bulk call was refused and each is sent on its own. */
const CONCURRENCY = 10
/** Longest time for a whole batch, in milliseconds. What is left then is marked for another try. */
const BUDGET_MS = 24_000
/** With less time than this left, in milliseconds, no further request is made. */
const MIN_LEFT_MS = 1_000
/** Pauses before each question about a bulk job, in milliseconds: it is asked 1, 3 and 7 seconds after the bulk call. */
const PAUSES_MS = [1_000, 2_000, 4_000]

/** One call of the batch, at its place in it. */
interface Call {
  index: number
  customer: Values
}

/** All calls of one customer, in order, and the row that says what they would have said one after the other. */
interface BulkCustomer {
  calls: Call[]
  row: Values
  json: string
}

/** The outcome of a call that failed, as the framework records it. */
type Failure = ReturnType<ActionDestinationErrorResponse['value']>

/** What came of a request: the answer where there was one, and the failure where it is one. */
interface Outcome {
  answer?: AnswerBody
  /** The answer as it is recorded, made once for all calls that share it. */
  body?: string
  failure?: Failure
}

/** Statuses by which one row, or the size of all, keeps a whole bulk call from being taken. */
const REFUSED_WHOLE = [400, 413]
const REFUSED_KEYS = [401, 403]
const NOT_YET = 'An earlier call of the same customer has to be sent again first.'
const JOB_FAILED = "Voucherify's bulk job failed before it told of this customer. The call can be sent again."

/** What the steps of a batch share. */
interface Batch {
  request: RequestClient
  settings: Settings
  results: MultiStatusResponse
  /** Time after which nothing is sent any more, in milliseconds since 1970. */
  deadline: number
  signal?: AbortSignal
  /** The outcome of all that is left once Voucherify refused the keys or asked to slow down. */
  halted?: Failure
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
  { settings, payload, signal }: { settings: Settings; payload: Payload[]; signal?: AbortSignal }
): Promise<MultiStatusResponse> {
  const batch: Batch = {
    request,
    settings,
    results: new MultiStatusResponse(),
    deadline: Date.now() + BUDGET_MS,
    signal
  }
  const { inBulk, alone } = readCustomers(batch, payload)
  const jobs: Promise<void>[] = []
  for (const customers of packRows(inBulk)) {
    const outcome = await sendBulk(batch, customers)
    if (outcome.answer && REFUSED_WHOLE.includes(outcome.answer.status)) {
      for (const { calls } of customers) alone.push(calls)
      continue
    }
    for (const { calls, row } of customers) settle(batch, calls, row, outcome)
    if (outcome.answer && !outcome.failure) jobs.push(followJob(batch, customers, outcome.answer))
  }
  // One iterator for all: each takes the next customer that no other has, so that a slow answer holds up nobody else.
  const waiting = alone.values()
  const sendWaiting = async () => {
    for (const calls of waiting) await sendInOrder(batch, calls)
  }
  await Promise.all([...Array.from({ length: CONCURRENCY }, sendWaiting), ...jobs])
  return batch.results
}

/**
 * The customers of the batch: in bulk those that one row can hold, alone all others. A call that can't be sent at all is
 * refused here, and its customer's other calls go on.
 */
function readCustomers(batch: Batch, payloads: Payload[]): { inBulk: BulkCustomer[]; alone: Call[][] } {
  const calls: Call[] = []
  payloads.forEach((payload, index) => {
    try {
      calls.push({ index, customer: readCustomer(payload) })
    } catch (error) {
      batch.results.setErrorResponseAtIndex(index, toFailure(error, batch.settings))
    }
  })
  const inBulk: BulkCustomer[] = []
  const alone: Call[][] = []
  for (const own of Object.values(groupBy(calls, ({ customer }) => `id:${customer.source_id}`))) {
    // A host batches only when the mapping says so; one that asks all the same is not what the customer chose.
    const isAlone = own.some(({ index }) => payloads[index].enable_batching === false)
    const bulk = isAlone ? undefined : toBulkCustomer(own)
    if (bulk) inBulk.push(bulk)
    else alone.push(own)
  }
  return { inBulk, alone }
}

function toBulkCustomer(calls: Call[]): BulkCustomer | undefined {
  const merged = mergeCustomers(calls.map(({ customer }) => customer))
  const row = merged && toBulkRow(merged)
  if (!row) return undefined
  try {
    return { calls, row, json: JSON.stringify(row) }
  } catch {
    return undefined // nested too deeply: only the call that is so will be refused
  }
}

async function sendBulk(batch: Batch, customers: BulkCustomer[]): Promise<Outcome> {
  const body = `[${customers.map(({ json }) => json).join(',')}]`
  return attempt(batch, REFUSED_KEYS, (timeout) =>
    askApi(batch.request, batch.settings, 'POST', 'customers/bulk/async', { body, timeout })
  )
}

/**
 * Asks what became of a bulk job, since 202 only says that it was made. What it does not tell in time stays accepted.
 * Source: "Get async action" in Voucherify's API reference.
 */
async function followJob(batch: Batch, customers: BulkCustomer[], accepted: AnswerBody): Promise<void> {
  const { async_action_id: id } = readBody(accepted)
  if (!isString(id) || !id) return
  for (const pause of PAUSES_MS) {
    if (Date.now() + pause > batch.deadline - MIN_LEFT_MS) return
    await new Promise((resolve) => setTimeout(resolve, pause))
    const { answer, failure } = await attempt(batch, [], (timeout) =>
      askApi(batch.request, batch.settings, 'GET', `async-actions/${encodeURIComponent(id)}`, { timeout })
    )
    if (failure || !answer) return
    const { status, result } = readBody(answer)
    if (status === 'DONE' || status === 'FAILED') return settleJob(batch, customers, status, result)
  }
}

/** Rows that the job names were refused; those that it does not name are only lost when it failed as a whole. */
function settleJob(batch: Batch, customers: BulkCustomer[], status: 'DONE' | 'FAILED', result: unknown): void {
  const { errors }: Values = isObject(result) ? result : {}
  const refused = groupBy(
    Array.isArray(errors) ? errors.filter(isObject) : [],
    ({ source_id }) => `id:${textOf(source_id)}`
  )
  for (const { calls, row } of customers) {
    const [error] = refused[`id:${row.source_id}`] ?? []
    if (error) settle(batch, calls, row, refusedRow(error, batch.settings))
    else if (status === 'FAILED') settle(batch, calls, row, { failure: retryable(JOB_FAILED) })
  }
}

function refusedRow(error: Values, settings: Settings): Outcome {
  const answer = { status: 400, data: error }
  const errormessage = describe(answer, CORRECT_VALUE, settings, "Voucherify's bulk job refused the customer")
  return { answer, body: toRecord(answer, settings), failure: { status: 400, errormessage } }
}

/** Sends the calls of one customer through the gateway, in order. */
async function sendInOrder(batch: Batch, calls: Call[]): Promise<void> {
  let waits: Failure | undefined
  for (const call of calls) {
    const body = toGatewayBody(call.customer)
    const outcome = waits
      ? { failure: stopReason(batch) ?? waits }
      : await attempt(batch, [...REFUSED_KEYS, 429], (timeout) =>
          askGateway(batch.request, batch.settings, 'customer-processing', { json: body, timeout })
        )
    settle(batch, [call], body, outcome)
    // A later call must not overtake one that will be sent again: the older values would win in the end.
    if (outcome.failure && isRetryable(outcome.failure.status)) waits = retryable(NOT_YET)
  }
}

/**
 * Makes a request that must end before the batch does: its timeout counts once for the headers, once for the body.
 *
 * @param halting statuses of answers that hold for all that is left of the batch
 */
async function attempt(batch: Batch, halting: number[], ask: (timeout: number) => Promise<Answer>): Promise<Outcome> {
  const stopped = stopReason(batch)
  if (stopped) return { failure: stopped }
  try {
    const answer = await ask(Math.min(TIMEOUT_MS, Math.floor((batch.deadline - Date.now()) / 2)))
    const error = failureOf(answer, batch.settings)
    const failure = error && toFailure(error, batch.settings)
    if (halting.includes(answer.status)) batch.halted = failure
    return { answer, body: toRecord(answer, batch.settings), failure }
  } catch (error) {
    return { failure: toFailure(error, batch.settings) }
  }
}

/** Why nothing more may be sent; undefined while it may. */
function stopReason({ halted, signal, deadline }: Batch): Failure | undefined {
  if (halted) return halted
  if (signal?.aborted) return retryable('Segment stopped the batch before this call was sent. It can be sent again.')
  if (deadline - Date.now() < MIN_LEFT_MS) {
    return retryable('The batch took too long, and this call was not sent. It can be sent again.')
  }
  return undefined
}

/** Records an outcome for calls. `sent` and `body` stand only where there was an answer. */
function settle(batch: Batch, calls: Call[], sent: Values, { answer, body = '', failure }: Outcome): void {
  // What is sent holds JSON, as the mapping that it comes from does.
  const exchange = answer && { sent: sent as JSONLikeObject, body }
  for (const { index } of calls) {
    if (failure) batch.results.setErrorResponseAtIndex(index, { ...failure, ...exchange })
    else if (exchange) batch.results.setSuccessResponseAtIndex(index, { status: answer.status, ...exchange })
  }
}

function retryable(message: string): Failure {
  return { status: 500, errortype: 'RETRYABLE_ERROR', errormessage: message }
}

/** What an error means for one call. Segment takes an error without a status for 500 and sends the call again. */
function toFailure(error: unknown, settings: Settings): Failure {
  const { message, status = 500, code } = asError(error)
  const isCoded = isErrorCode(code)
  // Our own words hold no key, and a key that is a common word would only hide them.
  const isOurs = isCoded || error instanceof IntegrationError
  return {
    status,
    errortype: isCoded ? code : [408, 500].includes(status) ? 'RETRYABLE_ERROR' : undefined,
    errormessage: shorten(isOurs ? message : withoutKeys(message, settings), MAX_MESSAGE_LENGTH)
  }
}

const isErrorCode = (code: unknown): code is keyof typeof ErrorCodes => isString(code) && code in ErrorCodes
