import { fork } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { identifyCall } from './customers'
import { Host } from './host'
import { loadPackage } from './package'
import { ServerProcess } from './serverProcess'
import { measured } from './stats'
import type { Measured } from './stats'

export const BATCH = 10_000
const ROUNDS = 5

export interface BatchFigures {
  seconds: Measured
  /** MiB of the whole process with the calls in memory, before the batch. */
  before: Measured
  /** MiB of the whole process at its peak. */
  peak: Measured
}

interface Round {
  seconds: number
  before: number
  peak: number
}

/** One batch of 10,000 customers, each time in a new process, since a peak of memory can't be taken back. */
export async function measureBatch(): Promise<BatchFigures> {
  const server = await ServerProcess.start('sandbox')
  const rounds: Round[] = []
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = fork(__filename, [server.url])
      const ended = once(child, 'exit')
      const [message] = (await Promise.race([once(child, 'message'), ended])) as [Round | number]
      if (typeof message !== 'object') throw new Error('A round of the benchmark ended early.')
      rounds.push(message)
      await ended
    }
  } finally {
    await server.close()
  }
  const figure = (key: keyof Round) => measured(rounds.map((round) => round[key]))
  return { seconds: figure('seconds'), before: figure('before'), peak: figure('peak') }
}

async function runRound(url: string): Promise<Round> {
  const host = new Host(loadPackage(), url, true)
  const events = Array.from({ length: BATCH }, (_, index) => identifyCall(index))
  // Compiles the validators, which every process does once.
  await host.deliverBatch(events.slice(0, 1))
  const before = process.memoryUsage().rss / 1024 ** 2
  const start = performance.now()
  const outcomes = await host.deliverBatch(events)
  const seconds = (performance.now() - start) / 1000
  if (outcomes.some(({ status }) => status !== 202)) throw new Error('Not every call of the batch was accepted.')
  return { seconds, before, peak: process.resourceUsage().maxRSS / 1024 }
}

if (require.main === module) {
  void runRound(process.argv[2]).then((round) => process.send?.(round, () => process.disconnect()))
}
