import type { Rehearsal } from '../../../workbench/shared/types'
import { closeAll, IDENTIFY_PRESET, start } from '../helpers'
import type { Running } from '../helpers'

afterEach(closeAll)

const rehearse = async ({ send }: Running, scenario: string) =>
  (await send('POST', '/api/rehearsals', { scenario })).body as Rehearsal

describe('a rehearsal', () => {
  it('of a first sync loses what is over the day of the plan, and nothing with batches', async () => {
    const running = await start()
    const single = await rehearse(running, 'plan')
    expect(single).toMatchObject({ calls: 200, delivered: 144, lost: 56, doubled: 0 })
    expect(single.firstLoss).toContain('429')
    await running.send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
      mapping: { ...(await running.mapping(IDENTIFY_PRESET)).mapping, enable_batching: true }
    })
    expect(await rehearse(running, 'plan')).toMatchObject({ delivered: 200, lost: 0 })
  })

  it('of a gateway that is down delivers all by retries, in the time that they take on a clock', async () => {
    const running = await start()
    const { calls, delivered, retried, lost, tookMs } = await rehearse(running, 'outage')
    expect({ calls, delivered, retried, lost }).toEqual({ calls: 60, delivered: 60, retried: 60, lost: 0 })
    expect(tookMs).toBeGreaterThanOrEqual(120_000)
  })

  it('of answers that get lost doubles events, and leaves the workbench itself as it was', async () => {
    const running = await start()
    const { calls, delivered, lost, doubled } = await rehearse(running, 'lost answers')
    expect({ calls, delivered, lost, doubled }).toEqual({ calls: 40, delivered: 40, lost: 0, doubled: 15 })
    expect(await running.deliveries()).toEqual([])
    expect(running.sandbox.state().totals.events).toBe(0)
  })

  it('that does not exist is refused with the ones that do', async () => {
    const running = await start()
    expect(await running.send('POST', '/api/rehearsals', { scenario: 'flood' })).toMatchObject({
      status: 400,
      body: { error: '"scenario" must be one of plan, outage, lost answers.' }
    })
  })
})
