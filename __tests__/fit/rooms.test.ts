import { execFileSync } from 'child_process'
import { root } from '../../tools/project'

/** Lints one import in a file of the project by the project's own rules for imports. */
const SCRIPT = `
  const { ESLint } = require('eslint')
  const eslint = new ESLint({
    ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-imports',
    overrideConfig: { languageOptions: { parserOptions: { project: false } } }
  })
  const lint = async ([filePath, from]) => {
    const [{ messages }] = await eslint.lintText(\`import x from '\${from}'\\nexport default x\\n\`, { filePath })
    return messages.map(({ message }) => message).join()
  }
  Promise.all(JSON.parse(process.argv[1]).map(lint)).then((found) => console.log(JSON.stringify(found)))
`

function lint(imports: string[][]): string[] {
  return JSON.parse(
    execFileSync(process.execPath, ['-e', SCRIPT, JSON.stringify(imports)], { cwd: root, encoding: 'utf8' })
  )
}

const AGAINST: [file: string, from: string][] = [
  ['workbench/shared/json.ts', '../segment/call'],
  ['workbench/shared/json.ts', '../sandbox'],
  ['workbench/segment/call.ts', '../sandbox/store'],
  ['workbench/segment/call.ts', '../inspect/trace'],
  ['workbench/segment/call.ts', '../app/server'],
  ['workbench/sandbox/store.ts', '../segment/call'],
  ['workbench/sandbox/store.ts', '../../workbench/app/server'],
  ['workbench/inspect/trace.ts', '../app/api'],
  ['workbench/app/api.ts', '../page/bundle'],
  ['workbench/app/api.ts', '../main'],
  ['workbench/page/store.ts', '../segment/mappings'],
  ['workbench/page/components/App.tsx', '../../app/server'],
  ['src/requests.ts', '../workbench/shared/json'],
  ['src/upsertCustomer/batch.ts', '../../tools/project']
]

const ALONG: [file: string, from: string][] = [
  ['workbench/app/server.ts', '../inspect/explain'],
  ['workbench/app/server.ts', '../sandbox'],
  ['workbench/inspect/trace.ts', '../segment/mappings'],
  ['workbench/segment/call.ts', '../shared/json'],
  ['workbench/segment/call.ts', './trigger'],
  ['workbench/shared/mask.ts', '../../src/errors'],
  ['workbench/page/components/App.tsx', '../../shared/types'],
  ['workbench/main.ts', './app/start']
]

it('lets the rooms of the workbench import downwards only, and the destination nothing from outside', () => {
  const found = lint([...AGAINST, ...ALONG])
  expect(AGAINST.filter((_, index) => !/may import from|monorepo/.test(found[index]))).toEqual([])
  expect(found.slice(AGAINST.length).filter(Boolean)).toEqual([])
})
