/** What a project defines of its metadata, and what Voucherify leaves out because of it. */
import { createMetadataJudge, fits, nameType, readDefinitions, typeOf } from '../../../workbench/shared/definitions'
import type { Definition, Definitions } from '../../../workbench/shared/types'

const NOTHING: Definitions = { customer: null, event: null }
const one = (name: string, type: Definition['type'], array = false): Definition => ({ name, type, array })

describe('a value', () => {
  it.each<[Definition['type'], unknown[], unknown[]]>([
    ['string', ['', 'x', '2026-01-31'], [1, true, ['x'], {}]],
    ['number', [0, -1.5], ['1', true, [1]]],
    ['boolean', [true, false], ['true', 1]],
    ['date', ['2026-01-31', '2024-02-29'], ['2026-02-30', '31.01.2026', '2026-01-31T00:00:00Z', 20260131]],
    [
      'datetime',
      ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00.5+02:00'],
      ['2026-01-31', '2026-02-30T10:00:00Z', 'now']
    ],
    ['image_url', ['https://example.com/a.png'], ['a.png', 'ftp://example.com/a.png']],
    ['geopoint', ['52.1,-21.0', '52, 21'], ['Warsaw', '52']],
    ['object', [{}, { a: [] }], [[], 'x']]
  ])('fits a %s or not', (type, good, bad) => {
    const fitting = (values: unknown[], array: boolean) => values.map((value) => fits(value as never, { type, array }))
    expect(fitting(good, false)).toEqual(good.map(() => true))
    expect(fitting(bad, false)).toEqual(bad.map(() => false))
    expect(fitting([good, []], true)).toEqual([true, true])
    expect(fitting([[...good, bad[0]], good[0]], true)).toEqual([false, false])
  })

  it.each<[unknown, string]>([
    ['x', 'string'],
    ['2026-01-31', 'date'],
    ['2026-01-31T10:00:00Z', 'datetime'],
    [1, 'number'],
    [false, 'boolean'],
    [{}, 'object'],
    [[1, 2], 'list of number'],
    [[], 'list of string']
  ])('%j has the type %s', (value, name) => {
    expect(nameType(typeOf(value as never))).toBe(name)
  })
})

describe('metadata that is lost', () => {
  const definitions: Definitions = {
    customer: [one('tier', 'string'), one('visits', 'number'), one('tags', 'string', true)],
    event: [one('total', 'number'), one('items', 'string', true)]
  }

  it('is what the project does not define, or defines with another type; null and what fits stay', () => {
    const judge = createMetadataJudge(definitions)
    expect(judge.isIgnorant).toBe(false)
    expect(
      judge.lost('customer', { tier: 'gold', visits: '3', tags: 'a', plan: 'x', gone: null, constructor: 'x' })
    ).toEqual([
      { key: 'visits', why: 'type', got: 'string', wanted: 'number' },
      { key: 'tags', why: 'type', got: 'string', wanted: 'list of string' },
      { key: 'plan', why: 'undefined', got: 'string' },
      { key: 'constructor', why: 'undefined', got: 'string' }
    ])
    expect(judge.lost('customer', { tier: 'gold', visits: 3, tags: ['a'], tier2: null })).toEqual([])
  })

  it('is every list and object of an event, defined or not', () => {
    const lost = [
      { key: 'items', why: 'shape', got: 'list of string' },
      { key: 'cart', why: 'shape', got: 'object' }
    ]
    for (const known of [definitions, NOTHING]) {
      expect(createMetadataJudge(known).lost('event', { total: 1, items: ['a'], cart: {} })).toEqual(lost)
    }
  })

  it('is nothing else as long as nothing is defined', () => {
    const judge = createMetadataJudge({ customer: [], event: null })
    expect(judge.isIgnorant).toBe(true)
    expect([judge.lost('customer', { a: [{}] }), judge.lost('event', { a: 1 })]).toEqual([[], []])
  })

  it('is all metadata of customers when only that of events is defined', () => {
    const judge = createMetadataJudge({ customer: null, event: definitions.event })
    expect(judge.lost('customer', { tier: 'gold' })).toEqual([{ key: 'tier', why: 'undefined', got: 'string' }])
  })
})

describe('definitions', () => {
  it('are read in their own form, a single value unless said otherwise', () => {
    const written = {
      customer: [{ name: 'tier', type: 'string' }, one('tags', 'string', true)],
      definedOnly: ['event']
    }
    expect(readDefinitions(written)).toEqual({
      customer: [one('tier', 'string'), one('tags', 'string', true)],
      event: null,
      definedOnly: ['event']
    })
  })

  it('are read as Voucherify answers them, without what was deleted and what belongs to others', () => {
    const properties = {
      tier: { type: 'string', array: false, optional: true },
      old: { type: 'number', deleted: true }
    }
    const schemas = [
      { id: 'ms_1', related_object: 'customer', properties, allow_defined_only: true, object: 'metadata_schema' },
      { id: 'ms_2', related_object: 'voucher', properties },
      { id: 'ms_3', related_object: 'event', properties: {}, allow_defined_only: false }
    ]
    expect(readDefinitions({ object: 'list', data_ref: 'schemas', schemas, total: 3 })).toEqual({
      customer: [one('tier', 'string')],
      event: [],
      definedOnly: ['customer']
    })
  })

  it.each<[unknown, string]>([
    [[], 'The definitions must be an object with "customer" and "event".'],
    [{ voucher: [] }, 'The definitions have a key "voucher". They take "customer", "event" and "definedOnly".'],
    [{ customer: {} }, '"customer" must be a list of definitions.'],
    [{ customer: ['tier'] }, '"customer"[0].name must be the key of the metadata.'],
    [{ event: [{ name: 'a', type: 'text' }] }, '"event"[0].type ("a") must be one of string, number, boolean, '],
    [{ event: [{ name: 'a', type: 'date', array: 1 }] }, '"event"[0].array ("a") must be true or false.'],
    [{ customer: [one('a', 'date'), one('a', 'string')] }, '"customer" defines "a" twice.'],
    [{ definedOnly: ['order'] }, '"definedOnly" must be a list of "customer" and "event".'],
    [
      { customer: Array.from({ length: 101 }, (_, n) => one(`k${n}`, 'string')) },
      '"customer" has 101 definitions. Voucherify takes at most 100.'
    ]
  ])('say what is wrong with %j', (value, message) => {
    expect(() => readDefinitions(value)).toThrow(message)
    expect(() => readDefinitions(value)).toThrow(RangeError)
  })
})
