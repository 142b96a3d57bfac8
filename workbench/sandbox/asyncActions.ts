import { randomBytes } from 'crypto'
import { performance } from 'perf_hooks'
import type { JSONObject, JSONValue } from '@segment/actions-core'
import { isJsonObject } from './body'
import { Refusal } from './errors'

/** How many rows are applied before other calls get their turn. */
const ROWS_A_TURN = 2_000
/** How many refused rows an action lists; it counts them all. */
const MAX_LISTED_ERRORS = 1_000
/** How many finished actions can still be asked for. */
const MAX_FINISHED = 1_000

/** Bulk calls that were accepted: their rows are applied later, call by call and row by row, in the order they came. */
export interface AsyncActions {
  /** Accepts rows and returns the ID of the action that will apply them. */
  accept(rows: JSONValue[]): string
  /** The action as the API shows it: `result` is null until the status is DONE. */
  find(id: string): JSONObject | undefined
  /** Forgets all actions, and the rows that are still to be applied. */
  clear(): void
}

interface Action {
  id: string
  status: 'ENQUEUED' | 'IN_PROGRESS' | 'DONE'
  rows: JSONValue[]
  applied: number
  failedCount: number
  errors: JSONObject[]
  /** On the clock of `performance.now()`. */
  dueAt: number
}

/**
 * Makes an empty queue of actions.
 *
 * @param delayMs time until accepted rows are applied
 * @param apply applies one row; throws a Refusal for one that can't be, which the action then reports
 * @param onProgress called after each turn
 */
export function createAsyncActions(
  delayMs: number,
  apply: (row: JSONValue) => void,
  onProgress: () => void
): AsyncActions {
  const actions = new Map<string, Action>()
  let waiting: Action[] = []
  let finished: Action[] = []
  let timer: NodeJS.Timeout | undefined

  const schedule = () => {
    if (timer || !waiting.length) return
    timer = setTimeout(takeTurn, Math.max(0, waiting[0].dueAt - performance.now()))
  }

  const takeTurn = () => {
    timer = undefined
    const [action] = waiting
    action.status = 'IN_PROGRESS'
    const end = Math.min(action.applied + ROWS_A_TURN, action.rows.length)
    for (; action.applied < end; action.applied += 1) applyRow(action, action.rows[action.applied])
    if (end === action.rows.length) finish(action)
    schedule()
    onProgress()
  }

  const applyRow = (action: Action, row: JSONValue) => {
    try {
      apply(row)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      action.failedCount += 1
      if (action.errors.length < MAX_LISTED_ERRORS) action.errors.push(toRowError(error, row))
    }
  }

  const finish = (action: Action) => {
    waiting.shift()
    action.status = 'DONE'
    action.rows = []
    finished.push(action)
    if (finished.length >= 2 * MAX_FINISHED) {
      finished.slice(0, -MAX_FINISHED).forEach(({ id }) => actions.delete(id))
      finished = finished.slice(-MAX_FINISHED)
    }
  }

  return {
    accept(rows) {
      const id = `aa_${randomBytes(9).toString('hex')}`
      const dueAt = performance.now() + delayMs
      const action: Action = { id, status: 'ENQUEUED', rows, applied: 0, failedCount: 0, errors: [], dueAt }
      actions.set(id, action)
      waiting.push(action)
      schedule()
      return id
    },
    find(id) {
      const action = actions.get(id)
      if (!action) return undefined
      const { status, failedCount, errors } = action
      return { id, status, result: status === 'DONE' ? { failed_count: failedCount, errors } : null }
    },
    clear() {
      clearTimeout(timer)
      timer = undefined
      actions.clear()
      waiting = []
      finished = []
    }
  }
}

function toRowError({ body }: Refusal, row: JSONValue): JSONObject {
  const { message, details, key } = body
  const sourceId = isJsonObject(row) && typeof row.source_id === 'string' ? row.source_id : null
  return { message, details, key, source_id: sourceId }
}
