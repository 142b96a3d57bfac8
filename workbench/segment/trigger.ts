import { Destination } from '@segment/actions-core'
import type { SegmentEvent } from '@segment/actions-core'
import { syntaxProblem } from './triggerSyntax'

/** What the framework says of a trigger and a call. `problem` is what is wrong with the trigger itself. */
export interface TriggerVerdict {
  matched: boolean
  problem?: string
}

/**
 * The framework judges triggers inside `onEvent`, together with the delivery. This destination has an action that does
 * nothing, so what is left is the judgement.
 */
const probe = new Destination({
  name: 'Trigger probe',
  mode: 'cloud',
  actions: { probe: { title: 'Probe', description: 'Does nothing.', fields: {}, perform: () => undefined } }
})

const INVALID = /^Invalid subscription ?: ?/

/** Asks the framework whether a call matches a trigger, such as `type = "track"`. */
export async function matchTrigger(trigger: string, event: SegmentEvent): Promise<TriggerVerdict> {
  const problem = trigger.trim() ? syntaxProblem(trigger) : 'it is empty'
  if (problem !== undefined) return { matched: false, problem }
  const [first] = await probe.onEvent(event, {
    subscription: { partnerAction: 'probe', subscribe: trigger, mapping: {} }
  })
  const output = typeof first?.output === 'string' ? first.output : ''
  if (INVALID.test(output)) return { matched: false, problem: complaintOf(output.replace(INVALID, '')) }
  return { matched: output !== 'not subscribed' }
}

/** The framework's complaint; where its parser stumbled over itself, words that mean something to the reader. */
function complaintOf(complaint: string): string {
  return /^Cannot read propert/.test(complaint) ? 'it asks for nothing of a call that Segment knows' : complaint
}
