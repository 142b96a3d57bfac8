import { setFlagsFromString } from 'v8'
import { runInNewContext } from 'vm'
import { createSeen } from '../../../workbench/segment/seen'

/** Bytes in use once the garbage is gone. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}

describe('the messageIds that are remembered', () => {
  it('take little room however long they are, and are still told apart', () => {
    const seen = createSeen(1000)
    const call = (n: number) => ({
      type: 'track' as const,
      messageId: `${Buffer.alloc(1_000_000, 'x').toString()}${n}`
    })
    const before = heapUsed()
    for (let n = 0; n < 100; n += 1) seen.add(seen.fresh([call(n)]))
    expect(heapUsed() - before).toBeLessThan(20_000_000)
    expect([0, 99, 100].map((n) => seen.fresh([call(n), call(n)]).length)).toEqual([0, 0, 1])
  })
})
