import type { JSONObject, JSONValue } from '@segment/actions-core'
import omit from 'lodash/omit'
import { createBounded } from '../shared/bounded'
import { costOf } from '../shared/cost'
import { toIso } from './customer'
import { Refusal, sandboxFailed, sandboxFull } from './errors'
import { newId, newRequestId } from './ids'
import { REPORT_SECONDS, toReportLine } from './reports'
import type { Reports } from './reports'
import { rehearsedFailure, sourceIdOf } from './trouble'
import type { JobTrouble } from './trouble'

/** How many rows are applied before other calls get their turn. */
const ROWS_A_TURN = 2_000
/** How many refused rows an action lists; it counts them all. */
const MAX_LISTED_ERRORS = 1_000
/** How many finished actions can still be asked for, and the memory that they may take. */
const FINISHED = { maxCount: 1_000, maxCost: 16 * 1024 * 1024 }
/** Memory that waiting rows may take. A call that comes when nothing waits is taken whatever its size. */
const MAX_WAITING = 64 * 1024 * 1024
/** A job that waits for questions ends without them after so long, so that those behind it get their turn. */
const ABANDONED_MS = 600_000
/** Longest sleep, so that a clock that is set forward is noticed. */
const MAX_SLEEP_MS = 1_000

export type ActionType = 'CUSTOMERS.BULK_UPDATE' | 'CUSTOMERS.METADATA_UPDATE'

/** Bulk calls that were accepted: their rows are applied later, call by call and row by row, in the order they came. */
export interface AsyncActions {
  /**
   * Accepts rows and returns the ID of the action that will apply them.
   *
   * @throws Refusal 507 when too much waits already
   */
  accept(type: ActionType, rows: JSONValue[], trouble: JobTrouble): string
  /** The action as the API shows it: `result` is null until it has ended. */
  find(id: string): JSONObject | undefined
  /** Actions made before a time in milliseconds since 1970, the newest first, as the list of the API shows them. */
  list(before: number, limit: number): { actions: JSONObject[]; hasMore: boolean }
  /** All actions, as they can be written down; what was to go wrong with them and the reports are not kept. */
  snapshot(): KeptAction[]
  /** Takes the place of all actions, and goes on with those that had not ended. */
  restore(kept: KeptAction[]): void
  /** Forgets all actions, and the rows that are still to be applied. */
  clear(): void
}

/** An action as it can be written down. Times are milliseconds since 1970. */
export interface KeptAction {
  id: string
  type: ActionType
  requestId: string
  createdAt: number
  updatedAt: number
  status: 'ENQUEUED' | 'IN_PROGRESS' | 'DONE' | 'FAILED'
  /** Empty once the action has ended. */
  rows: JSONValue[]
  /** How many of the rows were applied or refused. */
  applied: number
  failedCount: number
  errors: JSONObject[]
  /** Null until the action has ended. */
  result: JSONObject | null
}

interface Action extends KeptAction {
  /** Memory of the rows. */
  cost: number
  /** Lines of the report so far. */
  report: string
  trouble: JobTrouble
  /** When the rows begin to be applied. */
  dueAt: number
  /** Questions about the jobs while this one was the first of those that wait. */
  asked: number
}

/** What the actions work with. */
export interface ActionParts {
  /** Milliseconds until accepted rows are applied. */
  delayMs: number
  /** Milliseconds since 1970. */
  now(): number
  /**
   * Applies one row; throws a Refusal for one that can't be, which the action then reports.
   *
   * @returns whether the customer was there before
   */
  apply(row: JSONValue): boolean
  reports: Reports
  /** Makes an address of a path at the sandbox. */
  addressOf(path: string): string
  /** Called after each turn. */
  onProgress(): void
}

/** Makes an empty queue of actions. */
export function createAsyncActions(parts: ActionParts): AsyncActions {
  const { delayMs, now, reports, addressOf } = parts
  const actions = new Map<string, Action>()
  const finished = createBounded<Action>(FINISHED, ({ id }) => actions.delete(id))
  let waiting: Action[] = []
  let waitingCost = 0
  let timer: NodeJS.Timeout | undefined

  /** Whether its rows are to be applied now. A job that waits for questions begins at one, and then goes on by itself. */
  const isDue = ({ trouble: { slow }, asked, applied, dueAt, createdAt }: Action, isQuestion: boolean) =>
    slow?.polls === undefined
      ? now() >= dueAt
      : applied > 0 || (isQuestion && asked >= slow.polls) || now() >= createdAt + ABANDONED_MS

  const schedule = () => {
    if (timer || !waiting.length) return
    const [{ trouble, applied, dueAt }] = waiting
    const wait = trouble.slow?.polls !== undefined && applied === 0 ? MAX_SLEEP_MS : dueAt - now()
    timer = setTimeout(wake, Math.min(MAX_SLEEP_MS, Math.max(0, wait)))
  }

  const wake = () => {
    timer = undefined
    // A question may have ended what the timer was set for.
    const [action] = waiting
    if (action && isDue(action, false)) takeTurn(action)
    schedule()
  }

  const takeTurn = (action: Action) => {
    setStatus(action, 'IN_PROGRESS')
    const end = Math.min(action.applied + ROWS_A_TURN, action.rows.length)
    for (; action.applied < end; action.applied += 1) takeRow(action, action.rows[action.applied])
    if (end === action.rows.length) finish(action)
    parts.onProgress()
  }

  const takeRow = (action: Action, row: JSONValue) => {
    const { trouble } = action
    const sourceId = sourceIdOf(row)
    try {
      if (trouble.isFailing(sourceId, action.applied)) throw rehearsedFailure()
      // A job that fails as a whole applies nothing.
      if (!trouble.hasFailed) action.report += toReportLine({ sourceId, found: parts.apply(row) })
    } catch (error) {
      noteFailure(action, sourceId, error instanceof Refusal ? error : sandboxFailed(error))
    }
  }

  const finish = (action: Action) => {
    setStatus(action, action.trouble.hasFailed ? 'FAILED' : 'DONE')
    action.result = resultOf(action)
    waiting.shift()
    waitingCost -= action.cost
    action.rows = []
    action.report = ''
    finished.add(action, costOf(action.result))
  }

  const resultOf = ({ type, rows, trouble, failedCount, errors, report }: Action): JSONObject => {
    // The documents give the result of metadata for many no more than its errors.
    if (type === 'CUSTOMERS.METADATA_UPDATE') return { errors }
    const availableTill = now() + (trouble.isReportExpired ? 0 : REPORT_SECONDS * 1000)
    return {
      done_count: trouble.hasFailed ? 0 : rows.length - failedCount,
      failed_count: failedCount,
      errors,
      reports: [addressOf(reports.add(report, availableTill))],
      reports_available_till: toIso(availableTill)
    }
  }

  const setStatus = (action: Action, status: Action['status']) => {
    action.status = status
    action.updatedAt = now()
  }

  const add = (kept: KeptAction, trouble: JobTrouble = NO_TROUBLE) => {
    const dueAt = kept.createdAt + delayMs + (trouble.slow?.seconds ?? 0) * 1000
    const action = { ...kept, cost: costOf(kept.rows), report: '', trouble, dueAt, asked: 0 }
    actions.set(action.id, action)
    if (action.result) return finished.add(action, costOf(action.result))
    waiting.push(action)
    waitingCost += action.cost
    schedule()
  }

  /** A question lets the first of those that wait go on, also where nobody sets a timer off: on a clock of a test. */
  const countQuestion = () => {
    if (!waiting.length) return
    const [action] = waiting
    if (isDue(action, true)) return takeTurn(action)
    action.asked += 1
    if (action.asked > 1) setStatus(action, 'IN_PROGRESS')
  }

  const clear = () => {
    clearTimeout(timer)
    timer = undefined
    actions.clear()
    finished.clear()
    waiting = []
    waitingCost = 0
  }

  return {
    accept(type, rows, trouble) {
      if (waiting.length && waitingCost + costOf(rows) > MAX_WAITING) {
        throw sandboxFull(`${MAX_WAITING / 1024 / 1024} MB of rows that wait to be applied`)
      }
      const id = newId('aa')
      const [createdAt, requestId] = [now(), newRequestId()]
      const begun = { applied: 0, failedCount: 0, errors: [], result: null }
      add({ id, type, requestId, createdAt, updatedAt: createdAt, status: 'ENQUEUED', rows, ...begun }, trouble)
      return id
    },
    find(id) {
      countQuestion()
      const action = actions.get(id)
      return action && { ...toApi(action), result: action.result }
    },
    list(before, limit) {
      const found = Array.from(actions.values())
        .reverse()
        .filter(({ createdAt }) => createdAt < before)
      return { actions: found.slice(0, limit).map(toApi), hasMore: found.length > limit }
    },
    snapshot: () =>
      Array.from(actions.values()).map((action) => ({ ...omit(action, RUNTIME_ONLY), errors: [...action.errors] })),
    restore(kept) {
      clear()
      kept.forEach((action) => add({ ...action, errors: [...action.errors] }))
    },
    clear
  }
}

/** What a job is spared that nothing is to go wrong with. */
const NO_TROUBLE: JobTrouble = {
  isFailing: () => false,
  named: Infinity,
  hasFailed: false,
  isReportExpired: false
}
const RUNTIME_ONLY = ['cost', 'report', 'trouble', 'dueAt', 'asked'] as const

function noteFailure(action: Action, sourceId: string | null, { body }: Refusal): void {
  const failure = { message: String(body.message), details: String(body.details ?? ''), key: String(body.key) }
  action.failedCount += 1
  action.report += toReportLine({ sourceId, found: false, failure })
  if (action.errors.length >= Math.min(action.trouble.named, MAX_LISTED_ERRORS)) return
  // The errors of metadata for many name no person.
  action.errors.push({ ...failure, ...(action.type === 'CUSTOMERS.BULK_UPDATE' && { source_id: sourceId }) })
}

/** An action as lists of the API show it. */
function toApi(action: Action): JSONObject {
  const { id, type, status, requestId, createdAt, updatedAt } = action
  return {
    id,
    type,
    status,
    operation_status: operationStatus(action),
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
    request_id: requestId,
    processing_time: updatedAt - createdAt,
    progress: progressOf(action),
    object: 'async_action'
  }
}

/** How Voucherify names a job of which some rows failed is not documented: here it is no success. */
function operationStatus({ status, failedCount }: Action): string {
  if (status !== 'DONE' && status !== 'FAILED') return 'UNKNOWN'
  return status === 'DONE' && failedCount === 0 ? 'SUCCESS' : 'FAILED'
}

function progressOf({ result, rows, applied }: Action): number {
  return result ? 100 : Math.floor((100 * applied) / Math.max(1, rows.length))
}
