/**
 * What a bulk call's 202 stands for: the job is asked 1, 3 and 7 seconds later, rows that it refused end with 400, a job
 * that failed whole makes the others retryable, and everything that it does not tell stays accepted. The pauses pass at
 * once, and are counted.
 */
import type { SegmentEvent } from '@segment/actions-core'
import {
  API,
  API_HEADERS,
  callOf,
  CUSTOMER_PRESET,
  deliverBatch,
  gatewayAnswers,
  json,
  settings,
  withoutNetwork
} from './__helpers__/helpers'
import type { GatewayAnswer, SentRequest } from './__helpers__/helpers'

const identify = (userId: string, traits: SegmentEvent['traits'] = {}) => callOf('identify', { userId, traits })
const ACCEPTED = '{"async_action_id":"aa_1"}'
const accepted = (source_id: string) => ({ status: 202, sent: { source_id }, body: ACCEPTED })
const job = (status: string, result?: object | null) =>
  json(200, { id: 'aa_1', object: 'async_action', status, result })

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

/** Takes the bulk call, and answers the questions about its job in turn; the last answer holds for all later ones. */
function bulkAnswers(...answers: GatewayAnswer[]): SentRequest[] {
  let asked = 0
  const sent = gatewayAnswers(({ method }) => {
    if (method === 'POST') return { status: 202, body: ACCEPTED, headers: { 'Content-Type': 'application/json' } }
    asked += 1
    return answers[Math.min(asked, answers.length) - 1]
  }, API)
  return sent
}

const questions = (sent: SentRequest[]) => sent.filter(({ method }) => method === 'GET')

describe('a bulk job', () => {
  withoutNetwork()

  /** The pauses of whole seconds that were asked for, in milliseconds. Each is over at once; time goes on by it alone. */
  let pauses: number[]
  beforeEach(() => {
    pauses = []
    const [later, begin] = [global.setTimeout, Date.now()]
    jest.spyOn(global, 'setTimeout').mockImplementation((act, wait = 0) => {
      const isPause = [1_000, 2_000, 4_000].includes(wait)
      if (isPause) pauses.push(wait)
      return later(act, isPause ? 0 : wait)
    })
    jest.spyOn(Date, 'now').mockImplementation(() => begin + pauses.reduce((sum, pause) => sum + pause, 0))
  })
  afterEach(() => jest.restoreAllMocks())

  it('is asked with the keys of the API, and leaves what it stored accepted', async () => {
    const sent = bulkAnswers(job('DONE', { done_count: 2, failed_count: 0, errors: [] }))
    expect(await deliverBatch([identify('a'), identify('b')])).toEqual([accepted('a'), accepted('b')])
    expect(questions(sent)).toEqual([
      { method: 'GET', url: `${API}/v1/async-actions/aa_1`, headers: API_HEADERS, body: '' }
    ])
    expect(pauses).toEqual([1_000])
  })

  it('is asked 1, 3 and 7 seconds after the bulk call, and no more', async () => {
    const sent = bulkAnswers(job('ENQUEUED'), job('IN_PROGRESS'), job('IN_PROGRESS'), job('DONE'))
    expect(await deliverBatch([identify('a')])).toEqual([accepted('a')])
    expect(questions(sent)).toHaveLength(3)
    expect(pauses).toEqual([1_000, 2_000, 4_000])
  })

  const ERROR = { key: 'invalid_metadata', message: 'Invalid metadata', details: 'Key tier', source_id: 'b' }

  it.each(['DONE', 'FAILED'])(
    'that is %s ends every call of a customer whom it refused with the reason',
    async (status) => {
      bulkAnswers(job('ENQUEUED'), job(status, { failed_count: 1, errors: [ERROR] }))
      const outcomes = await deliverBatch([identify('b'), identify('a'), identify('b', { email: 'b@example.com' })])
      const refused = {
        status: 400,
        errortype: 'BAD_REQUEST',
        errormessage:
          "Voucherify's bulk job refused the customer (invalid_metadata): Invalid metadata - Key tier. " +
          'Correct the value it names in the mapping or in the call; the call is not sent again.',
        sent: { source_id: 'b', email: 'b@example.com' },
        body: JSON.stringify(ERROR),
        errorreporter: 'DESTINATION'
      }
      expect(outcomes[0]).toEqual(refused)
      expect(outcomes[2]).toEqual(refused)
      expect(outcomes[1].status).toBe(status === 'DONE' ? 202 : 500)
    }
  )

  it.each([
    ['names rows by what is no text', '{ "toString": 1 }', '"x"'],
    ['names rows by what is nested too deeply', nested(20_000), '"x"'],
    ['gives a reason that is nested too deeply', '"b"', nested(20_000)]
  ])('that %s still leaves each call its outcome', async (_, source_id, details) => {
    const errors = `[{ "source_id": ${source_id}, "details": ${details} }]`
    bulkAnswers({ ...job('DONE'), body: `{ "status": "DONE", "result": { "errors": ${errors} } }` })
    const [first, second] = await deliverBatch([identify('a'), identify('b')])
    expect(first).toEqual(accepted('a'))
    expect(second.status).toBe(source_id === '"b"' ? 400 : 202)
  })

  it('that failed whole makes the calls that it does not name retryable', async () => {
    bulkAnswers(job('FAILED', null))
    expect(await deliverBatch([identify('a'), identify('b')])).toEqual(
      Array(2).fill({
        status: 500,
        errortype: 'RETRYABLE_ERROR',
        errormessage: "Voucherify's bulk job failed before it told of this customer. The call can be sent again.",
        errorreporter: 'INTEGRATIONS'
      })
    )
  })

  it('leaves out a reason that echoes a key', async () => {
    bulkAnswers(job('DONE', { errors: [{ ...ERROR, details: `Token ${settings.secretKey}` }] }))
    const [outcome] = await deliverBatch([identify('b')])
    expect(outcome).toMatchObject({ status: 400, body: 'Left out, since it echoed a key.' })
    expect(JSON.stringify(outcome)).not.toContain(settings.secretKey)
  })

  it.each<[string, GatewayAnswer, number]>([
    ['has a status that nobody knows', job('PAUSED', { errors: [ERROR] }), 3],
    ['has no status', json(200, {}), 3],
    ['may not be asked', json(403, { message: 'No' }), 1],
    ['is not known', json(404, { key: 'not_found' }), 1],
    ['is asked too often', json(429, { message: 'Too many' }), 1],
    ['is behind a page', { status: 200, body: '<html></html>' }, 1],
    ['is done without a result', job('DONE'), 1],
    ['is done with errors of nobody', job('DONE', { errors: [null, 'x', { message: 'Odd' }] }), 1],
    ['is done with errors that are no list', job('DONE', { errors: { b: ERROR } }), 1]
  ])('stays accepted when it %s', async (_, answer, asked) => {
    const sent = bulkAnswers(answer)
    expect(await deliverBatch([identify('a'), identify('b')])).toEqual([accepted('a'), accepted('b')])
    expect(questions(sent)).toHaveLength(asked)
  })

  it('that may not be asked keeps nothing else from being sent', async () => {
    bulkAnswers(json(403, { message: 'No' }))
    const gateway = gatewayAnswers(json(200, {}))
    const alone = [identify('c', { metadata: null }), identify('c', { metadata: { a: 1 } })]
    const outcomes = await deliverBatch([identify('a'), ...alone])
    expect(outcomes.map(({ status }) => status)).toEqual([202, 200, 200])
    expect(gateway).toHaveLength(2)
  })

  it.each([{}, { async_action_id: null }, { async_action_id: '' }, { async_action_id: 7 }, [], 'OK'])(
    'without an ID is not asked: %j',
    async (answer) => {
      const sent = gatewayAnswers(json(202, answer), API)
      expect((await deliverBatch([identify('a')])).map(({ status }) => status)).toEqual([202])
      expect(sent).toHaveLength(1)
      expect(pauses).toEqual([])
    }
  )

  it('is asked also where no answer is labelled as JSON', async () => {
    gatewayAnswers(({ method }) => {
      if (method === 'POST') return { status: 202, body: ACCEPTED }
      return { status: 200, body: JSON.stringify({ status: 'DONE', result: { errors: [ERROR] } }) }
    }, API)
    expect((await deliverBatch([identify('a'), identify('b')])).map(({ status }) => status)).toEqual([202, 400])
  })

  it('has its ID escaped in the address', async () => {
    const sent = gatewayAnswers(
      ({ method }) => (method === 'POST' ? json(202, { async_action_id: '../a?b' }) : job('DONE')),
      API
    )
    await deliverBatch([identify('a')])
    expect(questions(sent).map(({ url }) => url)).toEqual([`${API}/v1/async-actions/..%2Fa%3Fb`])
  })

  it('is no longer asked when the host stops the batch', async () => {
    const controller = new AbortController()
    const sent = gatewayAnswers(({ method }) => {
      if (method === 'GET') controller.abort()
      return method === 'POST' ? json(202, { async_action_id: 'aa_1' }) : job('ENQUEUED')
    }, API)
    expect(await deliverBatch([identify('a')], { signal: controller.signal })).toEqual([accepted('a')])
    expect(questions(sent)).toHaveLength(1)
  })

  it('is asked beside others, each for its own rows', async () => {
    const big = { note: 'x'.repeat(6_000_000) }
    let bulks = 0
    const sent = gatewayAnswers(({ method, url }) => {
      if (method === 'POST') return json(202, { async_action_id: `aa_${(bulks += 1)}` })
      return job('DONE', { errors: url.endsWith('aa_2') ? [{ ...ERROR, source_id: 'b' }] : [] })
    }, API)
    const outcomes = await deliverBatch(['a', 'b'].map((id) => identify(id, { metadata: big })))
    expect(outcomes.map(({ status }) => status)).toEqual([202, 400])
    expect(questions(sent).map(({ url }) => url.slice(-4))).toEqual(['aa_1', 'aa_2'])
    expect(pauses).toEqual([1_000, 1_000])
  })

  it.each([
    [21_900, 1],
    [22_100, 0]
  ])('of a bulk call that took %d of the 24,000 ms of its batch is asked %d times', async (took, asked) => {
    const sent = gatewayAnswers(({ method }) => {
      if (method === 'POST') pauses.push(took)
      return method === 'POST' ? json(202, { async_action_id: 'aa_1' }) : job('ENQUEUED')
    }, API)
    expect(await deliverBatch([identify('a')])).toEqual([accepted('a')])
    expect(questions(sent)).toHaveLength(asked)
  })

  it('of a mapping without batching is never made', async () => {
    const sent = bulkAnswers(job('DONE'))
    gatewayAnswers(json(200, {}))
    await deliverBatch([identify('a')], { mappings: { [CUSTOMER_PRESET]: { enable_batching: false } } })
    expect(sent).toEqual([])
  })
})
