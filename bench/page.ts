/**
 * The page with a full list: `npx tsx bench/page.ts [calls]`, 20,000 unless given. Chromium shows the deliveries while all
 * of these come as fast as they are taken. Then the page is opened anew, reads the whole list, and is used while fifty
 * calls a second come. Prints the page's tasks over 100 ms and the memory of its process with the garbage in it, and fails
 * when there are such tasks, or when more than 150 MB remain once the garbage is collected.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { MAX_ROWS } from '../workbench/page/listing'
import type { DeliveryList, Overview } from '../workbench/shared/types'
import { startWorkbench } from './processes'
import { Tab } from './tab'

const LONG_MS = 100
const MAX_MB = 150
/** Calls of one request. */
const BATCH = 100
/** Calls that wait before the next request; the workbench has room for 20,000. */
const MAX_WAITING = 5000
const USERS = 1000
/** Calls a second while the page is used. */
const TRICKLE = 50
const ROUNDS = 5

/** Keeps how long each task took during which nothing else could happen. The browser tells of those over 50 ms. */
const WATCH = `window.tasks = []
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.tasks.push(duration)
}).observe({ type: 'longtask', buffered: true })`

async function main(calls: number): Promise<void> {
  const workbench = await startWorkbench()
  const tab = await Tab.open(WATCH)
  const report = async (what: string) => {
    const tasks = (await tab.evaluate('window.tasks.splice(0)')) as number[]
    const long = tasks.filter((ms) => ms > LONG_MS)
    console.log(what, { tasksOver100Ms: long.length, longestMs: Math.max(0, ...tasks), mb: await tab.memoryMb() })
    if (long.length) process.exitCode = 1
  }
  try {
    await tab.goTo(workbench.url)
    await tab.until(`document.querySelector('.empty button')`)
    await report('Opened')
    await sendAll(workbench.url, calls)
    await untilListed(tab, workbench.url)
    await report(`While ${calls} calls came`)

    await tab.goTo('about:blank')
    await tab.goTo(workbench.url)
    await untilListed(tab, workbench.url)
    await readAll(tab, workbench.url)
    await report('Opened anew, and the whole list read')

    let isUsed = false
    const coming = trickle(workbench.url, () => isUsed)
    for (let round = 1; round <= ROUNDS; round += 1) {
      await use(tab)
      await report(`Used while ${TRICKLE} calls a second came, ${round} of ${ROUNDS}`)
    }
    isUsed = true
    await coming
    await tab.collectGarbage()
    const mb = await tab.memoryMb()
    console.log('Without garbage', { mb })
    if (mb > MAX_MB) process.exitCode = 1
  } finally {
    await tab.close()
    workbench.process.kill('SIGINT')
  }
}

/** What the page lists unless it is asked for webhooks. */
const CALLS = '/api/deliveries?limit=1&direction=toVoucherify'

/** Waits until the page has counted every call. */
async function untilListed(tab: Tab, url: string): Promise<void> {
  while ((await get<Overview>(url, '/api/overview')).waiting) await pause(250)
  const { total } = await get<DeliveryList>(url, CALLS)
  await tab.until(
    `document.querySelector('.toolbar')?.textContent.includes('${total.toLocaleString('en')} deliveries')`
  )
}

/** Goes to the end of the list until there are no older rows. */
async function readAll(tab: Tab, url: string): Promise<void> {
  const { matching } = await get<DeliveryList>(url, CALLS)
  const rows = Math.min(matching, MAX_ROWS)
  await tab.evaluate(FOCUS)
  await tab.until(`${press('End')} && document.querySelector('[role=table]').ariaRowCount > ${rows}`)
}

const FOCUS = `document.querySelector('[id^=delivery-]').focus()`
const press = (key: string) =>
  `[document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true }))]`
const search = (text: string) => `{
  const input = document.querySelector('input[type=search]')
  input.value = '${text}'
  input.dispatchEvent(new Event('input', { bubbles: true }))
}`
const choose = (label: string) =>
  `[...document.querySelectorAll('.choice')].find((choice) => choice.textContent.includes('${label}')).click()`

/** What people do: scroll, open rows, search, filter, look at the other views. */
async function use(tab: Tab): Promise<void> {
  const once = async (expression: string, ms: number) => {
    await tab.evaluate(expression)
    await pause(ms)
  }
  await once(FOCUS, 0)
  for (const key of ['Home', 'PageDown', 'PageDown', 'ArrowDown', 'End', 'PageUp']) await once(press(key), 300)
  await once('document.activeElement.click()', 1000)
  await once('history.back()', 1000)
  for (const text of ['p', 'pr', 'pri', 'pric', 'prici', 'pricin']) await once(search(text), 100)
  for (const text of ['pricing', '']) await once(search(text), 1000)
  for (const label of ['Rejected', 'All']) await once(choose(label), 1000)
  for (const view of ['customers', 'audiences', 'metadata', 'mappings', 'deliveries']) {
    await once(`document.querySelector('nav a[href*=${view}]').click()`, 1000)
  }
}

async function sendAll(url: string, calls: number): Promise<void> {
  for (let sent = 0; sent < calls; sent += BATCH) {
    while ((await get<Overview>(url, '/api/overview')).waiting > MAX_WAITING) await pause(100)
    await send(url, sent, Math.min(BATCH, calls - sent))
  }
}

async function trickle(url: string, isOver: () => boolean): Promise<void> {
  for (let sent = 0; !isOver(); sent += TRICKLE / 5) {
    await send(url, sent, TRICKLE / 5)
    await pause(200)
  }
}

async function get<T>(url: string, path: string): Promise<T> {
  return (await (await fetch(`${url}${path}`)).json()) as T
}

async function send(url: string, first: number, count: number): Promise<void> {
  const batch = Array.from({ length: count }, (_, index) => call(first + index))
  const answer = await fetch(`${url}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ batch })
  })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`The workbench answered ${answer.status} instead of taking the calls.`)
}

/** The calls of an app. */
function call(number: number): object {
  const userId = `user-${number % USERS}`
  switch (number % 4) {
    case 0:
      return { type: 'identify', userId, traits: { email: `${userId}@example.com`, plan: 'premium' } }
    case 1:
      return { type: 'page', userId, name: 'Pricing', properties: { path: '/pricing' } }
    case 2:
      return { type: 'group', userId, groupId: `group-${number % 50}`, traits: { name: 'Northwind Roasters' } }
    default:
      return { type: 'track', userId, event: 'Order Completed', properties: { metadata: { total: number } } }
  }
}

void main(Number(process.argv[2] ?? 20_000)).catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
