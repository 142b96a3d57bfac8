import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { BackfillFigures } from './backfill'
import { BATCH } from './batch'
import type { BatchFigures } from './batch'
import type { BulkFigures, CallFigures, Versions } from './cpu'
import { CUSTOMERS, DAILY_LIMIT, DELIVERIES, HOURLY_LIMIT } from './limits'
import type { Bulk, OneByOne } from './limits'
import type { LoadingFigures } from './loading'
import type { Measured } from './stats'
import type { WorkbenchFigures } from './workbench'

const file = join(__dirname, '..', 'docs', 'benchmarks.md')
const BEGIN = '<!-- Written by "npm run bench": begin -->'
const END = '<!-- Written by "npm run bench": end -->'

export interface Figures {
  calls: Versions<CallFigures>
  share: Versions<BulkFigures>
  oneByOne: OneByOne
  bulk: Bulk
  batch: BatchFigures
  backfill: BackfillFigures
  workbench: WorkbenchFigures
  loading: LoadingFigures
  /** Seconds that all of it took. */
  seconds: number
}

type Row = [what: string, median: string, spread: string, rounds: string]

/** All figures as tables of Markdown. */
export function toMarkdown({
  calls,
  share,
  oneByOne,
  bulk,
  batch,
  backfill,
  workbench,
  loading,
  seconds
}: Figures): string {
  const { secondsAStep, step } = oneByOne
  const sections: [title: string, rows: Row[]][] = [
    ['Processor time for each delivered call', eachVersion(calls, callRows)],
    ['Processor time for each customer in a bulk call of 1,000', eachVersion(share, bulkRows)],
    [
      `${CUSTOMERS.toLocaleString('en')} customers at the limits of Voucherify`,
      [
        row(`one by one: seconds for each ${step.toLocaleString('en')}`, secondsAStep, 's'),
        single('one by one: calls', CUSTOMERS.toLocaleString('en')),
        single(
          `one by one: share of a day's ${DAILY_LIMIT.toLocaleString('en')} calls (Business)`,
          percent(CUSTOMERS, DAILY_LIMIT)
        ),
        single(
          `one by one: share of a day's ${(2 * DAILY_LIMIT).toLocaleString('en')} calls (Organization)`,
          percent(CUSTOMERS, 2 * DAILY_LIMIT)
        ),
        single(`in bulk, ${HOURLY_LIMIT} calls an hour: calls`, String(bulk.calls)),
        single(`in bulk, ${HOURLY_LIMIT} calls an hour: time until the last is sent`, `${bulk.hours.toFixed(1)} h`),
        row(`in bulk: seconds of work for each ${bulk.step.toLocaleString('en')}`, bulk.secondsAStep, 's')
      ]
    ],
    [
      `A batch of ${BATCH.toLocaleString('en')} customers`,
      [
        row('time', batch.seconds, 's'),
        row('memory of the process before', batch.before, 'MiB'),
        row('memory of the process at its peak', batch.peak, 'MiB')
      ]
    ],
    [
      `Memory over ${DELIVERIES.toLocaleString('en')} single deliveries`,
      [
        row(`heap in use, after every ${step.toLocaleString('en')}`, oneByOne.heap, 'MiB'),
        row(`growth for each ${step.toLocaleString('en')}`, oneByOne.growthAStep, 'KiB')
      ]
    ],
    [
      `The workbench under ${workbench.seconds} s of calls from the SDK`,
      [
        row('calls a second that it takes', workbench.takenASecond, ''),
        single('calls in all, each of them delivered', workbench.calls.toLocaleString('en')),
        single('deliveries a second, from the first call to the last delivery', workbench.deliveredASecond.toFixed(0)),
        single('time from the last call to the last delivery', `${workbench.secondsToDeliver.toFixed(1)} s`)
      ]
    ],
    [`The backfill of ${backfill.customers.toLocaleString('en')} customers`, backfillRows(backfill)],
    [
      'Loading',
      [
        row('the package', loading.ours, 'ms'),
        row('the framework alone', loading.framework, 'ms'),
        row('the difference', loading.difference, 'ms')
      ]
    ]
  ]
  const machine = `Node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB of memory`
  const tables = sections.map(([title, rows]) => `### ${title}\n\n${table(rows)}`)
  return [`\`npm run bench\` on ${machine}, in ${seconds.toFixed(0)} s.`, ...tables].join('\n\n')
}

/** Puts the figures between the marks of `docs/benchmarks.md`. What stands around them is written by hand. */
export function writeReport(markdown: string): void {
  const text = readFileSync(file, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error('docs/benchmarks.md has no marks to write between.')
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n\n${markdown}\n\n${text.slice(end)}`)
}

/** The rows of this version, then those of the one before where there is one. */
function eachVersion<T>({ now, before }: Versions<T>, rows: (figures: T) => Row[]): Row[] {
  const earlier = before ? rows(before) : []
  return [...rows(now), ...earlier.map(([what, ...cells]): Row => [`the version before: ${what}`, ...cells])]
}

function callRows(figures: CallFigures): Row[] {
  return [
    row('ours', figures.ours, 'µs'),
    row('a bare send of the same request', figures.bare, 'µs'),
    row('the framework alone, nothing sent', figures.floor, 'µs'),
    row('ours, nothing sent', figures.unsent, 'µs'),
    row('ours over the bare send; as spread, where the median lies', figures.overBare, 'µs'),
    row('the same in percent (goal: at most 6 %)', figures.overBarePercent, '%')
  ]
}

function bulkRows({ ours, bare, overBare }: BulkFigures): Row[] {
  return [
    row('ours', ours, 'µs'),
    row('a bare send of the same rows', bare, 'µs'),
    row('our share (goal: at most 7 µs); as spread, where the median lies', overBare, 'µs')
  ]
}

function backfillRows({ customers, prepare, send }: BackfillFigures): Row[] {
  const over = (100 * (send.seconds - send.bareSeconds)) / send.bareSeconds
  return [
    single('prepare a CSV, 300 bytes each', `${prepare.seconds.toFixed(1)} s`),
    single('processor time of that whole run, sending included', `${prepare.cpuSeconds.toFixed(1)} s`),
    single('memory of the process at its peak (goal: under 400 MiB)', `${prepare.peakMiB.toFixed(0)} MiB`),
    single('disk at its peak, beside the input (goal: at most 2)', `${prepare.diskShare.toFixed(2)} × the input`),
    single('send rows of 500 bytes: bulk calls', String(send.bulkCalls)),
    single('send rows of 500 bytes to the sandbox', `${send.seconds.toFixed(1)} s`),
    single('the sandbox alone, the same calls', `${send.bareSeconds.toFixed(1)} s`),
    single('over the sandbox alone (goal: at most 20 %)', `${over.toFixed(0)} %`),
    // By its own arithmetic: a page of 100 profiles and two calls for each; a hundred people in each bulk call.
    single(
      'segmentio-initial-sync, the same people: calls to Segment',
      Math.ceil(2.01 * customers).toLocaleString('en')
    ),
    single('segmentio-initial-sync: bulk calls', Math.ceil(customers / 100).toLocaleString('en')),
    single('segmentio-initial-sync: time at its 25 people a second', `${(customers / 25 / 3600).toFixed(1)} h`)
  ]
}

function percent(calls: number, limit: number): string {
  return `${((100 * calls) / limit).toFixed(0)} %`
}

function row(what: string, { median, min, max, rounds }: Measured, unit: string): Row {
  const digits = Math.abs(median) < 10 ? 2 : Math.abs(median) < 100 ? 1 : 0
  const write = (value: number) => value.toFixed(digits)
  return [what, `${write(median)} ${unit}`.trim(), `${write(min)} to ${write(max)}`, String(rounds)]
}

/** A figure that a round more would not change, or that comes once in a run. */
function single(what: string, value: string): Row {
  return [what, value, '', '1']
}

function table(rows: Row[]): string {
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`)
  return ['| | median | spread | rounds |', '| --- | ---: | ---: | ---: |', ...lines].join('\n')
}
