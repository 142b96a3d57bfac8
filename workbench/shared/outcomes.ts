import type { Outcome } from './types'

/** How deliveries end, in the order in which it is listed. */
export const OUTCOMES: readonly Outcome[] = ['delivered', 'retryable', 'rejected', 'unmatched', 'refused']

export const noOutcomes = (): Record<Outcome, number> => ({
  delivered: 0,
  retryable: 0,
  rejected: 0,
  unmatched: 0,
  refused: 0
})

/** Counts of several kinds of deliveries as one. */
export function addOutcomes(all: Iterable<Record<Outcome, number>>): Record<Outcome, number> {
  const totals = noOutcomes()
  for (const counts of all) for (const outcome of OUTCOMES) totals[outcome] += counts[outcome]
  return totals
}

export const sumOf = (counts: Record<Outcome, number>): number =>
  OUTCOMES.reduce((total, outcome) => total + counts[outcome], 0)
