/**
 * What the tests of the destination share: calls, settings and subscriptions as Segment would have them, a gateway that
 * nock plays and that records what left, a server on loopback for what only sockets can show, and errors in a form that
 * is compared whole.
 */
import http from 'http'
import type { AddressInfo, Socket } from 'net'
import { Destination } from '@segment/actions-core'
import type { JSONObject, RequestClient, RequestOptions, Result, SegmentEvent } from '@segment/actions-core'
import nock from 'nock'
import voucherify from '../../../src/index'
import type { Settings } from '../../../src/generated-types'
import { standIn } from '../../../tools/standIn'

// Importing nock switches it on, and what it changes in Node's http outlives the file. Only the tests that ask for it
// by withoutNetwork have it.
nock.restore()

/** The destination; a server on this machine may stand in for Voucherify. */
const definition = standIn(voucherify)

export const GATEWAY = 'https://us1.segmentio.voucherify.io'
export const API = 'https://us1.api.voucherify.io'

export const settings: Settings = {
  apiKey: '1f6b0c7e-5d2a-4c39-9a41-7b0e6f3d8a52',
  secretKey: '8d0e4a97-32cb-47f6-b1a5-c94f2e7d6130',
  customURL: GATEWAY
}

/** The headers that carry the keys of `settings` to the API, written out. */
export const API_HEADERS = {
  'x-app-id': '1f6b0c7e-5d2a-4c39-9a41-7b0e6f3d8a52',
  'x-app-token': '8d0e4a97-32cb-47f6-b1a5-c94f2e7d6130'
}

/** The headers that carry the keys of `settings` to the gateway, written out. */
export const GATEWAY_HEADERS = {
  ...API_HEADERS,
  authorization: 'Basic MWY2YjBjN2UtNWQyYS00YzM5LTlhNDEtN2IwZTZmM2Q4YTUy',
  'secret-key': 'OGQwZTRhOTctMzJjYi00N2Y2LWIxYTUtYzk0ZjJlN2Q2MTMw'
}

/** A call of a known user. Overrides replace; unlike the framework's factory it adds no traits and no properties. */
export function callOf(type: SegmentEvent['type'], overrides: Partial<SegmentEvent> = {}): SegmentEvent {
  return { type, messageId: 'message-1', userId: 'usr_1', timestamp: '2026-01-02T03:04:05.000Z', ...overrides }
}

/**
 * The presets as the subscriptions that Segment makes of them.
 *
 * @param changes keys of a mapping to replace, by the name of the preset
 */
export function subscriptions(changes: Record<string, JSONObject> = {}): JSONObject[] {
  return (definition.presets ?? []).map((preset) => {
    if (preset.type !== 'automatic') throw new Error(`${preset.name} is not automatic`)
    const { name = '', subscribe, partnerAction, mapping } = preset
    return { name, subscribe, partnerAction, mapping: { ...mapping, ...changes[name] } }
  })
}

export interface Delivery {
  settings?: Partial<Settings>
  /** Changes to the presets' mappings. */
  mappings?: Record<string, JSONObject>
  signal?: AbortSignal
}

/** Takes one call through the presets, as Segment does. */
export function deliver(event: SegmentEvent, options: Delivery = {}): Promise<Result[]> {
  return new Destination(definition).onEvent(event, hostSettings(options), { signal: options.signal })
}

/** A name for one of the five presets. */
export const CUSTOMER_PRESET = 'Create Or Update Customer'

/**
 * Takes a batch of identify calls through the customers' preset with batching switched on, as Segment does.
 *
 * @returns the outcome of each call, in its place
 */
export async function deliverBatch(
  events: SegmentEvent[],
  options: Delivery = {}
): Promise<NonNullable<Result['multistatus']>> {
  const mappings = { [CUSTOMER_PRESET]: { enable_batching: true, ...options.mappings?.[CUSTOMER_PRESET] } }
  const customers = subscriptions(mappings).filter(({ name }) => name === CUSTOMER_PRESET)
  const results = await new Destination(definition).onBatch(
    events,
    { ...settings, ...options.settings, subscriptions: customers },
    { signal: options.signal }
  )
  const multistatus = results[0]?.multistatus
  if (results.length !== 1 || !multistatus) throw new Error('The batch gave no outcomes')
  return multistatus
}

/** Sends a deletion request, as Segment does. */
export function erase(userId: string | null | undefined, changes: Partial<Settings> = {}): Promise<Result> {
  const destination = new Destination(definition)
  if (!destination.onDelete) throw new Error('The destination takes no deletion requests')
  return destination.onDelete({ type: 'delete', userId, anonymousId: 'anon_1' }, { ...settings, ...changes })
}

/** A request as it is handed to the request client of a host. */
export interface BuiltRequest {
  url: string
  options: RequestOptions
}

/** Lets something of the definition ask a request client that sends nothing and answers 200; gives what it asked. */
export async function requestsOf(ask: (request: RequestClient) => unknown): Promise<BuiltRequest[]> {
  const built: BuiltRequest[] = []
  const request: unknown = async (url: string, options: RequestOptions) => {
    built.push({ url, options })
    return { status: 200 }
  }
  await ask(request as RequestClient)
  return built
}

/** The one request that an action makes of a payload, without the framework before it. */
export async function requestOf(
  action: string,
  payload: object,
  changes: Partial<Settings> = {}
): Promise<BuiltRequest> {
  const data = { settings: { ...settings, ...changes }, payload }
  const built = await requestsOf((request) => definition.actions[action].perform(request, data))
  if (built.length !== 1) throw new Error(`The action made ${built.length} requests`)
  return built[0]
}

/** The body of that request. */
export async function bodyOf(action: string, payload: object): Promise<unknown> {
  return (await requestOf(action, payload)).options.json
}

/** The request that tests the settings. */
export async function testRequest(changes: Partial<Settings> = {}): Promise<BuiltRequest> {
  const data = { settings: { ...settings, ...changes }, auth: undefined }
  const [built] = await requestsOf((request) => definition.authentication?.testAuthentication?.(request, data as never))
  return built
}

/** The request that erases a customer. */
export async function erasureRequest(userId: string, changes: Partial<Settings> = {}): Promise<BuiltRequest> {
  const data = { settings: { ...settings, ...changes }, payload: { userId, anonymousId: null } }
  const [built] = await requestsOf((request) => definition.onDelete?.(request, data))
  return built
}

/** The request that sends customers in bulk. */
export async function bulkRequest(payload: object[], changes: Partial<Settings> = {}): Promise<BuiltRequest> {
  const data = { settings: { ...settings, ...changes }, payload }
  const [built] = await requestsOf((request) => definition.actions.upsertCustomer.performBatch?.(request, data))
  return built
}

function hostSettings({ settings: changes, mappings }: Delivery): JSONObject {
  return { ...settings, ...changes, subscriptions: subscriptions(mappings) }
}

/** A request that left, with the headers that say something; what every HTTP client sends is left off. */
export interface SentRequest {
  method: string
  url: string
  headers: Record<string, string>
  /** Parsed where it is JSON; an empty string where there is none. */
  body: unknown
}

export interface GatewayAnswer {
  status: number
  body?: string
  headers?: Record<string, string>
}

/** An answer in JSON, labelled as such. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): GatewayAnswer {
  return { status, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } }
}

/** Runs the tests of a block without a network: whatever nock was not told to answer fails. */
export function withoutNetwork(): void {
  beforeAll(() => {
    if (!nock.isActive()) nock.activate()
    nock.disableNetConnect()
  })
  afterEach(() => nock.cleanAll())
  afterAll(() => nock.restore())
}

/**
 * Answers every request to one origin.
 *
 * @returns the requests in the order in which they came; it grows
 */
export function gatewayAnswers(
  answer: GatewayAnswer | ((request: SentRequest) => GatewayAnswer | Promise<GatewayAnswer>),
  origin = GATEWAY
): SentRequest[] {
  const sent: SentRequest[] = []
  const scope = nock(origin).persist()
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    scope.intercept(/.*/, method).reply(async function (uri, body) {
      const request = { method, url: `${origin}${uri}`, headers: tellingHeaders(this.req.headers), body }
      sent.push(request)
      const { status, body: content = '', headers = {} } = typeof answer === 'function' ? await answer(request) : answer
      return [status, content, headers]
    })
  }
  return sent
}

const HEADERS_OF_EVERY_CLIENT = ['accept', 'accept-encoding', 'connection', 'content-length', 'host', 'user-agent']

function tellingHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]): [string, string] => [name.toLowerCase(), [value].flat().join(', ')])
      .filter(([name]) => !HEADERS_OF_EVERY_CLIENT.includes(name))
  )
}

export interface LoopbackServer {
  origin: string
  /** Connections so far; a redirect that was followed would be one. */
  connections: number
  requests: SentRequest[]
  /** Bytes of each request's body. */
  sizes: number[]
  close(): Promise<void>
}

/** @param size bytes of the request's body */
export type Handler = (res: http.ServerResponse, request: SentRequest, size: number) => void

/** Starts a server on 127.0.0.1 and a free port, for what only sockets can show. */
export async function startServer(handle: Handler): Promise<LoopbackServer> {
  const sockets = new Set<Socket>()
  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const bytes = Buffer.concat(chunks)
      const text = bytes.toString()
      const isJson = req.headers['content-type']?.startsWith('application/json')
      const request = {
        method: req.method ?? '',
        url: req.url ?? '',
        headers: tellingHeaders(req.headers),
        body: isJson ? JSON.parse(text) : text
      }
      loopback.requests.push(request)
      loopback.sizes.push(bytes.length)
      handle(res, request, bytes.length)
    })
  })
  server.on('connection', (socket: Socket) => {
    loopback.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const loopback: LoopbackServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    requests: [],
    sizes: [],
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        sockets.forEach((socket) => socket.destroy())
      })
  }
  return loopback
}

/** Writes a byte of an answer's body now and then, until the other side has had enough. */
export function drip(res: http.ServerResponse): void {
  const timer = setInterval(() => {
    if (res.destroyed) clearInterval(timer)
    else res.write(' ')
  }, 200)
}

/** What a host sees of a failure. `type` is the error's class. */
export interface Failure {
  type: unknown
  status?: unknown
  message: string
}

/** Waits for a failure; a promise that keeps its word is one for the test. */
export async function failureOf(outcome: Promise<unknown> | (() => unknown)): Promise<Failure> {
  const error = await errorOf(outcome)
  const { message, status }: Error & { status?: unknown } = error
  return { type: error.constructor, status, message }
}

/** The error itself, where its identity or its code matters. */
export async function errorOf(outcome: Promise<unknown> | (() => unknown)): Promise<Error> {
  try {
    await (typeof outcome === 'function' ? outcome() : outcome)
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error('It ended well where a failure was expected')
}
