import { shorten } from '../shared/text'

const MAX_QUOTED_LENGTH = 60

const SPACE = String.raw`[ \t\n]*`
/** Such as `event` or `properties.order\ number`. */
const NAME = String.raw`(?:\\.|[\w.-])+`
const OPERATOR = String.raw`(?:[<>]=?|!?=|\b(?:not_)?(?:contains|starts_with|ends_with)\b)`
const CONSTANT = String.raw`(?:[-+]?\d+(?:\.\d+)?|true|false|null)\b`
/** The framework knows no escape of a quote, and reads on when nothing stands between a text and the next word. */
const TEXT = String.raw`"[^"]*"(?=[ \t\n,)]|$)`

const [OPEN, CLOSE, AND, OR, END] = [String.raw`\(`, String.raw`\)`, 'and(?=[ \t\n]|$)', 'or(?=[ \t\n]|$)', '$'].map(
  next
)
const CONDITION = condition()
/** A condition that would be one with other quotes. */
const SINGLE_QUOTED = new RegExp(`^${SPACE}!?[\\w.(,\\s=!<>\\\\-]*'`)

/**
 * What is wrong with the form of a trigger: conditions that are joined by `and` or `or`, some of them in brackets.
 * Undefined where nothing is. The framework's parser passes over what it does not understand, takes the end, a bracket
 * or a bare word for a value, and joins all conditions by the last word, so it complains of hardly anything.
 */
export function syntaxProblem(trigger: string): string | undefined {
  let at = 0
  let isOpen = false
  /** The word that joins the conditions outside brackets, and inside. */
  const joins: { outside?: string; inside?: string } = {}

  function take(pattern: RegExp): boolean {
    pattern.lastIndex = at
    if (!pattern.test(trigger)) return false
    at = pattern.lastIndex
    return true
  }

  /** The next word that joins conditions; false for another than the one before it. */
  function takeJoin(): string | false | undefined {
    const word = take(AND) ? 'and' : take(OR) ? 'or' : undefined
    const level = isOpen ? 'inside' : 'outside'
    if (word && (joins[level] ?? word) !== word) return false
    joins[level] = word
    return word
  }

  const rest = () => `"${shorten(trigger.slice(at).trim(), MAX_QUOTED_LENGTH)}"`

  let join: string | false | undefined
  do {
    if (take(OPEN)) {
      if (isOpen || take(OPEN)) return "it has brackets inside brackets, which Segment's parser can't read"
      isOpen = true
      joins.inside = undefined
    }
    if (!take(CONDITION)) {
      if (SINGLE_QUOTED.test(trigger.slice(at))) return 'texts stand in double quotes here, and it has single ones'
      return take(END) ? 'a condition is missing at its end' : `${rest()} is not a condition`
    }
    if (isOpen && take(CLOSE)) isOpen = false
    join = takeJoin()
    if (join === false) return 'it joins by "and" as well as by "or"; put what belongs together in brackets'
  } while (join)
  if (!take(END)) return `${rest()} stands where "and", "or" or the end should be`
  return isOpen ? 'a bracket is not closed' : undefined
}

/** A pattern for what comes next, after any space. */
function next(source: string): RegExp {
  return new RegExp(`${SPACE}(?:${source})`, 'sy')
}

/** A comparison, or one of the two functions that triggers know. */
function condition(): RegExp {
  const value = `(?:${TEXT}|${CONSTANT})`
  const comparison = [NAME, OPERATOR, value].join(SPACE)
  const call = ['!?(?:contains|match)', String.raw`\(`, NAME, ',', value, String.raw`\)`].join(SPACE)
  return next(`${comparison}|${call}`)
}
