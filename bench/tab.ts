import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { chromiumPath, missing } from '../__tests__/browser/chromium'
import { ownMb } from './processes'

interface Answer {
  id?: number
  result?: Record<string, unknown>
  error?: { message: string }
}

/**
 * One tab of a headless Chromium, asked by the DevTools protocol over a pipe. Not by Playwright: that has the tab keep a
 * copy of every answer from the network, which would count as memory of the page.
 */
export class Tab {
  private readonly profile = mkdtempSync(join(tmpdir(), 'bench-tab-'))
  private readonly browser: ChildProcess
  private readonly input: Writable
  private readonly waiting = new Map<number, (answer: Answer) => void>()
  private sessionId?: string
  private asked = 0

  private constructor(path: string) {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--window-size=1440,900', '--no-first-run']
    const args = [...flags, '--remote-debugging-pipe', `--user-data-dir=${this.profile}`, 'about:blank']
    this.browser = spawn(path, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    process.on('exit', () => this.browser.kill())
    this.input = this.browser.stdio[3] as Writable
    let text = ''
    ;(this.browser.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (text + chunk).split('\0')
      text = messages.pop() ?? ''
      for (const message of messages) this.take(JSON.parse(message) as Answer)
    })
  }

  /** Opens a tab that runs a script before those of each page. */
  static async open(script: string): Promise<Tab> {
    if (!chromiumPath) throw new Error(`This needs Chromium, and ${missing}.`)
    const tab = new Tab(chromiumPath)
    const { targetId } = await tab.ask('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await tab.ask('Target.attachToTarget', { targetId, flatten: true })
    tab.sessionId = String(sessionId)
    await tab.ask('Page.enable')
    await tab.ask('Page.addScriptToEvaluateOnNewDocument', { source: script })
    return tab
  }

  async goTo(url: string): Promise<void> {
    await this.ask('Page.navigate', { url })
  }

  /** What an expression is in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression, returnByValue: true })
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return (result as { value?: unknown }).value
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string, withinMs = 300_000): Promise<void> {
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; await pause(200)) {
      if (await this.evaluate(expression)) return
    }
    throw new Error(`This did not come true in the page: ${expression}`)
  }

  /** Memory of the process that draws the page; that of a spare one is smaller. */
  async memoryMb(): Promise<number> {
    const { processInfo } = await this.ask('SystemInfo.getProcessInfo', {}, null)
    const processes = processInfo as { type: string; id: number }[]
    return Math.max(...processes.filter(({ type }) => type === 'renderer').map(({ id }) => ownMb(id)))
  }

  async collectGarbage(): Promise<void> {
    await this.ask('HeapProfiler.collectGarbage')
  }

  async close(): Promise<void> {
    const ended = once(this.browser, 'exit')
    void this.ask('Browser.close', {}, null)
    await ended
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10 })
  }

  private ask(method: string, params: object = {}, sessionId = this.sessionId ?? null) {
    const id = (this.asked += 1)
    return new Promise<Record<string, unknown>>((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result ?? {})))
      this.input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`)
    })
  }

  private take(answer: Answer): void {
    if (answer.id === undefined) return
    this.waiting.get(answer.id)?.(answer)
    this.waiting.delete(answer.id)
  }
}
