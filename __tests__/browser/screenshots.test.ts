import { mkdir, writeFile } from 'fs/promises'
import { join } from 'path'
import type { Page } from 'playwright-core'
import { describeInBrowser } from './chromium'
import { rowsOf, startWorkbench, TEST_MS, useBrowser } from './helpers'
import type { Running } from './helpers'

jest.setTimeout(TEST_MS)

const FOLDER = join(__dirname, '..', '..', 'docs')
const MAX_BYTES = 300 * 1000
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

describeInBrowser('the pictures of the README', () => {
  const browser = useBrowser()
  let running: Running

  beforeAll(async () => {
    running = await startWorkbench()
    // The samples, with two answers of a gateway that is too busy, and a call that no preset takes.
    await running.send('POST', '/api/trouble', { kind: '429', remaining: 2, seconds: 30 })
    await running.send('POST', '/api/samples', {})
    await running.send('POST', '/v1/alias', { userId: 'usr_10482', previousId: 'visitor-1' })
  })
  afterAll(() => running.close())

  it.each(['light', 'dark'] as const)('show the samples on their way, %s', async (colorScheme) => {
    const { page } = await browser.visit(running.url, { colorScheme, viewport: { width: 1280, height: 860 } })
    await page.getByText('26 deliveries', { exact: true }).waitFor()
    await take(page, `workbench-${colorScheme}.png`)
  })

  it('show the way of one call', async () => {
    const { page } = await browser.visit(running.url, { viewport: { width: 1440, height: 1060 } })
    await page.getByText('26 deliveries', { exact: true }).waitFor()
    // The picture of the flow has its own screenshot.
    await page.getByRole('heading', { name: 'The way of your calls' }).click()
    await rowsOf(page).getByRole('link', { name: 'review_submitted' }).click()
    await page.getByRole('heading', { name: 'Mapping, field by field' }).waitFor()
    await page.mouse.move(0, 0)
    await take(page, 'workbench-call.png')
  })
})
