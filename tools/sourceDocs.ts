/** The tables of docs/source.md, from the source's own table and its samples. */
import groupBy from 'lodash/groupBy'
import omit from 'lodash/omit'
import { SETTINGS } from '../source/options'
import { webhookSamples } from '../source/samples'
import { metadataTraits, NEVER, ROWS } from '../source/table'
import type { Row } from '../source/table'
import { toSegment } from '../source/toSegment'
import { code, table } from './table'

/** The text of each region, by its name. */
export const sourceRegions: Record<string, () => string> = {
  'source-settings': () =>
    table(
      ['Setting', 'What it does', 'Without it'],
      SETTINGS.map(({ key, meaning, usual }) => [code(key), meaning, usual])
    ),
  'source-calls': () => table(['Webhook', 'Call', 'When', 'In the names of `voucherify`', 'Fields'], callRows()),
  'source-never': () =>
    table(
      ['Webhooks', 'Why'],
      Object.entries(groupBy(Object.keys(NEVER), (type) => NEVER[type])).map(([why, types]) => [
        types.map(code).join(', '),
        why
      ])
    )
}

function callRows(): string[][] {
  return Object.entries(ROWS).flatMap(([type, row]) => {
    const kinds = Object.keys(row.kinds ?? { '': '' })
    return kinds.map((kind) => [
      `${code(kind ? `${type}:${kind}` : type)}${row.undocumented ? '\\*' : ''}`,
      callOf(row, kind),
      whenOf(row, kind),
      row.own ?? '',
      fieldsOf(type, row, kind)
    ])
  })
}

function callOf({ call, name, kinds }: Row, kind: string): string {
  if (call === 'identify') return 'identify'
  return (kind ? kinds?.[kind] : name) ?? 'the name that you give it'
}

function whenOf({ call, name, kinds, option, own }: Row, kind: string): string {
  if (option) return `with ${code(option)}`
  if (kind && kinds?.[kind] === null) return 'when named; another webhook tells the same'
  if (call === 'identify' || name || kinds) return 'on'
  return own ? 'when named, or with `names: voucherify`' : 'when named'
}

/** The fields of the calls that samples of this type and kind become. */
function fieldsOf(type: string, { kindOf, kinds }: Row, kind: string): string {
  const events = { [kind ? `${type}:${kind}` : type]: 'Named' }
  const options = { currency: 'EUR', customerUpdates: true, orders: true }
  const own = webhookSamples.filter(
    ({ type: other, webhook }) => other === type && (!kinds || kindOf?.(Object(webhook.data)) === kind)
  )
  const calls = own.flatMap(
    ({ webhook }) => toSegment(webhook, ROWS[type].call === 'track' ? { ...options, events } : options).calls
  )
  if (!calls.length) return 'no call, since the documented payload names no `source_id`'
  const keys = calls.flatMap((call) => {
    if (call.type === 'track') return Object.keys(call.properties)
    return Object.keys(omit(call.traits, metadataTraits(call.traits)))
  })
  return (
    [...new Set(keys)].map(code).join(', ') + (calls[0].type === 'identify' ? ', and each key of the metadata' : '')
  )
}
