/** `npm run bench`, in small: the calls that it compares send the same, each is measured, and the median is the middle. */
import { measureBulkShare, measureCalls } from '../../bench/cpu'
import { buildPackage, loadPackage, loadVersion } from '../../bench/package'
import { measured, medianWithin } from '../../bench/stats'

describe('the benchmark of a call', () => {
  it('measures every variant in every round but those to warm up, a version of git beside this one', async () => {
    buildPackage()
    const versions = { now: loadPackage(), before: loadVersion('HEAD') }
    const calls = await measureCalls(versions, { rounds: 5, warmUpRounds: 2, callsARound: 2 })
    const share = await measureBulkShare(versions, { rounds: 3, warmUpRounds: 1, callsARound: 4 })

    for (const { ours, bare, floor, unsent, overBare, overBarePercent } of Object.values(calls)) {
      for (const { rounds } of [ours, bare, floor, unsent, overBare, overBarePercent]) expect(rounds).toBe(5)
      for (const { median, min } of [ours, bare, floor, unsent]) {
        expect(min).toBeGreaterThan(0)
        expect(median).toBeGreaterThanOrEqual(min)
      }
    }
    for (const { ours, bare, overBare } of Object.values(share)) {
      expect([ours.rounds, bare.rounds, overBare.rounds]).toEqual([3, 3, 3])
      expect(ours.median).toBeGreaterThan(0)
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
