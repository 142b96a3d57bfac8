import type { JSONValue } from '@segment/actions-core'
import pick from 'lodash/pick'
import type { LimitType, Trouble, TroubleKind } from '../shared/types'
import { isJsonObject } from './body'
import { internalError, invalidPayload, planExceeded, tooLarge, tooManyRequests, unauthorized } from './errors'
import type { Answer, Refusal } from './errors'
import { CALL_KINDS } from './store'
import type { CallKind } from './store'

/** Every trouble that can be played, in the order in which a list may show them. */
export const TROUBLE_KINDS: readonly TroubleKind[] = [
  '400',
  '401',
  '402',
  '413',
  '429',
  '500',
  'slow',
  'cut',
  'redirect',
  'page',
  'bad-row',
  'job-slow',
  'job-rows',
  'job-failed',
  'report-expired',
  'Business plan',
  'Organization plan'
]

/** The numbers that a 429 names, which are those of Voucherify's Business plan and a guess for the bulk calls. */
const SHOWN_LIMITS: Record<LimitType, number> = {
  webhook_calls: 144_000,
  api_calls: 100,
  api_calls_cycle: 100_000,
  bulk_api_calls: 10
}
/** Longest wait in seconds: a billing cycle. */
const MAX_SECONDS = 31 * 86_400
/** Most source_ids that one trouble names. */
const MAX_SOURCE_IDS = 1_000
/** Most troubles that wait. */
const MAX_TROUBLES = 1_000
/** Nothing listens there, so a client that follows the redirect fails. */
const REDIRECT_TARGET = 'http://127.0.0.1:9/'

/** What is to go wrong with one bulk job. */
export interface JobTrouble {
  slow?: { seconds: number; polls?: number }
  /** Whether the row at this place fails. */
  isFailing(sourceId: string | null, place: number): boolean
  /** How many failed rows the action names. */
  named: number
  hasFailed: boolean
  isReportExpired: boolean
}

const FIELDS = [
  'kind',
  'remaining',
  'seconds',
  'limit',
  'call',
  'sourceIds',
  'rows',
  'named',
  'polls',
  'bulkPerHour'
] as const

/** The troubles that are to come, first added first. */
export interface Troubles {
  list(): Trouble[]
  /** Throws a RangeError that says which value of the trouble can't be. */
  add(trouble: Trouble): void
  clear(): void
  /** Takes the trouble of a call, if there is one. */
  take(kind: CallKind): Trouble | undefined
  /** Takes what is to go wrong with an accepted bulk job. */
  takeJob(): JobTrouble
  /** Throws the Refusal (400) of a bulk call that holds a row which Voucherify is to refuse. */
  refuseBadRow(rows: JSONValue[]): void
}

/** Makes an empty queue of troubles. */
export function createTroubles(): Troubles {
  let queue: Trouble[] = []

  /** Takes the first trouble that fits away from its calls. */
  const takeFirst = (fits: (trouble: Trouble) => boolean): Trouble | undefined => {
    const trouble = queue.find(fits)
    if (!trouble) return undefined
    trouble.remaining -= 1
    if (trouble.remaining === 0) queue.splice(queue.indexOf(trouble), 1)
    return trouble
  }
  const takeKind = (kind: TroubleKind) => takeFirst((trouble) => trouble.kind === kind)

  return {
    list: () => queue.map((trouble) => ({ ...trouble })),
    add(trouble) {
      checkTrouble(trouble)
      if (queue.length >= MAX_TROUBLES) throw new RangeError(`There can be at most ${MAX_TROUBLES} troubles at once.`)
      if (isPlan(trouble)) queue = queue.filter((other) => !isPlan(other))
      queue.push(pick(trouble, FIELDS))
    },
    clear() {
      queue = []
    },
    // The storage of reports is another server, which is met only by a trouble that names it.
    take: (kind) =>
      takeFirst((trouble) => isAnswer(trouble) && (trouble.call === kind || (!trouble.call && kind !== 'reports'))),
    takeJob() {
      const [slow, rows, failed, expired] = (['job-slow', 'job-rows', 'job-failed', 'report-expired'] as const).map(
        takeKind
      )
      const { sourceIds, rows: count = 1, named = Infinity } = rows ?? { rows: 0 }
      return {
        ...(slow && { slow: { seconds: slow.seconds, polls: slow.polls } }),
        isFailing: (sourceId, place) =>
          sourceIds ? sourceId !== null && sourceIds.includes(sourceId) : Boolean(rows) && place < count,
        named,
        hasFailed: Boolean(failed),
        isReportExpired: Boolean(expired)
      }
    },
    refuseBadRow(rows) {
      const bad = queue.filter(({ kind }) => kind === 'bad-row').flatMap(({ sourceIds = [] }) => sourceIds)
      if (!bad.length) return
      const place = rows.findIndex((row) => bad.includes(sourceIdOf(row) ?? ''))
      if (place < 0) return
      const sourceId = sourceIdOf(rows[place]) ?? ''
      takeFirst(({ kind, sourceIds = [] }) => kind === 'bad-row' && sourceIds.includes(sourceId))
      throw invalidPayload(
        `Property .[${place}].rehearsal should not be there: the sandbox was asked to refuse this row`
      )
    }
  }
}

/** The refusal of a row that was asked to fail. */
export function rehearsedFailure(): Refusal {
  return invalidPayload('Property .rehearsal should not be there: the sandbox was asked to fail this row')
}

/** The source_id of a row, if it has one. */
export function sourceIdOf(row: JSONValue): string | null {
  return isJsonObject(row) && typeof row.source_id === 'string' ? row.source_id : null
}

/** Whether a trouble is a plan whose limits are to be played. */
export function isPlan(trouble: Trouble): trouble is Trouble & { kind: 'Business plan' | 'Organization plan' } {
  return trouble.kind === 'Business plan' || trouble.kind === 'Organization plan'
}

/** Whether a trouble is how a call is answered, and no matter of rows, jobs and plans. */
function isAnswer({ kind }: Trouble): boolean {
  return TROUBLE_KINDS.indexOf(kind) < TROUBLE_KINDS.indexOf('bad-row')
}

function checkTrouble(trouble: Trouble): void {
  const { kind, remaining, seconds, limit, call, sourceIds, rows, named, polls, bulkPerHour } = trouble
  if (!TROUBLE_KINDS.includes(kind)) throw new RangeError(`kind must be one of ${TROUBLE_KINDS.join(', ')}.`)
  if (!isCount(remaining, 1)) {
    throw new RangeError('remaining must be a whole number from 1: how many calls the trouble lasts.')
  }
  if (!(seconds >= 0 && seconds <= MAX_SECONDS)) {
    throw new RangeError(`seconds must be a number from 0 to ${MAX_SECONDS}.`)
  }
  if (limit !== undefined && !(limit in SHOWN_LIMITS)) {
    throw new RangeError(`limit must be one of ${Object.keys(SHOWN_LIMITS).join(', ')}.`)
  }
  if (call !== undefined && !CALL_KINDS.some((name) => name === call)) {
    throw new RangeError(`call must be one of ${CALL_KINDS.join(', ')}.`)
  }
  if (sourceIds !== undefined && !isTextList(sourceIds)) {
    throw new RangeError(`sourceIds must be a list of at most ${MAX_SOURCE_IDS} texts.`)
  }
  if (kind === 'bad-row' && !sourceIds?.length) {
    throw new RangeError('sourceIds must name the row that is to be refused.')
  }
  for (const [name, count] of Object.entries({ rows, named, polls, bulkPerHour })) {
    if (count !== undefined && !isCount(count, 0)) throw new RangeError(`${name} must be a whole number from 0.`)
  }
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_SOURCE_IDS && value.every((item) => typeof item === 'string')
}

/**
 * The answer that a trouble gives; undefined for `slow`, which does the call and lets it wait for its answer.
 *
 * @param now milliseconds since 1970
 * @param ofCall the limit that the call counts in, which a 429 names unless the trouble names one
 */
export function troubledAnswer(
  { kind, seconds, limit: named }: Trouble,
  now: number,
  ofCall: LimitType = 'webhook_calls'
): Answer | undefined {
  const limit = named ?? ofCall
  switch (kind) {
    case '400':
      return invalidPayload('Property .rehearsal should not be there: the sandbox was asked to answer 400')
    case '401':
      return unauthorized()
    case '402':
      return planExceeded()
    case '413':
      return tooLarge()
    case '429':
      return tooManyRequests(limit, SHOWN_LIMITS[limit], Math.ceil(seconds), now)
    case '500':
      return internalError()
    case 'redirect':
      return { status: 302, body: {}, headers: { Location: REDIRECT_TARGET } }
    case 'page':
      return { status: 200, body: '<!doctype html><title>Welcome</title>', headers: { 'Content-Type': 'text/html' } }
    case 'cut':
      return { status: 200, body: { status: 'queued' }, isCut: true }
    default:
      return undefined
  }
}
