import { randomBytes } from 'crypto'
import { createBounded } from '../shared/bounded'
import { noReport } from './errors'
import type { Answer } from './errors'
import type { Route } from './routes'

/** How long a report can be fetched. How long Voucherify keeps one is not documented. */
export const REPORT_SECONDS = 3_600
const BOUNDS = { maxCount: 1_000, maxCost: 16 * 1024 * 1024 }
/** The columns that Voucherify names are `found` and `updated`; the others are the sandbox's own. */
const HEADER = 'source_id,found,updated,key,message,details\n'

/** What became of one row. */
export interface ReportLine {
  sourceId: string | null
  /** Whether the customer was there before. */
  found: boolean
  /** Why the row was refused; absent for one that was applied. */
  failure?: { key: string; message: string; details: string }
}

/** The reports of bulk jobs, which are fetched from an address that is its own key and expires. */
export interface Reports {
  /**
   * Keeps a report, the newest within bounds.
   *
   * @returns its path at the sandbox
   */
  add(lines: string, expiresAt: number): string
  clear(): void
  route: Route
}

interface Report {
  token: string
  text: string
  expiresAt: number
}

/** @param now milliseconds since 1970 */
export function createReports(now: () => number): Reports {
  const byToken = new Map<string, Report>()
  const kept = createBounded<Report>(BOUNDS, ({ token }) => byToken.delete(token))

  const fetch = (token: string): Answer => {
    const report = byToken.get(token)
    if (!report) throw noReport(410, 'This report is gone. Ask for the async action again.')
    if (now() >= report.expiresAt) throw noReport(403, 'Request has expired')
    return { status: 200, body: HEADER + report.text, headers: { 'Content-Type': 'text/csv; charset=utf-8' } }
  }

  return {
    add(text, expiresAt) {
      const report = { token: randomBytes(16).toString('hex'), text, expiresAt }
      byToken.set(report.token, report)
      kept.add(report, 2 * text.length)
      return `/reports/${report.token}.csv`
    },
    clear() {
      byToken.clear()
      kept.clear()
    },
    route: {
      kind: 'reports',
      method: 'GET',
      path: '/reports/:id',
      isWithoutKeys: true,
      handle: ({ id }) => fetch(id.replace(/\.csv$/, ''))
    }
  }
}

/** A line of a report. */
export function toReportLine({ sourceId, found, failure }: ReportLine): string {
  const { key = '', message = '', details = '' } = failure ?? {}
  return `${[sourceId ?? '', String(found), String(!failure), key, message, details].map(toCell).join(',')}\n`
}

function toCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}
