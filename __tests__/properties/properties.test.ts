import { openWorld, properties } from '.'
import { SEED } from './property'

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
