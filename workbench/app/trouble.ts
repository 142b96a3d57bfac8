import type { JSONObject } from '@segment/actions-core'
import type { Sandbox } from '../sandbox'
import { TROUBLE_KINDS } from '../sandbox/trouble'
import { Refusal } from '../shared/refusal'
import type { Trouble } from '../shared/types'

const MAX_CALLS = 10_000
const MAX_SECONDS = 3600

/** Reads a trouble for the sandbox, which checks what is optional. Throws Refusal 400 that names what is wrong. */
function readTrouble({ kind, remaining, seconds = 1, ...more }: JSONObject): Trouble {
  const known = TROUBLE_KINDS.find((name) => name === kind)
  if (!known) throw new Refusal(400, `"kind" must be one of ${TROUBLE_KINDS.join(', ')}.`)
  if (!isWholeNumber(remaining, 1, MAX_CALLS)) {
    throw new Refusal(400, `"remaining" must be a whole number from 1 to ${MAX_CALLS}.`)
  }
  if (!isWholeNumber(seconds, 0, MAX_SECONDS)) {
    throw new Refusal(400, `"seconds" must be a whole number from 0 to ${MAX_SECONDS}.`)
  }
  return { ...more, kind: known, remaining, seconds }
}

/** Adds a trouble to the sandbox. Throws Refusal 400 that names what is wrong. */
export function addTrouble({ trouble }: Sandbox, body: JSONObject): void {
  const wanted = readTrouble(body)
  try {
    trouble.add(wanted)
  } catch (error) {
    throw error instanceof RangeError ? new Refusal(400, error.message) : error
  }
}

function isWholeNumber(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
}
