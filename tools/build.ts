/**
 * Builds the package for npm into `dist/`: the CommonJS modules with their types, source maps and docstrings, a wrapper
 * through which `import` gives the definition itself, the commands as one script, and the Source Function as one to
 * paste. Without the wrapper Node would give `{ default: definition }`; some bundlers unwrap that already.
 */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { functionScript } from '../source/bundle'
import { bundleCommands } from './bundle'
import { root } from './project'

const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit'
})
writeFileSync(
  join(dist, 'index.mjs'),
  "import commonJs from './index.js'\n\nexport default commonJs.default ?? commonJs\n"
)
writeFileSync(
  join(dist, 'index.d.mts'),
  `import commonJs from './index.js'

/** Voucherify (Actions): delivers Segment's calls to Voucherify as custom events, customers and groups. */
declare const destination: typeof commonJs.default
export default destination
`
)
bundleCommands(join(dist, 'cli.js'))
void functionScript().then((script) => writeFileSync(join(dist, 'voucherify-source-function.js'), script))
