import assert from 'node:assert/strict'
import { RetryableError } from '@segment/actions-core'
import type { JSONValue } from '@segment/actions-core'
import fc from 'fast-check'
import definition from '../../src'
import { anyJson, anyText } from './arbitraries'
import { property } from './property'
import type { Property } from './property'

/** When a job is asked for, in milliseconds after its bulk call was answered. */
const QUESTIONS_MS = [1_000, 3_000, 7_000]
/** Longest time for a batch, in milliseconds. */
const BUDGET_MS = 24_000
/** Stands for a request that gets no answer. */
const NO_ANSWER = 0

const API = 'https://api.voucherify.io'
const CUSTOMERS = ['user-1', 'user-2', '__proto__']

/** One answer about a job: some time later, as Voucherify tells it or not. */
interface Told {
  tookMs: number
  status: number
  data: JSONValue
}

const rowError: fc.Arbitrary<JSONValue> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      source_id: fc.constantFrom(...CUSTOMERS, 'user-9'),
      key: fc.constantFrom('invalid_payload', 'duplicate_resource_key'),
      message: anyText,
      details: anyText
    })
  },
  { weight: 1, arbitrary: anyJson }
)

const state: fc.Arbitrary<JSONValue> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        status: fc.constantFrom('ENQUEUED', 'IN_PROGRESS', 'IN_PROGRESS', 'DONE', 'FAILED', 'PAUSED'),
        errors: fc.oneof({ weight: 6, arbitrary: fc.array(rowError, { maxLength: 3 }) }, anyJson)
      })
      .map(({ status, errors }): JSONValue => ({ status, result: { errors } }))
  },
  { weight: 1, arbitrary: fc.constant({ status: 'FAILED', result: null }) },
  { weight: 1, arbitrary: anyJson }
)

const told: fc.Arbitrary<Told> = fc.record({
  tookMs: fc.oneof({ weight: 4, arbitrary: fc.nat(300) }, fc.nat(9_000)),
  status: fc.oneof({ weight: 8, arbitrary: fc.constant(200) }, fc.constantFrom(302, 401, 404, 429, 500, NO_ANSWER)),
  data: state
})

const job = property(
  'any answers about a bulk job give each call the outcome that they tell, in time and never again as a customer',
  300,
  fc.record({
    id: fc.oneof({ weight: 8, arbitrary: fc.constantFrom<JSONValue>('aa_1', 'aa/../2?x') }, anyJson),
    tookMs: fc.oneof({ weight: 4, arbitrary: fc.nat(300) }, fc.nat(10_000)),
    answers: fc.array(told, { minLength: 3, maxLength: 3 }),
    calls: fc.array(fc.constantFrom(...CUSTOMERS), { minLength: 1, maxLength: 5 })
  }),
  async ({ id, tookMs, answers, calls }) => {
    const { outcomes, asked, endMs } = await runBatch({ id, tookMs, answers, calls })
    assert.equal(outcomes.length, calls.length)
    assert.ok(endMs <= BUDGET_MS, `the batch took ${endMs} ms`)

    const expected = expectedStory(id, tookMs, answers)
    assert.deepEqual(
      asked,
      expected.asked.map((atMs) => ({ atMs, url: `${API}/v1/async-actions/${encodeURIComponent(String(id))}` }))
    )
    const { status, errors } = resultOf(expected.last)
    outcomes.forEach((outcome, index) => {
      const error = errors.find(({ source_id }) => source_id === calls[index])
      if (error) {
        assert.equal(outcome.status, 400)
        const words = [error.key, error.message].filter((text) => typeof text === 'string' && /^\w+$/.test(text))
        for (const word of words) assert.ok(String(outcome.errormessage).includes(String(word)), outcome.errormessage)
      } else if (status === 'FAILED') {
        assert.ok(outcome.status >= 500 && outcome.errortype === 'RETRYABLE_ERROR', JSON.stringify(outcome))
      } else {
        assert.equal(outcome.status, 202)
        // Whoever wants to know later finds the job in the record.
        assert.ok(JSON.stringify(outcome).includes('async_action_id'))
      }
    })
  }
)

export const jobProperties: Property[] = [job]

interface Outcome {
  status: number
  errormessage?: string
  errortype?: string
}

interface Asked {
  /** Milliseconds after the answer to the bulk call. */
  atMs: number
  url: string
}

interface Job {
  id: JSONValue
  tookMs: number
  answers: Told[]
  calls: string[]
}

/** Runs a batch by a clock of its own, on which nothing takes time but answers and pauses. */
async function runBatch({ id, tookMs, answers, calls }: Job) {
  const clock = new Clock()
  const asked: Asked[] = []
  const request = (url: string, { timeout }: { timeout: number }) => {
    if (url === `${API}/v1/customers/bulk/async`) {
      clock.ms += tookMs
      const data = { async_action_id: id }
      return Promise.resolve({ status: 202, data, content: JSON.stringify(data), headers: new Headers() })
    }
    asked.push({ atMs: clock.ms - tookMs, url })
    const { tookMs: later, status, data } = answers[asked.length - 1]
    // Once for the headers, once for the body.
    clock.ms += Math.min(later, 2 * timeout)
    if (status === NO_ANSWER || later > 2 * timeout) return Promise.reject(new RetryableError('No answer'))
    return Promise.resolve({ status, data, content: JSON.stringify(data), headers: new Headers(), url })
  }
  const { performBatch } = definition.actions.upsertCustomer
  const settings = { apiKey: 'application-id', secretKey: 'secret-key', customURL: 'https://segmentio.voucherify.io' }
  const payload = calls.map((source_id) => ({ source_id, email: 'a@example.com', enable_batching: true }))
  const results = await clock.run(() => performBatch?.(request as never, { settings, payload } as never))
  const multistatus = results as { getAllResponses(): { value(): Outcome }[] }
  return { outcomes: multistatus.getAllResponses().map((one) => one.value()), asked, endMs: clock.ms }
}

/** A clock that stands still but for what is added, and on which a pause is over at once. */
class Clock {
  ms = 0

  async run<T>(work: () => Promise<T> | T): Promise<T> {
    const { setTimeout: wait } = globalThis
    const { now } = Date
    const start = now()
    Date.now = () => start + this.ms
    globalThis.setTimeout = ((done: () => void, ms = 0) => {
      this.ms += ms
      queueMicrotask(done)
    }) as never
    try {
      return await work()
    } finally {
      globalThis.setTimeout = wait
      Date.now = now
    }
  }
}

/** When the specification has the job asked for, until it has ended, a question fails, or time runs out; and the last answer. */
function expectedStory(id: JSONValue, tookMs: number, answers: Told[]): { asked: number[]; last?: Told } {
  const asked: number[] = []
  // Half a character has no form in a URL.
  if (typeof id !== 'string' || !id || /\p{Surrogate}/u.test(id)) return { asked }
  let ms = 0
  for (const [index, answer] of answers.entries()) {
    ms += QUESTIONS_MS[index] - (QUESTIONS_MS[index - 1] ?? 0)
    if (tookMs + ms > BUDGET_MS - 1_000) break
    asked.push(ms)
    const timeout = Math.min(10_000, Math.floor((BUDGET_MS - tookMs - ms) / 2))
    ms += answer.tookMs
    if (answer.status !== 200 || answer.tookMs > 2 * timeout || isPage(answer.data)) break
    if (['DONE', 'FAILED'].includes(resultOf(answer).status)) return { asked, last: answer }
  }
  return { asked }
}

/** What an answer tells of a job; nothing where it tells none. */
function resultOf(answer: Told | undefined): { status: string; errors: Record<string, JSONValue>[] } {
  const data = answer?.status === 200 && isObject(answer.data) ? answer.data : {}
  const errors = isObject(data.result) ? data.result.errors : []
  const isEnded = data.status === 'DONE' || data.status === 'FAILED'
  return {
    status: typeof data.status === 'string' ? data.status : '',
    errors: isEnded && Array.isArray(errors) ? errors.filter(isObject) : []
  }
}

function isObject(value: JSONValue | undefined): value is Record<string, JSONValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPage(data: JSONValue): boolean {
  return typeof data === 'string' && /^\s*</.test(data)
}
