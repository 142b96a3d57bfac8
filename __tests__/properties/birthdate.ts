import assert from 'node:assert/strict'
import { toCalendarDate, toIsoDate } from '../../src/upsertCustomer/customer'
import { nearlyDate } from './arbitraries'
import { property } from './property'
import type { Property } from './property'

/** A number is in seconds from the first of these years up to the second, else in milliseconds. */
const [FIRST_SECOND, END_OF_SECONDS] = [Date.UTC(1840, 0, 1) / 1000, Date.UTC(2040, 0, 1) / 1000]

const written = property(
  'any text as a birthdate stays as it is or becomes the day that its number means, and stays that day',
  3_000,
  nearlyDate,
  (birthdate) => {
    const date = toIsoDate(birthdate)
    assert.equal(toIsoDate(date), date)
    assert.equal(date, dayOf(birthdate) ?? birthdate)
  }
)

const named = property(
  'a calendar date is a day that exists, read from the digits that the text starts with',
  3_000,
  nearlyDate,
  (birthdate) => {
    const date = toCalendarDate(birthdate)
    if (date === undefined) return
    assert.ok(exists(date), `${date} does not exist`)
    assert.ok(birthdate.trim().replace(/-/g, '').startsWith(date.replace(/-/g, '')))
    assert.equal(toCalendarDate(date), date)
  }
)

export const birthdateProperties: Property[] = [written, named]

/** The day that a number in words means, found without the libraries that the destination uses. */
function dayOf(text: string): string | undefined {
  if (/^\d{8}$/.test(text)) {
    const day = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
    if (exists(day)) return day
  }
  const [digits, , fraction = ''] = /^(-?\d+)(\.(\d+))?$/.exec(text)?.slice(1) ?? ['']
  if (fraction === '' && text.includes('.')) return undefined
  if (digits.startsWith('-') ? digits.length < 5 : digits.length < 8 || digits.startsWith('0')) return undefined
  const centuries = ['18', '19', '20']
  if (digits.length === 8 && !digits.startsWith('-')) {
    if (centuries.includes(digits.slice(0, 2)) || centuries.includes(digits.slice(4, 6))) return undefined
  }
  const epoch = Number(text)
  const time = new Date(epoch >= FIRST_SECOND && epoch < END_OF_SECONDS ? epoch * 1000 : epoch)
  if (Number.isNaN(time.getTime())) return undefined
  const day = time.toISOString().split('T')[0]
  return /^\d{4}-/.test(day) ? day : undefined
}

function exists(day: string): boolean {
  const time = new Date(`${day}T00:00:00.000Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day)
}
