/**
 * Tries the properties of `__tests__/properties` on many inputs: `npm run fuzz -- [inputs of each] [seed] [words]`.
 * With words, only properties whose name holds them. The seed of a failure, given again with as many inputs, fails again.
 * Several properties run at a time, each in a process of its own.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { openWorld, properties } from '../__tests__/properties'
import type { Property } from '../__tests__/properties'

const DEFAULT_INPUTS = 100_000
/** Inputs between two lines of progress. */
const STEP = 5_000

async function main(): Promise<void> {
  const [inputs = String(DEFAULT_INPUTS), seed = String(Math.floor(Math.random() * 2 ** 31)), words = ''] =
    process.argv.slice(2)
  if (![inputs, seed].every((text) => /^\d+$/.test(text)) || inputs === '0') {
    throw new Error('Usage: npm run fuzz -- [inputs of each property] [seed] [words of a name]')
  }
  const chosen = properties.filter(({ name }) => name.includes(words))
  if (!chosen.length) throw new Error(`No property has "${words}" in its name.`)
  if (chosen.length === 1) await fuzz(chosen[0], Number(inputs), Number(seed))
  else await fuzzEach(chosen, inputs, seed)
}

/** Runs each property in a process, as many at a time as there are cores. */
async function fuzzEach(chosen: Property[], inputs: string, seed: string): Promise<void> {
  const waiting = chosen.values()
  const failed: string[] = []
  const worker = async () => {
    for (const { name } of waiting) {
      const [code] = (await once(fork(__filename, [inputs, seed, name]), 'exit')) as [number | null]
      if (code !== 0) failed.push(name)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  console.log(
    `${chosen.length - failed.length} of ${chosen.length} properties held for ${inputs} inputs, seed ${seed}.`
  )
  if (failed.length) throw new Error(`Not these:\n${failed.join('\n')}`)
}

async function fuzz(property: Property, inputs: number, seed: number): Promise<void> {
  const world = await openWorld()
  const start = performance.now()
  try {
    for (let done = 0; done < inputs; ) {
      const numRuns = Math.min(STEP, inputs - done)
      const stepSeed = seed + done / STEP
      await property.check(world, { numRuns, seed: stepSeed }).catch((error: unknown) => {
        console.error(`Again: npm run fuzz -- ${numRuns} ${stepSeed} "${property.name}"`)
        throw error
      })
      done += numRuns
      console.log(`${done} of ${inputs} in ${((performance.now() - start) / 1000).toFixed(0)} s: ${property.name}`)
    }
  } finally {
    await world.close()
  }
}

process.on('unhandledRejection', (reason) => {
  console.error('A promise was rejected that nobody waited for:', reason)
  process.exit(1)
})

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error, (error instanceof Error && error.cause) || '')
  process.exitCode = 1
})
