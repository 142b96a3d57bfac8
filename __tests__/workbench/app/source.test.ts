import { webhookSamples } from '../../../source/samples'
import { sign } from '../../../source/signature'
import { toSegment } from '../../../source/toSegment'
import { WEBHOOK_KEYS } from '../../../workbench/app/source'
import { SANDBOX_KEYS } from '../../../workbench/app/start'
import type { Delivery, DeliveryList, SourceInfo, SourcePreview } from '../../../workbench/shared/types'
import { EVERYTHING, sample } from '../../source/helpers'
import { closeAll, start } from '../helpers'
import type { Running } from '../helpers'

let workbench: Running
beforeEach(async () => {
  workbench = await start()
})
afterEach(closeAll)

async function post(body: string, headers: Record<string, string> = signed(body), query = '') {
  const response = await fetch(`${workbench.url}/api/source/webhook${query}`, { method: 'POST', body, headers })
  return { status: response.status, body: await response.json() }
}

const signed = (body: string) => ({ 'x-voucherify-signature': sign(body, WEBHOOK_KEYS.signatureKey) })
const fromVoucherify = async () =>
  (await workbench.deliveries()).filter(({ direction }) => direction === 'fromVoucherify')
const toVoucherify = async () => (await workbench.deliveries()).filter(({ direction }) => direction === 'toVoucherify')

test('it says where webhooks are taken, with which options, and has a sample of each', async () => {
  const info = await workbench.get<SourceInfo>('/api/source')
  expect(info.address).toBe(`${workbench.url}/api/source/webhook`)
  expect(info.samples).toEqual(JSON.parse(JSON.stringify(webhookSamples)))
  expect(info.settings.map(({ key }) => key)).toContain('customerUpdates')
  expect(JSON.stringify(info)).not.toContain(SANDBOX_KEYS.applicationId)
})

test("a preview shows the calls, the reason where there is none, and what can't be read of the options", async () => {
  const preview = async (body: object) =>
    (await workbench.send('POST', '/api/source/preview', body)).body as SourcePreview
  const paid = sample('customer.order.paid')
  expect(await preview({ webhook: paid })).toMatchObject({
    calls: [],
    reason: expect.stringContaining('orders is true')
  })
  const { calls } = await preview({ webhook: paid, options: { orders: 'true', currency: 'EUR' } })
  expect(calls).toEqual(toSegment(paid, { orders: true, currency: 'EUR' }).calls)
  expect((await preview({ webhook: paid, options: { events: '{' } })).problems).toEqual([
    expect.stringContaining('The setting events is no JSON')
  ])
  const raw = sample('customer.segment.left').data
  expect((await preview({ webhook: raw, type: 'customer.segment.left' })).calls).toHaveLength(1)
  expect(await workbench.deliveries()).toEqual([])
})

test('the curl of a preview is taken', async () => {
  const webhook = sample('customer.rewarded')
  webhook.data.reward.name = "Ada's ' bottle"
  const { body } = await workbench.send('POST', '/api/source/preview', { webhook })
  const [, signature] = /x-voucherify-signature: (\w+)/.exec((body as SourcePreview).curl) ?? []
  const [, quoted] = /--data-raw '([^]*)'$/.exec((body as SourcePreview).curl) ?? []
  const sent = quoted.replace(/'\\''/g, "'")
  expect(await post(sent, { 'x-voucherify-signature': signature })).toMatchObject({ status: 200, body: { calls: 1 } })
})

test('a webhook is a row of its direction, and its call one that the destination does not get', async () => {
  const webhook = sample('customer.created')
  expect(await post(JSON.stringify(webhook))).toEqual({ status: 200, body: { success: true, calls: 1 } })
  await workbench.ended(2)
  expect(await fromVoucherify()).toMatchObject([
    {
      status: 'delivered',
      event: { userId: 'user-1042' },
      webhook: { type: 'customer.created', body: webhook, calls: [{ userId: 'user-1042' }] }
    }
  ])
  expect(await toVoucherify()).toMatchObject([
    {
      status: 'unmatched',
      event: { type: 'identify', userId: 'user-1042' },
      reason: 'The call\'s integrations switch "Voucherify (Actions)" off.'
    }
  ])
  expect(workbench.sandbox.state().totals.customers).toBe(0)
  const counted = async (query: string) => {
    const { total, counts } = await workbench.get<DeliveryList>(`/api/deliveries${query}`)
    return [total, counts.delivered, counts.unmatched]
  }
  expect(await counted('')).toEqual([2, 1, 1])
  expect(await counted('?direction=fromVoucherify')).toEqual([1, 1, 0])
  expect(await counted('?direction=toVoucherify')).toEqual([1, 0, 1])
})

test('a webhook without a call is a row with the reason, and with its customer if it names one', async () => {
  await post(JSON.stringify(sample('campaign.created')))
  await post(JSON.stringify(sample('customer.updated')))
  expect(await fromVoucherify()).toMatchObject([
    { status: 'unmatched', event: { userId: 'user-1042' }, reason: expect.stringContaining('customer.updated is off') },
    { status: 'unmatched', event: {}, reason: expect.stringContaining('no person') }
  ])
  const { deliveries } = await workbench.get<DeliveryList>('/api/deliveries?user=user-1042')
  expect(deliveries).toMatchObject([{ webhook: { type: 'customer.updated' } }])
})

test('the same webhook twice is taken once', async () => {
  const body = JSON.stringify(sample('customer.rewarded'))
  await post(body)
  await post(body)
  await workbench.ended(3)
  expect((await fromVoucherify()).map(({ reason }) => reason)).toEqual([
    'Segment knows its messageId already, so it is not taken twice.',
    undefined
  ])
  expect(await toVoucherify()).toHaveLength(1)
})

test.each([
  ['neither signature nor secret', 401, () => ({})],
  ['a wrong signature', 401, () => ({ 'x-voucherify-signature': sign('{}', 'another key') })],
  ['the secret in its header', 200, () => ({ 'x-webhook-secret': WEBHOOK_KEYS.secret })]
])('with %s it is %d', async (_, status, headers) => {
  expect((await post(JSON.stringify(sample('customer.rewarded')), headers())).status).toBe(status)
  const [row] = await fromVoucherify()
  expect(row.status).toBe(status === 200 ? 'delivered' : 'refused')
  expect(JSON.stringify(row).includes('user-1042')).toBe(status === 200)
})

test('what is no JSON is 400, and a row', async () => {
  expect((await post('garbage')).status).toBe(400)
  expect(await fromVoucherify()).toMatchObject([{ status: 'refused', reason: 'The webhook is no JSON.' }])
})

test("options change what webhooks become, and what can't be read is refused", async () => {
  expect((await workbench.send('PUT', '/api/source', { names: 'voucherify' })).status).toBe(200)
  await post(JSON.stringify(sample('customer.rewarded')))
  const [row] = await fromVoucherify()
  expect(row.webhook?.calls).toMatchObject([{ event: 'Customer Rewarded' }])
  expect(await workbench.send('PUT', '/api/source', { currency: 'EURO' })).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('The setting currency must be the ISO 4217 code') }
  })
  expect((await workbench.get<SourceInfo>('/api/source')).options.names).toBe('voucherify')
})

test('the tracking API takes every call of every sample', async () => {
  const calls = webhookSamples.flatMap(({ webhook }) => toSegment(webhook, EVERYTHING).calls)
  const { status, body } = await workbench.send('POST', '/v1/batch', { batch: calls })
  expect({ status, body }).toEqual({ status: 200, body: { success: true } })
  const rows: Delivery[] = await workbench.ended(calls.length)
  expect(rows.map(({ event }) => event.messageId).sort()).toEqual(calls.map(({ messageId }) => messageId).sort())
})

test('the Source Function is there to copy', async () => {
  const script = await (await fetch(`${workbench.url}/api/source/function`)).text()
  expect(script).toContain('async function onRequest(request, settings)')
})

test('webhooks are counted among the rows, and not among the calls', async () => {
  await post(JSON.stringify(sample('campaign.created')))
  const { total, counts } = (await workbench.get('/api/deliveries')) as { total: number; counts: object }
  expect({ total, counts }).toMatchObject({ total: 1, counts: { unmatched: 1 } })
  expect(await workbench.get('/api/overview')).toMatchObject({
    calls: 0,
    counts: {},
    webhooks: { delivered: 0, unmatched: 1 }
  })
})
