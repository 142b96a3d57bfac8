/** A piece of work. It should not reject; when it does, the work after it goes on all the same. */
export type Task = () => Promise<void>

/** Runs work in order for each key, several keys at a time. Keys take turns, so none waits for another's backlog. */
export interface Lanes {
  add(key: string, task: Task): void
  /** Nothing more is begun. What is running goes on. */
  stop(): void
}

export function createLanes(concurrency: number): Lanes {
  const lanes = new Map<string, Task[]>()
  /** Keys with work that may begin, the longest waiting first. */
  const ready = new Set<string>()
  let running = 0
  let stopped = false

  function pump(): void {
    for (const key of ready) {
      if (stopped || running >= concurrency) return
      ready.delete(key)
      running++
      void runNext(key)
    }
  }

  async function runNext(key: string): Promise<void> {
    const lane = lanes.get(key) ?? []
    try {
      await lane.shift()?.()
    } catch (error) {
      console.error(error)
    }
    running--
    if (lane.length) ready.add(key)
    else lanes.delete(key)
    pump()
  }

  return {
    add(key, task) {
      const lane = lanes.get(key)
      if (lane) {
        lane.push(task)
        return
      }
      lanes.set(key, [task])
      ready.add(key)
      pump()
    },
    stop() {
      stopped = true
    }
  }
}
