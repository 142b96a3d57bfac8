/** The page's words for what the workbench's API says. */
import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import { addOutcomes } from '../shared/outcomes'
import { titleOf } from '../shared/row'
import { shorten } from '../shared/text'
import type { Outcome, Overview, Sample } from '../shared/types'

/** An outcome's name and the sign that stands beside it, so that no colour has to be seen to read it. */
export const outcomes: Record<Outcome, { label: string; sign: string }> = {
  delivered: { label: 'Delivered', sign: '✓' },
  retryable: { label: 'Retrying', sign: '↻' },
  rejected: { label: 'Rejected', sign: '✕' },
  unmatched: { label: 'No mapping', sign: '–' },
  refused: { label: 'Not taken', sign: '⊘' }
}

/** A webhook that becomes no call has this instead of "No mapping", since no mapping stands in its way. */
const noCall = { label: 'No call', sign: outcomes.unmatched.sign }

export const outcomeOf = (outcome: Outcome, isWebhook: boolean) =>
  isWebhook && outcome === 'unmatched' ? noCall : outcomes[outcome]

/** What became of all calls, whatever took them. */
export const totalsOf = ({ counts }: Overview): Record<Outcome, number> => addOutcomes(Object.values(counts))

/** The name of a lane or a row; calls that no mapping took have none. */
export const nameOfPreset = (preset: string | null) => preset || outcomes.unmatched.label

const numbers = new Intl.NumberFormat('en')
export const formatNumber = (number: number) => numbers.format(number)

/** "1 call", "25 calls". */
export const count = (number: number, one: string, many = `${one}s`) =>
  `${formatNumber(number)} ${number === 1 ? one : many}`

/** A time span as people say it: "850 ms", "1.2 s", "2 min 5 s". */
export function formatSpan(ms: number): string {
  if (ms < 1000) return `${formatNumber(Math.round(ms))} ms`
  if (ms < 60_000) return `${formatNumber(Math.round(ms / 100) / 10)} s`
  const seconds = Math.round(ms / 1000)
  return `${formatNumber(Math.floor(seconds / 60))} min${seconds % 60 ? ` ${seconds % 60} s` : ''}`
}

// The reader's own language and clock, with 12 or 24 hours.
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

const readDate = (iso: string): Date | null => {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? null : date
}

/** The local time of day to the second; with its date when that is not today's. */
export function timeOf(iso: string): string {
  const date = readDate(iso)
  if (!date) return iso
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`
}

/** The local time with its date and zone, and the same moment in UTC. */
export function fullTimeOf(iso: string): string {
  const date = readDate(iso)
  return date ? `${whole.format(date)}\n${date.toISOString()} (UTC)` : iso
}

export const isObject = (value: JSONValue | undefined): value is JSONObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value in one line of text. */
export function asText(value: JSONValue | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Longest title in the name of a call, in characters. */
const MAX_TITLE = 40

/** A call in a list of choices, such as "track Order Completed". */
export const nameOf = (event: Partial<SegmentEvent>) => `${event.type} ${shorten(titleOf(event), MAX_TITLE)}`

/** The names of samples by their labels; those that would be the same carry the label too. */
export function nameSamples(samples: Sample[]): Map<string, string> {
  const names = samples.map(({ event }) => nameOf(event))
  const isOnly = (name: string) => names.indexOf(name) === names.lastIndexOf(name)
  return new Map(
    samples.map(({ label }, index) => [label, isOnly(names[index]) ? names[index] : `${names[index]} (${label})`])
  )
}
