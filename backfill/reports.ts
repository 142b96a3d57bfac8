import { parse } from 'csv-parse/sync'
import type { JSONObject } from '@segment/actions-core'
import { isObject } from './records'

/** The outcome of one row, as a report or an async action names it. */
export type RowError = JSONObject & { source_id: string }

/**
 * The failed rows that a report names. Its form is not documented beyond columns `found` and `updated`: CSV, a JSON list
 * and JSON lines are read, and a row counts as failed when it holds an error.
 *
 * @returns undefined when the text is no report
 */
export function failedRows(text: string): RowError[] | undefined {
  const rows = readRows(text.replace(/^\ufeff/, '').trim())
  return rows?.flatMap((row) => {
    const values = plainKeys(row)
    const sourceId = values.sourceid ?? values.id
    const error = toError(values)
    return error && (typeof sourceId === 'string' || typeof sourceId === 'number')
      ? [{ ...error, source_id: String(sourceId) }]
      : []
  })
}

function readRows(text: string): JSONObject[] | undefined {
  try {
    if (text.startsWith('[')) return (JSON.parse(text) as unknown[]).filter(isObject)
    if (text.startsWith('{')) return text.split('\n').map((line) => JSON.parse(line) as JSONObject)
    const rows: JSONObject[] = parse(text, { columns: true, skip_empty_lines: true, relax_column_count: true })
    return rows.length && Object.keys(rows[0]).length > 1 ? rows : undefined
  } catch {
    return undefined
  }
}

function plainKeys(row: JSONObject): JSONObject {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key.toLowerCase().replace(/[\s_.-]/g, ''), value])
  )
}

/** What a row says of its failure; undefined when it says none. */
function toError({
  error,
  errormessage,
  message,
  details,
  errordetails,
  key,
  errorkey,
  reason,
  status,
  result
}: JSONObject): JSONObject | undefined {
  const nested = isObject(error) ? error : undefined
  const failed = [status, result].some((text) => typeof text === 'string' && /^(failed|error)/i.test(text))
  const words =
    nested?.message ??
    textOf(errormessage) ??
    textOf(error) ??
    textOf(reason) ??
    textOf(message) ??
    (failed ? 'The report says that it failed' : undefined)
  if (words === undefined) return undefined
  const [more, code] = [
    nested?.details ?? textOf(errordetails) ?? textOf(details),
    nested?.key ?? textOf(errorkey) ?? textOf(key)
  ]
  return { message: words, ...(more !== undefined && { details: more }), ...(code !== undefined && { key: code }) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() ? value : undefined
}
