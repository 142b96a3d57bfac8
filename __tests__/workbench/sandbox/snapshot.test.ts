/** What a sandbox held is there again after it was written down and read back. */
import set from 'lodash/set'
import type { Sandbox } from '../../../workbench/sandbox'
import { until } from '../helpers'
import { applyInBulk, BULK, closeSandboxes, CUSTOMER, EVENT, get, GROUP, post, startSandbox } from './sandboxHelpers'

/** Longer than any test runs. */
const NEVER_MS = 3_600_000

afterEach(closeSandboxes)

async function filled(): Promise<Sandbox> {
  const sandbox = await startSandbox()
  sandbox.metadata.define({ customer: [{ name: 'tier', type: 'string', array: false }], event: [] })
  await post(sandbox, CUSTOMER, { source_id: 'c1', name: 'Maria', metadata: { tier: 'gold', plan: 1 } })
  await post(sandbox, CUSTOMER, '{"source_id":"__proto__","name":"odd"}')
  await post(sandbox, EVENT, { customer: { source_id: 'c2' }, event: 'Paid', type: 'track' })
  await post(sandbox, GROUP, { customer: { source_id: 'c1' }, group_id: 'g1', traits: { tier: 'silver' } })
  await post(sandbox, '/v1/customers', { name: 'Nobody' })
  await applyInBulk(sandbox, [{ source_id: 'c3' }, {}])
  return sandbox
}

const written = (sandbox: Sandbox) => JSON.parse(JSON.stringify(sandbox.snapshot())) as Record<string, never>

it('holds all that it held, by its IDs, histories, jobs, definitions and counts', async () => {
  const before = await filled()
  const after = await startSandbox()
  after.restore(written(before))
  expect(after.state()).toEqual(before.state())
  expect(after.customer('c1')).toEqual(before.customer('c1'))
  expect(after.metadata.definitions()).toEqual(before.metadata.definitions())
  expect(after.metadata.seenKeys()).toEqual(before.metadata.seenKeys())
  expect(written(after)).toEqual(written(before))
  for (const path of ['/v1/customers', '/v1/customers/c1', '/v1/async-actions', '/v1/customers/c1/activity']) {
    const answer = (await get(after, path)).body
    expect(answer).toEqual((await get(before, path)).body)
  }
})

it('goes on as before: erasure finds events and groups, changes find their customer', async () => {
  const after = await startSandbox()
  after.restore(written(await filled()))
  await post(after, CUSTOMER, { source_id: 'c1', email: 'a@b.c' })
  expect(after.customer('c1')?.history).toHaveLength(3)
  for (const id of ['c1', 'c2']) await post(after, `/v1/customers/${id}/permanent-deletion`, '')
  expect(after.state()).toMatchObject({ events: [], groups: [{ total: 0 }], totals: { customers: 3, events: 0 } })
})

it('applies the rows that still waited', async () => {
  const before = await startSandbox({ bulkDelayMs: NEVER_MS })
  const { body } = await post(before, BULK, [{ source_id: 'c1' }])
  const snapshot = written(before)
  await before.close()
  const after = await startSandbox()
  after.restore(snapshot)
  await until(() => after.state().totals.customers === 1)
  const { async_action_id: id } = body as { async_action_id: string }
  expect(await get(after, `/v1/async-actions/${id}`)).toMatchObject({
    body: { id, status: 'DONE', result: { done_count: 1 } }
  })
})

it('takes the place of what was there', async () => {
  const after = await filled()
  after.restore(written(await startSandbox()))
  expect(after.state()).toMatchObject({ customers: [], events: [], groups: [], totals: { customers: 0, events: 0 } })
})

it('is not changed by what comes later', async () => {
  const sandbox = await filled()
  const snapshot = sandbox.snapshot()
  const text = JSON.stringify(snapshot)
  await post(sandbox, CUSTOMER, { source_id: 'c1', name: null })
  await post(sandbox, EVENT, { customer: { source_id: 'c1' }, event: 'Later' })
  await applyInBulk(sandbox, [{}])
  expect(JSON.stringify(snapshot)).toBe(text)
})

/** The path of a value in what was written down, and what stands there instead. */
type Damage = [path: string, value: unknown]

it.each<[string, Damage]>([
  ['its version is not 1', ['version', 2]],
  ['store is no object', ['store', null]],
  ['customers is no list', ['store', {}]],
  ['customers[1].id is no text', ['store.customers[1].id', 7]],
  ['customers[0].customer.source_id is no text', ['store.customers[0].customer', {}]],
  ['customers[0].createdAt is no number', ['store.customers[0].createdAt', 1e20]],
  ['customers[0].history[0].by is no way to change a customer', ['store.customers[0].history[0].by', 'x']],
  ['events[0].at is no time', ['store.events[0].at', 'now']],
  ['groups[0].members is no text', ['store.groups[0].members', [1]]],
  ['calls[0] is no kind of call', ['store.calls[0][0]', 'x']],
  ['actions[0] has a type or status that nobody knows', ['actions[0].status', 'x']]
])('that is damaged is refused, and nothing has changed: %s', async (reason, [path, value]) => {
  const sandbox = await filled()
  const before = JSON.stringify(sandbox.snapshot())
  expect(() => sandbox.restore(set(written(sandbox), path, value))).toThrow(
    new RangeError(`What was kept of the sandbox can't be read: ${reason}.`)
  )
  expect(JSON.stringify(sandbox.snapshot())).toBe(before)
})
