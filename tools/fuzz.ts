/**
 * Tries the properties of `__tests__/properties` on many inputs: `npm run fuzz -- [inputs of each] [seed] [words]`.
 * With words, only properties whose name holds them. The seed of a failure, given again with as many inputs, fails again.
 */
import { performance } from 'node:perf_hooks'
import { openWorld, properties } from '../__tests__/properties'
import type { Property, World } from '../__tests__/properties'

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
  const world = await openWorld()
  try {
    for (const property of chosen) await fuzz(world, property, Number(inputs), Number(seed))
  } finally {
    await world.close()
  }
}

async function fuzz(world: World, property: Property, inputs: number, seed: number): Promise<void> {
  console.log(property.name)
  const start = performance.now()
  for (let done = 0; done < inputs; ) {
    const numRuns = Math.min(STEP, inputs - done)
    const stepSeed = seed + done / STEP
    try {
      await property.check(world, { numRuns, seed: stepSeed })
    } catch (error) {
      console.error(`  failed with seed ${stepSeed}: npm run fuzz -- ${numRuns} ${stepSeed} "${property.name}"`)
      console.error(error instanceof Error ? error.message : error, error instanceof Error ? error.cause : '')
      process.exitCode = 1
      return
    }
    done += numRuns
    console.log(`  ${done} inputs, ${((performance.now() - start) / 1000).toFixed(0)} s, seed ${stepSeed}`)
  }
}

process.on('unhandledRejection', (reason) => {
  console.error('A promise was rejected that nobody waited for:', reason)
  process.exit(1)
})

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
