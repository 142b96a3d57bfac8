import { existsSync } from 'node:fs'
import { linesOf } from './partitions'
import { amount, duration, megabytes } from './progress'
import type { Delivered } from './send'
import type { Plan } from './work'

/** What a run did, as `summary.json` and `--json` say it. */
export interface Summary {
  state: 'finished' | 'stopped'
  exitCode: number
  /** Why it stopped, and what to do. */
  message?: string
  /** Where it delivered to. */
  host: string
  work: string
  startedAt: string
  endedAt: string
  /** Of this start of the command. */
  seconds: number
  read: { rows: number; left: Record<string, number>; skipped: Plan['skipped'] }
  folded: { calls: number; customers: number; droppedDates: number }
  /** Rows of customers: a customer who was cleared first and filled later has two. */
  customers: { rows: number; accepted: number; rejected: number; open: number }
  groups: { calls: number; accepted: number; rejected: number; open: number }
  /** Refused before anything was sent. */
  refused: number
  packs: { total: number; sent: number; bytes: number }
  calls: Delivered['calls']
  /** The most frequent reasons of refusal, by whom. */
  reasons: { by: string; reason: string; count: number }[]
}

const MAX_REASONS = 10
const MAX_COUNTED = 2_000

export interface SummaryParts {
  host: string
  work: string
  startedAt: string
  endedAt: string
  seconds: number
  plan: Plan
  delivered: Delivered
  reasons: Summary['reasons']
}

/** Puts together what the plan and the journal say. */
export function summarize({ plan, delivered, ...parts }: SummaryParts): Omit<Summary, 'exitCode' | 'message'> {
  const rows = plan.packs.reduce((sum, pack) => sum + pack.rows, 0)
  const { accepted, rejected, groups, calls, packs } = delivered
  return {
    state: delivered.isFinished ? 'finished' : 'stopped',
    ...parts,
    read: { rows: plan.read, left: plan.left, skipped: plan.skipped },
    folded: { calls: plan.calls, customers: plan.customers, droppedDates: plan.droppedDates },
    customers: { rows, accepted, rejected, open: rows - accepted - rejected },
    groups: { calls: plan.groups, ...groups, open: plan.groups - groups.accepted - groups.rejected },
    refused: plan.refused,
    packs: { total: plan.packs.length, sent: packs, bytes: bytesOf(plan) },
    calls
  }
}

export function bytesOf({ packs }: Pick<Plan, 'packs'>): number {
  return packs.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The most frequent reasons in a file of rejected rows. */
export function reasonsIn(path: string): Summary['reasons'] {
  const counts = new Map<string, Summary['reasons'][number]>()
  if (!existsSync(path)) return []
  for (const line of linesOf(path)) {
    const { by, reason } = readReason(line)
    const key = `${by} ${reason}`
    const known = counts.get(key)
    if (known) known.count += 1
    else if (counts.size < MAX_COUNTED) counts.set(key, { by, reason, count: 1 })
  }
  return [...counts.values()].sort((one, other) => other.count - one.count).slice(0, MAX_REASONS)
}

function readReason(line: string): { by: string; reason: string } {
  try {
    const { by, reason }: { by?: unknown; reason?: unknown } = JSON.parse(line)
    return { by: String(by), reason: String(reason) }
  } catch {
    return { by: 'backfill', reason: 'unreadable' }
  }
}

/** The summary as a table for people. */
export function tableOf({
  host,
  read,
  folded,
  customers,
  groups,
  refused,
  packs,
  calls,
  reasons,
  seconds
}: Summary): string {
  const lines: [string, string][] = [
    ['Read', `${amount(read.rows)} rows and calls`],
    ...Object.entries(read.left).map(([what, count]): [string, string] => ['', `${amount(count)} left: ${what}`]),
    ['Folded', `${amount(folded.calls)} calls to ${amount(folded.customers)} customers`],
    ...(folded.droppedDates
      ? [['', `${amount(folded.droppedDates)} without their unreadable birthdate`] as [string, string]]
      : []),
    ['Sent', `${packs.sent} of ${packs.total} packs, ${megabytes(packs.bytes)} in all, to ${host}`],
    ['Accepted', `${amount(customers.accepted)} of ${amount(customers.rows)} rows`],
    ...(groups.calls
      ? [['Groups', `${amount(groups.accepted)} of ${amount(groups.calls)} calls accepted`] as [string, string]]
      : []),
    ['Rejected', `${amount(refused)} before sending, ${amount(customers.rejected + groups.rejected)} by Voucherify`],
    ...reasons.map(({ by, reason, count }): [string, string] => ['', `${amount(count)} × ${by}: ${shorten(reason)}`]),
    [
      'Calls',
      `${calls.bulk} bulk, ${calls.polls} questions about jobs, ${calls.reports} reports, ${amount(
        calls.groups
      )} groups`
    ],
    ['Time', duration(seconds)]
  ]
  return toTable(lines)
}

export function toTable(lines: [string, string][]): string {
  const width = Math.max(...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`.trimEnd()).join('\n')
}

/** Longer than every reason of our own, whose end says what to do. */
const MAX_REASON_LENGTH = 400

export function shorten(text: string): string {
  return text.length > MAX_REASON_LENGTH ? `${text.slice(0, MAX_REASON_LENGTH)}…` : text
}
