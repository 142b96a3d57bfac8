import { mkdir, writeFile } from 'fs/promises'
import { join } from 'path'
import type { Page } from 'playwright-core'
import { WEBHOOK_KEYS, WEBHOOK_PATH } from '../../workbench/app/source'
import { describeInBrowser, rowsOf, startWorkbench, TEST_MS, useBrowser } from './helpers'
import type { Running } from './helpers'

jest.setTimeout(TEST_MS)

const FOLDER = join(__dirname, '..', '..', 'docs')
const MAX_BYTES = 200 * 1000
/** First bytes of every PNG. */
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47])

/** Takes a picture of the window, and puts it into docs/ when the tests are run with UPDATE_SCREENSHOTS=1. */
async function take(page: Page, name: string): Promise<void> {
  const picture = await page.screenshot({ animations: 'disabled' })
  expect(picture.subarray(0, PNG.length)).toEqual(PNG)
  expect(picture.length).toBeLessThan(MAX_BYTES)
  if (process.env.UPDATE_SCREENSHOTS !== '1') return
  await mkdir(FOLDER, { recursive: true })
  await writeFile(join(FOLDER, name), picture)
}

const post = (running: Running, path: string, body: unknown) => running.send('POST', path, body)

/** Who the customer's picture shows: in an audience, with attributes that changed, a group and an order. */
async function sendIda(running: Running): Promise<void> {
  const engage = (computation_key: string, value: unknown) => ({
    userId: 'ida',
    traits: { [computation_key]: value },
    context: { personas: { computation_class: value === true ? 'audience' : 'trait', computation_key } }
  })
  const address = { city: 'Malmö', country: 'SE' }
  const traits = { email: 'ida@example.com', name: 'Ida Lind', address, metadata: { plan: 'free' } }
  const metadata = { order_id: 'o-77', total: 49.9, coupon: 'SPRING' }
  const calls: [string, object][] = [
    ['identify', { userId: 'ida', traits }],
    ['track', { userId: 'ida', event: 'Product Viewed', properties: { metadata: { sku: 'A-1' } } }],
    ['identify', engage('vip', true)],
    ['identify', engage('total_revenue', 812.4)],
    ['identify', { userId: 'ida', traits: { name: 'Ida Lindqvist', metadata: { plan: 'gold' } } }],
    ['group', { userId: 'ida', groupId: 'club-malmo' }],
    ['track', { userId: 'ida', event: 'Order Completed', properties: { currency: 'SEK', metadata } }]
  ]
  for (const [type, call] of calls) await post(running, `/v1/${type}`, call)
}

describeInBrowser('the pictures of the docs', () => {
  const browser = useBrowser()
  let running: Running

  beforeAll(async () => {
    running = await startWorkbench()
    // As npm start has it.
    running.sandbox.webhooks.sendTo({ url: `${running.url}${WEBHOOK_PATH}`, secret: WEBHOOK_KEYS.signatureKey })
    // The samples, with two answers of a gateway that is too busy, and a call that no mapping takes.
    await post(running, '/api/trouble', { kind: '429', remaining: 2, seconds: 30 })
    await post(running, '/api/samples', {})
    await post(running, '/v1/alias', { userId: 'usr_10482', previousId: 'visitor-1' })
    await sendIda(running)
  })
  afterAll(() => running.close())

  const visit = async (path: string, options: Parameters<typeof browser.visit>[1] = {}): Promise<Page> => {
    const viewport = { width: 1200, height: 720 }
    const { page } = await browser.visit(`${running.url}/${path}`, { viewport, ...options })
    return page
  }

  it.each(['light', 'dark'] as const)('show the samples on their way, %s', async (colorScheme) => {
    const page = await visit('', { colorScheme })
    await page.getByText('33 deliveries', { exact: true }).waitFor()
    await take(page, `workbench-${colorScheme}.png`)
  })

  it('show the way of one call, with what it loses', async () => {
    const page = await visit('', { viewport: { width: 1200, height: 720 } })
    await rowsOf(page).filter({ hasText: 'ida' }).getByText('Order Completed').click()
    await page.getByRole('heading', { name: 'Mapping, field by field' }).waitFor()
    await page.mouse.move(0, 0)
    await take(page, 'workbench-call.png')
  })

  it('show a customer', async () => {
    const page = await visit('#/customers/ida')
    await page.getByText('7 calls').waitFor()
    await take(page, 'workbench-customer.png')
  })

  it('show what metadata came and what is defined', async () => {
    await running.send('PUT', '/api/definitions', {
      customer: [
        { name: 'plan', type: 'string', array: false },
        { name: 'vip', type: 'boolean', array: false },
        { name: 'total_revenue', type: 'string', array: false }
      ],
      event: [{ name: 'total', type: 'number', array: false }]
    })
    const page = await visit('#/metadata')
    await page.getByText('✓ kept as number').waitFor()
    await take(page, 'workbench-metadata.png')
  })

  it('show the way from Voucherify', async () => {
    const page = await visit('#/source')
    await page.getByRole('region', { name: 'Segment call 1' }).waitFor()
    await take(page, 'workbench-source.png')
  })
})
