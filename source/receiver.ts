/** The shell for whoever has no Source Functions: an HTTP server that checks webhooks and posts calls to Segment. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SECRET_HEADER } from './function'
import type { Options } from './options'
import { createSender } from './sender'
import { isSame, isSigned, SIGNATURE_HEADER } from './signature'
import { toSegment } from './toSegment'

/** Voucherify waits 10 seconds for an answer. What Segment did not take by then is answered 503, to be sent again. */
export const ANSWER_WITHIN_MS = 8500

/** Most bytes of one webhook. */
const MAX_BODY_BYTES = 1024 * 1024

/** Most bytes of bodies that are being read, before it is known who sends them. */
const MAX_READING_BYTES = 64 * 1024 * 1024

/** So that nobody holds a connection for long, nor the end. In milliseconds. */
const TIMEOUTS = { requestTimeout: 15_000, headersTimeout: 10_000, connectionsCheckingInterval: 1000 }

export interface ReceiverOptions {
  /** How webhooks become calls. */
  options: Options
  /** What the header `x-webhook-secret` must hold. */
  secret?: string
  /** Voucherify's key for signatures. At least one of both is needed; with both, both must hold. */
  signatureKey?: string
  /** Key of the Segment source. */
  writeKey: string
  /** Address of Segment's API, without a path. */
  endpoint: string
  /** Called with what goes wrong. Nothing of a webhook and no key stands in it. */
  report?(problem: string): void
  /** Milliseconds after which a webhook that Segment did not take is answered 503. */
  answerWithinMs?: number
}

export interface Receiver {
  /** Listens; 0 takes a free port. Resolves with the address, rejects with the server's error. */
  listen(port: number, host?: string): Promise<string>
  /** Takes no more webhooks, sends what it holds, answers, and ends. */
  close(): Promise<void>
}

/** An answer: its status, what it says, and headers of its own. */
type Answer = [status: number, body: Record<string, unknown>, headers?: Record<string, string>]

const WRONG_SECRET = `A webhook was refused: its header ${SECRET_HEADER} is missing, or it does not hold SECRET.`
const WRONG_SIGNATURE =
  `A webhook was refused: its header ${SIGNATURE_HEADER} is missing, or it was not made with SIGNATURE_KEY. Compare the ` +
  'key with the one under Project settings, Webhooks in Voucherify.'

const UNAUTHORIZED: Answer = [401, { error: 'Unauthorized.' }]
const TOO_LARGE: Answer = [413, { error: 'A webhook of more than 1 MB is not taken.' }]
const NO_ADDRESS: Answer = [400, { error: "The address can't be read." }]
const NO_JSON: Answer = [400, { error: 'The body is no JSON object.' }]
const BUSY: Answer = [503, { error: 'Too much at a time. Send it again.' }, { 'retry-after': '1' }]

/** @throws Error without a secret and without a key for signatures: anybody could send webhooks then */
export function createReceiver(setup: ReceiverOptions): Receiver {
  const { options, secret, signatureKey, report = () => undefined, answerWithinMs = ANSWER_WITHIN_MS } = setup
  if (!secret && !signatureKey) throw new Error('A receiver needs a secret, a key for signatures, or both.')
  const sender = createSender({ ...setup, report })
  const counts = { received: 0, sent: 0, unwanted: 0, refused: 0, failed: 0 }
  const open = new Set<ServerResponse>()
  let readingBytes = 0
  let isClosing = false

  const server = createServer(TIMEOUTS, (request, response) => {
    open.add(response)
    response.on('close', () => {
      open.delete(response)
      endIfDone()
    })
    void answer(request).then(
      (result) => respond(response, result),
      // The connection is gone, and with it whoever could be answered.
      () => response.destroy()
    )
  })

  async function answer(request: IncomingMessage): Promise<Answer> {
    if (!URL.canParse(request.url ?? '', 'http://localhost')) return NO_ADDRESS
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    if (request.method === 'GET' && pathname === '/health')
      return [200, { status: isClosing ? 'closing' : 'ok', waiting: sender.waiting(), ...counts }]
    if (request.method !== 'POST') return [405, { error: 'Send webhooks by POST.' }, { allow: 'POST' }]
    const started = performance.now()
    const body = await readBody(request)
    if (!Buffer.isBuffer(body)) return body
    counts.received++
    const result = await take(request, body, searchParams.get('type') ?? undefined, started)
    counts[countOf(result)]++
    return result
  }

  /** The body, or the answer where it is too large. The rest of a large one is read and forgotten. */
  async function readBody(request: IncomingMessage): Promise<Buffer | Answer> {
    const announced = Number(request.headers['content-length'] ?? 0)
    const refuse = (answer: Answer) => {
      request.removeAllListeners('data').resume()
      return answer
    }
    if (announced > MAX_BODY_BYTES) return refuse(TOO_LARGE)
    const chunks: Buffer[] = []
    let bytes = 0
    try {
      return await new Promise<Buffer | Answer>((resolve, reject) => {
        request.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          readingBytes += chunk.length
          if (bytes > MAX_BODY_BYTES) return resolve(refuse(TOO_LARGE))
          if (readingBytes > MAX_READING_BYTES) return resolve(refuse(BUSY))
          chunks.push(chunk)
        })
        request.on('end', () => resolve(Buffer.concat(chunks)))
        request.on('error', reject)
        request.on('close', () => reject(new Error('The connection ended early.')))
      })
    } finally {
      readingBytes -= bytes
    }
  }

  async function take(
    request: IncomingMessage,
    body: Buffer,
    type: string | undefined,
    started: number
  ): Promise<Answer> {
    const distrust = whyDistrusted(request, body)
    if (distrust) {
      report(distrust)
      return UNAUTHORIZED
    }
    const webhook = parse(body)
    if (webhook === undefined) return NO_JSON
    const { calls, reason } = toSegment(webhook, { ...options, type })
    const left = answerWithinMs - (performance.now() - started)
    const outcomes = await Promise.all(calls.map((call) => sender.send(call, left)))
    const failed = outcomes.find(({ isTaken }) => !isTaken)
    if (!failed) return [200, { success: true, calls: calls.length, reason }]
    return [
      503,
      { error: 'Segment did not take it in time. Send it again.' },
      failed.retryAfter ? { 'retry-after': String(failed.retryAfter) } : {}
    ]
  }

  /** Why a webhook is not taken, for the log alone; undefined for one that is. */
  function whyDistrusted({ headers }: IncomingMessage, body: Buffer): string | undefined {
    const holds = (name: string, check: (value: string) => boolean) => {
      const value = headers[name]
      return typeof value === 'string' && check(value)
    }
    if (secret && !holds(SECRET_HEADER, (value) => isSame(value, secret))) return WRONG_SECRET
    if (signatureKey && !holds(SIGNATURE_HEADER, (value) => isSigned(body, value, signatureKey))) return WRONG_SIGNATURE
    return undefined
  }

  function respond(response: ServerResponse, [status, body, headers]: Answer): void {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...headers,
      ...(isClosing ? { connection: 'close' } : {})
    })
    response.end(JSON.stringify(body))
  }

  /** Cuts the connections that are idle when the last answer is out. */
  function endIfDone(): void {
    if (isClosing && !open.size) server.closeAllConnections()
  }

  return {
    listen: (port, host = '127.0.0.1') =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          const { address, port: taken, family } = server.address() as AddressInfo
          resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`)
        })
      }),
    async close() {
      isClosing = true
      const closed = new Promise((resolve) => server.close(resolve))
      endIfDone()
      await closed
    }
  }
}

/** The parsed body; undefined for what is no JSON object. */
function parse(body: Buffer): object | undefined {
  try {
    const webhook: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof webhook === 'object' && webhook !== null && !Array.isArray(webhook) ? webhook : undefined
  } catch {
    return undefined
  }
}

function countOf([status, { calls }]: Answer): 'sent' | 'unwanted' | 'refused' | 'failed' {
  if (status === 200) return calls ? 'sent' : 'unwanted'
  return status === 503 ? 'failed' : 'refused'
}
