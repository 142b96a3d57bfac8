import type { Page } from 'playwright-core'
import {
  describeInBrowser,
  expectOwnHostOnly,
  findingsOf,
  goTo,
  overflow,
  resize,
  rowsOf,
  sendSamples,
  TEST_MS,
  useBrowser
} from './helpers'
import type { Running, Visit } from './helpers'

jest.setTimeout(TEST_MS)

const WINDOW = { width: 1280, height: 900 }
const WIDTHS = [360, 768, 1920]
/** A theme changes nothing but colours, so these are the rules that can tell two themes apart. */
const RULES_OF_COLOURS = ['color-contrast', 'link-in-text-block']

/** The tests only look, so they share one page. Each goes to its view by itself. */
describeInBrowser('in light and dark, and 360, 768 and 1920 pixels wide,', () => {
  const browser = useBrowser()
  let running: Running
  let visited: Visit
  let page: Page

  beforeAll(async () => {
    ;({ running, visited, page } = await browser.open({}, { viewport: WINDOW }))
    await sendSamples(page)
    // A notice that goes while axe looks at it is judged by the colours of something that nobody sees.
    await page.evaluate('document.getAnimations().forEach((one) => { one.pause(); one.currentTime = 2500 })')
    await running.send('POST', '/api/trouble', { kind: '429', remaining: 3, seconds: 30 })
  }, TEST_MS)
  afterEach(() => {
    expectOwnHostOnly(visited.requests, running.url)
    expect(visited.complaints.splice(0)).toEqual([])
  })

  /** What is wrong with what the page shows now: by axe in both themes, and by its width. */
  async function faultsOf(within: string): Promise<string[]> {
    await page.emulateMedia({ colorScheme: 'light' })
    const light = await findingsOf(page, within)
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await findingsOf(page, within, RULES_OF_COLOURS)
    await page.emulateMedia({ colorScheme: 'light' })
    const wide: string[] = []
    for (const width of WIDTHS) {
      await resize(page, width, 780)
      if (await overflow(page)) wide.push(`scrolls sideways ${width} pixels wide`)
    }
    await resize(page, WINDOW.width, WINDOW.height)
    return [...light.map((finding) => `light: ${finding}`), ...dark.map((finding) => `dark: ${finding}`), ...wide]
  }

  it.each([
    // What stands around a view is looked at with the first one, and once more where the picture is folded.
    ['Deliveries', 'html'],
    ['Connect an app', 'html'],
    ['Customers', 'main'],
    ['Audiences', 'main'],
    ['Mappings', 'main'],
    ['Metadata', 'main'],
    ['Try a call', 'main'],
    ['Rehearse', 'main'],
    ['From Voucherify', 'main']
  ])('%s has no serious finding of axe, and never scrolls sideways', async (view, within) => {
    await goTo(page, view)
    await prepare(page, view)
    expect(await faultsOf(within)).toEqual([])
  })

  it('a delivery and the question before the list is cleared have none either', async () => {
    await goTo(page, 'Deliveries')
    const detail = page.getByRole('region', { name: 'The way of this call' })
    await rowsOf(page).filter({ hasText: 'Delivered' }).first().locator('[id^="delivery-"]').click()
    await detail.getByRole('heading', { name: 'Request to Voucherify' }).waitFor()
    expect(await faultsOf('main')).toEqual([])
    await detail.getByRole('button', { name: 'Close the delivery' }).click()
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    expect(await faultsOf('dialog[open]')).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  })

  it('the page is as bright as the system asks', async () => {
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await brightness(page)).toBeGreaterThan(220)
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await brightness(page)).toBeLessThan(40)
  })
})

async function brightness(page: Page): Promise<number> {
  const colour = String(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
  const [red, green, blue] = colour.match(/\d+/g)?.map(Number) ?? [NaN, NaN, NaN]
  return (red + green + blue) / 3
}

/** Opens what a view shows only after a press, so that the checks see it. */
async function prepare(page: Page, view: string): Promise<void> {
  switch (view) {
    case 'Deliveries':
      return rowsOf(page).first().waitFor()
    case 'Try a call':
      await page.getByLabel('Call as JSON').fill('{ "type": ')
      await page.getByRole('button', { name: 'Go there' }).waitFor()
      await page.getByLabel('Call as JSON').fill('{ "type": "identify", "userId": "ada", "traits": { "name": "Ada" } }')
      await page.getByRole('button', { name: 'Preview' }).click()
      return page.getByRole('region', { name: 'Body of the request' }).waitFor()
    case 'Mappings':
      await page.getByRole('link', { name: 'Create Or Update Customer' }).click()
      await page.getByRole('switch', { name: 'Batch Customers' }).click()
      for (const name of ['Add a mapping', 'Hidden fields', 'The whole request']) await page.getByText(name).click()
      return page.getByRole('region', { name: 'Body of the request' }).waitFor()
    case 'Rehearse':
      return page.getByRole('button', { name: 'Start trouble' }).waitFor()
    case 'Customers':
      await page.getByRole('link', { name: 'usr_10482' }).first().click()
      return page.getByText('cleared').first().waitFor()
    case 'Metadata':
      return page.getByRole('button', { name: 'Define all customer keys' }).waitFor()
    case 'From Voucherify':
      return page.getByRole('region', { name: 'Segment call 1' }).waitFor()
    case 'Audiences':
      return page.getByText('first_time_shopper', { exact: true }).waitFor()
    default:
      return page.getByRole('button', { name: 'Copy the curl snippet' }).waitFor()
  }
}
