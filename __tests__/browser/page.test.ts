import { createServer, connect as connectTo } from 'net'
import type { AddressInfo, Socket } from 'net'
import type { Locator, Page } from 'playwright-core'
import { gzipSync } from 'zlib'
import {
  describeInBrowser,
  eventually,
  findingsOf,
  goTo,
  overflow,
  resize,
  linksOf,
  rowsOf,
  startWorkbench,
  TEST_MS,
  useBrowser
} from './helpers'
import type { Opener, Running, Visit } from './helpers'

jest.setTimeout(TEST_MS)

const MAX_SCRIPT_BYTES = 60 * 1024
/** As long as a call may be that Segment takes. */
const LONG = 'x'.repeat(30 * 1024)
const HALF = 'x'.repeat(4 * 1024)

describeInBrowser('the page', () => {
  const browser = useBrowser()
  let running: Running

  beforeEach(async () => {
    running = await startWorkbench()
  })
  afterEach(() => running.close())

  const start = (options?: Parameters<Opener['visit']>[1], url = running.url): Promise<Visit> =>
    browser.visit(url, options)
  const sendTracks = (count: number, name: (index: number) => string = (index) => `Event ${index}`) =>
    running.send('POST', '/v1/batch', {
      batch: Array.from({ length: count }, (_, index) => ({
        type: 'track',
        userId: `user-${index % 7}`,
        event: name(index)
      }))
    })
  const detail = (page: Page) => page.getByRole('region', { name: 'The way of this call' })

  describe('what a call contains', () => {
    const MARKUP = '<script>window.broken = true</script><img src="/broken" onerror="window.broken = true">'
    it('is shown as text and never as markup, in every view', async () => {
      const { page, requests, complaints } = await start()
      await running.send('POST', '/v1/identify', {
        userId: MARKUP,
        traits: { name: MARKUP, email: MARKUP, metadata: { [MARKUP]: MARKUP } }
      })
      await running.send('POST', '/v1/track', { userId: 'ada', event: MARKUP })
      await running.send('POST', '/v1/group', { userId: 'ada', groupId: MARKUP, traits: { name: MARKUP } })
      await rowsOf(page).nth(2).waitFor()
      for (const link of await linksOf(page).all()) {
        await link.click()
        await detail(page).getByRole('heading', { name: 'Request to Voucherify' }).waitFor()
        expect(await detail(page).innerText()).toContain('<script>window.broken')
        await detail(page).getByRole('button', { name: 'Close the delivery' }).click()
      }
      await goTo(page, 'Customers')
      await page.getByRole('button', { name: 'Customers 2' }).waitFor()
      for (const tab of ['Events 1', 'Groups 1']) {
        await page.getByRole('button', { name: tab }).click()
        await page.getByRole('main').getByText('<script>').first().click()
        await page.getByRole('region', { name: /^(Event|Traits of) </ }).waitFor()
      }
      await page.getByRole('button', { name: 'Customers 2' }).click()
      await page.getByRole('main').getByRole('link', { name: '<script>' }).click()
      await page.getByRole('heading', { name: 'Changes' }).waitFor()
      await goTo(page, 'Try a call')
      await page.getByLabel('Call as JSON').fill(JSON.stringify({ type: 'track', userId: 'ada', event: MARKUP }))
      await page.getByRole('button', { name: 'Preview' }).click()
      await page.getByRole('region', { name: 'Body of the request' }).getByText('<script>').waitFor()

      expect(await page.evaluate('[window.broken, document.querySelectorAll("#app script, #app img").length]')).toEqual(
        [undefined, 0]
      )
      expect(requests.filter((address) => address.endsWith('/broken'))).toEqual([])
      expect(complaints).toEqual([])
    })

    it('turns no more than itself where it turns the direction of writing', async () => {
      const { page } = await start()
      const event = { type: 'track', userId: 'ada', event: 'abc\u202edef', properties: { 'k\u202eey': '\u2066' } }
      await running.send('POST', '/v1/track', event)
      await linksOf(page).click()
      const received = page.getByRole('region', { name: 'The call as received' })
      await received.getByText('"abc\\u202edef"', { exact: true }).waitFor()
      expect(JSON.parse(await received.innerText())).toMatchObject(event)
    })

    it('folds when it is long, opens when asked, and neither breaks the layout nor holds up the page', async () => {
      const { page } = await start({ viewport: { width: 1024, height: 900 } })
      await running.send('POST', '/v1/identify', {
        userId: 'ada',
        traits: { email: 'ada@example.com', metadata: { LONG } }
      })
      await linksOf(page).click()
      const received = page.getByRole('region', { name: 'The call as received' })
      const unfold = received.getByRole('button', { name: 'Show all 30,722 characters' })
      await unfold.waitFor()
      expect((await received.innerText()).length).toBeLessThan(5000)
      await unfold.click()
      await received.getByRole('button', { name: 'Show less' }).waitFor()
      expect((await received.innerText()).replace(/\s/g, '')).toContain(LONG)
      expect(await overflow(page)).toBe(0)
      const long = { userId: 'long', traits: { email: 'long@example.com', name: LONG } }
      await running.send('POST', '/v1/identify', long)
      await goTo(page, 'Customers')
      const customer = page.getByRole('listitem').filter({ hasText: 'long@example.com' })
      await customer.waitFor()
      expect((await customer.boundingBox())?.height).toBeLessThan(200)
      await page.getByRole('link', { name: 'ada', exact: true }).click()
      await page.getByRole('heading', { name: 'Changes' }).waitFor()
      expect(await overflow(page)).toBe(0)
    })
  })

  describe('what is too long for its place', () => {
    it('is shortened or folds, 360 and 1280 pixels wide', async () => {
      const { page } = await start({ viewport: { width: 1280, height: 900 } })
      const inBoth = async (look: () => Promise<void>) => {
        for (const width of [360, 1280]) {
          await resize(page, width, 900)
          await look()
        }
      }
      const preset = 'p'.repeat(100)
      await running.send('PUT', `/api/mappings/${preset}`, { action: 'upsertCustomer', trigger: 'type = "identify"' })
      const identify = (userId: string, email: string) =>
        running.send('POST', '/v1/identify', { userId, traits: { email, metadata: { [HALF]: HALF } } })
      await identify('u'.repeat(3000), 'three@example.com')
      await identify('u'.repeat(14_000), 'fourteen@example.com')
      const ofPreset = rowsOf(page).filter({ hasText: preset })
      await ofPreset.getByRole('link', { name: 'three@example.com' }).click()
      await detail(page).getByRole('link', { name: preset }).waitFor()
      await inBoth(async () => expect(await page.evaluate(SIDEWAYS)).toBe(0))

      await goTo(page, 'Customers')
      const three = page.getByRole('listitem').filter({ hasText: 'three@example.com' })
      await three.waitFor()
      // Two lines of the ID, and what else is known.
      await inBoth(async () => expect((await three.boundingBox())?.height).toBeLessThan(160))
      await three.getByRole('link').click()
      await page.getByRole('heading', { name: 'Changes' }).waitFor()
      await inBoth(async () => expect(await findingsOf(page, 'main')).toEqual([]))
      await page.getByRole('button', { name: 'Erase this customer' }).click()
      await inBoth(async () => expect((await page.getByRole('dialog').boundingBox())?.height).toBeLessThan(400))
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
      await page.goBack()
      await page.getByRole('listitem').filter({ hasText: 'fourteen@example.com' }).getByRole('link').click()
      await page.getByText('The ID is too long to ask the workbench for this customer.').waitFor()
      await inBoth(async () => expect(await overflow(page)).toBe(0))
    })

    it('covers nothing else in the picture, 360, 768 and 1280 pixels wide', async () => {
      const { page } = await start({ viewport: { width: 1280, height: 900 } })
      for (const name of ['WMWM '.repeat(12).trim(), '\u202eturned'])
        await running.send('PUT', `/api/mappings/${encodeURIComponent(name)}`, { action: 'addCustomEvent' })
      await sendTracks(1200)
      await page.getByText('1,200 calls').waitFor()
      for (const width of [1280, 768, 360]) {
        await resize(page, width, 900)
        const flow = page.getByRole('button', { name: 'Event flow' })
        if ((await flow.getAttribute('aria-expanded')) === 'false') await flow.click()
        await eventually(async () => expect(await page.evaluate(COLLISIONS)).toEqual([]))
      }
    })
  })

  describe('a connection that drops', () => {
    it('is said, heals by itself, and brings what was missed', async () => {
      const proxy = await startProxy(running.url)
      try {
        const { page } = await start({}, proxy.url)
        await page.getByText('Live', { exact: true }).waitFor()
        await sendTracks(1, () => 'Before')
        await rowsOf(page).getByText('Before').waitFor()

        await proxy.cut()
        await page.getByText('Connection lost, trying again…').waitFor()
        await sendTracks(2, (index) => `Missed ${index}`)
        await running.send('PUT', '/api/mappings/Create%20Or%20Update%20Customer', { enabled: false })
        await eventually(async () => expect(await running.deliveries()).toHaveLength(3))
        expect(await rowsOf(page).count()).toBe(1)

        await proxy.mend()
        await page.getByText('Live', { exact: true }).waitFor()
        await rowsOf(page).getByText('Missed 1').waitFor()
        expect(await rowsOf(page).count()).toBe(3)
        await goTo(page, 'Mappings')
        await eventually(async () => {
          expect(await page.getByRole('switch', { name: 'Create Or Update Customer is on' }).isChecked()).toBe(false)
        })
        await goTo(page, 'Deliveries')
        await sendTracks(1, () => 'After')
        await rowsOf(page).getByText('After').waitFor()
      } finally {
        await proxy.close()
      }
    })

    it('is opened anew also after the browser gave it up', async () => {
      const proxy = await startProxy(running.url)
      try {
        const { page } = await start({}, proxy.url)
        await page.getByText('Live', { exact: true }).waitFor()
        // An answer that is no stream: browsers don't try again by themselves.
        await page.route('**/api/stream', (route) => route.fulfill({ status: 502, body: 'Bad gateway' }))
        await proxy.cut()
        await proxy.mend()
        await page.getByText('Connection lost, trying again…').waitFor()
        await page.unroute('**/api/stream')
        await page.getByText('Live', { exact: true }).waitFor()
        await sendTracks(1, () => 'After')
        await rowsOf(page).getByText('After').waitFor()
      } finally {
        await proxy.close()
      }
    })
  })

  describe('many open pages', () => {
    it('let go of their connection while they are hidden, and catch up when they are seen again', async () => {
      const { page, context } = await start({ viewport: { width: 800, height: 500 } })
      const pages = [page]
      for (let more = 0; more < 5; more += 1) pages.push(await context.newPage())
      for (const each of pages) {
        await each.goto(running.url)
        await each.getByText('Live', { exact: true }).waitFor()
        await each.evaluate(show(false))
      }
      // A browser has six connections for a host, so a seventh page shows that the others hold none.
      const seen = await context.newPage()
      await seen.goto(running.url)
      await seen.getByText('Live', { exact: true }).waitFor()
      await sendTracks(1, () => 'Missed')
      await rowsOf(seen).getByText('Missed').waitFor()

      expect(await rowsOf(page).count()).toBe(0)
      await page.evaluate(show(true))
      await page.getByText('Live', { exact: true }).waitFor()
      await rowsOf(page).getByText('Missed').waitFor()
    })
  })

  describe('a page too many', () => {
    it('says so, and is served once another one is closed', async () => {
      const others = new AbortController()
      const streams = Array.from({ length: 20 }, () => fetch(`${running.url}/api/stream`, { signal: others.signal }))
      await Promise.all(streams)
      const { page } = await start()
      await page.getByText('20 pages are open already. Close one of them.').waitFor()
      others.abort()
      await page.getByText('Live', { exact: true }).waitFor()
      expect(await page.getByText('20 pages are open already.').count()).toBe(0)
    })
  })

  describe('a call that ends while the list is read for the first time', () => {
    it('has its row all the same', async () => {
      const { page } = await start({}, 'about:blank')
      let answer = () => undefined
      const isHeld = new Promise<void>((held) =>
        page.route(
          '**/api/deliveries?*',
          async (route) => {
            const before = await route.fetch()
            answer = () => void route.fulfill({ response: before })
            held()
          },
          { times: 1 }
        )
      )
      await page.goto(running.url)
      await isHeld
      await sendTracks(1, () => 'Meanwhile')
      await page.getByRole('link', { name: 'Add Custom Event (Track Event), Delivered: 1' }).waitFor()
      answer()
      await rowsOf(page).getByText('Meanwhile').waitFor()
    })
  })

  describe('hundreds of deliveries', () => {
    it('all arrive, draw only the rows that are seen, and scroll without a gap', async () => {
      const { page } = await start({ viewport: { width: 1280, height: 900 } })
      await sendTracks(600)
      await page.getByText('600 deliveries', { exact: true }).waitFor({ timeout: 30_000 })
      const table = page.getByRole('table', { name: 'Deliveries' })
      expect(await table.getAttribute('aria-rowcount')).toBe('601')
      expect(await rowsOf(page).count()).toBeLessThan(80)

      await linksOf(page).first().focus()
      await page.keyboard.press('End')
      await rowsOf(page).last().waitFor()
      expect(await rowsOf(page).last().getAttribute('aria-rowindex')).toBe('601')
      await page.keyboard.press('Home')
      await eventually(async () => expect(await rowsOf(page).first().getAttribute('aria-rowindex')).toBe('2'))

      expect(await page.evaluate(SCROLL)).toBe(0)
    })

    it('keep the row in sight that is looked at while others arrive', async () => {
      const { page } = await start({ viewport: { width: 1280, height: 900 } })
      await sendTracks(200)
      await page.getByText('200 deliveries', { exact: true }).waitFor()
      const looked = linksOf(page).first()
      await looked.focus()
      for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('PageDown')
      const focused = page.locator(':focus')
      const name = await focused.innerText()
      const before = await focused.boundingBox()
      await sendTracks(20, (index) => `Later ${index}`)
      await page.getByText('220 deliveries', { exact: true }).waitFor()
      expect(await focused.innerText()).toBe(name)
      await eventually(async () => expect((await focused.boundingBox())?.y).toBe(before?.y))
    })
  })

  describe('a delivery deep in the list', () => {
    /** Opens a row far down and returns its link; the way of its call is read. */
    const openDeep = async (page: Page) => {
      await sendTracks(200)
      await page.getByText('200 deliveries', { exact: true }).waitFor()
      await linksOf(page).first().focus()
      for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('PageDown')
      await page.keyboard.press('ArrowUp')
      const focused = page.locator(':focus')
      const link = rowsOf(page).getByRole('link', { name: await focused.innerText(), exact: true })
      const before = await placeInList(page, link)
      await page.keyboard.press('Enter')
      await detail(page).getByRole('heading', { name: 'Request to Voucherify' }).waitFor()
      return { link, before }
    }

    it('stays where it is when it opens beside the list, whose rows become higher, and when it closes', async () => {
      const { page } = await start({ viewport: { width: 1280, height: 900 } })
      const { link, before } = await openDeep(page)
      await eventually(async () => expect((await rowsOf(page).first().boundingBox())?.height).toBeGreaterThan(50))
      await eventually(async () => expect(Math.abs((await placeInList(page, link)) - before)).toBeLessThan(40))
      await page.keyboard.press('Escape')
      await eventually(async () => expect((await rowsOf(page).first().boundingBox())?.height).toBeLessThan(50))
      await eventually(async () => expect(Math.abs((await placeInList(page, link)) - before)).toBeLessThan(40))
    })

    it.each([360, 768])(
      'takes the place of the list %d pixels wide, and gives its row the focus back',
      async (width) => {
        const { page } = await start({ viewport: { width, height: 740 } })
        const { link } = await openDeep(page)
        const box = await detail(page).boundingBox()
        expect(box?.y).toBeGreaterThanOrEqual(0)
        expect(box?.y).toBeLessThan(100)
        await detail(page).getByRole('button', { name: 'Close the delivery' }).click()
        await link.and(page.locator(':focus')).waitFor()
        const row = await link.boundingBox()
        expect(row?.y).toBeGreaterThan(0)
        expect(row?.y).toBeLessThan(740)
      }
    )
  })

  it('shows times by the clock of its reader, and the date and UTC to who points at one', async () => {
    const { page } = await start({ locale: 'de-DE', timezoneId: 'Asia/Tokyo' })
    await sendTracks(1)
    const time = rowsOf(page).locator('time')
    await time.waitFor()
    const [{ receivedAt }] = await running.deliveries()
    const tokyo = new Intl.DateTimeFormat('de-DE', { timeStyle: 'medium', timeZone: 'Asia/Tokyo' })
    expect(await time.innerText()).toContain(tokyo.format(new Date(receivedAt)))
    await time.hover()
    const date = new Intl.DateTimeFormat('de-DE', { dateStyle: 'full', timeZone: 'Asia/Tokyo' })
    const said = (await time.getAttribute('title')) ?? ''
    expect(said).toContain(date.format(new Date(receivedAt)))
    expect(said).toContain(`${new Date(receivedAt).toISOString()} (UTC)`)
    // A press on it opens the row, as anywhere else in the row.
    await time.click()
    await detail(page).getByRole('heading', { name: 'Request to Voucherify' }).waitFor()
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H2')
    // By its address it opens too, and the focus begins where the page does.
    await page.reload()
    await detail(page).getByRole('heading', { name: 'Request to Voucherify' }).waitFor()
    expect(await page.evaluate('document.activeElement.tagName')).toBe('BODY')
  })

  describe('what it is made of', () => {
    it('comes under a strict policy, with at most 60 KB of packed JavaScript', async () => {
      const document = await fetch(`${running.url}/`)
      const policy = document.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("script-src 'self'")
      expect(policy).not.toContain('unsafe')
      const html = await document.text()
      expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/)
      expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/)
      const script = Buffer.from(await (await fetch(`${running.url}/app.js`)).arrayBuffer())
      expect(gzipSync(script).length).toBeLessThanOrEqual(MAX_SCRIPT_BYTES)
    })

    it('keeps the view in the address, so that "back" and a reload lead where they should', async () => {
      const { page } = await start()
      await goTo(page, 'Rehearse')
      await goTo(page, 'Customers')
      await page.getByRole('main').getByRole('heading', { name: 'Customers' }).waitFor()
      await eventually(async () => expect(await page.title()).toBe('Customers – Voucherify workbench'))
      await page.goBack()
      await page.getByRole('heading', { name: 'Rehearse trouble' }).waitFor()
      await page.reload()
      await page.getByRole('heading', { name: 'Rehearse trouble' }).waitFor()
    })
  })
})

/** How far below the upper edge of the list a row stands. */
async function placeInList(page: Page, link: Locator): Promise<number> {
  const [row, list] = await Promise.all([
    link.boundingBox(),
    page.getByRole('table', { name: 'Deliveries' }).boundingBox()
  ])
  return (row?.y ?? NaN) - (list?.y ?? NaN)
}

/** A script that shows or hides a page as the browser does with a tab: headless, all tabs count as seen. */
const show = (isSeen: boolean) => `(() => {
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${!isSeen} })
  document.dispatchEvent(new Event('visibilitychange'))
})()`

/** A script that says by how many pixels the way of a call is wider than its place. */
const SIDEWAYS = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(
  document.querySelector('[aria-label="The way of this call"]')
)`

/** A script that finds the texts of the picture that stand on each other or reach beyond it. */
const COLLISIONS = `(() => {
  const picture = document.querySelector('.flow svg').getBoundingClientRect()
  const texts = [...document.querySelectorAll('.flow svg text')]
    .map((text) => ({ name: text.textContent, box: text.getBoundingClientRect() }))
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
  const isOutside = ({ left, right }) => left < picture.left - 1 || right > picture.right + 1
  return texts.flatMap(({ name, box }, index) => [
    ...texts.slice(index + 1).filter((other) => meet(box, other.box)).map((other) => name + ' meets ' + other.name),
    ...(isOutside(box) ? [name + ' is cut'] : [])
  ])
})()`

/** Scrolls the list for 24 frames; gives in how many no row was under the middle. */
const SCROLL = `new Promise((resolve) => {
  const body = document.querySelector('[role=table] [role=rowgroup]:last-child')
  const box = body.getBoundingClientRect()
  let frames = 0
  let blank = 0
  const step = () => {
    if (!document.elementFromPoint(box.left + 200, box.top + 200)?.closest('[role=row]')) blank += 1
    if ((frames += 1) === 24) return resolve(blank)
    body.scrollTop += 120
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
})`

/** A TCP proxy in front of the workbench that can be cut and mended, always under the same address. */
async function startProxy(target: string) {
  const sockets = new Set<Socket>()
  const { hostname, port: targetPort } = new URL(target)
  const server = createServer((socket) => {
    const onward = connectTo(Number(targetPort), hostname)
    for (const each of [socket, onward]) {
      sockets.add(each)
      each.on('error', () => undefined)
      each.on('close', () => {
        sockets.delete(each)
        socket.destroy()
        onward.destroy()
      })
    }
    socket.pipe(onward)
    onward.pipe(socket)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    mend: () => listen(port),
    close: async () => {
      if (server.listening) await cut()
    }
  }
}
