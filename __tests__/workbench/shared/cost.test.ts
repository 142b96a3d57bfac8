/** What a parsed value costs in memory, beside what Node was measured to take. */
import { costOf } from '../../../workbench/shared/cost'

it.each<[string, number, number]>([
  // JSON, bytes that 200,000 of it were measured to take each, and how many times as much may be counted.
  ['{}', 66, 1],
  ['{"a":1}', 42, 4],
  ['{"a":1,"b":2,"c":3,"d":4,"e":5}', 74, 6],
  ['[{},{},{},{},{},{},{},{},{},{}]', 698, 2],
  [`"${'x'.repeat(100)}"`, 130, 2],
  [`"${'💶'.repeat(25)}"`, 138, 2]
])('of %s is at least about the measured %i bytes and at most %i times as much', (json, measured, most) => {
  const cost = costOf(JSON.parse(json))
  expect(cost).toBeGreaterThanOrEqual(0.85 * measured)
  expect(cost).toBeLessThanOrEqual(most * measured)
})

it('of a value that is nested 100,000 times is found as well', () => {
  expect(costOf(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBe(100_000 * 64 + 99_999 * 16)
})
