import type { SegmentEvent } from '@segment/actions-core'
import { matchTrigger } from './trigger'
import type { Mapping, PresetMatch } from '../shared/types'

/** Says of every mapping whether it takes a call, and why, as Segment decides it. `name` is the destination's. */
export async function matchMappings(
  name: string,
  event: SegmentEvent,
  mappings: readonly Mapping[]
): Promise<PresetMatch[]> {
  const refusal = integrationsRefusal(name, event)
  return Promise.all(mappings.map((mapping) => matchMapping(event, mapping, refusal)))
}

async function matchMapping(event: SegmentEvent, mapping: Mapping, refusal: string): Promise<PresetMatch> {
  const { preset, action, enabled, trigger, warnings } = mapping
  const outcome = (matched: boolean, reason: string) => ({
    preset,
    action,
    enabled,
    trigger,
    matched,
    reason,
    warnings
  })
  if (refusal) return outcome(false, refusal)
  if (!enabled) return outcome(false, 'The mapping is switched off.')
  const verdict = knownVerdict(trigger, event) ?? (await askFramework(trigger, event))
  return outcome(verdict.matched, verdict.reason)
}

type Verdict = Pick<PresetMatch, 'matched' | 'reason'>

/** Verdicts of triggers that ask for nothing but the type, by trigger and type: each holds for every call of that type. */
const verdicts = new Map<string, Verdict>()
const MAX_VERDICTS = 1000

const verdictKey = (trigger: string, { type }: SegmentEvent) => `${type} ${trigger}`

function knownVerdict(trigger: string, event: SegmentEvent): Verdict | undefined {
  return verdicts.get(verdictKey(trigger, event))
}

async function askFramework(trigger: string, event: SegmentEvent): Promise<Verdict> {
  const { matched, problem } = await matchTrigger(trigger, event)
  if (problem !== undefined) return { matched: false, reason: `The trigger can't be read (${problem}).` }
  const verdict = { matched, reason: matched ? reasonFor(event, trigger) : reasonAgainst(event, trigger) }
  if (TYPES_ONLY.test(trigger)) {
    if (verdicts.size >= MAX_VERDICTS) verdicts.clear()
    verdicts.set(verdictKey(trigger, event), verdict)
  }
  return verdict
}

/**
 * Why a call's `integrations` keep it from the destination; empty when they don't. Source: Segment's documentation,
 * "Filtering with the integrations object": `All: false` switches off what is not named.
 */
function integrationsRefusal(name: string, { integrations = {} }: SegmentEvent): string {
  const own = integrations[name]
  if (own === false) return `The call's integrations switch "${name}" off.`
  if (integrations.All === false && !own)
    return `The call's integrations switch everything off but what they name, and "${name}" is not named.`
  return ''
}

/** Triggers that ask for nothing but types, as those of the presets do. */
const TYPES_ONLY = /^\s*type\s*=\s*"\w+"(\s+or\s+type\s*=\s*"\w+")*\s*$/

function reasonFor({ type }: SegmentEvent, trigger: string): string {
  return TYPES_ONLY.test(trigger)
    ? `The call's type is ${type}, as the trigger asks.`
    : `The call is ${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} call for which the trigger holds: ${trigger}`
}

function reasonAgainst({ type }: SegmentEvent, trigger: string): string {
  if (!TYPES_ONLY.test(trigger)) return `The trigger does not hold for this ${type} call: ${trigger}`
  const asked = Array.from(trigger.matchAll(/"(\w+)"/g), ([, name]) => name)
  return `The call's type is ${type}, and the trigger asks for ${asked.join(' or ')}.`
}
