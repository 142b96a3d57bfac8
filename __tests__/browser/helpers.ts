import axe from 'axe-core'
import type { AxeResults } from 'axe-core'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page, Response } from 'playwright-core'
import { bundlePage } from '../../workbench/page/bundle'
import { createSandbox } from '../../workbench/sandbox'
import type { Sandbox } from '../../workbench/sandbox'
import { createWorkbench } from '../../workbench/app/server'
import type { WorkbenchOptions } from '../../workbench/app/server'
import type { Target } from '../../workbench/shared/types'
import type { Delivery, DeliveryList, MappingList } from '../../workbench/shared/types'
import { chromiumPath } from './chromium'

/** Longest time for one test, in milliseconds. Browsers are slow on a busy machine. */
export const TEST_MS = 60_000
const ACTION_MS = 15_000

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  // A process less for each browser, which two cores feel.
  '--in-process-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** Describes tests that need a browser. Where there is none they are skipped; chromium.test.ts says so. */
export const describeInBrowser: typeof describe.skip = chromiumPath ? describe : describe.skip

/** Keys of a sandbox that look like Voucherify's own, so that one that leaks is found for sure. */
export const KEYS = {
  applicationId: '3f1a6a0e-8c1d-4f5b-9a44-6d2f0b7c9e11',
  secretKey: 'b7e2c0d4-51f9-4c3a-8e6b-90aa12fd34c7'
}

/** A workbench with its page and sandbox, and short ways to ask it beside the page. */
export interface Running {
  url: string
  sandbox: Sandbox
  send(method: string, path: string, body?: unknown): Promise<unknown>
  deliveries(): Promise<Delivery[]>
  mappings(): Promise<MappingList>
  close(): Promise<void>
}

let bundled: ReturnType<typeof bundlePage> | undefined

interface StartOptions extends Pick<WorkbenchOptions, 'definitions' | 'unreadDefinitions'> {
  mode?: Target['mode']
  /** What the workbench takes for the secret key; the sandbox's own unless given. */
  secretKey?: string
  /** Whether calls are tried again by themselves. */
  retries?: boolean
}

export async function startWorkbench({
  mode = 'sandbox',
  secretKey = KEYS.secretKey,
  retries = false,
  ...options
}: StartOptions = {}) {
  bundled ??= bundlePage()
  const page = await bundled
  const sandbox = createSandbox({ ...KEYS, bulkDelayMs: 0 })
  await sandbox.listen(0)
  // Of what a project is sent the workbench's own sandbox hears nothing.
  const own = mode === 'project' ? createSandbox(KEYS) : sandbox
  if (own !== sandbox) await own.listen(0)
  const settings = { apiKey: KEYS.applicationId, secretKey, customURL: sandbox.url }
  const workbench = createWorkbench({ settings, mode, sandbox: own, page, retries, ...options })
  await workbench.listen(0)
  const { url } = workbench

  async function send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${JSON.stringify(answer)}`)
    return answer
  }
  const running: Running = {
    url,
    sandbox,
    send,
    deliveries: async () => ((await send('GET', '/api/deliveries?limit=5000')) as DeliveryList).deliveries,
    mappings: async () => (await send('GET', '/api/mappings')) as MappingList,
    async close() {
      await workbench.close()
      await sandbox.close()
      if (own !== sandbox) await own.close()
    }
  }
  return running
}

function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: ARGUMENTS })
}

/** A page with a record of what it asked for and what it complained about. */
export interface Visit {
  page: Page
  context: BrowserContext
  /** Addresses of all requests. */
  requests: string[]
  /** Answers' bodies by their address, as text. The stream of events never ends and is not among them. */
  answers(): Promise<string[]>
  /** Errors of scripts and of the console, breaches of the Content-Security-Policy among them. */
  complaints: string[]
}

const WINDOW = { width: 1280, height: 1400 }

/** Opens an empty page in a browser profile of its own. */
async function openTab(browser: Browser, profile: BrowserContextOptions): Promise<Tab> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...profile })
  context.setDefaultTimeout(ACTION_MS)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const requests: string[] = []
  const complaints: string[] = []
  const responses: Response[] = []
  context.on('request', (request) => requests.push(request.url()))
  context.on('response', (response) => {
    if (!response.url().endsWith('/api/stream')) responses.push(response)
  })
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  const page = await context.newPage()
  return {
    page,
    context,
    requests,
    complaints,
    answers: () => Promise.all(responses.map((response) => response.text())),
    async leave() {
      for (const other of context.pages()) if (other !== page) await other.close()
      await page.unrouteAll()
      await page.evaluate('localStorage.clear()')
      await page.mouse.move(0, 0)
      await page.goto('about:blank')
      await page.emulateMedia({ colorScheme: null })
      for (const record of [requests, complaints, responses]) record.length = 0
    }
  }
}

interface Tab extends Visit {
  /** Empties it for the next visit. Fails where a test has closed it. */
  leave(): Promise<void>
}

/** Opens what a test needs. */
export interface Opener {
  /** Opens an address; with options beside the size of the window in a browser profile of its own. */
  visit(url: string, options?: BrowserContextOptions): Promise<Visit>
  /** Starts a workbench and opens its page. */
  open(options?: StartOptions, visitOptions?: BrowserContextOptions): Promise<Opened>
}

export interface Opened {
  running: Running
  visited: Visit
  page: Page
}

/**
 * One browser for the tests of a block. What a test opens is closed when the test has ended, the last first; what is opened
 * before all tests, for those that only look, when all have.
 */
export function useBrowser(): Opener {
  let browser: Browser
  /** A page that the next visit takes over: to begin a process for each takes longer than most tests. */
  let spare: Tab | undefined
  const ofBlock: (() => Promise<void>)[] = []
  const ofTest: (() => Promise<void>)[] = []
  let closers = ofBlock
  const closeAll = async (all: (() => Promise<void>)[]) => {
    for (const close of all.splice(0).reverse()) await close()
  }
  beforeAll(async () => {
    browser = await launch()
  })
  beforeEach(() => {
    closers = ofTest
  })
  afterEach(async () => {
    await closeAll(ofTest)
    closers = ofBlock
  })
  afterAll(async () => {
    await closeAll(ofBlock)
    await browser.close()
  })

  async function close(tab: Tab): Promise<void> {
    try {
      await tab.leave()
      spare = tab
    } catch {
      await tab.context.close()
    }
  }

  const visit: Opener['visit'] = async (url, { viewport = WINDOW, ...profile } = {}) => {
    const isUsual = !Object.keys(profile).length
    const tab = (isUsual && spare) || (await openTab(browser, { viewport, ...profile }))
    if (tab === spare) spare = undefined
    closers.push(() => (isUsual && !spare ? close(tab) : tab.context.close()))
    if (viewport) await tab.page.setViewportSize(viewport)
    await tab.page.goto(url)
    return tab
  }
  return {
    visit,
    async open(options, visitOptions) {
      const running = await startWorkbench(options)
      closers.push(() => running.close())
      const visited = await visit(running.url, visitOptions)
      return { running, visited, page: visited.page }
    }
  }
}

/** Fails unless every request went to the page's own origin. Images and icons in the page itself are no requests. */
export function expectOwnHostOnly(requests: string[], url: string): void {
  const { origin } = new URL(url)
  expect(requests.filter((address) => !/^(data|blob):/.test(address) && new URL(address).origin !== origin)).toEqual([])
}

/** Repeats an expectation until it holds, and fails with its last complaint when it does not hold in time. */
export async function eventually(expectation: () => void | Promise<void>, withinMs = ACTION_MS): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      return await expectation()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

/** The list of deliveries: its rows, without the head. */
export const rowsOf = (page: Page): Locator =>
  page.getByRole('table', { name: 'Deliveries' }).getByRole('rowgroup').last().getByRole('row')

/** The links of the rows to their deliveries. */
export const linksOf = (page: Page): Locator => page.locator('[id^="delivery-"]')

/** Sends the samples by a press of the button and waits until all have ended. */
export async function sendSamples(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send samples' }).click()
  await page.getByText('25 deliveries', { exact: true }).waitFor()
}

export const goTo = (page: Page, view: string): Promise<void> =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click()

/** What the clipboard holds. */
export const clipboard = async (page: Page): Promise<string> =>
  String(await page.evaluate('navigator.clipboard.readText()'))

/** Horizontal room that the page's content takes beyond the window, in pixels. */
export const overflow = async (page: Page): Promise<number> =>
  Number(
    await page.evaluate('Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth, 0)')
  )

/** Gives the window another size, and waits until what is laid out by a script has followed it. */
export async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height })
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

/** What axe finds serious or critical, as texts: in the whole page by all its rules, or in a part and by some. */
export async function findingsOf(page: Page, within = 'html', rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source)
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }
  const run = `axe.run(${JSON.stringify(within)}, ${JSON.stringify(options)})`
  const { violations } = (await page.evaluate(run)) as AxeResults
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}
