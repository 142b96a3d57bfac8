import type { JSONObject } from '@segment/actions-core'
import { Refusal } from '../shared/refusal'
import type { Trouble, TroubleKind } from '../shared/types'

const KINDS: readonly TroubleKind[] = ['400', '401', '429', '500', 'slow', 'cut', 'redirect']
const MAX_CALLS = 10_000
const MAX_SECONDS = 3600

/** Reads a trouble for the sandbox. Throws Refusal 400 that names what is wrong. */
export function readTrouble({ kind, remaining, seconds = 1 }: JSONObject): Trouble {
  const known = KINDS.find((name) => name === kind)
  if (!known) throw new Refusal(400, `"kind" must be one of ${KINDS.join(', ')}.`)
  if (!isWholeNumber(remaining, 1, MAX_CALLS)) {
    throw new Refusal(400, `"remaining" must be a whole number from 1 to ${MAX_CALLS}.`)
  }
  if (!isWholeNumber(seconds, 0, MAX_SECONDS)) {
    throw new Refusal(400, `"seconds" must be a whole number from 0 to ${MAX_SECONDS}.`)
  }
  return { kind: known, remaining, seconds }
}

function isWholeNumber(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
}
