import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { buildPackage } from './package'
import { measuredOften } from './stats'
import type { Measured } from './stats'

const ROUNDS = 15

export interface LoadingFigures {
  /** Milliseconds until the package is loaded, the framework with it. */
  ours: Measured
  /** Milliseconds until the framework is loaded. */
  framework: Measured
  /** The difference, from rounds that ran next to each other. */
  difference: Measured
}

/** Loading the package against loading the framework alone, each time in a new process without a loader. */
export function measureLoading(): LoadingFigures {
  const packageFile = `${buildPackage()}/index.js`
  const frameworkFile = createRequire(__filename).resolve('@segment/actions-core')
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const isFirst = round % 2 === 0
    const early = isFirst ? millisecondsToLoad(packageFile) : 0
    const framework = millisecondsToLoad(frameworkFile)
    return { ours: isFirst ? early : millisecondsToLoad(packageFile), framework }
  })
  return {
    ours: measuredOften(rounds.map(({ ours }) => ours)),
    framework: measuredOften(rounds.map(({ framework }) => framework)),
    difference: measuredOften(rounds.map(({ ours, framework }) => ours - framework))
  }
}

function millisecondsToLoad(file: string): number {
  const script = 'const start = performance.now(); require(process.argv[1]); console.log(performance.now() - start)'
  return Number(execFileSync(process.execPath, ['-e', script, file], { env: {}, encoding: 'utf8' }))
}
