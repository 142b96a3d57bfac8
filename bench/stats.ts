/** The middle of several rounds and how far they lie apart. */
export interface Measured {
  median: number
  min: number
  max: number
  rounds: number
}

/** @throws RangeError without a round */
export function measured(rounds: number[]): Measured {
  if (!rounds.length) throw new RangeError('Nothing was measured.')
  const sorted = [...rounds].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1], rounds: sorted.length }
}

/**
 * The median and, as its spread, where the true one lies in 95 of 100 such runs: between the rounds whose ranks are
 * 0.98 times the root of their number away from the middle (the binomial distribution of ranks).
 */
export function medianWithin(rounds: number[]): Measured {
  const sorted = [...rounds].sort((a, b) => a - b)
  const [middle, away] = [(sorted.length - 1) / 2, 0.98 * Math.sqrt(sorted.length)]
  const at = (rank: number) => sorted[Math.min(Math.max(rank, 0), sorted.length - 1)]
  return { ...measured(rounds), min: at(Math.floor(middle - away)), max: at(Math.ceil(middle + away)) }
}

/**
 * The median with the middle half of the rounds as the spread. For many short rounds: other programs on the machine
 * disturb some of them, never all alike.
 */
export function measuredOften(rounds: number[]): Measured {
  const sorted = [...rounds].sort((a, b) => a - b)
  const quarter = Math.floor(sorted.length / 4)
  const { min, max } = measured(sorted.slice(quarter, sorted.length - quarter))
  return { ...measured(rounds), min, max }
}
