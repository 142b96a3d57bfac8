import { createServer } from 'http'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'http'
import type { LimitType, Trouble } from '../shared/types'
import { MAX_BODY_BYTES, noReport, notForYou, Refusal, sandboxFailed, tooLarge, unauthorized } from './errors'
import type { Answer } from './errors'
import type { FindRoute, FoundRoute } from './routes'
import type { CallKind } from './store'
import { troubledAnswer } from './trouble'

/** What the server asks of the rest of the sandbox for each call. */
export interface ServerParts {
  /** Secret key by Application ID of those who may call. */
  keys: ReadonlyMap<string, string>
  findRoute: FindRoute
  /** Counts a call against its limit and returns the headers that say so. Throws a Refusal 429. */
  takeFromLimit(limit: LimitType): Record<string, string>
  takeTrouble(kind: CallKind): Trouble | undefined
  /** Milliseconds since 1970. */
  now(): number
  countCall(kind: CallKind): void
  /** Called after each call that had a route, whatever came of it. */
  onCall(): void
}

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i
/** Longer than clients keep a connection, so that none is closed under a request. */
export const KEEP_ALIVE_MS = 60_000

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
  const { path, query } = addressOf(request)
  const found = orRefusal(() => {
    refuseStrangers(request)
    return parts.findRoute(request.method ?? '', path)
  })
  if (found instanceof Refusal) return { answer: found, delayMs: 0 }
  parts.countCall(found.route.kind)
  const trouble = parts.takeTrouble(found.route.kind)
  const answer =
    (trouble && troubledAnswer(trouble, parts.now(), found.route.bucket)) ?? perform(parts, request, body, found, query)
  parts.onCall()
  return { answer, delayMs: trouble?.kind === 'slow' ? trouble.seconds * 1000 : 0 }
}

function perform(
  { keys, takeFromLimit }: ServerParts,
  { headers }: IncomingMessage,
  body: Buffer | undefined,
  { route, id }: FoundRoute,
  query: string
): Answer {
  let limitHeaders: Record<string, string> = {}
  const answer = orRefusal(() => {
    const caller = route.isWithoutKeys ? refuseKeys(headers) : requireKeys(headers, keys)
    if (route.bucket) limitHeaders = takeFromLimit(route.bucket)
    if (!body) throw tooLarge()
    return route.handle({ text: body.toString(), id, query: new URLSearchParams(query), caller })
  })
  return { status: answer.status, body: answer.body, headers: { ...limitHeaders, ...answer.headers } }
}

/** The Application ID of a caller with the right keys. */
function requireKeys(headers: IncomingHttpHeaders, keys: ServerParts['keys']): string {
  const applicationId = String(headers['x-app-id'])
  const secretKey = keys.get(applicationId)
  if (secretKey === undefined || headers['x-app-token'] !== secretKey) throw unauthorized()
  return applicationId
}

/** Whoever sends the keys to the storage of reports would give them away in production. */
function refuseKeys(headers: IncomingHttpHeaders): string {
  const sent = ['x-app-id', 'x-app-token', 'authorization', 'secret-key'].find((name) => headers[name] !== undefined)
  if (sent) throw noReport(400, `A report is fetched without keys, and this request sends ${sent}.`)
  return ''
}

/** What a web page could send from this machine's browser never gets in, also when its name resolves to this machine. */
function refuseStrangers({ headers }: IncomingMessage): void {
  if (!LOOPBACK_HOST.test(headers.host ?? '')) throw notForYou(421, 'The sandbox answers to loopback names only')
  if (headers.origin !== undefined) throw notForYou(403, 'The sandbox takes no calls from web pages')
}

/** The path as it was sent: what URL makes of dots and escapes would lead to another customer. */
function addressOf({ url = '' }: IncomingMessage): { path: string; query: string } {
  const end = url.indexOf('?')
  return end < 0 ? { path: url, query: '' } : { path: url.slice(0, end), query: url.slice(end + 1) }
}

function orRefusal<Result>(work: () => Result): Result | Refusal {
  try {
    return work()
  } catch (error) {
    return error instanceof Refusal ? error : sandboxFailed(error)
  }
}

function send(response: ServerResponse, { status, body, headers, isCut }: Answer): void {
  if (body === undefined) return void response.writeHead(status, headers).end()
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': isCut ? 2 * bytes.length : bytes.length,
    ...headers
  })
  if (isCut) response.write(bytes, () => response.destroy())
  else response.end(bytes)
}
