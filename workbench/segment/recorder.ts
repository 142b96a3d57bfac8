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
import { answerOf, bodyOf } from '../../src/errors'
import type { Settings } from '../../src/generated-types'

/** One request that the destination made, and what came back where something did. Nothing in it is masked. */
export interface Exchange {
  method: string
  url: string
  headers: Record<string, string>
  body: unknown
  answer: { status: number; body: unknown } | null
}

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
      exchange.answer = { status: response.status, body: bodyOf(response) }
      return response
    } catch (error) {
      const answer = answerOf(error)
      if (answer) exchange.answer = { status: answer.status, body: answer.body }
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

/** An answer as the destination reads it, when nothing was sent: its status, and no body. */
function emptyAnswer<Data>(): ModifiedResponse<Data> {
  const response: unknown = Object.assign(new Response('', { status: 200 }), { content: '', data: undefined })
  return response as ModifiedResponse<Data>
}
