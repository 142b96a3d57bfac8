import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import type destination from '../src'

type Definition = typeof destination

const root = join(__dirname, '..')
const outDir = join(root, 'node_modules', '.cache', 'voucherify-bench')

/** Compiles the package as it is published, away from `dist`. Returns the folder. */
export function buildPackage(): string {
  compile(root, outDir)
  return outDir
}

/** The compiled definition: what users run, and not what a loader makes of the sources. */
export function loadPackage(folder = outDir): Definition {
  const load = createRequire(__filename)
  return (load(join(folder, 'index.js')) as { default: Definition }).default
}

/**
 * The definition of another commit, compiled the same way with the same packages.
 *
 * @param ref a commit, branch or tag of this repository
 * @throws Error where git does not know it
 */
export function loadVersion(ref: string): Definition {
  const folder = mkdtempSync(join(tmpdir(), 'voucherify-bench-'))
  try {
    const archive = execFileSync('git', ['archive', ref, 'src'], { cwd: root })
    execFileSync('tar', ['-x', '-C', folder], { input: archive })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    compile(folder, join(folder, 'dist'))
    return loadPackage(join(folder, 'dist'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface TsConfig {
  compilerOptions: unknown
}

/** As `npm run build` does, without the check of the types, which takes far longer than all else. */
function compile(project: string, into: string): void {
  const source = join(project, 'src')
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: TsConfig }
  const { options: compilerOptions } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), { compilerOptions })
    const file = join(into, name.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, outputText)
  }
}
