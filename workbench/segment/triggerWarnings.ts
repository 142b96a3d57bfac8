import type { Warning } from '../shared/types'

const NAME = String.raw`(?:\\.|[\w.-])+`
/** Keys that an app fills as it likes, so that any type may stand there. */
const FREE = String.raw`(?:properties|traits|context)\.${NAME}`
const TEXT = '"[^"]*"'

const NEGATED_SWITCH = new RegExp(String.raw`(${FREE})\s*!=\s*(true|false)\b`, 'g')
const MATCH = new RegExp(String.raw`match\(\s*(${NAME})\s*,\s*"([^"]*)"`, 'g')
const CONTAINS = new RegExp(String.raw`contains\(\s*(${FREE})|(${FREE})\s+(?:not_)?contains\b`, 'g')

/** What Segment reads otherwise in a trigger than it looks, each with the form that works. */
export function triggerWarnings(trigger: string): Warning[] {
  const withoutTexts = trigger.replace(new RegExp(TEXT, 'g'), '""')
  return [
    ...Array.from(withoutTexts.matchAll(NEGATED_SWITCH), ([condition, name, value]) =>
      warning(
        name,
        `Segment compares ${condition} as texts, so it holds for true as well as for false.`,
        `Write ${name} = ${value === 'true' ? 'false' : 'true'}.`
      )
    ),
    ...Array.from(trigger.matchAll(MATCH), ([, name, pattern]) => matchWarnings(name, pattern)).flat(),
    ...Array.from(withoutTexts.matchAll(CONTAINS), ([, inFunction, before]) => inFunction ?? before).map((name) =>
      warning(
        name,
        `contains looks for a part of a text. Where ${name} is a list, it never holds, and neither does its opposite.`,
        'Send a text or a value of true or false for it, or take the condition out.'
      )
    )
  ]
}

/** The framework knows one star, at the end or at the beginning. */
function matchWarnings(name: string, pattern: string): Warning[] {
  const stars = pattern.split('*').length - 1
  if (stars === 1 && (pattern.endsWith('*') || pattern.startsWith('*'))) return []
  if (!stars) {
    return [
      warning(
        name,
        `match without a star drops the first letter of "${pattern}" and looks whether ${name} ends so.`,
        `Write ${name} = "${pattern}", or put a star at the end: match(${name}, "${pattern}*").`
      )
    ]
  }
  return [
    warning(
      name,
      `match knows one star, at the end of the text; others stand for themselves, so "${pattern}" hardly ever matches.`,
      `Write match(${name}, "${pattern.split('*').find(Boolean) ?? ''}*"), or contains(${name}, "…").`
    )
  ]
}

function warning(field: string, message: string, whatToDo: string): Warning {
  return { code: 'trigger', field, message, whatToDo }
}
