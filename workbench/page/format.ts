/** The page's words for what the workbench's API says. */
import type { JSONValue, SegmentEvent } from '@segment/actions-core'
import type { Delivery, Outcome, Sample } from '../shared/types'

/** An outcome's name and the sign that stands beside it, so that no colour has to be seen to read it. */
export const outcomes: Record<Outcome, { label: string; sign: string }> = {
  delivered: { label: 'Delivered', sign: '✓' },
  retryable: { label: 'Would retry', sign: '↻' },
  rejected: { label: 'Refused', sign: '✕' },
  unmatched: { label: 'No preset', sign: '–' },
  refused: { label: 'Not taken', sign: '⊘' }
}

export const outcomeNames: Outcome[] = ['delivered', 'retryable', 'rejected', 'unmatched', 'refused']

const numbers = new Intl.NumberFormat('en')
export const formatNumber = (number: number) => numbers.format(number)

/** "1 call", "25 calls". */
export const count = (number: number, one: string, many = `${one}s`) =>
  `${formatNumber(number)} ${number === 1 ? one : many}`

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** The local time of day, to the second. */
export function timeOfDay(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : clock.format(date)
}

export const shorten = (text: string, limit: number) => (text.length > limit ? `${text.slice(0, limit)}…` : text)

/** A value in one line of text. */
export function asText(value: JSONValue | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Longest text of a cell in a list, in characters. */
const MAX_CELL = 160

const textOf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? shorten(String(value), MAX_CELL) : ''

/** What a call is about: its event, its page, its group. */
export function titleOf(event: Partial<SegmentEvent>): string {
  const { type, event: name, name: pageName, groupId, previousId, traits } = event
  if (type === 'track') return textOf(name) || '(no event name)'
  if (type === 'page' || type === 'screen') return textOf(pageName) || '(no name)'
  if (type === 'group') return textOf(groupId) || '(no group)'
  if (type === 'alias') return textOf(previousId) || '(no previous ID)'
  const names = textOf(Object.keys(traits ?? {}).join(', '))
  return textOf(traits?.email) || textOf(event.context?.traits?.email) || names || '(no traits)'
}

/** Longest title in the name of a call, in characters. */
const MAX_TITLE = 40

/** A call in a list of choices, such as "track Order Completed". */
export const nameOf = (event: Partial<SegmentEvent>) => `${event.type ?? 'call'} ${shorten(titleOf(event), MAX_TITLE)}`

/** The names of samples by their labels; those that would be the same carry the label too. */
export function nameSamples(samples: Sample[]): Map<string, string> {
  const names = samples.map(({ event }) => nameOf(event))
  const isOnly = (name: string) => names.indexOf(name) === names.lastIndexOf(name)
  return new Map(
    samples.map(({ label }, index) => [label, isOnly(names[index]) ? names[index] : `${names[index]} (${label})`])
  )
}

/** Who made a call. */
export function userOf({ userId, anonymousId }: Partial<SegmentEvent>): string {
  return textOf(userId) || (textOf(anonymousId) ? `anonymous ${textOf(anonymousId).slice(0, 8)}` : 'nobody')
}

const MAX_SEARCHED = 5000
const searchable = new WeakMap<Delivery, string>()

/** Whether a delivery holds a text somewhere a person would look for it, whatever the case. */
export function holdsText(delivery: Delivery, wanted: string): boolean {
  let text = searchable.get(delivery)
  if (text === undefined) {
    const { id, event, preset, error, response } = delivery
    const parts = [id, titleOf(event), userOf(event), preset, error?.message, response?.status]
    text = `${parts.join(' ')} ${shorten(JSON.stringify(event), MAX_SEARCHED)}`.toLowerCase()
    searchable.set(delivery, text)
  }
  return text.includes(wanted)
}
