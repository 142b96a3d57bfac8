/** Folders outside the project, and the commands that the tests run in them. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PLACE } from '../../tools/export'
import { root } from '../../tools/project'

/** Makes an empty folder of the system's temporary folder. */
export function makeScratch(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'voucherify-fit-')))
}

export function removeScratch(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** Writes a file, with the folders above it. Anything but text is written as JSON. */
export function write(file: string, content: unknown): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2))
}

export interface Ended {
  /** Exit code; null when the deadline ended the command. */
  code: number | null
  /** What it printed, errors included. */
  output: string
  /** What it printed on standard output alone. */
  stdout: string
}

export interface RunOptions {
  /** Folder to run it in. */
  cwd: string
  /** What it reads on standard input. */
  input?: string
  /** Variables beside the environment's own. */
  env?: NodeJS.ProcessEnv
  /** Longest time in milliseconds. */
  deadline?: number
}

/** Runs a command of Node.js to its end, or to its deadline. */
export function runNode(args: string[], options: RunOptions): Promise<Ended> {
  return run(process.execPath, args, options)
}

/** Runs a command to its end, or to its deadline. */
export function run(
  command: string,
  args: string[],
  { cwd, input = '', env, deadline = 100_000 }: RunOptions
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...plainEnvironment(), ...env }, timeout: deadline })
    // A command may end without reading what it is given.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    let [output, stdout] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      stdout += chunk
    })
    child.stderr.on('data', (chunk: Buffer) => (output += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output, stdout }))
  })
}

/** The environment without what the test runner and npm add for themselves, which would reach into the command. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const isOurs = (name: string) =>
    /^(JEST_|NODE_ENV$|npm_package_|npm_lifecycle_|npm_config_local_prefix$|INIT_CWD$)/.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)))
}

export interface Monorepo {
  /** Top folder of the checkout. */
  folder: string
  /** The package of the destinations. */
  package: string
  /** The exported destination. */
  destination: string
}

/** The packages that the monorepo gives to a destination and its tests, and which of ours is that version. */
const PACKAGES = {
  '@segment/actions-core': '@segment/actions-core',
  '@types/jest': 'types-jest-27',
  '@types/lodash': '@types/lodash',
  '@types/node': '@types/node',
  dayjs: 'dayjs',
  lodash: 'lodash',
  nock: 'nock-13',
  typescript: 'typescript'
}

/** Lays a folder out as Segment's monorepo, with no destination in it. */
export function layOutMonorepo(folder: string): Monorepo {
  const packageFolder = join(folder, 'packages', 'destination-actions')
  write(join(packageFolder, 'package.json'), { name: '@segment/action-destinations', private: true })
  write(join(packageFolder, 'tsconfig.json'), { compilerOptions: COMPILER_OPTIONS, include: ['src'] })
  write(join(packageFolder, 'test', 'setup.js'), SETUP)
  write(join(packageFolder, 'jest.config.json'), JEST_CONFIG)
  write(join(packageFolder, 'run-jest.js'), RUN_JEST)
  mkdirSync(join(packageFolder, 'src', 'destinations'), { recursive: true })
  for (const [name, ours] of Object.entries(PACKAGES)) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', ours), link)
  }
  return { folder, package: packageFolder, destination: join(folder, PLACE) }
}

/** What the monorepo's compiler asks of a destination. */
const COMPILER_OPTIONS = {
  target: 'ES2020',
  lib: ['ES2020'],
  module: 'commonjs',
  moduleResolution: 'node',
  strict: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  forceConsistentCasingInFileNames: true,
  esModuleInterop: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node', 'jest']
}

/** What the framework sends with there, by the monorepo's lock file; here it has a newer one. */
const NODE_FETCH = join(root, 'node_modules', 'node-fetch-2.6.1')

/** Closes the network, and makes sure that the framework sends with what it has there. */
const SETUP = `const nock = require('nock')
nock.disableNetConnect()
nock.enableNetConnect('127.0.0.1')
const sender = require(${JSON.stringify(join(root, 'node_modules', 'cross-fetch'))})
if (sender.Headers !== require(${JSON.stringify(
  NODE_FETCH
)}).Headers) throw new Error('Not the node-fetch of the monorepo')
`

const JEST_CONFIG = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': join(root, 'node_modules', 'ts-jest-27') },
  globals: { 'ts-jest': { isolatedModules: true } },
  setupFiles: ['<rootDir>/test/setup.js'],
  testPathIgnorePatterns: ['/node_modules/', '/__tests__/__helpers__/'],
  cacheDirectory: '<rootDir>/.cache',
  // Their set-up maps every path below the framework's package to the package itself.
  moduleNameMapper: { '^@segment/actions-core/.+$': '@segment/actions-core', '^node-fetch$': NODE_FETCH }
}

/** jest 27 without its command, which jest 30 has taken. In one process, since others run beside it. */
const RUN_JEST = `const { runCLI } = require(${JSON.stringify(join(root, 'node_modules', 'jest-core-27'))})
const options = { config: 'jest.config.json', ci: true, json: true, outputFile: 'results.json', maxWorkers: 1 }
runCLI({ _: [], $0: 'jest', ...options }, [__dirname]).then(({ results }) => process.exit(results.success ? 0 : 1))
`
