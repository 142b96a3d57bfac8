import { shorten } from '../src/errors'

const MAX_QUOTED_LENGTH = 60

const SPACE = String.raw`[ \t\n]*`
/** Such as `event` or `properties.order\ number`. */
const NAME = String.raw`(?:\\.|[\w.-])+`
const OPERATOR = String.raw`(?:[<>]=?|!?=|\b(?:not_)?(?:contains|starts_with|ends_with)\b)`
const CONSTANT = String.raw`(?:[-+]?\d+(?:\.\d+)?|true|false|null)\b`
/** A backslash before a quote stands for itself in the framework; people also mean that the text goes on. */
const TEXTS = [String.raw`"[^"]*"`, String.raw`"(?:[^"\\]|\\.)*"`]

const [OPEN, CLOSE, JOIN, END] = [String.raw`\(`, String.raw`\)`, String.raw`(?:and|or)\b`, '$'].map(next)
const CONDITIONS = TEXTS.map(conditionWith)

/**
 * What is wrong with the form of a trigger; undefined for one that can be read. The framework's parser passes over what
 * it does not understand and takes the end, a bracket or a bare word for a value, so it complains of hardly anything.
 */
export function syntaxProblem(trigger: string): string | undefined {
  const [problem, ...others] = CONDITIONS.map((condition) => findProblem(trigger, condition))
  return others.every((other) => other !== undefined) ? problem : undefined
}

/** Reads conditions that are joined by `and` or `or`, some of them in brackets. */
function findProblem(trigger: string, condition: RegExp): string | undefined {
  let at = 0
  let isOpen = false

  function take(pattern: RegExp): boolean {
    pattern.lastIndex = at
    if (!pattern.test(trigger)) return false
    at = pattern.lastIndex
    return true
  }

  const rest = () => `"${shorten(trigger.slice(at).trim(), MAX_QUOTED_LENGTH)}"`

  do {
    if (take(OPEN)) {
      if (isOpen || take(OPEN)) return "it has brackets inside brackets, which Segment's parser can't read"
      isOpen = true
    }
    if (!take(condition)) return take(END) ? 'a condition is missing at its end' : `${rest()} is not a condition`
    if (isOpen && take(CLOSE)) isOpen = false
  } while (take(JOIN))
  if (!take(END)) return `${rest()} stands where "and", "or" or the end should be`
  return isOpen ? 'a bracket is not closed' : undefined
}

/** A pattern for what comes next, after any space. */
function next(source: string): RegExp {
  return new RegExp(`${SPACE}(?:${source})`, 'sy')
}

/** A comparison, or one of the two functions that triggers know. */
function conditionWith(text: string): RegExp {
  const value = `(?:${text}|${CONSTANT})`
  const comparison = [NAME, OPERATOR, value].join(SPACE)
  const call = ['!?(?:contains|match)', String.raw`\(`, NAME, ',', value, String.raw`\)`].join(SPACE)
  return next(`${comparison}|${call}`)
}
