import { deepEqual } from 'node:assert/strict'
import type { ActionDefinition, DestinationDefinition, RequestOptions } from '@segment/actions-core'
import type { Settings } from '../src/generated-types'
import { MAX_ANSWER_BYTES, TIMEOUT_MS } from '../src/requests'
import { identifyCall } from './customers'
import { Host } from './host'
import { loadPackage } from './package'
import { ServerProcess } from './serverProcess'
import { measuredOften, medianWithin } from './stats'
import type { Measured } from './stats'

/** Many short rounds: what disturbs the machine for a moment then hits few of them. */
const SIZES: CpuSizes = { rounds: 401, warmUpRounds: 12, callsARound: 60 }

export interface CpuSizes {
  rounds: number
  warmUpRounds: number
  callsARound: number
}

type Definition = DestinationDefinition<Settings>
type Perform = ActionDefinition<Settings>['perform']

/** Microseconds of processor time, of this process alone, for each call. */
export interface CpuFigures {
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

/** @param sizes smaller for a trial */
export async function measureCpu(sizes = SIZES): Promise<CpuFigures> {
  const server = await ServerProcess.start('answering')
  try {
    return await compare(server.url, sizes)
  } finally {
    await server.close()
  }
}

async function compare(url: string, { rounds: count, warmUpRounds, callsARound }: CpuSizes): Promise<CpuFigures> {
  const ours = loadPackage()
  const { perform } = ours.actions.upsertCustomer
  const request = await captureRequest(ours, url)
  const bare = withPerform(ours, bareSend(request.url, request.headers))
  deepEqual(await captureRequest(bare, url), request, 'What is compared does not send the same.')
  const variants = {
    ours,
    bare,
    floor: withPerform(ours, () => ({})),
    unsent: withPerform(ours, (_request, data) => perform((() => Promise.resolve({})) as never, data))
  }
  const hosts = Object.entries(variants).map(([name, definition]) => ({ name, host: new Host(definition, url) }))
  const rounds: Record<string, number[]> = { ours: [], bare: [], floor: [], unsent: [] }
  // Ours and bare are always neighbours, now the one first and now the other.
  const [first, second, ...others] = hosts
  const orders = [
    [first, second, ...others],
    [second, first, ...others]
  ]
  for (let round = 0; round < warmUpRounds + count; round += 1) {
    for (const { name, host } of orders[round % orders.length]) {
      const used = await processorTime(host, callsARound)
      if (round >= warmUpRounds) rounds[name].push(used)
    }
  }
  const overBare = rounds.ours.map((used, round) => used - rounds.bare[round])
  const overBarePercent = overBare.map((over, round) => (100 * over) / rounds.bare[round])
  return {
    ours: measuredOften(rounds.ours),
    bare: measuredOften(rounds.bare),
    floor: measuredOften(rounds.floor),
    unsent: measuredOften(rounds.unsent),
    overBare: medianWithin(overBare),
    overBarePercent: medianWithin(overBarePercent)
  }
}

function withPerform(definition: Definition, perform: Perform): Definition {
  const upsertCustomer = { ...definition.actions.upsertCustomer, perform }
  return { ...definition, actions: { ...definition.actions, upsertCustomer } }
}

/**
 * What a destination does that sends the same request and checks nothing: it writes the body and the options down and
 * passes them on. Address and headers are ready-made.
 */
function bareSend(url: string, headers: Record<string, string>): Perform {
  const { 'X-App-Id': id, 'X-App-Token': token, authorization, 'secret-key': secret } = headers
  return (request, { payload }) => {
    const { traits, computation_key: key, enable_batching: _batching, batch_size: _size, ...json } = payload
    json.name = `${json.first_name} ${json.last_name}`
    json.metadata = { ...json.metadata, [key]: traits[key] }
    const options = {
      redirect: 'manual' as const,
      skipResponseCloning: true,
      timeout: TIMEOUT_MS,
      size: MAX_ANSWER_BYTES,
      method: 'POST' as const,
      headers: { 'X-App-Id': id, 'X-App-Token': token, authorization, 'secret-key': secret },
      json
    }
    return request(url, options)
  }
}

/** The request that a definition makes of the benchmark's call. */
async function captureRequest(definition: Definition, url: string): Promise<CapturedRequest> {
  let captured: CapturedRequest | undefined
  const watched = withPerform(definition, (request, data) => {
    const watching = (target: string, { headers, ...options }: RequestOptions) => {
      captured = { url: target, headers: headers as Record<string, string>, options }
      return Promise.resolve({})
    }
    return definition.actions.upsertCustomer.perform(watching as typeof request, data)
  })
  await new Host(watched, url).deliver(identifyCall(1))
  if (!captured) throw new Error('The action sent nothing.')
  return captured
}

interface CapturedRequest {
  url: string
  headers: Record<string, string>
  /** The body and all that guards the request. */
  options: RequestOptions
}

async function processorTime(host: Host, calls: number): Promise<number> {
  const event = identifyCall(1)
  const before = process.cpuUsage()
  for (let call = 0; call < calls; call += 1) await host.deliver(event)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}
