import { describeSource, traceFields } from '../../../workbench/inspect/trace'

describe('the source of a value in words', () => {
  it.each([
    [{ '@path': '$.traits.email' }, '$.traits.email'],
    [{ '@template': 'Viewed {{name}} Page' }, 'template "Viewed {{name}} Page"'],
    ['gold', 'text "gold"'],
    [5, '5'],
    [true, 'true'],
    [null, 'null'],
    [{ '@literal': 'gold' }, 'text "gold"'],
    [{ '@if': { exists: { '@path': '$.a' }, then: { '@path': '$.a' }, else: { '@path': '$.b' } } }, '$.a, else $.b'],
    [{ '@if': { exists: { '@path': '$.a' }, then: 'yes', else: 'no' } }, 'if there is $.a: text "yes", else text "no"'],
    [{ plan: { '@path': '$.plan' }, level: 1 }, 'plan: $.plan; level: 1'],
    [{}, 'an empty object'],
    [{ '@case': { operator: 'lower', value: 'X' } }, '@case {"operator":"lower","value":"X"}']
  ])('%j reads as %s', (mapped, words) => {
    expect(describeSource(mapped)).toBe(words)
  })
})

describe('the note on a field', () => {
  const event = { type: 'track' as const, traits: { empty: '', blank: { a: ' ' }, none: null, count: 5 } }
  const field = { label: 'Field' }
  const note = (mapped: object | undefined, body: object | undefined, extra = {}) =>
    traceFields(
      { field: { ...field, ...extra } },
      mapped ? { field: { ...mapped } } : {},
      event,
      body && { ...body }
    )[0].note

  it.each([
    ['not mapped', undefined, {}, {}, 'Not mapped, so nothing is sent.'],
    ['nothing there', { '@path': '$.traits.gone' }, {}, {}, 'The call has nothing there, so nothing is sent.'],
    ['an empty text', { '@path': '$.traits.empty' }, {}, {}, 'Empty values are left out.'],
    ['an object of blanks', { '@path': '$.traits.blank' }, {}, {}, 'Empty values are left out.'],
    ['a null that is not taken', { '@path': '$.traits.none' }, {}, {}, 'The field takes no null, so nothing is sent.'],
    ['a null that is sent', { '@path': '$.traits.none' }, { field: null }, { allowNull: true }, ''],
    ['a number', { '@path': '$.traits.count' }, { field: '5' }, {}, 'Written as a text, as the field asks.'],
    ['a refusal', { '@path': '$.traits.count' }, undefined, {}, 'The call was refused before anything was sent.'],
    ['a wrong directive', { '@magic': 1 }, {}, {}, '/value has an invalid directive: @magic.']
  ])('says %s', (_, mapped, body, extra, words) => {
    expect(note(mapped, body, extra)).toBe(words)
  })
})
