/** The life of a bulk job: what is answered while it waits and runs, its rows that fail, its report, its troubles. */
import { parse } from 'csv-parse/sync'
import type { Sandbox } from '../../../workbench/sandbox'
import { createAsyncActions } from '../../../workbench/sandbox/asyncActions'
import { createReports } from '../../../workbench/sandbox/reports'
import { createTroubles } from '../../../workbench/sandbox/trouble'
import type { Trouble } from '../../../workbench/shared/types'
import { until } from '../helpers'
import {
  applyInBulk,
  BULK,
  closeSandboxes,
  endedJob,
  finished,
  get,
  held,
  invalid,
  post,
  startSandbox
} from './sandboxHelpers'

const HOUR = 3_600_000
const METADATA = '/v1/customers/metadata/async'

interface Action {
  id: string
  status: string
  operation_status: string
  progress: number
  result: null | {
    done_count: number
    failed_count: number
    errors: { source_id: string; message: string; details: string; key: string }[]
    reports: string[]
    reports_available_till: string
  }
}

let clock: number
let sandbox: Sandbox
beforeEach(async () => {
  clock = Date.UTC(2026, 0, 2)
  sandbox = await startSandbox({ now: () => clock })
})
afterEach(closeSandboxes)

const trouble = (kind: Trouble['kind'], more: Partial<Trouble> = {}) =>
  sandbox.trouble.add({ kind, remaining: 1, seconds: 0, ...more })
const accept = async (body: unknown, path = BULK) =>
  ((await post(sandbox, path, body)).body as { async_action_id: string }).async_action_id
const ask = async (id: string) => (await get(sandbox, `/v1/async-actions/${id}`)).body as Action
const rowsOf = (...ids: string[]) => ids.map((source_id) => ({ source_id }))
const bulk = async (rows: unknown) => (await applyInBulk(sandbox, rows)) as Action

/** Fetches a report without keys. */
async function report(action: Action, headers: Record<string, string> = {}) {
  const response = await fetch(action.result?.reports[0] ?? '', { headers })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}
const linesOf = (text: string) => parse(text, { columns: true }) as Record<string, string>[]

describe('a job', () => {
  it('waits, runs and ends, as so many questions see it', async () => {
    trouble('job-slow', { polls: 3 })
    const id = await accept(rowsOf('c1'))
    const seen = [await ask(id), await ask(id), await ask(id)]
    expect(seen.map(({ status, operation_status, result }) => [status, operation_status, result])).toEqual([
      ['ENQUEUED', 'UNKNOWN', null],
      ['IN_PROGRESS', 'UNKNOWN', null],
      ['IN_PROGRESS', 'UNKNOWN', null]
    ])
    expect(sandbox.state().customers).toEqual([])
    expect(await ask(id)).toEqual(endedJob(1))
    expect(sandbox.state().customers).toEqual([{ source_id: 'c1' }])
  })

  it('takes its seconds on the clock of the sandbox', async () => {
    trouble('job-slow', { seconds: 7 })
    const id = await accept(rowsOf('c1'))
    clock += 6_999
    expect(await ask(id)).toMatchObject({ status: 'ENQUEUED' })
    clock += 1
    expect(await ask(id)).toMatchObject({
      status: 'DONE',
      processing_time: 7_000,
      created_at: '2026-01-02T00:00:00.000Z'
    })
  })

  it('holds up those behind it, which end in their order', async () => {
    trouble('job-slow', { polls: 2 })
    const first = await accept(rowsOf('c1'))
    const second = await accept(rowsOf('c2'))
    expect(await ask(second)).toMatchObject({ status: 'ENQUEUED', progress: 0 })
    expect(await ask(second)).toMatchObject({ status: 'ENQUEUED' })
    await finished(sandbox, second)
    expect(await ask(first)).toMatchObject({ status: 'DONE' })
  })

  it('that waits for questions nobody asks ends after ten minutes', async () => {
    trouble('job-slow', { polls: 99 })
    const id = await accept(rowsOf('c1'))
    clock += 600_000
    expect(await ask(id)).toMatchObject({ status: 'DONE' })
  })

  it('that a question ended leaves nothing to the timer that was set for it', async () => {
    const now = () => clock
    const apply = jest.fn(() => true)
    const parts = { delayMs: 0, now, apply, reports: createReports(now), addressOf: String, onProgress: jest.fn() }
    const actions = createAsyncActions(parts)
    const id = actions.accept('CUSTOMERS.BULK_UPDATE', rowsOf('c1'), createTroubles().takeJob())
    expect(actions.find(id)).toMatchObject({ status: 'DONE' })
    // Later than the timer, whose error would fail the test.
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(apply).toHaveBeenCalledTimes(1)
  })

  it('that fails as a whole applies nothing and says so', async () => {
    trouble('job-failed')
    const id = await accept(rowsOf('c1', 'c2'))
    await until(async () => (await ask(id)).status === 'FAILED')
    expect(await ask(id)).toMatchObject({
      status: 'FAILED',
      operation_status: 'FAILED',
      result: { done_count: 0, failed_count: 0, errors: [] }
    })
    expect(sandbox.state().customers).toEqual([])
    expect(await bulk(rowsOf('c1'))).toEqual(endedJob(1))
  })

  it('that fails as a whole may name rows', async () => {
    trouble('job-failed')
    trouble('job-rows', { sourceIds: ['c2'] })
    const id = await accept(rowsOf('c1', 'c2'))
    await until(async () => (await ask(id)).status === 'FAILED')
    expect(await ask(id)).toMatchObject({ result: { done_count: 0, failed_count: 1, errors: [{ source_id: 'c2' }] } })
  })
})

describe('rows that are to fail', () => {
  it('are the named ones, in as many jobs as asked for', async () => {
    trouble('job-rows', { sourceIds: ['c2'], remaining: 2 })
    const failure = {
      message: 'Invalid payload',
      details: 'Property .rehearsal should not be there: the sandbox was asked to fail this row',
      key: 'invalid_payload',
      source_id: 'c2'
    }
    const rows = rowsOf('c1', 'c2', 'c3')
    expect(await bulk(rows)).toEqual(endedJob(2, 1, [failure]))
    expect(held(sandbox, 'c2')).toBeUndefined()
    expect(await bulk(rows)).toEqual(endedJob(2, 1, [failure]))
    expect(await bulk(rows)).toEqual(endedJob(3))
    expect(held(sandbox, 'c2')).toEqual({ source_id: 'c2' })
  })

  it('are the first ones where none are named', async () => {
    trouble('job-rows', { rows: 2 })
    const { result } = await bulk(rowsOf('c1', 'c2', 'c3'))
    expect(result?.errors.map(({ source_id }) => source_id)).toEqual(['c1', 'c2'])
  })

  it('can be more than the action names, and the report tells the rest', async () => {
    trouble('job-rows', { rows: 3, named: 1 })
    const action = await bulk(rowsOf('c1', 'c2', 'c3', 'c4'))
    expect(action.result).toMatchObject({ done_count: 1, failed_count: 3 })
    expect(action.result?.errors).toHaveLength(1)
    const refused = linesOf((await report(action)).text).filter(({ updated }) => updated === 'false')
    expect(refused.map(({ source_id }) => source_id)).toEqual(['c1', 'c2', 'c3'])
  })
})

describe('a report', () => {
  it('tells of each row whether its customer was there, and why it was refused', async () => {
    await bulk(rowsOf('old'))
    const action = await bulk([
      { source_id: 'old' },
      { source_id: 'new, "quoted"' },
      { source_id: 'bad', birthdate: 'x' },
      7
    ])
    const { status, type, text } = await report(action)
    expect([status, type]).toEqual([200, 'text/csv; charset=utf-8'])
    const applied = { updated: 'true', key: '', message: '', details: '' }
    const refused = { found: 'false', updated: 'false', key: 'invalid_payload', message: 'Invalid payload' }
    expect(linesOf(text)).toEqual([
      { source_id: 'old', found: 'true', ...applied },
      { source_id: 'new, "quoted"', found: 'false', ...applied },
      { source_id: 'bad', ...refused, details: 'Property .birthdate should be a date of the form YYYY-MM-DD' },
      { source_id: '', ...refused, details: 'Property . should be an object' }
    ])
  })

  it('is there until the time that the action names, and not from then on', async () => {
    const action = await bulk(rowsOf('c1'))
    expect(action.result?.reports_available_till).toBe(new Date(clock + HOUR).toISOString())
    clock += HOUR - 1
    expect(await report(action)).toMatchObject({ status: 200 })
    clock += 1
    expect(await report(action)).toMatchObject({ status: 403, text: '{"code":403,"message":"Request has expired"}' })
  })

  it('can have expired from the first', async () => {
    trouble('report-expired')
    expect(await report(await bulk(rowsOf('c1')))).toMatchObject({ status: 403 })
  })

  it('is gone when the sandbox was emptied', async () => {
    const action = await bulk(rowsOf('c1'))
    sandbox.clear()
    expect(await report(action)).toMatchObject({ status: 410 })
  })

  it.each(['X-App-Id', 'X-App-Token', 'Authorization', 'secret-key'])(
    'is refused to whoever gives it the keys: %s',
    async (name) => {
      const action = await bulk(rowsOf('c1'))
      expect(await report(action, { [name]: 'x' })).toMatchObject({
        status: 400,
        text: JSON.stringify({
          code: 400,
          message: `A report is fetched without keys, and this request sends ${name.toLowerCase()}.`
        })
      })
    }
  )

  it('is met by a trouble that names reports only', async () => {
    const action = await bulk(rowsOf('c1'))
    trouble('500')
    expect(await report(action)).toMatchObject({ status: 200 })
    sandbox.trouble.clear()
    trouble('500', { call: 'reports' })
    await get(sandbox, '/v1/async-actions')
    expect(await report(action)).toMatchObject({ status: 500 })
  })
})

describe('a bulk call with a row that Voucherify refuses', () => {
  it('is refused as a whole, so often, and taken without the row', async () => {
    trouble('bad-row', { sourceIds: ['c2'], remaining: 2 })
    for (let n = 0; n < 2; n += 1) {
      const { status, body } = await post(sandbox, BULK, rowsOf('c1', 'c2'))
      expect([status, body]).toEqual([
        400,
        invalid('Property .[1].rehearsal should not be there: the sandbox was asked to refuse this row')
      ])
      expect(await bulk(rowsOf('c1'))).toEqual(endedJob(1))
    }
    expect(await bulk(rowsOf('c1', 'c2'))).toEqual(endedJob(2))
  })

  it('must be named', () => {
    expect(() => trouble('bad-row')).toThrow(new RangeError('sourceIds must name the row that is to be refused.'))
  })
})

describe('metadata for many', () => {
  it('goes to each customer, and its errors name nobody', async () => {
    await bulk([{ source_id: 'c1', metadata: { a: 1 } }])
    trouble('job-rows', { sourceIds: ['c3'] })
    const id = await accept({ source_ids: ['c1', 'c2', 'c3', 7], metadata: { vip: true } }, METADATA)
    const failure = (details: string) => ({ key: 'invalid_payload', message: 'Invalid payload', details })
    expect(await finished(sandbox, id)).toMatchObject({ type: 'CUSTOMERS.METADATA_UPDATE', status: 'DONE' })
    expect((await ask(id)).result).toEqual({
      errors: [
        failure('Property .rehearsal should not be there: the sandbox was asked to fail this row'),
        failure('Property .source_id should be a string that is not blank')
      ]
    })
    expect([held(sandbox, 'c1'), held(sandbox, 'c2')]).toEqual([
      { source_id: 'c1', metadata: { a: 1, vip: true } },
      { source_id: 'c2', metadata: { vip: true } }
    ])
  })

  it.each<[string, unknown, string]>([
    ['no list of customers', { metadata: {} }, 'Property .source_ids should be an array'],
    ['no metadata', { source_ids: [] }, 'Property .metadata should be an object']
  ])('is refused with %s', async (_, body, details) => {
    const answer = await post(sandbox, METADATA, body)
    expect([answer.status, answer.body]).toEqual([400, invalid(details)])
  })
})

describe('the list of jobs', () => {
  it('has the newest first, without results, from before a time', async () => {
    const ids: string[] = []
    for (let n = 0; n < 3; n += 1) {
      ids.unshift((await bulk(rowsOf('c1'))).id)
      clock += 1_000
    }
    const list = async (query: string) => {
      const { body } = await get(sandbox, `/v1/async-actions${query}`)
      const { async_actions: actions, ...rest } = body as { async_actions: Action[] }
      return [actions.map(({ id }) => id), rest, actions.some((action) => 'result' in action)]
    }
    const frame = { object: 'list', data_ref: 'async_actions' }
    expect(await list('')).toEqual([ids, { ...frame, has_more: false }, false])
    expect(await list('?limit=2')).toEqual([ids.slice(0, 2), { ...frame, has_more: true }, false])
    expect(await list('?end_date=2026-01-02T00:00:01Z')).toEqual([ids.slice(2), { ...frame, has_more: false }, false])
  })

  it.each([
    ['limit=0', 'Parameter limit should be a whole number from 1 to 100'],
    ['limit=101', 'Parameter limit should be a whole number from 1 to 100'],
    ['end_date=soon', 'Parameter end_date should be a date-time such as 2026-01-31T12:00:00Z']
  ])('is refused with %s', async (query, details) => {
    expect(await get(sandbox, `/v1/async-actions?${query}`)).toMatchObject({
      status: 400,
      body: { code: 400, key: 'invalid_query_params', details }
    })
  })
})
