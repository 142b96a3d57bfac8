import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** `answering` says 200 to everything, `sandbox` plays Voucherify, `workbench` is `npm start` without its page. */
export type ServerKind = 'answering' | 'sandbox' | 'workbench'

/** Limits that the sandbox plays. */
export interface Sizes {
  integrationCallsPerDay?: number
  bulkCallsPerHour?: number
}

export interface Question {
  /** `calls` by kind, `customers` held, `skip` so many milliseconds of the clock. */
  ask: 'calls' | 'customers' | 'skip'
  ms?: number
}

/** A server in a process of its own. */
export class ServerProcess {
  private constructor(private readonly child: ChildProcess, readonly url: string) {}

  static async start(kind: ServerKind, sizes: Sizes = {}): Promise<ServerProcess> {
    const execArgv = ['--require', 'tsx/cjs']
    const child = fork(join(__dirname, 'server.ts'), [kind, JSON.stringify(sizes)], { execArgv })
    return new ServerProcess(child, (await nextAnswer(child)) as string)
  }

  /** Asks one question at a time. */
  async ask(question: Question): Promise<unknown> {
    const answer = nextAnswer(this.child)
    this.child.send(question)
    return answer
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit')
    this.child.disconnect()
    await ended
  }
}

function nextAnswer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The server of the benchmark ended early.'))
    child.once('exit', onExit)
    child.once('message', ({ value }: { value: unknown }) => {
      child.off('exit', onExit)
      resolve(value)
    })
  })
}
