import type { Locator, Page } from 'playwright-core'
import { execFile } from 'child_process'
import { readFileSync } from 'fs'
import { promisify } from 'util'
import type { JSONValue } from '@segment/actions-core'
import { WEBHOOK_KEYS, WEBHOOK_PATH } from '../../workbench/app/source'
import type { Definition, Delivery, Mapping, Trouble } from '../../workbench/shared/types'
import {
  clipboard,
  describeInBrowser,
  eventually,
  expectOwnHostOnly,
  goTo,
  KEYS,
  linksOf,
  resize,
  rowsOf,
  sendSamples,
  TEST_MS,
  useBrowser
} from './helpers'
import type { Running, Visit } from './helpers'

jest.setTimeout(TEST_MS)

describeInBrowser('what people do on the page', () => {
  const browser = useBrowser()
  let running: Running
  let visited: Visit
  let page: Page

  beforeEach(async () => {
    ;({ running, visited, page } = await browser.open())
  })
  afterEach(() => {
    expectOwnHostOnly(visited.requests, running.url)
    expect(visited.complaints).toEqual([])
  })

  const track = (event: string, more: object = {}) =>
    running.send('POST', '/v1/track', { userId: 'ada', event, properties: {}, ...more })
  const identify = (userId: string, traits: object = {}) => running.send('POST', '/v1/identify', { userId, traits })
  const detail = () => page.getByRole('region', { name: 'The way of this call' })
  const open = (view: string) => goTo(page, view)
  const focused = (control: Locator) => control.and(page.locator(':focus')).waitFor()
  const deliveryLink = (name: string | RegExp) => linksOf(page).filter({ hasText: name }).first()

  describe('1. see it work at once', () => {
    it('says what to do while there is nothing, and shows the samples as rows after one click', async () => {
      await page.getByText('No call has arrived yet.').waitFor()
      await page.getByRole('button', { name: 'Send samples' }).click()
      await rowsOf(page).nth(24).waitFor()
      expect(await rowsOf(page).count()).toBe(25)
      expect(await page.getByText('No call has arrived yet.').count()).toBe(0)
    })

    it('says so too at an address that names the direction of calls, as links did once, or what is not known', async () => {
      for (const query of ['direction=toVoucherify', 'direction=anything&status=bogus&warned=maybe']) {
        await page.goto('about:blank')
        await page.goto(`${running.url}/#/deliveries?${query}`)
        await page.getByText('No call has arrived yet.').waitFor()
      }
    })

    it('counts in the picture what stands in the rows, and leads from each number to the deliveries that it counts', async () => {
      await sendSamples(page)
      await track('No preset takes it', { integrations: { All: false } })
      await page.getByText('26 deliveries', { exact: true }).waitFor()
      const rows = await rowsOf(page).all()
      const counts: Record<string, number> = {}
      for (const row of rows) {
        const [, , , preset, outcome] = await row.getByRole('cell').allInnerTexts()
        const [, name] = /([A-Z][a-z ]*[a-z])/.exec(outcome) ?? []
        const key = `${preset === '–' ? 'No mapping' : preset}: ${name}`
        counts[key] = (counts[key] ?? 0) + 1
      }
      expect(await numbersOfPicture(page)).toEqual(counts)
      const picture = page.getByRole('group', { name: 'Calls on their way' })
      const words = (await picture.textContent()) ?? ''
      const total = (outcome: string) =>
        Object.entries(counts).reduce((sum, [key, n]) => (key.endsWith(`: ${outcome}`) ? sum + n : sum), 0)
      expect(words).toMatch(/^.*26calls/)
      for (const outcome of ['Delivered', 'Rejected']) expect(words).toContain(`${outcome}${total(outcome)}`)
      expect(words).toContain('No mapping1')

      await page.getByRole('link', { name: /^✕ Rejected/ }).click()
      await page.getByText(`${total('Rejected')} of 26 deliveries`).waitFor()
      await page.getByRole('link', { name: 'Assign Customer To Group, Rejected: 1' }).click()
      await page.getByText('1 of 26 deliveries').waitFor()
      expect(await page.getByLabel('Mapping', { exact: true }).inputValue()).toBe('Assign Customer To Group')
    })

    it('shows calls as they arrive, newest first, and the rate of the last minute', async () => {
      await track('First')
      await deliveryLink('First').waitFor()
      await track('Second')
      await deliveryLink('Second').waitFor()
      expect(await linksOf(page).allInnerTexts()).toEqual(['track Second', 'track First'])
      await page.getByText('2 calls · 2 deliveries in the last minute').waitFor()
    })
  })

  describe('2. understand one delivery', () => {
    it('shows the way of a delivered call: call, presets, fields, request, answer, verdict; and can be tried again', async () => {
      const call = { userId: 'ada', traits: { email: 'ada@example.com', firstName: 'Ada', metadata: { plan: 'gold' } } }
      await identify(call.userId, call.traits)
      await deliveryLink('ada@example.com').click()
      await detail().getByText('Delivered: Voucherify took the call.').waitFor()

      const received = await detail().getByRole('region', { name: 'The call as received' }).innerText()
      expect(received).toContain('"firstName": "Ada"')
      await detail().getByText('4 mappings that did not take it').click()
      await detail().getByText("The call's type is identify, and the trigger asks for track.").waitFor()
      await detail().getByRole('link', { name: 'Create Or Update Customer' }).waitFor()

      const fields = detail().getByRole('region', { name: 'Mapping, field by field' })
      const email = fields.getByRole('row', { name: /^Email Address/ })
      expect(await email.innerText()).toMatch(/Email Address\s+email\s+\$\.traits\.email\s+ada@example\.com/)
      await detail()
        .getByRole('button', { name: /^Show \d+ fields for which the call has no value/ })
        .click()
      expect(await fields.getByRole('row', { name: /^Phone/ }).innerText()).toContain(
        'The call has nothing there, so nothing is sent.'
      )
      const body = await detail().getByRole('region', { name: 'Body of the request' }).innerText()
      expect(JSON.parse(body)).toEqual({
        source_id: 'ada',
        first_name: 'Ada',
        email: 'ada@example.com',
        metadata: { plan: 'gold' },
        type: 'identify'
      })
      const whole = await detail().innerText()
      expect(whole).toContain(`POST ${running.sandbox.url}/segmentio/customer-processing`)
      expect(whole).toMatch(/X-App-Token\s+\*\*\*/)
      expect(whole).toMatch(/Status 200/)

      await detail().getByRole('link', { name: 'Edit and try' }).click()
      const editor = page.getByLabel('Call as JSON')
      await eventually(async () => expect(JSON.parse(await editor.inputValue())).toMatchObject(call))
    })

    it('says of a refused call what to fix, and that nothing was sent', async () => {
      await running.send('POST', '/v1/identify', { anonymousId: 'a-1', traits: { email: 'reader@example.com' } })
      await deliveryLink('reader@example.com').click()
      const text = detail()
      await text.getByText('Nothing was sent for this call.').waitFor()
      expect(await text.innerText()).toMatch(/userId/)
      expect(await text.getByRole('button', { name: 'Copy as curl' }).count()).toBe(0)
    })

    it('says in the row of a call that was not taken why', async () => {
      await fetch(`${running.url}/v1/track`, { method: 'POST', body: JSON.stringify({ userId: 'ada' }) })
      // It came like any other, so that the calls are as many as their outcomes.
      await page.getByText('1 call · 1 delivery in the last minute').waitFor()
      await deliveryLink('The track call has no event.').click()
      await detail().getByRole('heading', { name: 'track not taken' }).waitFor()
      await detail().getByRole('link', { name: 'Edit and try' }).click()
      const editor = page.getByLabel('Call as JSON')
      await eventually(async () =>
        expect(JSON.parse(await editor.inputValue())).toEqual({ type: 'track', userId: 'ada' })
      )
    })

    it('copies the request as curl with placeholders for the keys', async () => {
      await track('Order Completed')
      await deliveryLink('Order Completed').click()
      const copy = detail().getByRole('button', { name: 'Copy as curl' })
      const before = await copy.boundingBox()
      await copy.click()
      await copy.getByText('✓').waitFor()
      expect(await copy.boundingBox()).toEqual(before)
      await page.getByRole('status').getByText('Copied the request as curl, without the keys.').waitFor()
      const curl = await clipboard(page)
      expect(curl).toContain('curl')
      expect(curl).toContain('/segmentio/event-processing')
      expect(curl).toContain('Order Completed')
      expect(curl).not.toContain('***')
      for (const key of Object.values(KEYS)) expect(curl).not.toContain(key)
    })

    it('sends a call again and shows the new delivery', async () => {
      await running.send('POST', '/api/trouble', { kind: '500', remaining: 1 })
      await track('Order Completed')
      await deliveryLink('Order Completed').click()
      await detail()
        .getByText(/Segment would send it again/)
        .waitFor()
      await detail().getByRole('button', { name: 'Send again' }).click()
      await detail().getByText('Delivered: Voucherify took the call.').waitFor()
      await rowsOf(page).getByText('sent again').waitFor()
      expect((await running.deliveries()).map(({ status }) => status)).toEqual(['delivered', 'retryable'])
    })

    it('filters by outcome, by preset and by text, and downloads what is shown as NDJSON', async () => {
      await sendSamples(page)
      await page.getByRole('button', { name: /Rejected \d+/ }).click()
      const refused = (await running.deliveries()).filter(({ status }) => status === 'rejected')
      await page.getByText(`${refused.length} of 25 deliveries`).waitFor()
      expect(await rowsOf(page).count()).toBe(refused.length)
      const downloading = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Download NDJSON' }).click()
      const download = await downloading
      expect(download.suggestedFilename()).toBe('deliveries.ndjson')
      const lines = readFileSync(await download.path(), 'utf8')
        .trimEnd()
        .split('\n')
      expect(lines.map((line) => JSON.parse(line))).toEqual(refused)
      await page.reload()
      await page.getByText(`${refused.length} of 25 deliveries`).waitFor()
      await page.getByRole('button', { name: /^All \d+/ }).click()
      await page.getByLabel('Mapping', { exact: true }).selectOption('Assign Customer To Group')
      await page.getByText('3 of 25 deliveries').waitFor()
      await page.getByLabel('Find', { exact: true }).fill('org_3F9A')
      await page.getByText('1 of 25 deliveries').waitFor()
      await deliveryLink('group org_3f9a61c0').waitFor()
      await page.getByLabel('Find', { exact: true }).fill('nothing holds this')
      await page.getByText('No delivery fits the filters.').waitFor()
      await page.getByRole('button', { name: 'Clear filters' }).click()
      await page.getByText('25 deliveries', { exact: true }).waitFor()
    })
  })

  describe('3. connect an app', () => {
    it('copies snippets with the address of this workbench, of which curl makes a call arrive', async () => {
      await open('Connect an app')
      for (const title of ['analytics-node', 'analytics.js in a page', 'curl']) {
        await page.getByRole('button', { name: `Copy the ${title} snippet` }).click()
        await page.getByRole('status').getByText(`Copied the ${title} snippet.`).waitFor()
        expect(await clipboard(page)).toContain(new URL(running.url).host)
      }
      const snippet = await clipboard(page)
      const [, address] = /^curl (\S+)/.exec(snippet) ?? []
      const [, body] = /-d '([^']+)'/.exec(snippet) ?? []
      const response = await fetch(address, { method: 'POST', body })
      expect(response.status).toBe(200)
      await open('Deliveries')
      await deliveryLink('Order Completed').waitFor()
    })
  })

  describe('4. write a call by hand', () => {
    const editor = () => page.getByLabel('Call as JSON')
    const sent = () => page.getByRole('region', { name: 'Result' })

    it('starts from a sample, whose names differ, previews it without sending, then sends it', async () => {
      await open('Try a call')
      const picker = page.getByLabel('Start from a sample')
      await picker.selectOption('track-referral-conversion')
      const names = await picker.getByRole('option').allInnerTexts()
      expect(new Set(names).size).toBe(26)
      expect(names).toContain('identify maria.nowak@example.com (identify-full-reserved-camelcase)')
      expect(JSON.parse(await editor().inputValue())).toMatchObject({ type: 'track', event: 'user_subscribed' })

      await page.getByRole('button', { name: 'Preview' }).click()
      await sent().getByText('Nothing was sent.').waitFor()
      const body = JSON.parse(await sent().getByRole('region', { name: 'Body of the request' }).innerText())
      expect(body).toMatchObject({ event: 'user_subscribed', customer: { source_id: 'usr_40021' }, type: 'track' })
      expect(await running.deliveries()).toEqual([])
      expect(running.sandbox.state().totals.events).toBe(0)

      const written = await editor().inputValue()
      const isOld = sent().getByText('This is about the call as it was before you changed it.')
      expect(await isOld.count()).toBe(0)
      await editor().fill(written.replace('user_subscribed', 'another_event'))
      await isOld.waitFor()
      await editor().fill(written)
      await isOld.waitFor({ state: 'detached' })

      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await sent().getByText('Delivered').waitFor()
      expect(running.sandbox.state().events).toMatchObject([{ event: 'user_subscribed' }])
      await sent().getByRole('link', { name: 'track user_subscribed' }).click()
      await detail().getByText('Delivered: Voucherify took the call.').waitFor()
    })

    it('marks the place of a mistake and says it, and shows why the workbench refuses a call', async () => {
      const mistakes: [text: string, message: string][] = [
        ['{\n  "type": "track"\n  "event": "A"\n}', 'Line 3, column 3: A comma or } is missing before this.'],
        ['{ "type": "track", }', 'Line 1, column 18: This comma has nothing after it; remove it.'],
        ["{ 'type': 1 }", 'Line 1, column 3: A name needs double quotes, not single ones.'],
        ['{\n"a": {', 'Line 2, column 7: A name in double quotes is missing here.'],
        ['{ "a": "b }', 'Line 1, column 8: The text that starts here is not closed with a quote.'],
        ['{ "a": undefined }', 'Line 1, column 8: This is no value of JSON: a text needs double quotes.'],
        ['{}\n{}', 'Line 2, column 1: Nothing may follow the end of the value.'],
        ['{ "type": "trak" }', 'There is no type "trak". A call is one of track, page,']
      ]
      await open('Try a call')
      for (const [text, message] of mistakes) {
        await editor().fill(text)
        await page.getByRole('status').getByText(message).waitFor()
        expect(await editor().getAttribute('aria-invalid')).toBe('true')
        expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
      }
      await editor().fill('{\n  "type": "track",\n  "event" "A"\n}')
      await page.getByRole('button', { name: 'Go there' }).click()
      const caret = await page.evaluate('document.activeElement.selectionStart')
      expect(caret).toBe('{\n  "type": "track",\n  "event" '.length)
      // What only the workbench can tell is shown when it is sent.
      await editor().fill('{ "type": "track", "event": "A" }')
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await page.getByRole('alert').getByText('The call has neither userId nor anonymousId.').waitFor()
      visited.complaints.length = 0 // the browser reports every answer of 400
    })

    it('sends a list as a batch, and says what of it was left out since its messageId was taken before', async () => {
      await track('Another')
      // What was shown of the deliveries before hides nothing of what is sent now.
      await page.getByRole('button', { name: /Rejected/ }).click()
      await page.getByText('No delivery fits the filters.').waitFor()
      // On a phone, where the result stands below the call, it is brought into sight.
      await resize(page, 390, 844)
      await open('Try a call')
      expect((await sent().boundingBox())?.y).toBeGreaterThan(600)
      const call = (messageId: string) => ({ type: 'track', userId: 'ada', event: 'Once', messageId })
      await editor().fill(JSON.stringify(call('m-1')))
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await sent().getByRole('link', { name: 'track Once' }).waitFor()
      expect((await sent().boundingBox())?.y).toBeLessThan(600)
      await focused(sent().getByRole('heading', { name: 'Result' }))
      // It is there still after a look at the delivery.
      await sent().getByRole('link', { name: 'track Once' }).click()
      await detail().waitFor()
      await page.goBack()
      await sent().getByRole('link', { name: 'track Once' }).waitFor()
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await sent().getByText('This messageId was taken before, so nothing was delivered.').waitFor()
      await editor().fill(JSON.stringify([call('m-1'), call('m-2'), call('m-3'), { type: 'track', event: 'Lost' }]))
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await sent().getByText('Left out 1 of 4 calls, since their messageId was taken before.').waitFor()
      await sent().getByText('1 of 4 calls was not taken.').waitFor()
      await sent().getByRole('link', { name: 'track Once' }).nth(1).waitFor()
    })
  })

  describe('5. change a mapping', () => {
    const customer = 'Create Or Update Customer'
    const openMapping = async (preset: string) => {
      await open('Mappings')
      await page.getByRole('region', { name: 'Mappings' }).getByRole('link', { name: preset }).click()
      await page.getByRole('heading', { name: preset }).waitFor()
    }
    const field = (name: string) => page.getByRole('group', { name, exact: true })
    const kind = (name: string) => page.getByLabel(`How ${name} gets its value`)
    const save = async (preset: string) => {
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('status').getByText(`Saved ${preset}.`).waitFor()
    }
    const stored = async (preset: string) => {
      const mapping = (await running.mappings()).mappings.find((each) => each.preset === preset)
      if (!mapping) throw new Error(`There is no mapping ${preset}.`)
      return mapping
    }

    it('takes a path, a template and a text, shows the result while one types, and saves it', async () => {
      await openMapping(customer)
      await field('Description').getByText('Founding member, prefers e-mail').waitFor()
      const values: [word: string, input: string, value: string, result: string, expected: JSONValue][] = [
        ['Path', 'path', '$.traits.name', 'Maria Nowak', { '@path': '$.traits.name' }],
        ['Template', 'template', 'VIP {{userId}}', 'VIP usr_10482', { '@template': 'VIP {{userId}}' }],
        ['Text', 'text', 'The same', 'The same', 'The same']
      ]
      for (const [word, input, value, result, expected] of values) {
        const before = await stored(customer)
        await kind('Description').selectOption({ label: word })
        await page.getByLabel(`Description: ${input}`, { exact: true }).fill(value)
        await field('Description').getByText(result, { exact: true }).waitFor()
        expect((await stored(customer)).mapping).toEqual(before.mapping)
        await save(customer)
        expect(await stored(customer)).toMatchObject({ changed: true, mapping: { description: expected } })
        await identify('usr_10482', { name: 'Maria Nowak' })
        await eventually(() => {
          expect(running.sandbox.customer('usr_10482')?.customer.description).toBe(result)
        })
      }
    })

    it('takes "If empty use", and any other value as JSON, of which it marks what is none', async () => {
      await openMapping(customer)
      await kind('Phone').selectOption({ label: 'If empty use' })
      await page.getByLabel('Phone: path').fill('$.traits.mobile')
      await page.getByLabel('Phone: if empty, a path or text').fill('$.traits.phone')
      await field('Phone').getByText('+1 212 555 0148', { exact: true }).waitFor()
      await kind('Metadata').selectOption({ label: 'JSON' })
      await page.getByLabel('Metadata: JSON').fill('{ "plan": ')
      await field('Metadata').getByText('Line 1, column 11: The text ends where a value is expected.').waitFor()
      expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
      await page.getByLabel('Metadata: JSON').fill('{ "plan": { "@path": "$.traits.plan" }, "from": "workbench" }')
      await field('Metadata').getByText('"from":"workbench"').waitFor()
      await save(customer)
      expect((await stored(customer)).mapping).toMatchObject({
        phone: {
          '@if': {
            exists: { '@path': '$.traits.mobile' },
            then: { '@path': '$.traits.mobile' },
            else: { '@path': '$.traits.phone' }
          }
        },
        metadata: { plan: { '@path': '$.traits.plan' }, from: 'workbench' }
      })
    })

    it("shows the framework's complaint at the field, and at once that a required field has no value", async () => {
      await openMapping(customer)
      await kind('Email Address').selectOption({ label: 'JSON' })
      await page.getByLabel('Email Address: JSON').fill('{ "@path": 5 }')
      await field('Email Address').getByText(/@path/).waitFor()
      const missing = field('Source ID').getByText('The required field source_id has no value.')
      await page.getByLabel('Source ID: path').fill('')
      await missing.waitFor()
      await page.getByLabel('Source ID: path').fill('$.userId')
      await missing.waitFor({ state: 'detached' })
      await kind('Source ID').selectOption({ label: 'Nothing' })
      await page.getByRole('button', { name: 'Save' }).click()
      await missing.waitFor()
      expect((await stored(customer)).changed).toBe(false)
      await openMapping('Assign Customer To Group')
      await kind('Customer Object: Source ID').selectOption({ label: 'Nothing' })
      await field('Customer Object: Source ID')
        .getByText('The required field customer.source_id has no value.')
        .waitFor()
    })

    it('takes a blank path for no value, and not for the whole call', async () => {
      await openMapping(customer)
      await page.getByLabel('Name: path', { exact: true }).fill('')
      await page.getByLabel('Description: path', { exact: true }).fill('$.')
      await kind('Phone').selectOption({ label: 'If empty use' })
      await page.getByLabel('Phone: path').fill(' ')
      await page.getByLabel('Phone: if empty, a path or text').fill('$.traits.mobile')
      await save(customer)
      const { mapping } = await stored(customer)
      for (const key of ['name', 'description']) expect(mapping).not.toHaveProperty(key)
      expect(mapping.phone).toEqual({ '@path': '$.traits.mobile' })
    })

    it('keeps what is not saved while one looks at something else', async () => {
      await openMapping(customer)
      await page.getByLabel('Name: path', { exact: true }).fill('$.traits.nick')
      await openMapping('Assign Customer To Group')
      await page.getByRole('button', { name: 'Discard changes' }).waitFor()
      expect(await page.getByText('Not saved yet.').count()).toBe(0)
      await open('Deliveries')
      await openMapping(customer)
      await page.getByText('Not saved yet.').waitFor()
      expect(await page.getByLabel('Name: path', { exact: true }).inputValue()).toBe('$.traits.nick')
      await page.getByRole('button', { name: 'Discard changes' }).click()
      expect(await page.getByLabel('Name: path', { exact: true }).inputValue()).toBe('$.traits.name')
      await openMapping('Assign Customer To Group')
      await openMapping(customer)
      expect(await page.getByLabel('Name: path', { exact: true }).inputValue()).toBe('$.traits.name')
    })

    it('keeps what one changes at the very moment when it is saved elsewhere, and says that it was', async () => {
      await openMapping(customer)
      await page.evaluate(`{
        const buttons = [...document.querySelectorAll('button')]
        const reset = buttons.find((button) => button.textContent === 'Back to defaults')
        const select = document.querySelector('[aria-label="How Description gets its value"]')
        const choose = () => {
          select.value = [...select.options].find((option) => option.text === 'Text').value
          for (const type of ['input', 'change']) select.dispatchEvent(new Event(type, { bubbles: true }))
        }
        // The button can be pressed as soon as the page shows that the mapping was changed.
        new MutationObserver(choose).observe(reset, { attributes: true })
      }`)
      const { mapping } = await stored(customer)
      await running.send('PUT', `/api/mappings/${customer}`, { mapping: { ...mapping, phone: 'elsewhere' } })
      await page.getByRole('button', { name: 'Back to defaults', disabled: false }).waitFor()
      await page.getByLabel('Description: text', { exact: true }).fill('Mine')
      const said = page.getByText('Not saved yet. Meanwhile something else was saved: Save puts yours in its place')
      await said.waitFor()
      // Also after a look at something else.
      await openMapping('Assign Customer To Group')
      await openMapping(customer)
      await said.waitFor()
      await save(customer)
      await said.waitFor({ state: 'detached' })
      expect((await stored(customer)).mapping.description).toBe('Mine')
      await page.getByLabel('Description: text', { exact: true }).fill('Mine again')
      await page.getByText('Not saved yet.', { exact: true }).waitFor()
    })

    it('takes its own saving for no other, also while one types on, and keeps what one types', async () => {
      await openMapping(customer)
      const description = page.getByLabel('Description: path', { exact: true })
      await page.evaluate(`{
        const hint = document.querySelector('.save-bar [role=status]')
        window.said = new Set()
        new MutationObserver(() => window.said.add(hint.textContent)).observe(hint, { childList: true, subtree: true, characterData: true })
      }`)
      await description.fill('$.traits.mine')
      await save(customer)
      await page.getByText('Not saved yet.').waitFor({ state: 'detached' })

      let answer = () => {}
      const held = new Promise<void>((resolve) => (answer = resolve))
      await page.route('**/api/mappings/*', async (route) => {
        const response = await route.fetch()
        await held
        await route.fulfill({ response })
      })
      await description.fill('$.traits.saved')
      await page.getByRole('button', { name: 'Save' }).click()
      // As it was before, which is a change once the other is saved.
      await description.fill('$.traits.mine')
      await page.getByText('Not saved yet.', { exact: true }).waitFor()
      answer()
      await page.getByRole('status').getByText(`Saved ${customer}.`).waitFor()
      expect(await description.inputValue()).toBe('$.traits.mine')
      expect((await stored(customer)).mapping.description).toEqual({ '@path': '$.traits.saved' })
      expect(await page.evaluate('[...window.said]')).toEqual(['Not saved yet.', ''])
    })

    it('changes a trigger, says whether it takes the chosen call, and shows what is wrong with it', async () => {
      await openMapping('Add Custom Event (Track Event)')
      const trigger = page.getByLabel('Trigger')
      await page.getByText('✓ Takes the chosen call.').waitFor()
      await trigger.fill('type = "track" and event = "Nothing like it"')
      const verdict = page.getByText('– Does not take the chosen call.')
      const placeOfVerdict = await verdict.boundingBox()
      await trigger.fill('bogus')
      const complaint = page.getByText("The trigger can't be read")
      expect((await complaint.boundingBox())?.y).toBe(placeOfVerdict?.y)
      await trigger.fill('type = "track" and event = "Paid"')
      await save('Add Custom Event (Track Event)')
      await track('Not paid')
      await track('Paid')
      await open('Deliveries')
      await rowsOf(page).getByText('No mapping').waitFor()
      expect((await running.deliveries()).map(({ status }) => status).sort()).toEqual(['delivered', 'unmatched'])
    })

    it('shows its result for one of the latest calls', async () => {
      await track('Before')
      await page.reload()
      await openMapping('Add Custom Event (Track Event)')
      await track('Meanwhile')
      const choice = page.getByLabel('Show the result for')
      await eventually(async () => {
        await choice.blur()
        await choice.focus()
        const latest = await choice.locator('[label="Latest calls"] option').allTextContents()
        expect(latest).toEqual([expect.stringMatching(/ track Meanwhile$/), expect.stringMatching(/ track Before$/)])
      })
      await choice.selectOption(await choice.getByText('track Before').innerText())
      await field('Event Name').getByText('Before').waitFor()
    })

    it('goes back to the defaults', async () => {
      await running.send('PUT', `/api/mappings/${customer}`, { mapping: { name: { '@path': '$.traits.nick' } } })
      await openMapping(customer)
      await page.getByText('changed', { exact: true }).waitFor()
      const reset = page.getByRole('button', { name: 'Back to defaults' }).first()
      const dialog = page.getByRole('dialog', { name: `Put ${customer} back to its defaults?` })
      await reset.click()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await focused(reset)
      expect((await stored(customer)).changed).toBe(true)
      await page.getByLabel('Name: path', { exact: true }).fill('$.traits.unsaved')
      await reset.click()
      await dialog.getByRole('button', { name: 'Back to defaults' }).click()
      await eventually(async () => {
        expect(await page.getByLabel('Name: path', { exact: true }).inputValue()).toBe('$.traits.name')
      })
      expect((await stored(customer)).changed).toBe(false)
      expect(await page.getByText('Not saved yet.').count()).toBe(0)
    })

    it('says what was saved where it covers nothing, 360 and 1280 pixels wide', async () => {
      await openMapping(customer)
      await page.getByLabel('Name: path', { exact: true }).fill('$.traits.nick')
      await page.getByRole('button', { name: 'Save' }).click()
      const notice = page.getByRole('status').getByText(`Saved ${customer}.`)
      await notice.waitFor()
      for (const width of [360, 1280]) {
        await resize(page, width, 800)
        const said = await notice.boundingBox()
        const main = await page.getByRole('main').boundingBox()
        const views = await page.getByRole('navigation', { name: 'Views' }).boundingBox()
        const isBeside = (said?.x ?? NaN) + (said?.width ?? NaN) <= (main?.x ?? NaN)
        const isAbove = (said?.y ?? NaN) + (said?.height ?? NaN) <= (views?.y ?? NaN)
        expect(isBeside || isAbove).toBe(true)
      }
      await open('Deliveries')
      await notice.waitFor({ state: 'detached' })
    })

    it('leads to its beginning, and on a phone back to its place in the list', async () => {
      await openMapping(customer)
      await focused(page.getByRole('heading', { name: customer }))
      await resize(page, 390, 844)
      const list = page.getByRole('region', { name: 'Mappings' })
      await list.waitFor({ state: 'hidden' })
      await page.getByRole('link', { name: 'All mappings' }).click()
      await focused(list.getByRole('link', { name: customer }))
      await page.getByRole('region', { name: customer }).waitFor({ state: 'hidden' })
      await list.getByRole('link', { name: 'Assign Customer To Group' }).click()
      await focused(page.getByRole('heading', { name: 'Assign Customer To Group' }))
    })

    it('switches a preset off and on', async () => {
      await open('Mappings')
      const toggle = page.getByRole('switch', { name: 'Add Custom Event (Page Event) is on' })
      await toggle.click()
      await page.getByRole('status').getByText('Add Custom Event (Page Event) is off.').waitFor()
      await running.send('POST', '/v1/page', { userId: 'ada', name: 'Home' })
      await eventually(async () => {
        expect((await running.deliveries())[0]).toMatchObject({ status: 'unmatched' })
      })
      await toggle.click()
      await page.getByRole('status').getByText('Add Custom Event (Page Event) is on.').waitFor()
      expect(await toggle.isChecked()).toBe(true)
    })

    it('switches batching on and shows its effect', async () => {
      await openMapping(customer)
      await page.getByText('Off: each call is sent on its own').waitFor()
      await page.getByRole('switch', { name: 'Batch Customers' }).click()
      await save(customer)
      const batch = Array.from({ length: 20 }, (_, index) => ({ type: 'identify', userId: `user-${index}` }))
      await running.send('POST', '/v1/batch', { batch })
      await page.getByText('Its latest 20 calls went in 1 request.').waitFor()
      await open('Deliveries')
      await rowsOf(page).getByText('1 of 20 in a call').first().waitFor()
    })

    it('adds mappings up to 50, and removes one', async () => {
      const more = Array.from({ length: 44 }, (_, index) => `/api/mappings/more-${index}`)
      await Promise.all(more.map((path) => running.send('PUT', path, { action: 'addCustomEvent', enabled: false })))
      await open('Mappings')
      await page.getByText('49 mappings of at most 50').waitFor()
      await page.getByText('Add a mapping').click()
      await page.getByLabel('Name of the new mapping').fill('Audiences')
      await page.getByLabel('Action', { exact: true }).selectOption({ label: 'Upsert Customer' })
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByText('This is as many as Segment allows for one destination.').waitFor()
      expect(await stored('Audiences')).toMatchObject({ action: 'upsertCustomer', isPreset: false })
      await page.evaluate('scrollTo(0, document.body.scrollHeight)')
      await page.getByRole('button', { name: 'Remove mapping' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
      await page.getByText('49 mappings of at most 50').waitFor()
      const heading = page.getByRole('heading', { name: 'Mappings' })
      await focused(heading)
      await eventually(() => expect(new URL(page.url()).hash).toBe('#/mappings'))
      await eventually(async () => expect((await heading.boundingBox())?.y).toBeGreaterThan(0))
    })
  })

  describe('6. rehearse trouble', () => {
    const begin = async (kind: string, calls: number) => {
      await open('Rehearse')
      await page.getByRole('radio', { name: kind }).check()
      await page.getByLabel('Number of calls').fill(String(calls))
    }
    const start = async () => {
      await page.getByRole('button', { name: 'Start trouble' }).click()
      await page
        .getByRole('status')
        .getByText(/^Switched on: /)
        .waitFor()
    }
    const ended = async (): Promise<Delivery> => {
      await eventually(async () => expect(await running.deliveries()).toHaveLength(1))
      return (await running.deliveries())[0]
    }

    // What becomes of a call in each kind of trouble is proved where the workbench itself is.
    it('starts the kind that was chosen, whose answer shows in the delivery', async () => {
      await begin('400 Bad request', 1)
      await start()
      await track('Order Completed')
      expect((await ended()).response?.status).toBe(400)
      await open('Deliveries')
      await rowsOf(page).getByText('Rejected').waitFor()
      await deliveryLink('Order Completed').click()
      await detail()
        .getByRole('heading', { name: /^Answer/ })
        .waitFor()
    })

    it('offers every kind, each with what it asks for', async () => {
      await open('Rehearse')
      const kinds: [name: string, trouble: Partial<Trouble>, asked?: [label: string, value: string]][] = [
        ['401 Unauthorized', { kind: '401' }],
        ['500 Server error', { kind: '500' }],
        ['Redirect', { kind: 'redirect' }],
        ['Cut answer', { kind: 'cut' }],
        ['Slow answer', { kind: 'slow', seconds: 7 }, ['Seconds until the answer', '7']],
        ['Limits of the Business plan', { kind: 'Business plan' }]
      ]
      for (const [name, , asked] of kinds) {
        await page.getByRole('radio', { name }).check()
        if (asked) await page.getByLabel(asked[0]).fill(asked[1])
        await page.getByRole('button', { name: 'Start trouble' }).click()
        await page.getByRole('region', { name: 'Switched on' }).getByText(name).waitFor()
      }
      expect(running.sandbox.trouble.list()).toMatchObject(kinds.map(([, trouble]) => trouble))
      await page.getByRole('region', { name: 'Switched on' }).getByText('plan, until you end it').waitFor()
      expect(await page.getByLabel('Number of calls').count()).toBe(0)
    })

    it('429 carries the Retry-After that was asked for', async () => {
      await begin('429 Too many requests', 2)
      await page.getByLabel('Retry-After, in seconds').fill('77')
      await start()
      await page.getByRole('region', { name: 'Switched on' }).getByText('2 more calls').waitFor()
      await track('Order Completed')
      expect((await ended()).error?.message).toContain('77 seconds')
      await page.getByRole('region', { name: 'Switched on' }).getByText('1 more call ').waitFor()
      await page.getByRole('button', { name: 'End trouble' }).click()
      await page.getByText('None: the sandbox answers as Voucherify would.').waitFor()
      await track('Order Completed')
      await eventually(async () => expect((await running.deliveries())[0].status).toBe('delivered'))
    })
  })

  describe('7. read the result', () => {
    it('finds a customer, and shows what it is, what changed it and its calls', async () => {
      await identify('usr_10482', { email: 'maria.nowak@example.com', metadata: { plan: 'free', old: 1, new: null } })
      await deliveryLink('maria.nowak@example.com').waitFor()
      await identify('usr_10482', { email: 'maria.nowak@example.com', metadata: { plan: 'gold', old: null, new: 2 } })
      await running.send('POST', '/v1/group', { userId: 'usr_10482', groupId: 'Team Blue' })
      await identify('somebody', { email: 'else@example.com' })
      await open('Customers')
      await page.getByRole('button', { name: 'Customers 2' }).waitFor()
      await page.getByRole('button', { name: 'Groups 1' }).waitFor()
      await page.getByLabel('Search').fill('team blue')
      await page.getByRole('link', { name: 'somebody' }).waitFor({ state: 'detached' })
      await page.getByRole('link', { name: 'usr_10482' }).click()
      const changes = page.getByRole('region', { name: 'Changes' })
      expect(await changes.getByRole('listitem').first().innerText()).toMatch(
        /free → gold[^]+1 → cleared[^]+cleared → 2/
      )
      await page.getByRole('region', { name: 'Metadata' }).getByText('gold', { exact: true }).waitFor()
      await page.getByRole('region', { name: 'Groups' }).getByText('Team Blue', { exact: true }).waitFor()
      await page.getByRole('region', { name: 'Calls of this customer' }).getByText('3 calls').waitFor()
    })

    it('answers in three clicks whether Ida is a VIP, since when, by which call, and what her last order sent', async () => {
      const personas = { computation_class: 'audience', computation_key: 'vip' }
      await running.send('POST', '/v1/identify', { userId: 'ida', traits: { vip: true }, context: { personas } })
      await track('Order Completed', { userId: 'ida', properties: { metadata: { order_id: 'o-77', total: 49.9 } } })
      await eventually(async () => expect(await running.deliveries()).toHaveLength(2))
      const entered = (await running.deliveries()).find(({ event }) => event.type === 'identify')
      await open('Audiences')
      await page.getByRole('button', { name: 'Copy the rule for vip' }).click()
      await page.getByRole('status').getByText('Copied the rule for vip.').waitFor()
      expect(await clipboard(page)).toBe('Customer metadata → vip → is → true')
      await page.getByText('1 customer', { exact: true }).click()
      await page.getByRole('link', { name: 'ida' }).click()
      const engage = page.getByRole('region', { name: 'Audiences and traits of Engage' })
      await engage.getByText('vip ✓ in the audience').waitFor()
      await engage.getByText(/^since .+ by identify/).waitFor()
      const order = page.getByRole('region', { name: 'Events' }).getByRole('listitem').first()
      expect(await order.innerText()).toMatch(/Order Completed[\s\S]+order_id\s+o-77[\s\S]+total\s+49\.9/)
      await engage.getByRole('link', { name: 'identify' }).click()
      await focused(detail().getByRole('heading', { name: 'identify vip' }))
      expect(page.url()).toBe(`${running.url}/#/deliveries/${entered?.id}`)
    })

    it('counts all members of a group, also those that are not listed', async () => {
      const batch = Array.from({ length: 250 }, (_, index) => ({ type: 'group', userId: `u-${index}`, groupId: 'g-1' }))
      await running.send('POST', '/v1/batch', { batch })
      await open('Customers')
      await page.getByRole('button', { name: 'Groups 1' }).click()
      await page.getByText('250 customers').click()
      await page.getByText('Of its customers the newest 200 are listed.').waitFor()
    })

    it('follows what is delivered meanwhile, erases one customer after asking, and says of one that was erased elsewhere that nothing is known of it', async () => {
      await open('Customers')
      await page.getByText('No customer yet.').waitFor()
      await identify('ada', { email: 'ada@example.com' })
      await page.getByText('ada@example.com').waitFor()
      await identify('bob', { email: 'bob@example.com' })
      await page.getByRole('link', { name: 'ada', exact: true }).click()
      await page.getByRole('button', { name: 'Erase this customer' }).click()
      const dialog = page.getByRole('dialog', { name: 'Erase ada?' })
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      expect(running.sandbox.customer('ada')).toBeDefined()
      await page.getByRole('button', { name: 'Erase this customer' }).click()
      await dialog.getByRole('button', { name: 'Erase' }).click()
      await page.getByRole('button', { name: 'Customers 1' }).waitFor()
      expect(running.sandbox.customer('ada')).toBeUndefined()
      expect(running.sandbox.customer('bob')).toBeDefined()

      await page.getByRole('link', { name: 'bob', exact: true }).click()
      await page.getByRole('heading', { name: 'Changes' }).waitFor()
      await running.send('POST', '/api/delete', { userId: 'bob' })
      await page.getByText('Nothing is known of this customer').waitFor()
      await page.getByRole('heading', { name: 'Changes' }).waitFor({ state: 'detached' })
    })

    it('clears the sandbox and the deliveries after asking', async () => {
      await sendSamples(page)
      await page.getByRole('button', { name: /Rejected \d+/ }).click()
      await page.getByRole('button', { name: 'Clear', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Clear the list' }).click()
      await page.getByText('No call has arrived yet.').waitFor()
      await focused(page.getByRole('heading', { name: 'Deliveries' }))
      await eventually(async () => expect(await numbersOfPicture(page)).toEqual({}))
      await open('Customers')
      await page.getByRole('button', { name: 'Clear all' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Clear the sandbox' }).click()
      await page.getByText('No customer yet.').waitFor()
      expect(running.sandbox.state().totals.customers).toBe(0)
    })
  })

  describe('what is lost although all looks well', () => {
    it('is a warning sign in the list and the first words of the call, and can be filtered', async () => {
      await track('Loses', { properties: { total: 49.9, tax: 4 } })
      await track('Keeps nothing back', { properties: {} })
      await page.setViewportSize({ width: 1024, height: 768 })
      const row = rowsOf(page).filter({ hasText: 'Loses' })
      await row.getByText('Delivered, 2 warnings').waitFor()
      await page.getByRole('button', { name: 'With warnings' }).click()
      await rowsOf(page).filter({ hasText: 'Keeps' }).waitFor({ state: 'detached' })
      await row.locator('[id^="delivery-"]').click()
      const warnings = detail().getByRole('list', { name: 'Warnings' })
      await warnings.getByText('properties.total').first().waitFor()
      await warnings.getByText('properties.tax').waitFor()
      expect(await warnings.getByText('Send it inside properties.metadata').count()).toBe(1)
      // Beside it the list has become narrow, and what it is filtered by is still in sight.
      const choice = page.getByRole('button', { name: 'With warnings' })
      await eventually(async () => {
        const inner = await choice.boundingBox()
        const outer = await choice.locator('..').boundingBox()
        expect((inner?.x ?? NaN) + (inner?.width ?? NaN)).toBeLessThanOrEqual((outer?.x ?? NaN) + (outer?.width ?? NaN))
      })
      const words = await detail().innerText()
      expect(words.indexOf('properties.total')).toBeLessThan(words.indexOf('Delivered: Voucherify took the call.'))
    })

    it('is metadata that is not defined, until it is defined with a press', async () => {
      await identify('ada', { metadata: { plan: 'gold', age: 36 } })
      await open('Metadata')
      await page.getByRole('button', { name: 'Define plan' }).click()
      await page.getByText('✓ kept as string').waitFor()
      await page.getByText('⚠ dropped: not defined').waitFor()
      // What is chosen counts once it is defined.
      await page.getByLabel('Type of age').selectOption('string')
      expect(running.sandbox.metadata.definitions().customer).toHaveLength(1)
      await page.getByRole('button', { name: 'Define all customer keys' }).click()
      await page.getByText('⚠ dropped: defined as string').waitFor()
      expect(running.sandbox.metadata.definitions().customer).toEqual([
        { name: 'plan', type: 'string', array: false },
        { name: 'age', type: 'string', array: false }
      ])
      await page.getByRole('button', { name: 'Copy the list of customer keys' }).click()
      await page.getByRole('status').getByText('Copied the list of 2 keys').waitFor()
      expect(await clipboard(page)).toBe('plan\tstring\nage\tnumber')
      // Voucherify keeps no list of an event, so there is nothing to define.
      await track('Listed', { properties: { metadata: { items: ['a'], total: 1 } } })
      await page.getByText('⚠ dropped: events take no lists').waitFor()
      await page.getByRole('button', { name: 'Define total' }).waitFor()
      expect(await page.getByRole('button', { name: 'Define items' }).count()).toBe(0)
      const offered = await page.getByLabel('Type of total').locator('option').allInnerTexts()
      expect(offered).toEqual(['string', 'number', 'boolean', 'date', 'datetime'])
      // What the event lost is said where the customer's events are read.
      await open('Customers')
      await page.getByRole('link', { name: 'ada', exact: true }).click()
      const event = page.getByRole('region', { name: 'Events' }).getByRole('listitem').filter({ hasText: 'Listed' })
      await event.waitFor()
      expect(await event.locator('dd').allInnerTexts()).toEqual(['["a"] ⚠ dropped', '1 ⚠ dropped'])
    })
  })

  describe('own calls from a file', () => {
    it('are dropped onto the page, looked at, sent and counted; what can not be read is refused with words', async () => {
      await open('Try a call')
      const calls = [
        { type: 'track', userId: 'ada', event: 'From a file' },
        { type: 'identify', userId: 'ada' },
        { type: 'track', userId: 'ada' }
      ]
      // Beside the field, where a browser would open it in the place of the page.
      await drop(
        page.getByRole('heading', { name: 'Write a call' }),
        'own.ndjson',
        calls.map((call) => `${JSON.stringify(call)}\n`).join('')
      )
      await page.getByText('own.ndjson is NDJSON and holds 3 calls: 2 track, 1 identify.').waitFor()
      expect(await running.deliveries()).toEqual([])
      await page.getByRole('button', { name: 'Send 3 calls' }).click()
      await page.getByRole('progressbar', { name: 'Sent: 3 of 3 calls' }).waitFor()
      await page.getByText('1 call was not taken; the deliveries say why.').waitFor()
      await page.getByRole('link', { name: 'See the deliveries' }).click()
      await deliveryLink('From a file').waitFor()
      // What is on its way can be followed, and stopped, after a look at its deliveries.
      await page.goBack()
      await page.getByRole('progressbar', { name: 'Sent: 3 of 3 calls' }).waitFor()
      await page.getByRole('button', { name: 'Close the file' }).click()
      await page.getByText('own.ndjson is NDJSON').waitFor({ state: 'detached' })

      const file = { name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') }
      await page.getByLabel('File with calls').setInputFiles(file)
      await page.getByRole('alert').getByText('a.pdf is a PDF').waitFor()
      visited.complaints.length = 0 // the browser reports every answer of 422
    })
  })

  describe('mappings as files', () => {
    it('are exported, imported again, and compared with the defaults field by field', async () => {
      const preset = 'Create Or Update Customer'
      await open('Mappings')
      await page.getByRole('region', { name: 'Mappings' }).getByRole('link', { name: preset }).click()
      await page.getByText('The same as the defaults.').waitFor()
      await page.getByLabel('Name: path', { exact: true }).fill('$.traits.nick')
      await page.getByText('1 difference to the defaults').click()
      await page.getByRole('definition').getByText('$.traits.name').waitFor()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('status').getByText(`Saved ${preset}.`).waitFor()
      const one = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export', exact: true }).click()
      expect((await one).suggestedFilename()).toBe(`${preset}.json`)
      const alone: Mapping = JSON.parse(readFileSync(await (await one).path(), 'utf8'))
      expect(alone).toMatchObject({ preset, mapping: { name: { '@path': '$.traits.nick' } } })
      const downloading = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export all' }).click()
      const file = await (await downloading).path()
      await page.getByRole('button', { name: 'Back to defaults' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Back to defaults' }).click()
      await page.getByText('The same as the defaults.').waitFor()
      await page.getByLabel('File with mappings').setInputFiles(file)
      await page.getByText('5 mappings of the file take the place of all that there are.').waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click()
      await page.getByText('1 difference to the defaults').waitFor()
      const saved = (await running.mappings()).mappings.find((each) => each.preset === preset)
      expect(saved?.mapping.name).toEqual({ '@path': '$.traits.nick' })
    })
  })

  it('a scenario is played, and says what was doubled in the end', async () => {
    await open('Rehearse')
    await page.getByRole('button', { name: 'Play: Answers get lost' }).click()
    await page.getByText('0 lost, 15 doubled').waitFor()
    expect(await running.deliveries()).toEqual([])
  })

  it('a webhook from Voucherify shows its call, and what a change of options does', async () => {
    await open('From Voucherify')
    await page.getByLabel('Start from a sample').selectOption({ label: 'customer.created' })
    await page.getByRole('region', { name: 'Segment call 1' }).getByText('"identify"').waitFor()
    const editor = page.getByLabel('Webhook as JSON')
    await page.getByLabel('Start from a sample').selectOption({ label: 'customer.updated' })
    await page.getByText(/^No call: /).waitFor()
    await page.getByRole('switch', { name: 'Also identify on customer.updated' }).check()
    await page.getByRole('region', { name: 'Segment call 1' }).waitFor()
    expect(JSON.parse(await editor.inputValue())).toBeTruthy()
    // What is wrong with an option stands at its field, and the calls follow without it.
    const currency = page.getByLabel('Currency')
    await currency.fill('euros')
    await page.getByText('The setting currency must be the ISO 4217 code of a currency').waitFor()
    expect(await currency.locator('xpath=../..').innerText()).toMatch(/Webhooks carry none[^]*The setting currency/)
    await currency.fill('')
    await editor.fill('{')
    await page.getByText('The calls are shown as soon as the JSON can be read.').waitFor()
    // A look at something else loses nothing, and on a phone the calls stand below their webhook.
    await open('Connect an app')
    await resize(page, 390, 844)
    await open('From Voucherify')
    expect(await editor.inputValue()).toBe('{')
    const places = ['A webhook from Voucherify', 'Result', 'Options', 'Set it up'].map((name) =>
      page.getByRole('region', { name })
    )
    const tops = await Promise.all(places.map(async (place) => (await place.boundingBox())?.y ?? NaN))
    expect(tops).toEqual([...tops].sort((a, b) => a - b))
    await page.getByLabel('Start from a sample').selectOption({ label: 'customer.created' })
    await page.getByRole('region', { name: 'Segment call 1' }).waitFor()
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    await page.getByRole('status').getByText('Copied the command').waitFor()
    expect(await clipboard(page)).toContain('/api/source/webhook')
    await page.getByRole('button', { name: 'Copy the Source Function' }).click()
    await page.getByRole('status').getByText('Copied the Source Function').waitFor()
    expect(await clipboard(page)).toContain('onRequest')
  })

  it('a webhook that becomes no call says so in its row, and is named there on a phone', async () => {
    await open('From Voucherify')
    await page.getByLabel('Start from a sample').selectOption({ label: 'customer.updated' })
    await page.getByText('No call: customer.updated is off').waitFor()
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    await page.getByRole('status').getByText('Copied the command').waitFor()
    await promisify(execFile)('sh', ['-c', await clipboard(page)])
    await page.getByRole('link', { name: 'deliveries', exact: true }).click()
    const row = rowsOf(page).filter({ hasText: 'customer.updated' })
    await row.getByText('No call').waitFor()
    await row.getByText('from Voucherify').waitFor()
    await row.getByRole('link', { name: 'user-1042' }).waitFor()
    // It counts where it is listed, and not as a call on its way.
    for (const name of ['All 1', '– No call 1']) await page.getByRole('button', { name, exact: true }).waitFor()
    await page.getByText('1 webhook', { exact: true }).waitFor()
    const webhooks = page.getByRole('button', { name: 'From Voucherify 1', exact: true })
    await webhooks.click()
    await page.getByText('No call has arrived yet.').waitFor()
    await track('Between webhooks')
    await page.getByText('1 delivery', { exact: true }).waitFor()
    expect(await linksOf(page).allInnerTexts()).toEqual(['track Between webhooks'])
    await webhooks.click()
    await page.setViewportSize({ width: 390, height: 844 })
    await row.getByText('from Voucherify').waitFor({ state: 'hidden' })
    const name = row.getByRole('link', { name: 'customer.updated' })
    expect(await name.evaluate(({ clientWidth, scrollWidth }) => scrollWidth - clientWidth)).toBe(0)
    // The choices scroll, and the one that a link has pressed comes into sight.
    await open('From Voucherify')
    await page.getByRole('link', { name: 'deliveries', exact: true }).click()
    await eventually(async () => {
      const { x, width } = (await webhooks.boundingBox()) ?? { x: NaN, width: NaN }
      expect(x + width).toBeLessThan(390)
    })
    await webhooks.click()
    const all = page.getByRole('button', { name: 'All 1', exact: true })
    await eventually(async () => expect((await all.boundingBox())?.x).toBeGreaterThan(0))
  })

  it('reads on where the counts tell of more, of webhooks as of as many calls', async () => {
    running.sandbox.webhooks.sendTo({ url: `${running.url}${WEBHOOK_PATH}`, secret: WEBHOOK_KEYS.signatureKey })
    await identify('once')
    await eventually(async () => expect(await running.deliveries()).toHaveLength(2))
    // The first answer of each direction is of a time when nothing had ended yet.
    const early = new Set<string>()
    await page.route('**/api/rows?*', async (route) => {
      const direction = new URL(route.request().url()).searchParams.get('direction') ?? ''
      if (early.has(direction)) return route.continue()
      early.add(direction)
      return route.fulfill({ json: { rows: [], kept: 0, total: 0, matching: 0, counts: {} } })
    })
    await page.reload()
    await page.getByText('1 delivery', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'From Voucherify 1', exact: true }).click()
    await page.getByText('1 webhook', { exact: true }).waitFor()
    expect([...early]).toEqual(['toVoucherify', 'fromVoucherify'])
    // What comes of the other direction meanwhile stays out.
    await track('Not listed', { userId: 'once' })
    await eventually(async () => expect(await running.deliveries()).toHaveLength(3))
    await identify('twice')
    await page.getByText('2 webhooks', { exact: true }).waitFor()
    expect(await linksOf(page).allInnerTexts()).toEqual(Array(2).fill('webhook customer.created'))
  })

  it('keeps the rows in place that one looks at, and the beginning also at the very moment when one is back there', async () => {
    await resize(page, 1280, 600)
    await sendSamples(page)
    const list = page.locator('.list-body')
    await list.evaluate((body) => (body.scrollTop = 100))
    await resize(page, 1281, 600)
    await track('Above what is looked at')
    await page.getByText('26 deliveries', { exact: true }).waitFor()
    expect(await list.evaluate(({ scrollTop }) => scrollTop)).toBe(134)
    await list.evaluate((body) => {
      // The page hears of it only after the call has come.
      body.addEventListener('scroll', (event) => event.stopImmediatePropagation(), { capture: true })
      body.scrollTop = 0
    })
    await track('At the moment')
    await page.getByText('27 deliveries', { exact: true }).waitFor()
    expect(await list.evaluate(({ scrollTop }) => scrollTop)).toBe(0)
  })

  it('says how many rows are kept of more', async () => {
    await track('Kept')
    await page.route('**/api/rows?*', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...(await response.json()), total: 4020 } })
    })
    await page.reload()
    await page.getByText('4,020 deliveries, 1 is kept', { exact: true }).waitFor()
  })
})

describeInBrowser('a call that is tried again', () => {
  const browser = useBrowser()

  it('says when by the clock of its reader, and goes on while it is open', async () => {
    const { page, running } = await browser.open({ retries: true }, { locale: 'en-GB', timezoneId: 'Asia/Tokyo' })
    await running.send('POST', '/api/trouble', { kind: '500', remaining: 1000 })
    await running.send('POST', '/v1/track', { userId: 'ada', event: 'Order Completed', properties: {} })
    await linksOf(page).click()
    const detail = page.getByRole('region', { name: 'The way of this call' })
    const tokyo = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Asia/Tokyo' })
    await eventually(async () => {
      const [{ tries }] = await running.deliveries()
      const next = tokyo.format(new Date(tries.at(-1)?.nextAt ?? ''))
      expect(await detail.innerText()).toContain(`tried again at ${next}`)
    })
    await running.send('DELETE', '/api/trouble')
    await detail.getByText('Delivered: Voucherify took the call.').waitFor()
    await detail.getByRole('heading', { name: 'Tries' }).waitFor()
  })
})

describeInBrowser('8. use a real project', () => {
  const browser = useBrowser()

  it('says where calls go, tests the connection, and never shows a key', async () => {
    const newsletter: Definition = { name: 'newsletter', type: 'string', array: false }
    const definitions = () => ({ customer: [newsletter], event: null })
    const { page, running, visited } = await browser.open({ mode: 'project', definitions })
    await page.getByText('your real Voucherify project').waitFor()
    await page.getByRole('button', { name: 'Test connection' }).click()
    await page.getByText('✓ The gateway answered and knows the keys.').waitFor()
    // Invented customers would stand in it, so this is asked first.
    const samples = page.getByRole('button', { name: 'Send samples' })
    const question = page.getByRole('dialog', { name: 'Send the samples to your real project?' })
    await samples.click()
    await question.getByRole('button', { name: 'Cancel' }).click()
    await samples.click()
    await question.getByRole('button', { name: 'Send samples' }).click()
    await page.getByText('25 deliveries', { exact: true }).waitFor()
    await rowsOf(page).filter({ hasText: 'Delivered' }).first().locator('[id^="delivery-"]').click()
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    await page.getByRole('status').getByText('Copied the request').waitFor()
    const seen = [...(await visited.answers()), await page.content(), await clipboard(page)].join('\n')
    expect(seen).toContain('X-App-Token')
    for (const key of Object.values(KEYS)) {
      expect(seen).not.toContain(key)
      expect(seen).not.toContain(Buffer.from(key).toString('base64'))
    }
    await goTo(page, 'Rehearse')
    await page.getByText('trouble can only be played by the sandbox').waitFor()
    await page.getByRole('region', { name: 'Play a scenario' }).waitFor()
    // What only the sandbox holds is not shown as what the project would hold.
    const ofSandbox = page.getByText(/^(Switched on|Events \d+|Groups \d+|Clear all)$/)
    expect(await ofSandbox.count()).toBe(0)
    await goTo(page, 'Customers')
    await page.getByText('This is what the delivered calls said').waitFor()
    await page.getByRole('link', { name: 'usr_10482' }).waitFor()
    expect(await ofSandbox.count()).toBe(0)
    // It follows what is delivered and erased meanwhile.
    await running.send('POST', '/v1/identify', { userId: 'late', traits: { email: 'late@example.com' } })
    await page.getByRole('link', { name: 'late' }).waitFor()
    await page.getByLabel('Erase a customer of the real project by userId').fill('late')
    await page.getByRole('button', { name: 'Erase this customer' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click()
    await page.getByRole('link', { name: 'late' }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'usr_10482' }).click()
    await page.getByText('nothing is read from the real project').waitFor()
    // What it drops is said by its definitions, here as in the list of all keys.
    await page.getByText('⚠ defined as string', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Definitions' }).click()
    await page.getByText('The real project defined 1 key when the workbench started.').waitFor()
    await page.getByText('⚠ dropped: defined as string').waitFor()
    expectOwnHostOnly(visited.requests, running.url)
  })

  it('says with the words of the connection test that the keys are refused', async () => {
    const secretKey = '00000000-1111-4222-8333-444444444444'
    const unreadDefinitions = "The definitions can't be read (Voucherify answered 401)."
    const { page, visited } = await browser.open({ mode: 'project', secretKey, unreadDefinitions })
    const navigation = page.getByRole('navigation', { name: 'Views' })
    await page.getByText('your real Voucherify project').waitFor()
    const before = await navigation.boundingBox()
    await page.getByRole('button', { name: 'Test connection' }).click()
    const answer = page.getByText(/^✕ .*Secret Key/)
    await answer.waitFor()
    expect(await navigation.boundingBox()).toEqual(before)
    // Where the side is too low for all of it, it scrolls to the answer.
    await page.setViewportSize({ width: 1280, height: 600 })
    await page.getByRole('button', { name: 'Test connection' }).click()
    await eventually(async () => {
      const { y, height } = (await answer.boundingBox()) ?? { y: NaN, height: NaN }
      expect(y + height).toBeLessThanOrEqual(600)
    })
    await page.getByRole('button', { name: 'Dismiss the result' }).click()
    await answer.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Test connection' }).and(page.locator(':focus')).waitFor()
    await goTo(page, 'Metadata')
    await page.getByText(`${unreadDefinitions} Start the workbench again`).waitFor()
    expect((await visited.answers()).join('\n')).not.toContain(secretKey)
  })
})

/** Drops a file onto a place of the page, as a person drags one there from a folder. */
async function drop(place: Locator, name: string, text: string): Promise<void> {
  const carried = `(() => {
    const carried = new DataTransfer()
    carried.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}))
    return carried
  })()`
  const dataTransfer = await place.page().evaluateHandle(carried)
  await place.dispatchEvent('dragover', { dataTransfer })
  await place.dispatchEvent('drop', { dataTransfer })
}

/** The numbers of the picture as its links say them: "mapping: outcome" to count. */
async function numbersOfPicture(page: Page): Promise<Record<string, number>> {
  const links = page.getByRole('group', { name: 'Calls on their way' }).getByRole('link')
  // All at one moment: a link that is asked by itself may be gone by then.
  const names = await links.evaluateAll((all) => all.map((link) => link.getAttribute('aria-label')))
  const numbers = names.flatMap((name) => {
    const [, preset, outcome, number] = /^(.+), (.+): ([\d,]+)$/.exec(name ?? '') ?? []
    return preset ? [[`${preset}: ${outcome}`, Number(number.replace(/,/g, ''))] as const] : []
  })
  return Object.fromEntries(numbers)
}
