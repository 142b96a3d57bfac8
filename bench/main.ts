/**
 * Measures what the README claims, prints the tables and puts them into `docs/benchmarks.md`:
 * `npm run bench -- [--before <commit>]`. With a commit, its destination is measured beside this one.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { measureBackfill } from './backfill'
import { measureBatch } from './batch'
import { measureBulkShare, measureCalls } from './cpu'
import { measureBulk, measureOneByOne } from './limits'
import { measureLoading } from './loading'
import { buildPackage, loadPackage, loadVersion } from './package'
import { toMarkdown, writeReport } from './report'
import { measureWorkbench } from './workbench'

async function main(): Promise<void> {
  const { before } = parseArgs({ options: { before: { type: 'string' } } }).values
  const start = performance.now()
  buildPackage()
  const versions = { now: loadPackage(), ...(before && { before: loadVersion(before) }) }
  const calls = await step('Processor time of a call', () => measureCalls(versions))
  const share = await step('Processor time of a customer in bulk', () => measureBulkShare(versions))
  const loading = await step('Loading', measureLoading)
  const batch = await step('A large batch', measureBatch)
  const bulk = await step('A first sync in bulk', measureBulk)
  const oneByOne = await step('One by one, with a look at memory', measureOneByOne)
  const backfill = await step('The backfill', () => measureBackfill())
  const workbench = await step('The workbench under load', measureWorkbench)
  const seconds = (performance.now() - start) / 1000
  const markdown = toMarkdown({ calls, share, loading, batch, bulk, oneByOne, backfill, workbench, seconds })
  console.log(`\n${markdown}`)
  writeReport(markdown)
}

async function step<T>(name: string, measure: () => T | Promise<T>): Promise<T> {
  const start = performance.now()
  const figures = await measure()
  console.log(`${name}: done in ${((performance.now() - start) / 1000).toFixed(0)} s`)
  return figures
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
