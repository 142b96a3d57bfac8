import { parseArgs } from 'node:util'
import { unusable } from './stop'

/** What the command line asks for. */
export interface Options {
  /** Files and folders; `-` is the standard input. */
  inputs: string[]
  /** A work folder whose rejected rows are sent again; nothing else is read then. */
  retry?: string
  work?: string
  format?: 'csv' | 'ndjson'
  delimiter?: string
  /** Where a column goes, by its name: `metadata.tier`, `source_id`, or empty to leave it out. */
  columns: Record<string, string>
  /** The file of a mapping. */
  mapping?: string
  emptyClears: boolean
  dropBadDates: boolean
  dryRun: boolean
  restart: boolean
  json: boolean
  /** True takes an embedded sandbox, a URL a running one. */
  sandbox?: true | string
  maxBulkPerHour?: number
}

export const USAGE = `Usage: backfill <file, folder or -> ... [options]
       backfill retry <work folder> [options]

Brings every customer of CSV and NDJSON files (plain or gzip) into Voucherify.

  --dry-run               say what would happen, without a call
  --sandbox[=<url>]       rehearse on an embedded sandbox, or on a running one
  --column "<name>=<to>"  where a column goes: source_id, metadata.tier, ... or nothing to leave it out
  --mapping <file>        another mapping than the preset's, as the workbench exports it
  --format csv|ndjson     what the inputs are, whatever they look like; needed for -
  --delimiter <char>      what stands between the cells of a CSV; "tab" for a tab
  --work <folder>         where the run keeps its state; <first input>.backfill unless given
  --empty-clears          an empty cell clears the value in Voucherify; without it the value stays
  --drop-bad-dates        send customers with an unreadable birthdate without it
  --max-bulk-per-hour <n> never make more bulk calls an hour
  --restart               begin anew
  --json                  the summary as JSON on the standard output

Keys come from the environment: VOUCHERIFY_APPLICATION_ID, VOUCHERIFY_SECRET_KEY, VOUCHERIFY_CUSTOM_URL.
Exit codes: 0 all delivered, 1 some rejected, 2 usage, 5 stopped and resumable, 7 can't go on, 130 interrupted.
`

const FLAGS = {
  work: { type: 'string' },
  format: { type: 'string' },
  delimiter: { type: 'string' },
  column: { type: 'string', multiple: true },
  mapping: { type: 'string' },
  'empty-clears': { type: 'boolean' },
  'drop-bad-dates': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  restart: { type: 'boolean' },
  json: { type: 'boolean' },
  sandbox: { type: 'boolean' },
  'max-bulk-per-hour': { type: 'string' }
} as const

const SANDBOX_URL = '--sandbox='

/**
 * Reads the command line.
 *
 * @throws Stop (2) that says which argument can't be used
 */
export function readOptions(args: string[]): Options {
  const sandboxUrl = args.find((arg) => arg.startsWith(SANDBOX_URL))?.slice(SANDBOX_URL.length)
  const { values, positionals } = parse(args.filter((arg) => !arg.startsWith(SANDBOX_URL)))
  const isRetry = positionals[0] === 'retry'
  if (isRetry && positionals.length !== 2) throw unusable('"retry" takes one work folder: backfill retry <work folder>')
  if (!positionals.length) throw unusable(`Name a file or a folder.\n\n${USAGE}`)
  const options: Options = {
    inputs: isRetry ? [] : positionals,
    retry: isRetry ? positionals[1] : undefined,
    work: values.work,
    format: readFormat(values.format),
    delimiter: readDelimiter(values.delimiter),
    columns: readColumns(values.column ?? []),
    mapping: values.mapping,
    emptyClears: values['empty-clears'] ?? false,
    dropBadDates: values['drop-bad-dates'] ?? false,
    dryRun: values['dry-run'] ?? false,
    restart: values.restart ?? false,
    json: values.json ?? false,
    sandbox: sandboxUrl === undefined ? values.sandbox || undefined : readSandboxUrl(sandboxUrl),
    maxBulkPerHour: readCount(values['max-bulk-per-hour'])
  }
  requireSense(options)
  return options
}

function parse(args: string[]) {
  if (args.some((arg) => arg.startsWith('--allow-events'))) {
    throw unusable(
      "--allow-events does not exist: an old event would get today's time and award points again. For past orders use Voucherify's order import; see docs/backfill.md."
    )
  }
  try {
    return parseArgs({ args, options: FLAGS, allowPositionals: true })
  } catch (error) {
    throw unusable(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
  }
}

/** Choices that contradict each other. */
function requireSense({ inputs, retry, work, format, dryRun, columns, mapping, restart, delimiter }: Options): void {
  if (inputs.includes('-')) {
    if (inputs.length > 1) throw unusable('"-" reads the standard input and takes no other input beside it.')
    if (!format) throw unusable('"-" needs --format csv or --format ndjson: the standard input has no name to tell by.')
    if (!work && !dryRun) throw unusable('"-" needs --work <folder>, where the run keeps its state.')
  }
  if (delimiter !== undefined && format === 'ndjson')
    throw unusable('--delimiter is for CSV, and --format says ndjson.')
  if (retry === undefined) return
  if (work !== undefined || format || mapping || restart || dryRun || Object.keys(columns).length) {
    throw unusable('"retry" takes its inputs, columns and mapping from the work folder. Leave those options out.')
  }
}

function readFormat(text: string | undefined): Options['format'] {
  if (text === undefined || text === 'csv' || text === 'ndjson') return text
  throw unusable('--format must be csv or ndjson.')
}

function readDelimiter(text: string | undefined): string | undefined {
  if (text === 'tab' || text === '\\t') return '\t'
  if (text === undefined || (text.length === 1 && !/["\r\n]/.test(text))) return text
  throw unusable('--delimiter must be one character such as ";", or "tab".')
}

/** `Loyalty tier=metadata.tier`, cut at the last equals sign, since a column's name may hold one and a place does not. */
function readColumns(texts: string[]): Record<string, string> {
  const columns: Record<string, string> = {}
  for (const text of texts) {
    const cut = text.lastIndexOf('=')
    if (cut < 1)
      throw unusable('--column must look like "Loyalty tier=metadata.tier": the name of a column and where it goes.')
    columns[text.slice(0, cut).trim()] = text.slice(cut + 1).trim()
  }
  return columns
}

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw unusable('--max-bulk-per-hour must be a whole number from 1.')
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

function readSandboxUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' && LOOPBACK.includes(url.hostname)) return url.origin
  throw unusable('--sandbox must name a sandbox on this machine, such as --sandbox=http://127.0.0.1:3001.')
}
