import type { Trouble } from '../shared/types'
import { internalError, invalidPayload, tooManyRequests, unauthorized } from './errors'
import type { Answer } from './errors'

/** The daily bucket of Voucherify's Business plan, which a rehearsed 429 names. */
const DAILY_CALLS = 144_000
/** Longest wait in seconds: a day, as long as a daily bucket can ask for. */
const MAX_SECONDS = 86_400
/** Nothing listens there, so a client that follows the redirect fails. */
const REDIRECT_TARGET = 'http://127.0.0.1:9/'

/** The troubles that are to come, first added first. */
export interface Troubles {
  list(): Trouble[]
  /** Throws a RangeError unless `remaining` is a whole number from 1 and `seconds` a number from 0 to 86,400. */
  add(trouble: Trouble): void
  clear(): void
  /** Takes the trouble of the next call, if there is one. */
  take(): Trouble | undefined
}

/** Makes an empty queue of troubles. */
export function createTroubles(): Troubles {
  let queue: Trouble[] = []
  return {
    list: () => queue.map((trouble) => ({ ...trouble })),
    add({ kind, remaining, seconds }) {
      if (!Number.isInteger(remaining) || remaining < 1) {
        throw new RangeError('remaining must be a whole number from 1: how many calls the trouble lasts.')
      }
      if (!(seconds >= 0 && seconds <= MAX_SECONDS)) {
        throw new RangeError(`seconds must be a number from 0 to ${MAX_SECONDS}.`)
      }
      queue.push({ kind, remaining, seconds })
    },
    clear() {
      queue = []
    },
    take() {
      const [trouble] = queue
      if (!trouble) return undefined
      trouble.remaining -= 1
      if (trouble.remaining === 0) queue.shift()
      return trouble
    }
  }
}

/** The answer that a trouble gives; undefined for `slow`, which does the call and lets it wait for its answer. */
export function troubledAnswer({ kind, seconds }: Trouble): Answer | undefined {
  switch (kind) {
    case '400':
      return invalidPayload('Property .rehearsal should not be there: the sandbox was asked to answer 400')
    case '401':
      return unauthorized()
    case '429':
      return tooManyRequests('webhook_calls', DAILY_CALLS, Math.ceil(seconds), Date.now())
    case '500':
      return internalError()
    case 'redirect':
      return { status: 302, body: {}, headers: { Location: REDIRECT_TARGET } }
    case 'cut':
      return { status: 200, body: { status: 'queued' }, isCut: true }
    case 'slow':
      return undefined
  }
}
