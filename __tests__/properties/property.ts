import fc from 'fast-check'
import type { Sandbox } from '../../workbench/sandbox'
import type { Gateway } from './gateway'

/** The same inputs in every run of the tests, so that a run tells of the code and not of chance. */
export const SEED = 20261122

/** The servers that properties send to. */
export interface World {
  /** Answers what a property tells it to. */
  gateway: Gateway
  /** Answers as Voucherify does, to these keys. */
  sandbox: Sandbox
}

export const SANDBOX_KEYS = { apiKey: 'application-id', secretKey: 'secret-key' }

/** Something that holds for every input. */
export interface Property {
  /** What holds, as a sentence. */
  name: string
  /** How many inputs `npm test` tries; `npm run fuzz` tries more. */
  runs: number
  /** @throws with the smallest input that breaks it and the seed that leads there */
  check(world: World, parameters: Parameters): Promise<void>
}

export type Parameters = Pick<fc.Parameters<unknown>, 'numRuns' | 'seed'>

/** Longest time that one input may take, in milliseconds: longer means that it hangs. */
const DEADLINE_MS = 20_000

/** Makes a property of the inputs that it holds for and a check that throws where it does not. */
export function property<T>(
  name: string,
  runs: number,
  arbitrary: fc.Arbitrary<T>,
  check: (input: T, world: World) => Promise<void> | void
): Property {
  return {
    name,
    runs,
    check: (world, { numRuns, seed }) =>
      fc.assert(
        fc.asyncProperty(arbitrary, async (input) => {
          try {
            await check(input, world)
          } finally {
            world.gateway.take()
          }
        }),
        { numRuns, seed, timeout: DEADLINE_MS }
      )
  }
}

/** How a promise ended. */
export type End<T> = { ok: true; value: T } | { ok: false; error: Error }

export async function endOf<T>(promise: Promise<T>): Promise<End<T>> {
  try {
    return { ok: true, value: await promise }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(`Not an Error was thrown: ${String(error)}`) }
  }
}

/** A value as it is after a way over the wire. */
export function overTheWire(value: unknown): unknown {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}
