import type { Delivery } from '../../../workbench/shared/types'
import { deliveryLine, lossLine } from '../../../workbench/app/terminal'

const delivery: Delivery = {
  id: 'd',
  order: 64,
  direction: 'toVoucherify',
  receivedAt: '2026-11-22T10:20:30.400Z',
  event: { type: 'track', event: 'Order Completed', userId: 'usr_1' },
  preset: 'Add Custom Event (Track Event)',
  action: 'addCustomEvent',
  status: 'delivered',
  request: null,
  response: null,
  error: null,
  warnings: [],
  tries: [],
  waitMs: 0,
  durationMs: 1,
  batchSize: 1,
  retryOf: null
}

describe('the line of a delivery', () => {
  it('tells time, outcome, preset, event and user', () => {
    expect(deliveryLine(delivery)).toBe('10:20:30  delivered  Add Custom Event (Track Event)  Order Completed  usr_1')
  })

  it('tells the error, or why no preset took the call', () => {
    const error = { message: 'Voucherify answered 401.', status: 401, whatToDo: '' }
    expect(deliveryLine({ ...delivery, status: 'rejected', error })).toMatch(/usr_1 {2}Voucherify answered 401\.$/)
    expect(deliveryLine({ ...delivery, preset: null, status: 'unmatched', reason: 'Switched off.' })).toMatch(
      /unmatched {2}no preset .* Switched off\.$/
    )
  })

  it('can not be forged, coloured or turned around by what a call holds', () => {
    const event = 'A\u001b[31m\r\n10:20:30  delivered\u0000\u009b2J\u202e\u2028B'
    const line = deliveryLine({ ...delivery, event: { type: 'track', event, userId: '\u001b]0;x\u0007' } })
    expect(line).toBe('10:20:30  delivered  Add Custom Event (Track Event)  A [31m 10:20:30  delivered 2J B  ]0;x')
  })

  it('stays short', () => {
    const error = { message: 'x'.repeat(5000), status: 400, whatToDo: '' }
    const event = { type: 'track' as const, event: 'e'.repeat(5000), userId: 'u'.repeat(5000) }
    expect(deliveryLine({ ...delivery, event, error }).length).toBeLessThan(600)
  })
})

describe('the line at the end', () => {
  it.each([
    [1, '1 call was still waiting and is lost.'],
    [2, '2 calls were still waiting and are lost.']
  ])('tells of %i lost', (count, line) => {
    expect(lossLine(count)).toBe(line)
  })
})
