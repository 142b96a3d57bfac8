import type { PrepareProgress } from './prepare'
import type { Delivered } from './send'

/** What the terminal is and takes. */
export interface Terminal {
  isTTY: boolean
  columns: number
  /** Whether colours may be used. */
  hasColour: boolean
  write(text: string): void
}

/** Milliseconds between two bars, and between two lines where there is no terminal. */
const [BAR_MS, LINE_MS] = [200, 10_000]
const BAR_WIDTH = 20

interface State {
  title: string
  /** From 0 to 1. */
  share: number
  words: string[]
  beganAt: number
  /** The share when this run began: what former runs did says nothing of the speed. */
  beganWith: number
}

/** What there is to say before the first input is read: the question about the schema may have to wait. */
const BEFORE: State = { title: 'Beginning', share: 0, words: [], beganAt: 0, beganWith: 0 }

/** Says on the terminal how far a run is: a bar that is written over, or a plain line now and then. */
export class Progress {
  private state: State | undefined
  private wait: { why: string; until: number } | undefined
  private readonly timer: NodeJS.Timeout
  private isBarShown = false

  constructor(private readonly terminal: Terminal, private readonly now: () => number) {
    this.timer = setInterval(() => this.show(), terminal.isTTY ? BAR_MS : LINE_MS)
    this.timer.unref()
  }

  preparing({ step, bytes, totalBytes, rows }: PrepareProgress): void {
    const share = step === 'folding' ? 1 : totalBytes ? Math.min(1, bytes / totalBytes) : 0
    const words = [`${amount(rows)} rows`, megabytes(bytes), ...this.rate(rows, 'rows')]
    this.set(step === 'reading' ? 'Reading' : 'Packing', share, words)
  }

  sending(delivered: Delivered, total: { rows: number; packs: number; groups: number; bytes: number }): void {
    const groups = delivered.groups.accepted + delivered.groups.rejected
    const done = delivered.accepted + delivered.rejected
    const words = [
      `${amount(done)} of ${amount(total.rows)} customers`,
      ...(delivered.rejected ? [`${amount(delivered.rejected)} rejected`] : []),
      `${delivered.packs} of ${total.packs} packs`,
      `${megabytes(delivered.bytes)} of ${megabytes(total.bytes)}`,
      ...(total.groups ? [`${amount(groups)} of ${amount(total.groups)} groups`] : []),
      ...this.rate(done, 'customers')
    ]
    this.set('Sending', (done + groups) / Math.max(1, total.rows + total.groups), words)
  }

  waiting(wait?: { why: string; until: number }): void {
    this.wait = wait
    if (wait && !this.terminal.isTTY && wait.until - this.now() >= LINE_MS) this.show()
  }

  /** Writes a line of its own above the bar. */
  line(text: string): void {
    this.clear()
    this.terminal.write(`${text}\n`)
  }

  end(): void {
    clearInterval(this.timer)
    this.clear()
  }

  private set(title: string, share: number, words: string[]): void {
    const isNew = this.state?.title !== title
    const { beganAt, beganWith } = isNew || !this.state ? { beganAt: this.now(), beganWith: share } : this.state
    this.state = { title, share, words, beganAt, beganWith }
  }

  private rate(count: number, what: string): string[] {
    const seconds = this.state ? (this.now() - this.state.beganAt) / 1000 : 0
    return seconds >= 1 ? [`${amount(Math.round(count / seconds))} ${what}/s`] : []
  }

  private show(): void {
    const state = this.state ?? (this.wait && BEFORE)
    if (!state) return
    const { title, share, words } = state
    const percent = `${Math.floor(share * 100)} %`
    const last = [...this.waitWords(), ...this.timeLeft(state)]
    if (!this.terminal.isTTY) return this.terminal.write(`${title}: ${[percent, ...words, ...last].join(', ')}\n`)
    const filled = Math.round(share * BAR_WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
    const text = this.fit(`${title} ${bar} ${percent}`, words, last)
    this.terminal.write(`\r\x1b[K${this.terminal.hasColour ? text.replace(bar, `\x1b[36m${bar}\x1b[0m`) : text}`)
    this.isBarShown = true
  }

  /** One line: where the terminal is narrow, the later words give way to the wait and the time left. */
  private fit(first: string, words: string[], last: string[]): string {
    const room = Math.max(20, this.terminal.columns - 1)
    const lineOf = (kept: number) => [first, ...words.slice(0, kept), ...last].join('  ')
    let kept = words.length
    while (kept && lineOf(kept).length > room) kept -= 1
    return lineOf(kept).slice(0, room)
  }

  private waitWords(): string[] {
    if (!this.wait) return []
    const { why, until } = this.wait
    return [`waiting ${duration((until - this.now()) / 1000)}: ${why}`]
  }

  private timeLeft({ share, beganAt, beganWith }: State): string[] {
    const seconds = (this.now() - beganAt) / 1000
    const done = share - beganWith
    return done > 0 && seconds >= 1 && share < 1 ? [`${duration((seconds * (1 - share)) / done)} left`] : []
  }

  private clear(): void {
    if (this.isBarShown) this.terminal.write('\r\x1b[K')
    this.isBarShown = false
  }
}

export function amount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** A time in the words that one would use. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  if (whole < 120) return `${whole} s`
  if (whole < 7_200) return `${Math.ceil(whole / 60)} min`
  return whole < 172_800 ? `${(whole / 3600).toFixed(1)} h` : `${(whole / 86_400).toFixed(1)} days`
}
