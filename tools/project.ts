/** What the tools share: where the project is, its style, and how generated files are written or checked. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The folder of the project, as an absolute path. */
export const root = join(__dirname, '..')

/** Prettier's options for what the tools write: those of Segment's monorepo. */
export const style = { semi: false, singleQuote: true, printWidth: 120, trailingComma: 'none' } as const

/** The text of each generated file, by its absolute path. */
export type GeneratedFiles = Map<string, string>

/** The files whose text on disk is another one, as absolute paths. */
export function staleFiles(files: GeneratedFiles): string[] {
  return [...files]
    .filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text)
    .map(([file]) => file)
}

/**
 * Writes the files that are stale; with `--check` on the command line it writes nothing and makes the process fail.
 *
 * @param script the npm script that writes them, named in the message
 */
export function writeOrCheck(files: GeneratedFiles, script: string): void {
  const stale = staleFiles(files)
  if (!process.argv.includes('--check')) {
    for (const file of stale) writeFileSync(file, files.get(file) ?? '')
  } else if (stale.length) {
    const names = stale.map((file) => relative(root, file)).join(', ')
    console.error(`Stale: ${names}. Run "npm run ${script}" and commit the result.`)
    process.exitCode = 1
  }
}
