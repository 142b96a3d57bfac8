import type { Locator, Page } from 'playwright-core'
import { clipboard, describeInBrowser, eventually, linksOf, rowsOf, TEST_MS, useBrowser } from './helpers'
import type { Opener, Running } from './helpers'

jest.setTimeout(TEST_MS)

/** Controls that a person passes at most on the way to another one. */
const MAX_PRESSES = 120

/** A script for the browser: whether the eye finds what has the focus, by an outline of it or around it. */
const SHOWS_FOCUS = `(() => {
  const isDrawn = (node, part) => getComputedStyle(node, part).outlineStyle !== 'none'
  if (isDrawn(document.activeElement, '::after')) return true
  for (let node = document.activeElement; node !== document.body; node = node.parentElement) {
    if (isDrawn(node)) return true
  }
  return false
})()`

/** A script for the browser: what covers the middle of what has the focus; empty for nothing. */
const COVERS_FOCUS = `(() => {
  const focused = document.activeElement
  const { left, top, width, height } = focused.getBoundingClientRect()
  const found = document.elementFromPoint(left + width / 2, top + height / 2)
  return focused.contains(found) ? '' : focused.outerHTML + ' below ' + (found ? found.outerHTML : 'the edge')
})()`

const hasFocus = async (page: Page, control: Locator): Promise<boolean> =>
  (await control.and(page.locator(':focus')).count()) > 0

/** Presses Tab until a control has the focus; fails when it is never reached, or when the focus can't be seen. */
async function tabTo(page: Page, control: Locator): Promise<void> {
  for (let presses = 0; presses < MAX_PRESSES; presses += 1) {
    await page.keyboard.press('Tab')
    if (!(await hasFocus(page, control))) continue
    expect(await page.evaluate(SHOWS_FOCUS)).toBe(true)
    return
  }
  throw new Error(`Tab does not reach ${control}.`)
}

async function press(page: Page, control: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, control)
  await page.keyboard.press(key)
}

/** Goes to a control and types in place of what stands there. */
async function type(page: Page, control: Locator, text: string): Promise<void> {
  await tabTo(page, control)
  await page.keyboard.press('Control+A')
  await page.keyboard.type(text)
}

describeInBrowser('with the keyboard alone', () => {
  const browser = useBrowser()
  let running: Running
  let page: Page

  const begin = async (...options: Parameters<Opener['open']>) => {
    ;({ running, page } = await browser.open(...options))
    await page.getByText('No call has arrived yet.').waitFor()
  }
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
  const open = (view: string) =>
    press(page, page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }))
  const samples = async () => {
    await press(page, button('Send samples'))
    await page.getByText('25 deliveries', { exact: true }).waitFor()
  }

  it('1. samples are sent, and a number of the picture is seen to have the focus and leads to its calls', async () => {
    await begin()
    await samples()
    expect(await rowsOf(page).count()).toBe(25)
    const number = page.getByRole('link', { name: 'Assign Customer To Group, Rejected: 1' })
    const { x, y, width, height } = (await number.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    // No style says whether a browser draws the frame inside a picture.
    const look = () => page.screenshot({ clip: { x: x - 8, y: y - 8, width: width + 16, height: height + 16 } })
    const before = await look()
    await tabTo(page, number)
    expect((await look()).equals(before)).toBe(false)
    await page.keyboard.press('Enter')
    await page.getByText('1 of 25 deliveries').waitFor()
    // The button is gone then, and the heading that takes the focus over comes into sight.
    await press(page, button('Clear filters'))
    await page.getByText('25 deliveries', { exact: true }).waitFor()
    const heading = page.getByRole('heading', { name: 'Deliveries' })
    await eventually(async () => expect(await hasFocus(page, heading)).toBe(true))
    expect((await heading.boundingBox())?.height).toBeGreaterThan(10)
  })

  it('2. a delivery is found with the arrow keys, read, copied, sent again and closed', async () => {
    await begin()
    await samples()
    const links = linksOf(page)
    await tabTo(page, links.nth(0))
    await page.keyboard.press('End')
    await eventually(async () => expect(await hasFocus(page, links.nth(24))).toBe(true))
    await page.keyboard.press('Home')
    await page.keyboard.press('j')
    await eventually(async () => expect(await hasFocus(page, links.nth(1))).toBe(true))
    await page.keyboard.press('Enter')

    const detail = page.getByRole('region', { name: 'The way of this call' })
    await eventually(async () => expect(await hasFocus(page, detail.getByRole('heading').first())).toBe(true))
    await detail.getByRole('heading', { name: 'Mapping, field by field' }).waitFor()
    await press(page, detail.getByRole('button', { name: 'Send again' }))
    await page.getByText('26 deliveries', { exact: true }).waitFor()
    await detail.getByText('Delivered: Voucherify took the call.').waitFor()
    await press(page, detail.getByRole('button', { name: 'Copy as curl' }))
    await page.getByRole('status').getByText('Copied the request').waitFor()
    expect(await clipboard(page)).toContain('/segmentio/')
    // From wherever one is: here from the list.
    await page.keyboard.press('j')
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'detached' })
    await eventually(async () => expect(await hasFocus(page, linksOf(page).first())).toBe(true))
  })

  it('2. its keys are listed, and lead through the deliveries', async () => {
    await begin()
    for (const event of ['First', 'Second', 'Third']) {
      await running.send('POST', '/v1/track', { userId: 'ada', event })
      await linksOf(page).filter({ hasText: event }).waitFor()
    }
    const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await press(page, button('Keyboard shortcuts'))
    await page.keyboard.press('Escape')
    await keys.waitFor({ state: 'hidden' })
    await page.keyboard.press('?')
    await keys.getByText('Go to the search of the view').waitFor()
    await page.keyboard.press('Escape')
    await keys.waitFor({ state: 'hidden' })

    await page.keyboard.press('/')
    await page.keyboard.type('jk?')
    expect(await page.getByLabel('Find', { exact: true }).inputValue()).toBe('jk?')
    await page.keyboard.press('Control+A')
    await page.keyboard.press('Delete')
    await page.keyboard.press('Escape')
    await linksOf(page).nth(2).waitFor()

    for (const [key, title] of [
      ['j', 'Third'],
      ['j', 'Second'],
      ['j', 'First'],
      ['k', 'Second']
    ]) {
      await page.keyboard.press(key)
      await linksOf(page).filter({ hasText: title }).and(page.locator(':focus')).waitFor()
    }
    await page.keyboard.press('Enter')
    await page
      .getByRole('region', { name: 'The way of this call' })
      .getByRole('heading', { name: 'track Second' })
      .waitFor()
  })

  it('3. a snippet is copied', async () => {
    await begin()
    await open('Connect an app')
    await press(page, button('Copy the analytics-node snippet'))
    await page.getByRole('status').getByText('Copied the analytics-node snippet.').waitFor()
    expect(await clipboard(page)).toContain(running.url)
  })

  it('4. a call is written, mended, previewed and sent', async () => {
    await begin()
    await open('Try a call')
    const picker = page.getByLabel('Start from a sample')
    await picker.getByRole('option', { name: 'screen Home' }).waitFor({ state: 'attached' })
    await tabTo(page, picker)
    await page.keyboard.type('screen Home')
    const editor = page.getByLabel('Call as JSON')
    await eventually(async () => expect(await editor.inputValue()).toContain('"screen"'))
    await type(page, editor, '{ "type": "track", "userId": "ada", "event": "Typed"')
    await press(page, button('Go there'))
    await page.keyboard.press('Control+End')
    await page.keyboard.type(' }')
    await press(page, button('Preview'))
    await page.getByText('Nothing was sent.', { exact: true }).waitFor()
    await press(page, button('Send'))
    await page.getByRole('link', { name: 'track Typed' }).waitFor()
  })

  it('5. a preset is switched off, and a mapping is changed, saved and put back', async () => {
    await begin()
    await open('Mappings')
    await press(page, page.getByRole('switch', { name: 'Assign Customer To Group is on' }), 'Space')
    await page.getByRole('status').getByText('Assign Customer To Group is off.').waitFor()
    // Back to the list's beginning, which lies before the switch.
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Create Or Update Customer' }).waitFor()
    await tabTo(page, page.getByLabel('How Description gets its value'))
    await page.keyboard.type('Text')
    await type(page, page.getByLabel('Description: text'), 'From the keyboard')
    await page.getByRole('group', { name: 'Description', exact: true }).getByText('From the keyboard').waitFor()
    await press(page, button('Save'))
    await page.getByRole('status').getByText('Saved Create Or Update Customer.').waitFor()
    // There is nothing more to save, and the focus is where it was.
    await eventually(async () => expect(await button('Save').isDisabled()).toBe(true))
    expect(await hasFocus(page, button('Save'))).toBe(true)
    const saved = async () =>
      (await running.mappings()).mappings.find(({ preset }) => preset === 'Create Or Update Customer')
    expect((await saved())?.mapping.description).toBe('From the keyboard')
    await press(page, button('Back to defaults'))
    await press(page, page.getByRole('dialog').getByRole('button', { name: 'Back to defaults' }))
    await eventually(async () => expect((await saved())?.changed).toBe(false))
  })

  it('5. no field that has the focus is below the views or the bar to save', async () => {
    await begin({}, { viewport: { width: 1024, height: 600 } })
    await open('Mappings')
    await tabTo(page, page.getByLabel('Trigger'))
    for (const key of [...Array<string>(30).fill('Tab'), ...Array<string>(30).fill('Shift+Tab')]) {
      await page.keyboard.press(key)
      expect(await page.evaluate(COVERS_FOCUS)).toBe('')
    }
  })

  it('6. trouble is started and ended', async () => {
    await begin()
    await open('Rehearse')
    await tabTo(page, page.getByRole('radio', { name: '429' }))
    await page.keyboard.press('ArrowDown')
    expect(await page.getByRole('radio', { name: '500' }).isChecked()).toBe(true)
    await type(page, page.getByLabel('Number of calls'), '2')
    await press(page, button('Start trouble'))
    await page.getByRole('region', { name: 'Switched on' }).getByText('500 Server error for 2 more calls').waitFor()
    expect(running.sandbox.trouble.list()).toMatchObject([{ kind: '500', remaining: 2 }])
    await press(page, button('End trouble'))
    await page.getByText('None: the sandbox answers as Voucherify would.').waitFor()
  })

  it('7. a customer is found and erased, and all is cleared', async () => {
    await begin()
    await samples()
    await open('Customers')
    await page.getByRole('button', { name: 'Customers 7' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('aiko')
    await page.getByRole('link', { name: 'usr_10482' }).waitFor({ state: 'detached' })
    const found = page.getByRole('link', { name: 'usr_55310' })
    await press(page, found)
    await page.getByRole('heading', { name: 'Changes' }).waitFor()
    // The way back leads to what was found, and to its row.
    await press(page, page.getByRole('link', { name: 'All customers' }))
    await eventually(async () => expect(await hasFocus(page, found)).toBe(true))
    expect(await page.getByLabel('Search').inputValue()).toBe('aiko')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Changes' }).waitFor()
    await press(page, button('Erase this customer'))
    const dialog = page.getByRole('dialog')
    await press(page, dialog.getByRole('button', { name: 'Erase' }))
    await page.getByRole('button', { name: 'Customers 6' }).waitFor()
    await press(page, button('Clear all'))
    await press(page, dialog.getByRole('button', { name: 'Clear the sandbox' }))
    await eventually(() => expect(running.sandbox.state().totals.customers).toBe(0))
  })

  it('8. the connection to a project is tested', async () => {
    await begin({ mode: 'project' })
    await press(page, button('Test connection'))
    await page.getByText('✓ The gateway answered and knows the keys.').waitFor()
  })

  it('9. the deliveries shown are downloaded', async () => {
    await begin()
    await samples()
    const downloading = page.waitForEvent('download')
    await press(page, page.getByRole('link', { name: 'Download NDJSON' }))
    expect((await downloading).suggestedFilename()).toMatch(/\.ndjson$/)
  })
})
