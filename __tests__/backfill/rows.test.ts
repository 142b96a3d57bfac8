/** A customer of the backfill is the row that the destination itself would send in bulk. */
import { Destination } from '@segment/actions-core'
import type { JSONObject } from '@segment/actions-core'
import fc from 'fast-check'
import { createMapper, presetOf, readCustomer, toBulkRow } from '../../backfill/destination'
import { fold, toLine } from '../../backfill/fold'
import { failedRows } from '../../backfill/reports'
import { readSchema } from '../../backfill/schema'
import { timeOf } from '../../backfill/timestamps'
import definition from '../../src'
import { nearlyCall } from '../properties/arbitraries'
import { SEED } from '../properties/property'

const preset = presetOf('upsertCustomer')
const map = createMapper(preset)

/** The rows of the bulk calls that the destination makes of these calls, by `performBatch`. */
async function rowsOfDestination(calls: JSONObject[]): Promise<unknown[]> {
  const rows: unknown[] = []
  const performBatch = definition.actions.upsertCustomer.performBatch
  const watched = {
    ...definition,
    actions: {
      upsertCustomer: {
        ...definition.actions.upsertCustomer,
        performBatch: (_request: unknown, data: never) =>
          performBatch?.(
            ((url: string, { body }: { body?: string }) => {
              if (url.endsWith('/customers/bulk/async')) rows.push(...JSON.parse(String(body)))
              return Promise.resolve({ status: 202, ok: true, data: {}, content: '{}', headers: new Headers() })
            }) as never,
            data
          )
      }
    }
  }
  const settings = {
    apiKey: 'a',
    secretKey: 'b',
    customURL: 'https://segmentio.voucherify.io',
    subscription: {
      partnerAction: 'upsertCustomer',
      subscribe: preset.trigger,
      mapping: { ...preset.mapping, enable_batching: true }
    }
  }
  // A call with `context: null` throws in the framework, before any of our code.
  await new Destination(watched as never).onBatch(calls as never, settings as never).catch(() => undefined)
  return rows
}

async function rowsOfBackfill(call: JSONObject): Promise<unknown[]> {
  const [mapped] = await map([call])
  if (!('payload' in mapped)) return []
  try {
    const row = toBulkRow(readCustomer(mapped.payload))
    return row ? [JSON.parse(JSON.stringify(row))] : []
  } catch {
    return []
  }
}

it('any identify call becomes the row of performBatch, or none where that has none', async () => {
  await fc.assert(
    fc.asyncProperty(nearlyCall(fc.constant('identify')), async (call) => {
      expect(await rowsOfBackfill(call)).toEqual(await rowsOfDestination([call]))
    }),
    { numRuns: 200, seed: SEED }
  )
})

describe('folding', () => {
  const lines = (...calls: [at: number | undefined, values: object][]) =>
    calls.map(([at, values]) => toLine(at, JSON.stringify({ source_id: 'c', ...values })))
  const rowsOf = (folded: string[]) => [...fold(folded)].flatMap(({ rows }) => rows.map((row) => JSON.parse(row)))

  it('takes rows without a time as older than every call, and equal times in the order of the input', () => {
    const folded = lines(
      [5, { email: 'b' }],
      [5, { email: 'c', phone: '1' }],
      [undefined, { email: 'a', description: 'kept' }],
      [-1, { phone: '0' }]
    )
    expect(rowsOf(folded)).toEqual([{ source_id: 'c', email: 'c', phone: '1', description: 'kept' }])
  })

  it('needs two rows at most, however often something is cleared and filled again', () => {
    const folded = lines(
      [1, { metadata: { a: 1 } }],
      [2, { metadata: null }],
      [3, { metadata: { b: 1 }, address: { city: 'x' } }],
      [4, { address: null }],
      [5, { metadata: { c: 1 }, address: { state: 'y' } }]
    )
    expect(rowsOf(folded)).toEqual([
      { source_id: 'c', address: null, metadata: null },
      { source_id: 'c', address: { state: 'y' }, metadata: { b: 1, c: 1 } }
    ])
  })
})

it.each([
  ['2026-01-01T00:00:00Z', 1_767_225_600_000],
  ['2026-01-01 00:00:00', 1_767_225_600_000],
  ['2026-01-01 00:00:00.000 UTC', 1_767_225_600_000],
  ['2026-01-01 02:00:00+02', 1_767_225_600_000],
  ['1767225600', 1_767_225_600_000],
  [1_767_225_600_000, 1_767_225_600_000],
  ['yesterday', undefined],
  [null, undefined]
])('the time %j is read wherever it comes from', (timestamp, at) => {
  expect(timeOf({ timestamp })).toBe(at)
})

it('metadata takes the types of the project, and stays text where it is none of them', () => {
  const { convert } = readSchema({
    properties: {
      n: { type: 'number' },
      b: { type: 'boolean' },
      d: { type: 'date' },
      l: { type: 'number', array: true },
      gone: { type: 'number', deleted: true }
    }
  })
  const values = [
    ['n', '1.5'],
    ['n', '0x1f'],
    ['b', 'FALSE'],
    ['b', '1'],
    ['b', 'maybe'],
    ['d', '2026-01-02 10:00:00'],
    ['l', '[1,"2"]'],
    ['l', '3'],
    ['gone', '1'],
    ['other', '1']
  ]
  expect(values.map(([key, text]) => convert(key, text))).toEqual([
    1.5,
    '0x1f',
    false,
    true,
    'maybe',
    '2026-01-02',
    [1, 2],
    [3],
    '1',
    '1'
  ])
})

it.each([
  ['CSV', 'source_id,found,updated,error_message\na,true,true,\nb,false,false,Bad\n'],
  ['a JSON list', '[{"source_id":"a"},{"source_id":"b","error":{"message":"Bad"}}]'],
  ['JSON lines', '{"source_id":"a"}\n{"sourceId":"b","status":"FAILED","reason":"Bad"}']
])('a report is read as %s', (_name, text) => {
  expect(failedRows(text)).toEqual([expect.objectContaining({ source_id: 'b', message: 'Bad' })])
})

it.each(['<html></html>', '{"a":', ''])('%j is no report', (text) => {
  expect(failedRows(text)).toBeUndefined()
})
