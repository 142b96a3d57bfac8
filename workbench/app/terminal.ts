import type { Writable } from 'stream'
import { asText, printable, shorten } from '../shared/text'
import type { Delivery } from '../shared/types'

const MAX_PART_LENGTH = 80
const MAX_ERROR_LENGTH = 300
/** Most that waits for a reader of the terminal who does not read, in bytes. */
const MAX_WAITING = 1024 * 1024

/**
 * One line for the terminal: time, outcome, preset, name of the event, user, and the error or how many warnings there
 * are. Nothing that came with a call can move the cursor, colour the text or forge a line.
 */
export function deliveryLine(delivery: Delivery): string {
  const { receivedAt, status, preset, event, error, reason, warnings, tries, webhook } = delivery
  const name = webhook?.type ?? event.event ?? event.name ?? event.type
  const user = webhook?.calls[0]?.userId ?? event.userId ?? event.anonymousId
  const way = webhook ? 'from Voucherify' : preset ?? 'no mapping'
  const parts = [timeOfDay(receivedAt), status.padEnd(9), way, name, user].map((part) =>
    shorten(printable(asText(part)), MAX_PART_LENGTH)
  )
  const problem = printable(error?.message ?? reason ?? warnings[0]?.message ?? '')
  const marks = [
    tries.length > 1 && `${tries.length} tries`,
    warnings.length > 0 && (warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`)
  ].filter(Boolean)
  return [...parts, marks.length ? `(${marks.join(', ')})` : '', shorten(problem, MAX_ERROR_LENGTH)]
    .filter(Boolean)
    .join('  ')
}

/** The local time of day, to the second. */
function timeOfDay(iso: string): string {
  const date = new Date(iso)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => `${part}`.padStart(2, '0')).join(':')
}

/** What is said at the end of calls that were not delivered. */
export function lossLine(count: number): string {
  return count === 1 ? '1 call was still waiting and is lost.' : `${count} calls were still waiting and are lost.`
}

/**
 * Prints lines, and lets nothing wait for it: lines for a reader that is gone are dropped, as are those for one that does
 * not read, which are counted once it does.
 */
export function createPrinter(output: Writable): (line: string) => void {
  let isOpen = true
  let skipped = 0
  output.on('error', () => {
    isOpen = false
  })
  return (line) => {
    if (!isOpen) return
    if (output.writableLength > MAX_WAITING) {
      skipped++
      return
    }
    if (skipped) output.write(`… ${skipped} lines were left out, since nobody read them.\n`)
    skipped = 0
    output.write(`${line}\n`)
  }
}
