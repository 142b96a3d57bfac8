import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type destination from '../src'

const root = join(__dirname, '..')
const outDir = join(root, 'node_modules', '.cache', 'voucherify-bench')

/** Compiles the package as it is published, away from `dist`. Returns the folder. */
export function buildPackage(): string {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', outDir])
  return outDir
}

/** The compiled definition: what users run, and not what a loader makes of the sources. */
export function loadPackage(): typeof destination {
  const load = createRequire(__filename)
  return (load(join(outDir, 'index.js')) as { default: typeof destination }).default
}
