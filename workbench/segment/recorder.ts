import { Response } from '@segment/actions-core'
import type {
  ActionDefinition,
  DestinationDefinition,
  ModifiedResponse,
  RequestClient,
  RequestOptions
} from '@segment/actions-core'
import { AsyncLocalStorage } from 'async_hooks'
import mapValues from 'lodash/mapValues'
import type { Settings } from '../../src/generated-types'

/** One request that the destination made, and what came back where something did. Nothing in it is masked. */
export interface Exchange {
  method: string
  url: string
  headers: Record<string, string>
  body: unknown
  answer: Answer | null
}

/** What came back, as the framework read it. */
export interface Answer {
  status: number
  /** Headers that say when to try again, by names in small letters. */
  headers: Record<string, string>
  body: unknown
}

const LIMIT_HEADERS = ['retry-after', ...['limit', 'remaining', 'retry', 'type'].map((name) => `x-rate-limit-${name}`)]

/** What happens to the requests of one run, and which there were. */
export interface Recording {
  /** False captures the requests and sends nothing: each is answered with an empty 200. */
  send: boolean
  exchanges: Exchange[]
}

const running = new AsyncLocalStorage<Recording>()

/**
 * Runs something of a destination that `recorded` has prepared, and records the requests that it makes.
 *
 * @returns what it returned; the recording is filled also when it throws
 */
export function record<Result>(recording: Recording, run: () => Promise<Result>): Promise<Result> {
  return running.run(recording, run)
}

/** The definition with a request client that records. Everything else stays as it is. */
export function recorded(definition: DestinationDefinition<Settings>): DestinationDefinition<Settings> {
  const { onDelete } = definition
  return {
    ...definition,
    onDelete: onDelete && ((request, data) => onDelete(recording(request), data)),
    actions: mapValues(definition.actions, recordedAction)
  }
}

function recordedAction(action: ActionDefinition<Settings>): ActionDefinition<Settings> {
  const { perform, performBatch } = action
  return {
    ...action,
    perform: (request, data) => perform(recording(request), data),
    performBatch: performBatch && ((request, data) => performBatch(recording(request), data))
  }
}

function recording(request: RequestClient): RequestClient {
  const current = running.getStore()
  if (!current) return request
  return async <Data>(url: string, options?: RequestOptions) => {
    const exchange = toExchange(url, options)
    current.exchanges.push(exchange)
    if (!current.send) return emptyAnswer<Data>()
    try {
      const response = await request<Data>(url, options)
      exchange.answer = readAnswer(response)
      return response
    } catch (error) {
      exchange.answer = readAnswer(partsOf(error).response)
      throw error
    }
  }
}

function toExchange(url: string, { method = 'GET', headers = {}, json, body }: RequestOptions = {}): Exchange {
  return {
    method: method.toUpperCase(),
    url,
    headers: json === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
    body: json ?? (typeof body === 'string' ? JSON.parse(body) : null),
    answer: null
  }
}

/** Reads a response, of a success or in an error of the framework; null for anything else. */
function readAnswer(response: unknown): Answer | null {
  const { status, headers, data, content } = partsOf(response)
  if (typeof status !== 'number') return null
  const limits = LIMIT_HEADERS.flatMap((name) => {
    const value = headerOf(headers, name)
    return value === undefined ? [] : [[name, value]]
  })
  return { status, headers: Object.fromEntries(limits), body: data ?? content }
}

function headerOf(headers: unknown, name: string): string | undefined {
  const { get } = partsOf(headers)
  const value: unknown = typeof get === 'function' ? get.call(headers, name) : undefined
  return typeof value === 'string' ? value : undefined
}

/** What an object of any class holds; nothing of anything else. */
function partsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** An answer as the destination reads it, when nothing was sent: its status, and no body. */
function emptyAnswer<Data>(): ModifiedResponse<Data> {
  const response: unknown = Object.assign(new Response('', { status: 200 }), { content: '', data: undefined })
  return response as ModifiedResponse<Data>
}
