import { createCounter } from '../../../workbench/app/overview'
import type { Delivery } from '../../../workbench/shared/types'
import { NONE } from '../helpers'

const delivery = (preset: string | null, status: Delivery['status']) => ({ preset, status } as Delivery)

describe('the counts', () => {
  it('are kept by preset and outcome, calls without a preset under none', () => {
    const counter = createCounter(() => 0)
    counter.received(3)
    counter.ended(delivery('A', 'delivered'))
    counter.ended(delivery('A', 'retryable'))
    counter.ended(delivery(null, 'unmatched'))
    expect(counter.read(1, 0)).toEqual({
      calls: 3,
      waiting: 1,
      retrying: 0,
      counts: {
        A: { delivered: 1, retryable: 1, rejected: 0, unmatched: 0, refused: 0 },
        '': { delivered: 0, retryable: 0, rejected: 0, unmatched: 1, refused: 0 }
      },
      webhooks: NONE,
      lastMinute: 3
    })
  })

  it('of the last minute forget what is older', () => {
    let now = 0
    const counter = createCounter(() => now)
    counter.ended(delivery('A', 'delivered'))
    now = 30_000
    counter.ended(delivery('A', 'delivered'))
    expect(counter.read(0, 0).lastMinute).toBe(2)
    now = 59_999
    expect(counter.read(0, 0).lastMinute).toBe(2)
    now = 60_000
    expect(counter.read(0, 0).lastMinute).toBe(1)
    now = 90_000
    expect(counter.read(0, 0).lastMinute).toBe(0)
  })

  it('count a delivery that was tried again once, with its last outcome', () => {
    const counter = createCounter(() => 0)
    counter.ended(delivery('A', 'retryable'))
    counter.ended(delivery('A', 'delivered'), 'retryable')
    expect(counter.totals()).toEqual({
      total: 1,
      counts: { delivered: 1, retryable: 0, rejected: 0, unmatched: 0, refused: 0 }
    })
  })

  it('start again with the calls that are still on their way', () => {
    const counter = createCounter(() => 0)
    counter.received(5)
    counter.ended(delivery('A', 'delivered'))
    counter.clear(4)
    expect(counter.read(4, 0)).toEqual({ calls: 4, waiting: 4, retrying: 0, counts: {}, webhooks: NONE, lastMinute: 0 })
  })
})
