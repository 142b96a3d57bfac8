import { openWorld, properties } from '.'

/** The same inputs in every run, so that a run tells of the code and not of chance. */
const SEED = 20261122

/** Each property on some inputs. A failure prints its seed; `npm run fuzz` tries many more, each time others. */
describe('for every input', () => {
  let world: Awaited<ReturnType<typeof openWorld>>
  beforeAll(async () => {
    world = await openWorld()
  })
  afterAll(() => world.close())

  it.each(properties.map((property) => [property.name, property] as const))(
    '%s',
    (_name, property) => property.check(world, { numRuns: property.runs, seed: SEED }),
    120_000
  )
})
