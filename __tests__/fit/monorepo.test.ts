/**
 * The export passes the checks of Segment's monorepo: it compiles with their compiler and options, its tests run with
 * their jest, ts-jest, nock and node-fetch, and it keeps the rules that they hold of a destination.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Destination } from '@segment/actions-core'
import { check } from 'prettier'
import ts from 'typescript'
import definition from '../../src'
import { exportDestination, filesToExport } from '../../tools/export'
import { generateTypes } from '../../tools/generate'
import { root, staleFiles, style } from '../../tools/project'
import { layOutMonorepo, makeScratch, removeScratch, runNode, write } from './scratch'
import type { Monorepo } from './scratch'

jest.setTimeout(300_000)

let monorepo: Monorepo

beforeAll(() => {
  monorepo = layOutMonorepo(makeScratch())
  exportDestination(monorepo.folder, filesToExport(), join(monorepo.folder, 'export-record.json'))
})

afterAll(() => removeScratch(monorepo.folder))

/** The files below a folder, sorted, as paths from there. */
function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort()
}

const isTest = (name: string) => name.endsWith('.test.ts')

describe('the export', () => {
  it('holds src byte for byte, the tests of the destination with the stand-in of their servers, and nothing else', () => {
    const src = join(root, 'src')
    const tests = filesOf(join(root, '__tests__', 'destination')).map((name) => `__tests__/${name}`)

    expect(tests.filter(isTest)).not.toEqual([])
    const standIn = '__tests__/__helpers__/standIn.ts'
    expect(filesOf(monorepo.destination)).toEqual([...filesOf(src), ...tests, standIn].sort())
    for (const name of filesOf(src)) {
      expect(readFileSync(join(monorepo.destination, name))).toEqual(readFileSync(join(src, name)))
    }
  })

  it("is formatted as the monorepo's Prettier formats it", () => {
    for (const name of filesOf(monorepo.destination).filter((name) => name.endsWith('.ts'))) {
      const text = readFileSync(join(monorepo.destination, name), 'utf8')
      // Only imports are changed on the way; the rest is what our own lint has checked.
      const head = text.slice(0, text.indexOf('\n\n', text.lastIndexOf('\nimport ')) + 1)
      expect({ name, formatted: check(head, { ...style, parser: 'typescript' }) }).toEqual({ name, formatted: true })
    }
  })

  it('passes every test with jest 27, ts-jest, nock 13 and node-fetch 2.6.1, and skips none', async () => {
    const { output } = await runNode(['run-jest.js'], { cwd: monorepo.package, env: { TZ: 'UTC' }, deadline: 280_000 })
    const resultFile = join(monorepo.package, 'results.json')
    if (!existsSync(resultFile)) throw new Error(output)
    const results: JestResults = JSON.parse(readFileSync(resultFile, 'utf8'))

    expect(results.testResults.map(({ message }) => message).filter(Boolean)).toEqual([])
    expect(results).toMatchObject({ success: true, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 })
    expect(results.numPassedTests).toBeGreaterThan(0)
    // jest as it comes takes every source below __tests__ for a test; theirs leaves out the helpers alone.
    const sources = filesOf(join(monorepo.destination, '__tests__')).filter((name) => name.endsWith('.ts'))
    expect(results.testResults).toHaveLength(sources.filter((name) => !name.startsWith('__helpers__/')).length)
    expect(results.snapshot).toMatchObject({ didUpdate: false, added: 0, filesRemoved: 0, unchecked: 0 })
    expect(results.snapshot.matched).toBeGreaterThan(0)
  })
})

interface JestResults {
  numPassedTests: number
  snapshot: { matched: number }
  testResults: { message: string }[]
}

describe("the monorepo's compiler", () => {
  const REFUSED = {
    replaceAll: `export const text = 'a-b'.replaceAll('-', '')`,
    'Object.hasOwn': `export const has = Object.hasOwn({}, 'a')`,
    findLast: `export const last = [1, 2].findLast((item) => item > 1)`,
    'Promise.any': `export const first = Promise.any([Promise.resolve(1)])`,
    'the cause of an Error': `export const error = new Error('late', { cause: new Error('early') })`,
    'JSON imports': `import data from './data.json'\nexport default data`,
    'an unused local name': `export function f() {\n  const unused = 1\n}`,
    'an unused parameter': `export function f(unused: string) {}`
  }
  const TAKEN = {
    '.at()': `export const last = [1, 2].at(-1)`,
    '??=': `export const fill = (value?: number) => (value ??= 1)`,
    '#private': `export class Counter {\n  #count = 0\n  next = () => ++this.#count\n}`,
    satisfies: `export const size = { wide: 1 } satisfies Record<string, number>`,
    structuredClone: `export const copy = structuredClone({ a: 1 })`,
    'AbortSignal.timeout': `export const signal = AbortSignal.timeout(1)`
  }
  const planted = (name: string) => join(monorepo.package, 'planted', `${name}.ts`)

  /** The export, and beside the destinations a source of each kind, since a compiler's start costs the most. */
  let program: ts.Program

  beforeAll(() => {
    const sources = Object.entries({ ...REFUSED, ...TAKEN })
    for (const [name, source] of sources) write(planted(name), source)
    write(join(monorepo.package, 'planted', 'data.json'), {})
    const { config } = ts.readConfigFile(join(monorepo.package, 'tsconfig.json'), ts.sys.readFile)
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, monorepo.package)
    program = ts.createProgram([...fileNames, ...sources.map(([name]) => planted(name))], options)
  })

  /** What it complains about in a file, or about the program where no file is named. */
  function complaints(file?: string): string[] {
    const source = file === undefined ? undefined : program.getSourceFile(file)
    if (file !== undefined && !source) throw new Error(`The compiler did not read ${file}`)
    const found = source ? ts.getPreEmitDiagnostics(program, source) : program.getOptionsDiagnostics()
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  }

  it('is the one that this project has', () => {
    expect(ts.version).toBe('5.5.4')
  })

  it('compiles the sources and the exported tests', () => {
    expect(complaints()).toEqual([])
    for (const name of filesOf(monorepo.destination).filter((name) => name.endsWith('.ts'))) {
      expect({ name, complaints: complaints(join(monorepo.destination, name)) }).toEqual({ name, complaints: [] })
    }
  })

  it.each(Object.keys(REFUSED))('refuses %s', (name) => {
    expect(complaints(planted(name))).not.toEqual([])
  })

  it.each(Object.keys(TAKEN))('takes %s', (name) => {
    expect(complaints(planted(name))).toEqual([])
  })
})

describe('the linter, which also reads the sources and the exported tests', () => {
  const PLANTED: [rule: string, source: string][] = [
    ['no-restricted-imports', `import { get } from '@segment/actions-core/get'`],
    ['lodash/import-scope', `import { omit } from 'lodash'`],
    ['no-restricted-syntax', `import { createHash } from 'crypto'`],
    ['no-restricted-syntax', `import { createHash as sha } from 'node:crypto'`],
    ['@typescript-eslint/no-floating-promises', `Promise.resolve(1)`],
    ['@typescript-eslint/no-unused-vars', `const unused = 1`],
    ['@typescript-eslint/no-explicit-any', `export const loose: any = 1`]
  ]
  const FILES = ['src/index.ts', '__tests__/destination/__helpers__/helpers.ts', 'tools/standIn.ts']

  /** Prints what it says of the text on standard input in place of the first file, and the rules of each. */
  const LINT = `const { ESLint } = require('eslint')
const text = require('fs').readFileSync(0, 'utf8')
const files = process.argv.slice(1)
const eslint = new ESLint()
Promise.all([
  eslint.lintText(text, { filePath: files[0] }),
  ...files.map((file) => eslint.calculateConfigForFile(file))
]).then(([[{ messages }], ...configs]) => console.log(JSON.stringify({ messages, rules: configs.map(({ rules }) => rules) })))
`

  it('refuses in them what the monorepo refuses', async () => {
    const { stdout } = await runNode(['-e', LINT, ...FILES], {
      cwd: root,
      input: PLANTED.map(([, source]) => source).join('\n'),
      // Otherwise the TypeScript parser reads the file itself, and not the input.
      env: { TSESTREE_SINGLE_RUN: 'false' }
    })
    const linted: { messages: { line: number; ruleId: string }[]; rules: Record<string, unknown>[] } =
      JSON.parse(stdout)

    PLANTED.forEach(([rule], index) => {
      const found = linted.messages.filter(({ line }) => line === index + 1).map(({ ruleId }) => ruleId)
      expect(found).toContain(rule)
    })
    // To lint in place of each would have it read the whole project for each.
    const ruling = ({ rules }: typeof linted, file: number) => PLANTED.map(([rule]) => [rule, rules[file][rule]])
    expect(linted.rules).toHaveLength(FILES.length)
    for (const file of FILES.keys()) expect(ruling(linted, file)).toEqual(ruling(linted, 0))
  })
})

describe("the monorepo's rules of a definition", () => {
  it.each(Object.entries(definition.actions))(
    'has a default trigger that the framework understands for the action %s',
    async (partnerAction, { defaultSubscription = '' }) => {
      expect(await outcomeOf({ partnerAction, subscribe: defaultSubscription })).toBe('not subscribed')
    }
  )

  it.each((definition.presets ?? []).map((preset) => [preset.name, preset] as const))(
    'has an action and fields that exist and a trigger that the framework understands for the preset %s',
    async (_name, preset) => {
      if (preset.type !== 'automatic') throw new Error('Not an automatic preset')
      const { partnerAction, mapping, subscribe } = preset
      expect(Object.keys(definition.actions)).toContain(partnerAction)
      expect(Object.keys(definition.actions[partnerAction].fields)).toEqual(
        expect.arrayContaining(Object.keys(mapping ?? {}))
      )
      expect(await outcomeOf({ partnerAction, subscribe })).toBe('not subscribed')
    }
  )

  it('tells a trigger that the framework does not understand', async () => {
    expect(await outcomeOf({ partnerAction: 'upsertCustomer', subscribe: 'type = "identify' })).toMatch(
      /^Invalid subscription/
    )
  })

  it('has the types that the generator writes', async () => {
    expect(staleFiles(await generateTypes())).toEqual([])
  })
})

/** What the framework says of a subscription to a call that no trigger names. */
async function outcomeOf(subscription: { partnerAction: string; subscribe: string }): Promise<unknown> {
  const settings = { apiKey: 'a', secretKey: 'b', customURL: 'https://segmentio.voucherify.io', subscription }
  const [result] = await new Destination(definition).onEvent({ type: 'alias' }, settings)
  return result.output
}
