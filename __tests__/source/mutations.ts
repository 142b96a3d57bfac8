import fc from 'fast-check'
import { webhookSamples } from '../../source/samples'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Which sample is changed, and what is put where. */
export interface Mutation {
  sample: number
  changes: { where: number; value: Json | undefined }[]
}

const value: fc.Arbitrary<Json | undefined> = fc.oneof(
  fc.constantFrom<Json | undefined>(
    undefined,
    null,
    '',
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [null],
    '__proto__',
    'customer.created'
  ),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>
)

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  sample: fc.nat(webhookSamples.length - 1),
  changes: fc.array(fc.record({ where: fc.nat(), value }), { minLength: 1, maxLength: 4 })
})

/** The way to every field of each sample. */
const paths = webhookSamples.map(({ webhook }) => pathsIn(webhook as Json, []))

function pathsIn(value: Json, way: string[]): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [[...way, key], ...pathsIn(inner, [...way, key])])
}

/** The sample with its changes: each replaces one of its fields, at any depth; undefined removes it. */
export function mutated({ sample, changes }: Mutation): Json {
  const webhook: Json = structuredClone(webhookSamples[sample].webhook) as Json
  for (const { where, value } of changes) {
    const way = paths[sample][where % paths[sample].length]
    const holder = way.slice(0, -1).reduce<Json | undefined>((inner, key) => fieldsOf(inner)[key], webhook)
    if (value === undefined) delete fieldsOf(holder)[way[way.length - 1]]
    else fieldsOf(holder)[way[way.length - 1]] = structuredClone(value)
  }
  return webhook
}

/** Its fields, or some that nobody sees where an earlier change took them away. */
function fieldsOf(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null ? (value as Record<string, Json>) : {}
}
