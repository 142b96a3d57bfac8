import { createServer } from 'http'
import type { IncomingMessage, Server, ServerResponse } from 'http'
import type { Trouble } from '../shared/types'
import { MAX_BODY_BYTES, notForYou, Refusal, tooLarge, unauthorized } from './errors'
import type { Answer } from './errors'
import type { TakeFromLimit } from './limits'
import type { FindRoute, FoundRoute } from './routes'
import type { CallKind } from './store'
import { troubledAnswer } from './trouble'

/** What the server asks of the rest of the sandbox for each call. */
export interface ServerParts {
  applicationId: string
  secretKey: string
  findRoute: FindRoute
  takeFromLimit: TakeFromLimit
  takeTrouble(): Trouble | undefined
  countCall(kind: CallKind): void
  /** Called after each call that had a route, whatever came of it. */
  onCall(): void
}

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i
/** Longer than clients keep a connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 60_000

/** A server that takes the calls of programs on this machine. It listens when `listen` is called on it. */
export function createSandboxServer(parts: ServerParts): Server {
  const server = createServer((request, response) => {
    readBody(request, (body) => respond(parts, request, body, response))
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

/**
 * Reads a body up to the limit; beyond it there is none, and what still comes is not kept. A request that breaks off
 * is forgotten.
 */
function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  let chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
    else chunks = []
  })
  request.on('end', () => done(size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined))
}

/** Answers a call and sends the answer, a slow one after its time. */
function respond(
  parts: ServerParts,
  request: IncomingMessage,
  body: Buffer | undefined,
  response: ServerResponse
): void {
  const { answer, delayMs } = answerCall(parts, request, body)
  if (!delayMs) return send(response, answer)
  const timer = setTimeout(() => send(response, answer), delayMs)
  response.once('close', () => clearTimeout(timer))
}

function answerCall(
  parts: ServerParts,
  request: IncomingMessage,
  body: Buffer | undefined
): { answer: Answer; delayMs: number } {
  const found = orRefusal(() => {
    refuseStrangers(request)
    return parts.findRoute(request.method ?? '', pathOf(request))
  })
  if (found instanceof Refusal) return { answer: found, delayMs: 0 }
  parts.countCall(found.route.kind)
  const trouble = parts.takeTrouble()
  const answer = (trouble && troubledAnswer(trouble)) ?? orRefusal(() => perform(parts, request, body, found))
  parts.onCall()
  return { answer, delayMs: trouble?.kind === 'slow' ? trouble.seconds * 1000 : 0 }
}

function perform(
  { applicationId, secretKey, takeFromLimit }: ServerParts,
  { headers }: IncomingMessage,
  body: Buffer | undefined,
  { route, id }: FoundRoute
): Answer {
  if (headers['x-app-id'] !== applicationId || headers['x-app-token'] !== secretKey) throw unauthorized()
  if (route.bucket) takeFromLimit(route.bucket)
  if (!body) throw tooLarge()
  return route.handle({ text: body.toString(), id })
}

/** What a web page could send from this machine's browser never gets in, also when its name resolves to this machine. */
function refuseStrangers({ headers }: IncomingMessage): void {
  if (!LOOPBACK_HOST.test(headers.host ?? '')) throw notForYou(421, 'The sandbox answers to loopback names only')
  if (headers.origin !== undefined) throw notForYou(403, 'The sandbox takes no calls from web pages')
}

/** The path as it was sent: what URL makes of dots and escapes would lead to another customer. */
function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

function orRefusal<Result>(work: () => Result): Result | Refusal {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function send(response: ServerResponse, { status, body, headers, isCut }: Answer): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': isCut ? 2 * bytes.length : bytes.length,
    ...headers
  })
  if (isCut) response.write(bytes, () => response.destroy())
  else response.end(bytes)
}
