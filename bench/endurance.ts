/**
 * The workbench over a long time: `npx tsx bench/endurance.ts [seconds]`, 1200 unless given. Calls come whose values grow,
 * of ever new people, good and bad, with refusals and broken answers now and then, while one page reads and another has
 * stopped to read. Prints the memory twice a minute, ends it by Ctrl+C under load, and fails when the workbench is dead,
 * takes more than 1 GB, or does not end in order.
 */
import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { DeliveryList, Overview } from '../workbench/shared/types'
import { residentMb, startWorkbench } from './processes'

/** Most memory that it may take. */
const MAX_MB = 1024
/** Requests that are open at a time. */
const SENDERS = 4
/** Most bytes of a call that Segment takes, with room for what stands around the values. */
const MAX_VALUES = 30_000
const EVERY_MS = 30_000
const TROUBLES = ['400', '500', '429', '401', 'redirect', 'page']

interface Counts {
  batches: number
  calls: number
  full: number
  /** Requests without an answer. */
  broken: number
}

async function endure(seconds: number): Promise<void> {
  const { url, process: workbench } = await startWorkbench()
  const readers = await Promise.all([openStream(url), openStream(url)])
  readers[0].resume()
  readers[1].pause()

  const counts: Counts = { batches: 0, calls: 0, full: 0, broken: 0 }
  const start = performance.now()
  const share = () => (performance.now() - start) / 1000 / seconds
  const senders = Array.from({ length: SENDERS }, async () => {
    // A connection that ends under a request is no matter of the workbench; SDKs send again as well.
    while (share() < 1) await sendBatch(url, share(), counts).catch(() => counts.broken++)
  })
  let peak = 0
  let isLast = false
  const watching = (async () => {
    for (let next = 0; !isLast; await pause(250)) {
      const mb = residentMb(workbench.pid)
      peak = Math.max(peak, mb)
      if (performance.now() - start < next) continue
      next += EVERY_MS
      const seconds = Math.round((performance.now() - start) / 1000)
      console.log({ seconds, ...counts, mb: Math.round(mb), peak: Math.round(peak) })
    }
  })()
  await pause(seconds * 500)
  readers[1].resume()
  await Promise.all(senders)

  const last = { type: 'track', userId: 'last', event: 'The last one', messageId: 'the-last-one' }
  while ((await post(url, '/v1/track', last)) === 429) await pause(1000)
  const deadline = performance.now() + 180_000
  while ((await lastDelivery(url)) !== 'delivered') {
    if (performance.now() > deadline) throw new Error('The last call was not delivered.')
    await pause(1000)
  }
  const overview = (await (await fetch(`${url}/api/overview`)).json()) as Overview
  console.log('kept and counted at the end', JSON.stringify(overview.counts), 'waiting', overview.waiting)
  const more = Array.from({ length: SENDERS }, () => sendBatch(url, 1, counts).catch(() => undefined))
  workbench.kill('SIGINT')
  const [code] = (await once(workbench, 'exit')) as [number | null]
  isLast = true
  await Promise.all([watching, ...more])
  console.log({ ...counts, peakMb: Math.round(peak), endedWith: code })
  if (code !== 0 || peak > MAX_MB) process.exitCode = 1
}

async function lastDelivery(url: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/api/deliveries?user=last`)
  return ((await answer.json()) as DeliveryList).deliveries[0]?.status
}

/** A page's stream of what happens, as the bytes come. */
function openStream(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${url}/api/stream`, resolve).on('error', reject)
  })
}

async function sendBatch(url: string, share: number, counts: Counts): Promise<void> {
  counts.batches++
  if (counts.batches % 50 === 0) {
    const kind = TROUBLES[(counts.batches / 50) % TROUBLES.length]
    await post(url, '/api/trouble', { kind, remaining: 20, seconds: 1 })
  }
  const values = Math.max(100, Math.floor(MAX_VALUES * share))
  const batch = Array.from({ length: Math.floor(450_000 / (values + 500)) }, (_, index) =>
    call(counts.calls + index, values)
  ).slice(0, 100)
  const status = await post(url, '/v1/batch', { batch })
  if (status === 200) counts.calls += batch.length
  if (status !== 429) return
  counts.full++
  await pause(1000)
}

/** One of many kinds of calls, whose values have so many characters in JSON. */
function call(number: number, length: number): object {
  const userId = `user-${number}`
  const shapes = [
    { text: 'x'.repeat(length) },
    Object.fromEntries(Array.from({ length: Math.floor(length / 20) }, (_, index) => [`k${number}_${index}`, index])),
    { list: Array(Math.floor(length / 3)).fill({}) },
    { list: Array.from({ length: Math.floor(length / 12) }, (_, index) => [`é${index}`]) },
    JSON.parse(`${'{"a":'.repeat(Math.min(length / 6, 500))}1${'}'.repeat(Math.min(length / 6, 500))}`) as object
  ]
  const metadata = shapes[number % shapes.length]
  switch (number % 7) {
    case 0:
      return { type: 'identify', userId, traits: { email: `${userId}@example.com`, metadata } }
    case 1:
      return { type: 'track', userId, event: `Event ${number}`, properties: { metadata } }
    case 2:
      return { type: 'group', userId, groupId: `group-${number}`, traits: metadata }
    case 3:
      return { type: 'page', userId, name: 'x'.repeat(length), properties: { ...metadata, metadata } }
    case 4:
      // Nobody: the intake refuses it.
      return { type: 'track', event: 'Nobody', properties: metadata }
    case 5:
      return { type: 'identify', userId: 'always the same', traits: { metadata } }
    default:
      return { type: 'track', userId: 'always the same', event: 'Again', properties: metadata }
  }
}

async function post(url: string, path: string, body: object): Promise<number> {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  await answer.arrayBuffer()
  return answer.status
}

void endure(Number(process.argv[2] ?? 1200)).catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
