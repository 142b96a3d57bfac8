import { shorten } from '../../src/errors'
import type { Delivery } from '../shared/types'

const MAX_PART_LENGTH = 80
const MAX_ERROR_LENGTH = 300

/**
 * One line for the terminal: time, outcome, preset, name of the event, user, error. Nothing that came with a call can
 * move the cursor, colour the text or forge a line.
 */
export function deliveryLine({ receivedAt, status, preset, event, error, reason }: Delivery): string {
  const name = event.event ?? event.name ?? event.type
  const user = event.userId ?? event.anonymousId
  const parts = [receivedAt.slice(11, 19), status.padEnd(9), preset ?? 'no preset', name, user].map((part) =>
    shorten(printable(String(part ?? '')), MAX_PART_LENGTH)
  )
  const problem = printable(error?.message ?? reason ?? '')
  return [...parts, shorten(problem, MAX_ERROR_LENGTH)].filter(Boolean).join('  ')
}

/** What is said at the end of calls that were not delivered. */
export function lossLine(count: number): string {
  return count === 1 ? '1 call was still waiting and is lost.' : `${count} calls were still waiting and are lost.`
}

/** A text without control characters and without the marks that turn the direction of writing. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}
