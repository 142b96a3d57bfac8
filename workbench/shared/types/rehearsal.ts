/** What a rehearsal plays. */
export type Scenario = 'plan' | 'outage' | 'lost answers'

/** POST /api/rehearsals { scenario }: the scenario played to its end, in a sandbox of its own and on a clock that jumps. */
export interface Rehearsal {
  scenario: Scenario
  calls: number
  delivered: number
  /** Calls that needed more than one try. */
  retried: number
  /** Calls that never arrived. */
  lost: number
  /** Why the first of them was lost; absent where none was. */
  firstLoss?: string
  /** Events that arrived more than once, since Voucherify has no id to know them by. */
  doubled: number
  /** How long it would have taken, in milliseconds. */
  tookMs: number
  /** What was tried when, in the order of time. */
  steps: RehearsalStep[]
}

export interface RehearsalStep {
  /** Milliseconds since the beginning. */
  atMs: number
  tried: number
  delivered: number
  failed: number
}
