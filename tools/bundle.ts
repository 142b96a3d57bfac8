import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { root } from './project'

/**
 * Writes the commands of the package into one script. What the package depends on anyway stays outside; all else is in
 * it, so that a host which only loads the destination installs nothing for them.
 *
 * @param isWhole puts that in too: the script needs nothing then, and starts faster
 */
export function bundleCommands(outfile: string, isWhole = false): void {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8')
  )
  buildSync({
    entryPoints: [join(root, 'cli', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: isWhole ? [] : Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    logLevel: 'warning'
  })
}
