import { PassThrough } from 'stream'
import type { Delivery } from '../../../workbench/shared/types'
import { createPrinter, deliveryLine, lossLine } from '../../../workbench/app/terminal'

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
      /unmatched {2}no mapping .* Switched off\.$/
    )
  })

  it('can not be forged, coloured or turned around by what a call holds', () => {
    const event = 'A\u001b[31m\r\n10:20:30  delivered\u0000\u009b2J\u202e\u2028B'
    const line = deliveryLine({ ...delivery, event: { type: 'track', event, userId: '\u001b]0;x\u0007' } })
    expect(line).toBe('10:20:30  delivered  Add Custom Event (Track Event)  A [31m 10:20:30  delivered 2J B  ]0;x')
  })

  it('takes any value for a name, a user and a type', () => {
    for (const value of [{ toString: 1 }, JSON.parse('{"__proto__": null}'), [[]], 5, true, null, '']) {
      const event = { type: value, name: value, userId: value } as Delivery['event']
      expect(deliveryLine({ ...delivery, event })).toContain('delivered')
    }
  })

  it('tells how often it was tried, and the first of its warnings', () => {
    const warning = { code: 'onlyId' as const, message: 'Nothing but an ID.', whatToDo: '' }
    const [first] = [{ at: '', status: 'delivered' as const, responseStatus: 200, reason: null, nextAt: null }]
    expect(deliveryLine({ ...delivery, warnings: [warning, warning], tries: [first, first] })).toMatch(
      /usr_1 {2}\(2 tries, 2 warnings\) {2}Nothing but an ID\.$/
    )
  })

  it('stays short', () => {
    const error = { message: 'x'.repeat(5000), status: 400, whatToDo: '' }
    const event = { type: 'track' as const, event: 'e'.repeat(5000), userId: 'u'.repeat(5000) }
    expect(deliveryLine({ ...delivery, event, error }).length).toBeLessThan(600)
  })
})

describe('the printer', () => {
  it('drops lines for a reader that does not read, and says how many once it does', async () => {
    const pipe = new PassThrough({ highWaterMark: 1 })
    const print = createPrinter(pipe)
    const line = 'x'.repeat(1023)
    for (let count = 0; count < 1100; count++) print(line)
    expect(pipe.writableLength + pipe.readableLength).toBeLessThan(1_100_000)
    let text = ''
    pipe.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await new Promise((resolve) => pipe.once('drain', resolve))
    print('again')
    await new Promise(setImmediate)
    expect(text).toMatch(/… \d\d lines were left out, since nobody read them\.\nagain\n$/)
  })

  it('goes on when its reader is gone', async () => {
    const pipe = new PassThrough()
    const print = createPrinter(pipe)
    pipe.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    await new Promise(setImmediate)
    expect(() => print('x')).not.toThrow()
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
