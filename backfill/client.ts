import { askedWait, CYCLE_LIMIT } from './limits'
import type { Bucket, Limits } from './limits'
import { isObject } from './records'
import { errorCode } from '../workbench/shared/errorCode'
import { blocked, EXIT, resumable, Stop } from './stop'

/** The clock of a run, so that nobody waits an hour for a test. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after so many milliseconds, or as soon as the signal says so. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface Call {
  bucket: Bucket
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
  /** What it is about, for messages, such as "the bulk call". */
  about: string
  /** Called before each try, which may or may not reach Voucherify. */
  onTry?(): void
  /** Called after a try that came to nothing, before the next. */
  onFailure?(why: string): void
  /** Why an answer 2xx is none that can be used; undefined when it can. */
  problemOf?(body: unknown): string | undefined
}

export interface Answer {
  status: number
  /** Parsed when it is JSON, else the text. */
  body: unknown
}

export interface ClientParts {
  clock: Clock
  limits: Limits
  fetch: typeof fetch
  /** Says that the run is to end: waits end at once, a call under way ends first. */
  signal: AbortSignal
  /** Gets why and until when nothing can be sent; undefined when it goes on. */
  onWait(wait?: { why: string; until: number }): void
}

const SECOND = 1_000
/** A slow line needs some minutes for 10 MB. */
const BULK_TIMEOUT = 600 * SECOND
const TIMEOUT = 30 * SECOND
/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 << 20
/** Pauses after failures that may pass, in milliseconds; after the last one the run ends, resumable. */
const PAUSES = [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * SECOND)
/** Pauses after a 429 that does not say how long. It may mean an ended subscription, which no wait mends. */
const UNTOLD_PAUSES = [30, 60, 120, 240, 480, 900, 900].map((seconds) => seconds * SECOND)
/** Longest wait: a day, as a daily limit can ask for, and some. */
const MAX_WAIT = 26 * 3_600 * SECOND
const RETRYABLE = [408, 425, 500, 502, 503, 504]

/** Makes calls at the rate that Voucherify allows, and tries again what may pass. */
export class Client {
  constructor(private readonly parts: ClientParts) {}

  /**
   * Makes a call until it is answered for good.
   *
   * @returns an answer 2xx, or a refusal that is about the call itself, such as 400, 404 or 413
   * @throws Stop (5) when the keys are refused, a plan is spent or Voucherify can't be reached; Stop (130) when asked to
   */
  async ask(call: Call): Promise<Answer> {
    let failures = 0
    let untold = 0
    for (;;) {
      await this.untilAllowed(call)
      call.onTry?.()
      this.parts.limits.made(call.bucket)
      const outcome = await this.tryOnce(call)
      if ('answer' in outcome) return outcome.answer
      call.onFailure?.(outcome.why)
      if (outcome.wait === undefined) {
        const pause = outcome.isLimit ? UNTOLD_PAUSES[untold++] : PAUSES[failures++]
        if (pause === undefined) throw resumable(`${outcome.why} ${outcome.isLimit ? ENDED_PLAN : ''}${GO_ON}`)
        await this.wait(pause, outcome.why)
      } else {
        await this.wait(outcome.wait, outcome.why)
      }
    }
  }

  /** Waits. Throws Stop (130) when the run is to end, Stop (5) for a wait that nobody would sit through. */
  async wait(ms: number, why: string): Promise<void> {
    const { clock, signal, onWait } = this.parts
    if (ms > MAX_WAIT)
      throw resumable(`${why} It asks to wait until ${new Date(clock.now() + ms).toISOString()}. ${GO_ON}`)
    if (ms > 0) {
      if (why) onWait({ why, until: clock.now() + ms })
      if (!signal.aborted) await clock.sleep(ms, signal)
      if (why) onWait()
    }
    this.requireRunning()
  }

  /** A file of Voucherify's at an address that it named: fetched without the keys. Undefined when it can't be had. */
  async download(url: string): Promise<string | undefined> {
    this.requireRunning()
    try {
      const response = await this.parts.fetch(url, { signal: AbortSignal.timeout(BULK_TIMEOUT) })
      return response.ok ? await readText(response) : undefined
    } catch {
      return undefined
    }
  }

  private requireRunning(): void {
    if (this.parts.signal.aborted) throw new Stop(EXIT.interrupted, 'Stopped.')
  }

  private async untilAllowed({ bucket }: Call): Promise<void> {
    this.requireRunning()
    for (let ms = this.parts.limits.waitFor(bucket); ms > 0; ms = this.parts.limits.waitFor(bucket)) {
      await this.wait(ms, WAITS[bucket])
    }
  }

  private async tryOnce(call: Call): Promise<Outcome> {
    const { method, url, headers, body, bucket, about } = call
    let response: Response
    let text: string
    try {
      const timeout = AbortSignal.timeout(bucket === 'bulk' ? BULK_TIMEOUT : TIMEOUT)
      const type = body === undefined ? undefined : { 'Content-Type': 'application/json' }
      response = await this.parts.fetch(url, {
        method,
        headers: { ...headers, ...type },
        body,
        redirect: 'manual',
        signal: timeout
      })
      text = await readText(response)
    } catch (error) {
      return { why: `Voucherify can't be reached at ${new URL(url).origin} (${networkReason(error)}).` }
    }
    this.parts.limits.learn(bucket, response.headers)
    return this.judge(call, response, parse(text), about)
  }

  private judge(call: Call, { status, headers }: Response, body: unknown, about: string): Outcome {
    const said = describe(status, body)
    if (status >= 200 && status < 300) {
      const problem =
        typeof body === 'string' && body.trim()
          ? 'A web page or text answered instead of Voucherify.'
          : call.problemOf?.(body)
      return problem ? { why: problem } : { answer: { status, body } }
    }
    if (status === 429) return this.limited(said, headers)
    if (RETRYABLE.includes(status)) return { why: `Voucherify is in trouble (${said}).` }
    if (status === 401 || status === 403) {
      throw resumable(
        `Voucherify refused the keys (${said}). Check VOUCHERIFY_APPLICATION_ID, VOUCHERIFY_SECRET_KEY and the region in VOUCHERIFY_CUSTOM_URL. ${GO_ON}`
      )
    }
    if (status === 402)
      throw resumable(`The plan of your Voucherify project is exceeded (${said}). Extend it. ${GO_ON}`)
    if (status >= 300 && status < 400) {
      throw blocked(`Voucherify's address answered ${about} with a redirect (${status}). Check VOUCHERIFY_CUSTOM_URL.`)
    }
    if (status === 404 && call.bucket !== 'api') {
      throw blocked(`Nothing at Voucherify's address takes ${about} (${said}). Check VOUCHERIFY_CUSTOM_URL.`)
    }
    if (status >= 500) throw resumable(`Voucherify does not take ${about} (${said}). ${GO_ON}`)
    return { answer: { status, body } }
  }

  private limited(said: string, headers: Headers): Outcome {
    const type = headers.get('x-rate-limit-type')
    if (type === CYCLE_LIMIT) {
      throw resumable(
        `The API calls of this billing cycle are spent (${said}). Buy a package or wait for the next cycle. ${GO_ON}`
      )
    }
    const why = `Voucherify's limit${type ? ` ${type}` : ''} is reached (${said}).`
    return { why, isLimit: true, wait: askedWait(headers, this.parts.clock.now()) }
  }
}

type Outcome = { answer: Answer } | { why: string; wait?: number; isLimit?: boolean }

const GO_ON = 'The same command goes on where this run stopped.'
const ENDED_PLAN = 'It does not say how long; a subscription that has ended is answered so too. '
const WAITS: Record<Bucket, string> = {
  bulk: 'The next bulk call is allowed then.',
  api: 'The next call is allowed then.',
  gateway: 'The next group call is allowed then.'
}

/** Voucherify's own words with the status. It may quote a customer's data, and never the keys. */
function describe(status: number, body: unknown): string {
  if (!isObject(body)) return String(status)
  const words = [body.message, body.details].filter((text) => typeof text === 'string' && text)
  return [status, ...words].join(': ').slice(0, MAX_WORDS)
}

const MAX_WORDS = 400

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The body as text, bounded: nothing that answers in Voucherify's place can fill the memory. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // The type of fetch does not say that Node's streams can be read so.
  const body = response.body as unknown as AsyncIterable<Uint8Array> | null
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is endless')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function networkReason(error: unknown): string {
  const cause = isFailure(error) && isFailure(error.cause) ? error.cause : error
  if (!isFailure(cause)) return 'unknown'
  return cause.name === 'TimeoutError' ? 'no answer in time' : errorCode(cause) ?? cause.message
}

/** An error by its shape: those of the system may come from another realm. */
function isFailure(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'message' in error
}
