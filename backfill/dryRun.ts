import type { JSONValue } from '@segment/actions-core'
import type { Prepared } from './prepare'
import { amount, duration, megabytes } from './progress'
import { bytesOf, shorten, toTable } from './summary'

/** What a run would do, as `--dry-run --json` says it. */
export interface DryRun extends Omit<Prepared, 'packs'> {
  packs: { count: number; bytes: number }
  /** Whether the metadata of the project is known. */
  isSchemaKnown: boolean
  skipped: { path: string; why: string }[]
  bulkCalls: number
  /** Calls of all kinds that the run would make at least. */
  allCalls: number
  /** How long it takes, at so many bulk calls an hour and group calls a day. */
  times: { plan: string; bulkCallsPerHour: number; groupCallsPerDay: number; seconds: number }[]
}

/** The daily calls of integrations by plan. Source: docs.voucherify.io, Limits, August 2026. */
const PLANS = [
  { plan: 'Business', groupCallsPerDay: 144_000 },
  { plan: 'Organization', groupCallsPerDay: 288_000 }
]
/** How many bulk calls an hour a plan allows is published nowhere; retired plans had 1 to 50. */
const BULK_CALLS_PER_HOUR = [10, 50]
const MAX_LISTED = 40

/** Adds to what was prepared what it costs. */
export function plan(prepared: Prepared, isSchemaKnown: boolean, skipped: DryRun['skipped']): DryRun {
  const { packs, ...rest } = prepared
  const bulkCalls = packs.length
  return {
    ...rest,
    packs: { count: packs.length, bytes: bytesOf(prepared) },
    isSchemaKnown,
    skipped,
    bulkCalls,
    // Each job is asked for once at least.
    allCalls: 2 * bulkCalls + rest.groups,
    times: PLANS.flatMap(({ plan: name, groupCallsPerDay }) =>
      BULK_CALLS_PER_HOUR.map((bulkCallsPerHour) => ({
        plan: name,
        bulkCallsPerHour,
        groupCallsPerDay,
        seconds:
          Math.floor(Math.max(0, bulkCalls - 1) / bulkCallsPerHour) * 3_600 + (rest.groups * 86_400) / groupCallsPerDay
      }))
    )
  }
}

/** What a run would do, in words. */
export function describe(dryRun: DryRun): string {
  const { read, left, calls, customers, packs, groups, refused, reasons, times, skipped, droppedDates } = dryRun
  const sections = [
    toTable([
      ['Read', `${amount(read)} rows and calls`],
      ...Object.entries(left).map(([what, count]): [string, string] => ['', `${amount(count)} left: ${what}`]),
      ['Customers', `${amount(customers)}, folded from ${amount(calls)} calls`],
      ['Packs', `${packs.count}, ${megabytes(packs.bytes)}`],
      ['Groups', `${amount(groups)} calls`],
      [
        'Calls',
        `${dryRun.bulkCalls} bulk calls, ${amount(groups)} group calls, and at least ${
          dryRun.bulkCalls
        } questions about jobs`
      ],
      [
        'Refused',
        `${amount(refused)}${droppedDates ? `, and ${amount(droppedDates)} sent without their birthdate` : ''}`
      ],
      ...reasons.map(({ reason, count }): [string, string] => ['', `${amount(count)} × ${shorten(reason)}`])
    ]),
    `Time until the last call (how many bulk calls an hour a plan allows is published nowhere):\n${toTable(
      times.map(({ plan: name, bulkCallsPerHour, seconds }): [string, string] => [
        `  ${name}, ${bulkCallsPerHour} bulk calls an hour`,
        seconds < 60 ? 'at once' : duration(seconds)
      ])
    )}`,
    ...columnsSection(dryRun),
    ...metadataSection(dryRun),
    ...samplesSection(dryRun),
    ...(skipped.length
      ? [
          `Not read:\n${skipped
            .slice(0, MAX_LISTED)
            .map(({ path, why }) => `  ${path} ${why}`)
            .join('\n')}`
        ]
      : [])
  ]
  return `${sections.join('\n\n')}\n`
}

function columnsSection({ columns }: DryRun): string[] {
  if (!columns.length) return []
  const lines = columns.slice(0, MAX_LISTED).map(({ name, became }): [string, string] => [`  ${name}`, `→ ${became}`])
  return [`Columns:\n${toTable(lines)}`]
}

function metadataSection({ metadata, isSchemaKnown }: DryRun): string[] {
  if (!metadata.length) return []
  if (!isSchemaKnown)
    return ['Metadata: set the keys of the project to see which keys it does not define; until then values stay text.']
  const missing = metadata.filter(({ isDefined }) => !isDefined)
  if (!missing.length) return ['Metadata: the project defines every key.']
  const lines = missing.slice(0, MAX_LISTED).map(({ key, count }) => `  ${key} (${amount(count)} customers)`)
  return [
    `Metadata that the project does not define. Define it under Project settings, Metadata schema, or Voucherify may refuse or drop it:\n${lines.join(
      '\n'
    )}`
  ]
}

function samplesSection({ samples }: DryRun): string[] {
  return samples.map(
    ({ before, after }, index) =>
      `Row ${index + 1}\n  before  ${oneLine(before)}\n  after   ${oneLine(after as JSONValue)}`
  )
}

function oneLine(value: JSONValue): string {
  const text = JSON.stringify(value)
  return text.length > MAX_SAMPLE_LENGTH ? `${text.slice(0, MAX_SAMPLE_LENGTH)}…` : text
}

const MAX_SAMPLE_LENGTH = 1_000
