import { createLanes } from '../../../workbench/segment/lanes'

/** Work that ends when it is told to. */
function createGate() {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  return {
    begun,
    task: (name: string) => () =>
      new Promise<void>((resolve) => {
        begun.push(name)
        ends.set(name, resolve)
      }),
    async end(name: string) {
      ends.get(name)?.()
      await new Promise(setImmediate)
    }
  }
}

describe('lanes', () => {
  it('run work of one key in order, each after the one before has ended', async () => {
    const { begun, task, end } = createGate()
    const lanes = createLanes(10)
    lanes.add('a', task('a1'))
    lanes.add('a', task('a2'))
    expect(begun).toEqual(['a1'])
    await end('a1')
    expect(begun).toEqual(['a1', 'a2'])
  })

  it('run several keys at a time, but no more than allowed', async () => {
    const { begun, task, end } = createGate()
    const lanes = createLanes(2)
    for (const key of ['a', 'b', 'c']) lanes.add(key, task(key))
    expect(begun).toEqual(['a', 'b'])
    await end('b')
    expect(begun).toEqual(['a', 'b', 'c'])
  })

  it('let keys take turns, so that a backlog of one does not hold up another', async () => {
    const { begun, task, end } = createGate()
    const lanes = createLanes(1)
    for (const name of ['a1', 'a2', 'a3']) lanes.add('a', task(name))
    lanes.add('b', task('b1'))
    await end('a1')
    expect(begun).toEqual(['a1', 'b1'])
    await end('b1')
    expect(begun).toEqual(['a1', 'b1', 'a2'])
  })

  it('begin nothing more once they are stopped', async () => {
    const { begun, task, end } = createGate()
    const lanes = createLanes(1)
    lanes.add('a', task('a1'))
    lanes.add('a', task('a2'))
    lanes.stop()
    await end('a1')
    expect(begun).toEqual(['a1'])
  })
})
