import { deepEqual } from 'node:assert/strict'
import { MultiStatusResponse } from '@segment/actions-core'
import type {
  ActionDefinition,
  DestinationDefinition,
  JSONLikeObject,
  RequestClient,
  RequestOptions
} from '@segment/actions-core'
import type { Settings } from '../src/generated-types'
import { MAX_ANSWER_BYTES, TIMEOUT_MS } from '../src/requests'
import { identifyCall } from './customers'
import { Host } from './host'
import { ServerProcess } from './serverProcess'
import { measuredOften, medianWithin } from './stats'
import type { Measured } from './stats'

/** Many short rounds: what disturbs the machine for a moment then hits few of them. */
const CALLS: CpuSizes = { rounds: 251, warmUpRounds: 12, callsARound: 40 }
/** One round is one batch of a thousand customers. */
const BATCHES: CpuSizes = { rounds: 101, warmUpRounds: 10, callsARound: 1_000 }

export interface CpuSizes {
  rounds: number
  warmUpRounds: number
  callsARound: number
}

type Definition = DestinationDefinition<Settings>
type Action = ActionDefinition<Settings>

/** Versions of the destination that are measured side by side: this one, and another where one is asked for. */
export type Versions<T> = { now: T; before?: T }

/** Microseconds of processor time, of this process alone, for each call. */
export interface CallFigures {
  ours: Measured
  /** The same request through the same client, written down without a check. */
  bare: Measured
  /** The framework alone: mapping and validation, nothing is sent. */
  floor: Measured
  /** Ours without the sending: the framework, the checks and the building. */
  unsent: Measured
  /** Ours over bare in microseconds and in percent, from rounds that ran next to each other; where their medians lie. */
  overBare: Measured
  overBarePercent: Measured
}

/** Microseconds of processor time, of this process alone, for each customer in a bulk call of a thousand. */
export interface BulkFigures {
  ours: Measured
  /** The same request through the same client and an outcome for each call, written down without a check. */
  bare: Measured
  /** The difference, from rounds that ran next to each other; where its median lies. */
  overBare: Measured
}

/** @param sizes smaller for a trial */
export async function measureCalls(versions: Versions<Definition>, sizes = CALLS): Promise<Versions<CallFigures>> {
  const server = await ServerProcess.start('answering')
  try {
    const variants: Record<string, Definition> = {}
    for (const [version, definition] of named(versions)) {
      for (const [name, variant] of Object.entries(await callVariants(definition, server.url))) {
        variants[`${version} ${name}`] = variant
      }
    }
    const event = identifyCall(1)
    const rounds = await inTurn(hostsOf(variants, server.url), sizes, async (host) => {
      for (let call = 0; call < sizes.callsARound; call += 1) await host.deliver(event)
    })
    return eachVersion(versions, (version) => {
      const [ours, bare, floor, unsent] = ['ours', 'bare', 'floor', 'unsent'].map(
        (name) => rounds[`${version} ${name}`]
      )
      const overBare = ours.map((used, round) => used - bare[round])
      return {
        ours: measuredOften(ours),
        bare: measuredOften(bare),
        floor: measuredOften(floor),
        unsent: measuredOften(unsent),
        overBare: medianWithin(overBare),
        overBarePercent: medianWithin(overBare.map((over, round) => (100 * over) / bare[round]))
      }
    })
  } finally {
    await server.close()
  }
}

/** @param sizes smaller for a trial */
export async function measureBulkShare(
  versions: Versions<Definition>,
  sizes = BATCHES
): Promise<Versions<BulkFigures>> {
  // It answers without the ID of a job, which would be asked for a second later.
  const server = await ServerProcess.start('answering')
  try {
    const variants: Record<string, Definition> = {}
    for (const [version, definition] of named(versions)) {
      variants[`${version} ours`] = definition
      variants[`${version} bare`] = await bareBulkOf(definition, server.url)
    }
    const events = Array.from({ length: sizes.callsARound }, (_, index) => identifyCall(index))
    const rounds = await inTurn(hostsOf(variants, server.url, true), sizes, async (host) => {
      const outcomes = await host.deliverBatch(events)
      if (outcomes.some(({ status }) => status !== 200)) throw new Error('Not every call of the batch was accepted.')
    })
    return eachVersion(versions, (version) => {
      const [ours, bare] = [rounds[`${version} ours`], rounds[`${version} bare`]]
      const overBare = medianWithin(ours.map((used, round) => used - bare[round]))
      return { ours: measuredOften(ours), bare: measuredOften(bare), overBare }
    })
  } finally {
    await server.close()
  }
}

/** Under names of their own, since the framework keeps validators by the names of destination and action. */
function named({ now, before }: Versions<Definition>): [version: string, definition: Definition][] {
  const versions: [string, Definition][] = [['now', now]]
  if (before) versions.push(['before', { ...before, name: `${before.name}, before` }])
  return versions
}

function eachVersion<T>({ before }: Versions<unknown>, figures: (version: string) => T): Versions<T> {
  return { now: figures('now'), ...(before ? { before: figures('before') } : {}) }
}

function hostsOf(variants: Record<string, Definition>, url: string, batching = false): Map<string, Host> {
  return new Map(Object.entries(variants).map(([name, definition]) => [name, new Host(definition, url, batching)]))
}

/**
 * Runs all of them in every round, in order of their names and then the other way round, so that those that are compared
 * are neighbours, now the one first and now the other.
 *
 * @returns microseconds for each call, round by round
 */
async function inTurn(
  hosts: Map<string, Host>,
  { rounds: count, warmUpRounds, callsARound }: CpuSizes,
  run: (host: Host) => Promise<void>
): Promise<Record<string, number[]>> {
  const rounds: Record<string, number[]> = Object.fromEntries([...hosts.keys()].map((name) => [name, []]))
  for (let round = 0; round < warmUpRounds + count; round += 1) {
    const inOrder = [...hosts]
    for (const [name, host] of round % 2 ? inOrder.reverse() : inOrder) {
      const before = process.cpuUsage()
      await run(host)
      const { user, system } = process.cpuUsage(before)
      if (round >= warmUpRounds) rounds[name].push((user + system) / callsARound)
    }
  }
  return rounds
}

/** What is compared for single calls; that ours and the bare send make the same request is checked first. */
async function callVariants(definition: Definition, url: string): Promise<Record<string, Definition>> {
  const { perform } = definition.actions.upsertCustomer
  const deliver = (host: Host) => host.deliver(identifyCall(1))
  const request = await captureRequest(definition, url, deliver)
  const bare = changed(definition, { perform: bareSend(request) })
  deepEqual(await captureRequest(bare, url, deliver), request, 'What is compared does not send the same.')
  return {
    ours: definition,
    bare,
    floor: changed(definition, { perform: () => ({}) }),
    unsent: changed(definition, { perform: (_request, data) => perform(takeUnsent as never, data) })
  }
}

/** The bare send in bulk; that it makes the same request as ours is checked first. */
async function bareBulkOf(definition: Definition, url: string): Promise<Definition> {
  const deliver = (host: Host) => host.deliverBatch([identifyCall(1), identifyCall(2)])
  const request = await captureRequest(definition, url, deliver, true)
  const bare = changed(definition, { performBatch: bareBulkSend(request) })
  deepEqual(await captureRequest(bare, url, deliver, true), request, 'What is compared does not send the same.')
  return bare
}

const takeUnsent = () => Promise.resolve({ status: 200, data: {}, content: '{}' })

function changed(definition: Definition, change: Partial<Action>): Definition {
  const upsertCustomer = { ...definition.actions.upsertCustomer, ...change }
  return { ...definition, actions: { ...definition.actions, upsertCustomer } }
}

/**
 * What a destination does that sends the same request and checks nothing: it writes the body and the options down and
 * passes them on. Address and headers are ready-made.
 */
function bareSend({ url, headers }: CapturedRequest): Action['perform'] {
  const { 'X-App-Id': id, 'X-App-Token': token, authorization, 'secret-key': secret } = headers
  return (request, { payload }) => {
    const {
      traits,
      computation_key,
      computation_class: _class,
      enable_batching: _batching,
      batch_size: _size,
      ...json
    } = payload
    json.name = `${json.first_name} ${json.last_name}`
    json.metadata = bareMetadata({ metadata: json.metadata, traits, computation_key })
    const options = {
      ...GUARDS,
      timeout: TIMEOUT_MS,
      headers: { 'X-App-Id': id, 'X-App-Token': token, authorization, 'secret-key': secret },
      json
    }
    return request(url, options)
  }
}

/** The same for a bulk call: each customer as a row, written down. */
function bareBulkSend({ url, headers }: CapturedRequest): Action['performBatch'] {
  const { 'X-App-Id': id, 'X-App-Token': token } = headers
  return async (request, { payload }) => {
    const rows = payload.map(({ source_id, first_name, last_name, email, phone, birthdate, address, ...others }) => {
      const { street, ...parts } = address
      const row = { source_id, name: `${first_name} ${last_name}`, email, phone, birthdate }
      return { ...row, address: { line_1: street, ...parts }, metadata: bareMetadata(others) }
    })
    const options = {
      ...GUARDS,
      timeout: TIMEOUT_MS,
      headers: { 'X-App-Id': id, 'X-App-Token': token, 'Content-Type': 'application/json' },
      body: JSON.stringify(rows)
    }
    const { status, content } = await request(url, options)
    const results = new MultiStatusResponse()
    for (const sent of rows) results.pushSuccessResponse({ status, sent, body: content })
    return results
  }
}

const GUARDS = {
  redirect: 'manual' as const,
  skipResponseCloning: true,
  size: MAX_ANSWER_BYTES,
  method: 'POST' as const
}

interface EngagePayload {
  metadata: JSONLikeObject
  traits: JSONLikeObject
  computation_key: string
}

function bareMetadata({ metadata, traits, computation_key: key }: EngagePayload) {
  return { ...metadata, [key]: traits[key] }
}

/** The request that a definition makes, its body parsed where it is a text. */
async function captureRequest(
  definition: Definition,
  url: string,
  deliver: (host: Host) => Promise<unknown>,
  batching = false
): Promise<CapturedRequest> {
  let captured: CapturedRequest | undefined
  const watch = ((target: string, { headers, body, timeout: _timeout, ...options }: RequestOptions) => {
    const rows = typeof body === 'string' ? { rows: JSON.parse(body) as unknown } : {}
    const present = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    captured = { url: target, headers: headers as Record<string, string>, options: { ...present, ...rows } }
    return takeUnsent()
  }) as unknown as RequestClient
  const { perform, performBatch } = definition.actions.upsertCustomer
  const watched = changed(definition, {
    perform: (_request, data) => perform(watch, data),
    performBatch: (_request, data) => performBatch?.(watch, data)
  })
  await deliver(new Host(watched, url, batching))
  if (!captured) throw new Error('The action sent nothing.')
  return captured
}

interface CapturedRequest {
  url: string
  headers: Record<string, string>
  /** The body and all that guards the request. */
  options: object
}
