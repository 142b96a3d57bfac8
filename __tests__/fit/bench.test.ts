/** `npm run bench`, in small: the calls that it compares send the same, each is measured, and the median is the middle. */
import { measureCpu } from '../../bench/cpu'
import { buildPackage } from '../../bench/package'
import { measured, medianWithin } from '../../bench/stats'

describe('the benchmark of a call', () => {
  it('measures every variant in every round but those to warm up', async () => {
    buildPackage()
    const figures = await measureCpu({ rounds: 5, warmUpRounds: 2, callsARound: 2 })

    for (const { rounds } of Object.values(figures)) expect(rounds).toBe(5)
    for (const { median, min } of [figures.ours, figures.bare, figures.floor, figures.unsent]) {
      expect(min).toBeGreaterThan(0)
      expect(median).toBeGreaterThanOrEqual(min)
    }
  }, 60_000)
})

describe('the middle of several rounds', () => {
  it('is the median, with the smallest and the largest', () => {
    expect(measured([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9, rounds: 3 })
    expect(measured([1, 2, 3, 10])).toEqual({ median: 2.5, min: 1, max: 10, rounds: 4 })
    expect(() => measured([])).toThrow(RangeError)
  })

  it('lies, with 95 of 100, between the ranks that the binomial distribution names', () => {
    const hundredAndOne = Array.from({ length: 101 }, (_, index) => index)
    expect(medianWithin(hundredAndOne)).toEqual({ median: 50, min: 40, max: 60, rounds: 101 })
  })
})
