import type { SegmentEvent } from '@segment/actions-core'
import { WEBHOOK_KEYS, WEBHOOK_PATH } from '../../workbench/app/source'
import type { Delivery, SourceChange, SourceInfo, WebhookDelivery } from '../../workbench/shared/types'
import { closeAll, start, until } from '../workbench/helpers'
import type { Running } from '../workbench/helpers'

/** Source and destination against each other: the sandbox tells the workbench's source of each change of a customer. */
let workbench: Running
let own: string

beforeEach(async () => {
  workbench = await start()
  const { url, sandbox } = workbench
  sandbox.webhooks.sendTo({ url: `${url}${WEBHOOK_PATH}`, secret: WEBHOOK_KEYS.signatureKey })
  own = (await workbench.get<SourceInfo>('/api/source')).ownApplicationId
})
afterEach(closeAll)

const identify = (traits: object) => workbench.send('POST', '/v1/identify', { userId: 'ada', traits })
const options = (change: SourceChange) => workbench.send('PUT', '/api/source', change)

/** All rows, the oldest first, when so many webhooks were taken and nothing is on its way any more. */
async function settled(webhooks: number): Promise<Delivery[]> {
  const isDone = ({ status }: WebhookDelivery) => status === 'delivered'
  await until(async () => {
    const told = workbench.sandbox.webhooks.list()
    const { waiting } = await workbench.get<{ waiting: number }>('/api/overview')
    return told.length >= webhooks && told.every(isDone) && waiting === 0
  })
  expect(workbench.sandbox.webhooks.list()).toHaveLength(webhooks)
  return (await workbench.deliveries()).reverse()
}

/** How many requests reached the sandbox. */
function requests(): number {
  const { calls } = workbench.sandbox.state().totals
  return Object.values(calls).reduce((sum, count) => sum + count, 0)
}

const ways = (rows: Delivery[]) => rows.map(({ direction, status }) => `${direction} ${status}`).sort()

test('one change ends as one call: what comes back is kept from the destination', async () => {
  await options({ customerUpdates: true })
  await identify({ email: 'ada@example.com' })
  const rows = await settled(1)
  expect(ways(rows)).toEqual(['fromVoucherify delivered', 'toVoucherify delivered', 'toVoucherify unmatched'])
  expect(rows.find(({ status }) => status === 'unmatched')).toMatchObject({
    event: { type: 'identify', userId: 'ada', traits: { email: 'ada@example.com' } },
    reason: 'The call\'s integrations switch "Voucherify (Actions)" off.'
  })
  expect(requests()).toBe(1)
})

test("with the destination's Application ID nothing comes back at all", async () => {
  await options({ customerUpdates: true, ownApplicationId: own })
  await identify({ email: 'ada@example.com' })
  await settled(1)
  await identify({ email: 'ada@example.org' })
  const rows = await settled(2)
  expect(ways(rows)).toEqual([
    'fromVoucherify unmatched',
    'fromVoucherify unmatched',
    'toVoucherify delivered',
    'toVoucherify delivered'
  ])
  expect(rows.flatMap(({ direction, reason }) => (direction === 'fromVoucherify' ? reason : []))).toEqual([
    "The customer.created was caused by the destination's own key, so Segment knows it already.",
    "The customer.updated was caused by the destination's own key, so Segment knows it already."
  ])
})

test('a change by another key comes back, since it is news', async () => {
  await options({ customerUpdates: true, ownApplicationId: 'the id of some other key' })
  await identify({ email: 'ada@example.com' })
  expect(ways(await settled(1))).toContain('fromVoucherify delivered')
})

test('updates stay away until they are asked for', async () => {
  await options({})
  await identify({ email: 'ada@example.com' })
  await settled(1)
  await identify({ email: 'ada@example.org' })
  const rows = await settled(2)
  expect(rows.filter(({ webhook }) => webhook?.type === 'customer.updated')).toMatchObject([
    { status: 'unmatched', reason: 'customer.updated is off until the setting customerUpdates is true.' }
  ])
})

describe('an audience that Engage sends again, from a source of its own and without integrations', () => {
  /** Plays Engage: a trait that an identify set goes to the destination once more. */
  const echo = ({ traits }: SegmentEvent) => identify({ email: traits?.email })
  const cameBack = (rows: Delivery[]) => rows.flatMap(({ webhook }) => webhook?.calls ?? [])

  test("starts no loop where the destination's Application ID is set", async () => {
    await options({ customerUpdates: true, ownApplicationId: own })
    await identify({ vip: true })
    expect(cameBack(await settled(1))).toEqual([])
  })

  // Voucherify may tell of an update that changes nothing, as the sandbox does; the documents are silent.
  test('may go round for ever without it, which is why the docs ask for it', async () => {
    await options({ customerUpdates: true, ownApplicationId: '' })
    await identify({ email: 'ada@example.com' })
    const [first] = cameBack(await settled(1))
    await echo(first)
    expect(cameBack(await settled(2))).toHaveLength(2)
    await options({ customerUpdates: true, ownApplicationId: own })
    await echo(first)
    expect(cameBack(await settled(3))).toHaveLength(2)
  })
})
