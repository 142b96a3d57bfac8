/** Sends calls to Segment's Tracking API in batches, and tells for each whether Segment took it. */
import type { SegmentCall } from './toSegment'

/** Most bytes of a batch. Source: Segment's documentation, "HTTP Tracking API Source", where it is 500 KB. */
const MAX_BATCH_BYTES = 500_000

/** Requests that are open at a time. While one is, the calls that come form the next batch. */
const MAX_REQUESTS = 8

/** Most bytes of calls that wait, those on their way among them. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024

/** Longest time for one request, in milliseconds. */
const REQUEST_MS = 8000

/** The pause after a failure: doubled with each one more, up to the second number. In milliseconds. */
const PAUSE_MS = { first: 200, most: 2000 }

export interface SenderOptions {
  writeKey: string
  /** Address of Segment's API, without a path. */
  endpoint: string
  /** Says what went wrong, without anything of the calls. */
  report(problem: string): void
}

export interface Outcome {
  isTaken: boolean
  /** Seconds after which it is worth to try again, where Segment said so. */
  retryAfter?: number
}

export interface Sender {
  /** Sends a call, with tries for so many milliseconds. Never rejects. */
  send(call: SegmentCall, withinMs: number): Promise<Outcome>
  /** Calls whose outcome is not known yet. */
  waiting(): number
}

interface Item {
  json: string
  bytes: number
  deadline: number
  isSettled: boolean
  settle(outcome: Outcome): void
}

export function createSender({ writeKey, endpoint, report }: SenderOptions): Sender {
  const queue: Item[] = []
  let waiting = 0
  let waitingBytes = 0
  let requests = 0
  let failures = 0
  let pausedUntil = 0
  let pause: NodeJS.Timeout | undefined

  const headers = {
    'content-type': 'application/json',
    authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`
  }

  function send(call: SegmentCall, withinMs: number): Promise<Outcome> {
    const json = JSON.stringify(call)
    const bytes = Buffer.byteLength(json)
    const deadline = now() + withinMs
    if (waitingBytes + bytes > MAX_WAITING_BYTES) {
      report('More calls wait for Segment than there is memory for.')
      return Promise.resolve({ isTaken: false })
    }
    if (pausedUntil >= deadline) return Promise.resolve(later())
    waiting++
    waitingBytes += bytes
    return new Promise((resolve) => {
      const timer = setTimeout(() => item.settle(later()), withinMs)
      const item: Item = {
        json,
        bytes,
        deadline,
        isSettled: false,
        settle(outcome) {
          if (item.isSettled) return
          item.isSettled = true
          clearTimeout(timer)
          waiting--
          waitingBytes -= bytes
          resolve(outcome)
        }
      }
      queue.push(item)
      work()
    })
  }

  function later(): Outcome {
    const seconds = Math.ceil((pausedUntil - now()) / 1000)
    return { isTaken: false, retryAfter: seconds > 0 ? seconds : undefined }
  }

  /** Sends what waits, as far as requests are free and Segment asked for no pause. */
  function work(): void {
    while (requests < MAX_REQUESTS && pausedUntil <= now()) {
      const batch = nextBatch()
      if (!batch.length) return
      requests++
      void deliver(batch).finally(() => {
        requests--
        work()
      })
    }
  }

  function nextBatch(): Item[] {
    const batch: Item[] = []
    let bytes = 100
    for (let item = queue[0]; item !== undefined; item = queue[0]) {
      if (!item.isSettled && bytes + item.bytes + 1 > MAX_BATCH_BYTES) break
      queue.shift()
      if (item.isSettled) continue
      batch.push(item)
      bytes += item.bytes + 1
    }
    return batch
  }

  async function deliver(batch: Item[]): Promise<void> {
    const answer = await post(batch)
    if (answer.status === 200) {
      failures = 0
      return settle(batch, { isTaken: true })
    }
    const isMalformed = answer.status === 400 || answer.status === 413
    if (isMalformed && batch.length > 1) {
      // One of them spoils it for the others.
      const half = Math.ceil(batch.length / 2)
      await deliver(batch.slice(0, half))
      return deliver(batch.slice(half))
    }
    report(answer.problem)
    if (answer.isFinal) return settle(batch, { isTaken: false })
    waitFor(answer.retryAfterMs ?? Math.min(PAUSE_MS.first * 2 ** failures++, PAUSE_MS.most))
    const [inTime, late] = [true, false].map((isInTime) =>
      batch.filter((each) => each.deadline > pausedUntil === isInTime)
    )
    settle(late, later())
    queue.unshift(...inTime)
  }

  function settle(batch: Item[], outcome: Outcome): void {
    for (const item of batch) item.settle(outcome)
  }

  function waitFor(ms: number): void {
    pausedUntil = Math.max(pausedUntil, now() + ms)
    clearTimeout(pause)
    pause = setTimeout(goOn, pausedUntil - now())
    // Those who wait have timers of their own.
    pause.unref()
  }

  /** The timer alone says that a pause is over: a clock may read a moment less, and nothing would wake the rest. */
  function goOn(): void {
    pausedUntil = 0
    work()
  }

  async function post(batch: Item[]): Promise<Answer> {
    const body = `{"batch":[${batch.map(({ json }) => json).join()}],"sentAt":"${new Date().toISOString()}"}`
    try {
      const response = await fetch(`${endpoint}/v1/batch`, {
        method: 'POST',
        headers,
        body,
        // The key must not leave for another host.
        redirect: 'manual',
        signal: AbortSignal.timeout(REQUEST_MS)
      })
      const asked = response.headers.get('retry-after') ?? response.headers.get('x-ratelimit-reset')
      return read(response.status, asked, await response.text())
    } catch (error) {
      return { status: 0, isFinal: false, problem: `Segment could not be reached (${codeOf(error)}).` }
    }
  }

  return { send, waiting: () => waiting }
}

interface Answer {
  status: number
  /** Whether the same again would end the same. */
  isFinal: boolean
  problem: string
  retryAfterMs?: number
}

function read(status: number, retryAfter: string | null, text: string): Answer {
  if (status === 200) {
    if (!/"success"\s*:\s*false/.test(text)) return { status, isFinal: false, problem: '' }
    return { status: 0, isFinal: false, problem: 'Segment answered 200, but that it took nothing.' }
  }
  const isPassing = status === 429 || status >= 500
  const advice = isPassing ? '' : status === 401 || status === 403 ? ' Check WRITE_KEY and REGION.' : ''
  const seconds = Number(retryAfter ?? NaN)
  return {
    status,
    isFinal: !isPassing,
    problem: `Segment answered ${status}.${advice}`,
    retryAfterMs: isPassing && seconds > 0 ? seconds * 1000 : undefined
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : error.name
}

function now(): number {
  return performance.now()
}
