/** A clock that runs as fast as sockets allow: what lasts long takes a moment, and a busy machine changes nothing. */

/** How far the clock moves at a time, in milliseconds. */
const STEP_MS = 100
/** What still runs after so many milliseconds of the clock hangs. */
const HANGS_MS = 120_000

/**
 * Does work whose timers and dates go by a fast clock. Between two steps of the clock the sockets have their turn.
 *
 * @returns what the work gave and how long it took, in milliseconds of the clock
 * @throws what the work throws, and an Error when it hangs
 */
export async function onFastClock<T>(work: () => Promise<T>): Promise<{ value: T; milliseconds: number }> {
  const { setTimeout, setImmediate, clearImmediate, queueMicrotask } = global
  const { nextTick, hrtime } = process
  jest.useFakeTimers()
  // These are no clock, and streams and promises go by them.
  Object.assign(global, { setImmediate, clearImmediate, queueMicrotask })
  Object.assign(process, { nextTick, hrtime })
  try {
    const begin = Date.now()
    const elapsed = () => Date.now() - begin
    let isOver = false
    const over = work().finally(() => {
      isOver = true
    })
    over.catch(() => undefined)
    while (!isOver) {
      if (elapsed() > HANGS_MS) throw new Error(`It still runs after ${HANGS_MS} ms`)
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (!isOver) jest.advanceTimersByTime(STEP_MS)
    }
    return { value: await over, milliseconds: elapsed() }
  } finally {
    jest.useRealTimers()
  }
}
