/** What the terminal shows, on a clock of the test's own. */
import { Progress } from '../../backfill/progress'
import type { Delivered } from '../../backfill/send'

const DELIVERED: Delivered = {
  accepted: 46_883,
  rejected: 2,
  packs: 2,
  bytes: 19_000_000,
  groups: { accepted: 0, rejected: 0 },
  calls: { bulk: 2, polls: 9, reports: 0, groups: 0 },
  isFinished: false
}
const TOTAL = { rows: 59_940, packs: 3, groups: 0, bytes: 24_400_000 }
const LIMIT = "Voucherify's limit bulk_api_calls is reached (429: Too many requests)."

function show({ isTTY, columns = 80 }: { isTTY: boolean; columns?: number }) {
  let said = ''
  const terminal = { isTTY, columns, hasColour: false, write: (text: string) => void (said += text) }
  const progress = new Progress(terminal, Date.now)
  return {
    progress,
    /** What is written in so many milliseconds. */
    after(ms: number): string {
      said = ''
      jest.advanceTimersByTime(ms)
      return said
    }
  }
}

/** The bar that stands there in the end. */
const bar = (said: string) => said.split('\r\x1b[K').pop()

describe('the progress', () => {
  beforeEach(() => jest.useFakeTimers({ now: 0 }))
  afterEach(() => jest.useRealTimers())

  it.each([
    ['a line', false, 'Beginning: 0 %, waiting 50 s: Voucherify is away.\n'],
    ['a bar', true, 'Beginning ░░░░░░░░░░░░░░░░░░░░ 0 %  waiting 50 s: Voucherify is away.']
  ])('says as %s what is waited for before the first input is read', (_name, isTTY, expected) => {
    const { progress, after } = show({ isTTY })
    expect(after(10_000)).toBe('')
    progress.waiting({ why: 'Voucherify is away.', until: 70_000 })
    expect(bar(after(10_000))).toBe(expected)
    progress.end()
  })

  it.each([
    [80, 'Sending ████████████████░░░░ 78 %  46,885 of 59,940 customers  6 s left'],
    [
      200,
      'Sending ████████████████░░░░ 78 %  46,885 of 59,940 customers  2 rejected  2 of 3 packs  19.0 MB of 24.4 MB  2,344 customers/s  6 s left'
    ]
  ])('keeps the time left in %s columns', (columns, expected) => {
    const { progress, after } = show({ isTTY: true, columns })
    progress.sending({ ...DELIVERED, accepted: 0, rejected: 0, packs: 0 }, TOTAL)
    after(20_000)
    progress.sending(DELIVERED, TOTAL)
    expect(bar(after(200))).toBe(expected)
    progress.end()
  })

  it('keeps how long is waited in a narrow terminal', () => {
    const { progress, after } = show({ isTTY: true })
    progress.sending(DELIVERED, TOTAL)
    progress.waiting({ why: LIMIT, until: 2_520_000 })
    const text = bar(after(200))
    expect(text).toHaveLength(79)
    expect(text).toContain("78 %  waiting 42 min: Voucherify's limit bulk")
    progress.end()
  })
})
