import type { ActionDefinition, DestinationDefinition, RequestOptions } from '@segment/actions-core'
import type { Settings } from '../src/generated-types'
import { MAX_ANSWER_BYTES, TIMEOUT_MS } from '../src/utils'
import { identifyCall } from './customers'
import { Host } from './host'
import { loadPackage } from './package'
import { ServerProcess } from './serverProcess'
import { measuredOften } from './stats'
import type { Measured } from './stats'

const ROUNDS = 41
const WARM_UP_ROUNDS = 3
const CALLS_A_ROUND = 250

type Definition = DestinationDefinition<Settings>
type Perform = ActionDefinition<Settings>['perform']

/** Microseconds of processor time, of this process alone, for each call. */
export interface CpuFigures {
  ours: Measured
  /** The same request through the same client, ready-made. */
  bare: Measured
  /** The framework alone: mapping and validation, nothing is sent. */
  floor: Measured
  /** Ours without the sending: the framework, the checks and the building. */
  unsent: Measured
  /** Ours over bare, in percent, from rounds that ran next to each other. */
  overBare: Measured
}

export async function measureCpu(): Promise<CpuFigures> {
  const server = await ServerProcess.start('answering')
  try {
    return await compare(server.url)
  } finally {
    await server.close()
  }
}

async function compare(url: string): Promise<CpuFigures> {
  const ours = loadPackage()
  const { perform } = ours.actions.upsertCustomer
  const [target, options] = await captureRequest(ours, url)
  const variants = {
    ours,
    bare: withPerform(ours, bareSend(target, options)),
    floor: withPerform(ours, () => ({})),
    unsent: withPerform(ours, (_request, data) => perform((() => Promise.resolve({})) as never, data))
  }
  const hosts = Object.entries(variants).map(([name, definition]) => ({ name, host: new Host(definition, url) }))
  const rounds: Record<string, number[]> = { ours: [], bare: [], floor: [], unsent: [] }
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < hosts.length; turn += 1) {
      const { name, host } = hosts[(turn + round + hosts.length) % hosts.length]
      const used = await processorTime(host)
      if (round >= 0) rounds[name].push(used)
    }
  }
  const overBare = rounds.ours.map((used, round) => 100 * (used / rounds.bare[round] - 1))
  return {
    ours: measuredOften(rounds.ours),
    bare: measuredOften(rounds.bare),
    floor: measuredOften(rounds.floor),
    unsent: measuredOften(rounds.unsent),
    overBare: measuredOften(overBare)
  }
}

function withPerform(definition: Definition, perform: Perform): Definition {
  const upsertCustomer = { ...definition.actions.upsertCustomer, perform }
  return { ...definition, actions: { ...definition.actions, upsertCustomer } }
}

/** What any destination does that sends this request: it writes the options down and passes them on. */
function bareSend(url: string, { headers, json }: RequestOptions): Perform {
  const {
    'X-App-Id': id,
    'X-App-Token': token,
    authorization,
    'secret-key': secret
  } = headers as Record<string, string>
  return (request) => {
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

/** The request that our action makes of the benchmark's call. */
async function captureRequest(ours: Definition, url: string): Promise<[url: string, options: RequestOptions]> {
  let captured: [string, RequestOptions] | undefined
  const definition = withPerform(ours, (request, data) => {
    const watching = (target: string, options: RequestOptions) => {
      captured = [target, options]
      return request(target, options)
    }
    return ours.actions.upsertCustomer.perform(watching as typeof request, data)
  })
  await new Host(definition, url).deliver(identifyCall(1))
  if (!captured) throw new Error('The action sent nothing.')
  return captured
}

async function processorTime(host: Host): Promise<number> {
  const event = identifyCall(1)
  const before = process.cpuUsage()
  for (let call = 0; call < CALLS_A_ROUND; call += 1) await host.deliver(event)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS_A_ROUND
}
