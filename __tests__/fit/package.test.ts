/**
 * The package as npm users get it: packed from this project, checked by publint and attw, installed into an empty folder
 * outside the project, loaded both ways and delivering a call. Installing needs the package registry.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { root } from '../../tools/project'
import { makeScratch, removeScratch, run, runNode, write } from './scratch'

jest.setTimeout(120_000)

const NAME = 'voucherify-actions-destination'
let scratch: string
/** The packed tarball. */
let tarball: string
/** Paths of the files in it. */
let packed: string[]
/** A folder with nothing but the installed package. */
let app: string

const bin = (name: string) => join(root, 'node_modules', '.bin', name)

beforeAll(async () => {
  scratch = makeScratch()
  const { code, output, stdout } = await run('npm', ['pack', '--json', '--pack-destination', scratch], { cwd: root })
  if (code !== 0) throw new Error(output)
  const [{ filename, files }]: Packed[] = JSON.parse(stdout)
  tarball = join(scratch, filename)
  packed = files.map(({ path }) => path)

  app = join(scratch, 'app')
  write(join(app, 'package.json'), { name: 'app', private: true })
  const installed = await run(
    'npm',
    ['install', '--prefix', app, '--no-audit', '--no-fund', '--prefer-offline', tarball],
    { cwd: app }
  )
  if (installed.code !== 0) throw new Error(installed.output)
})

afterAll(() => removeScratch(scratch))

interface Packed {
  filename: string
  files: { path: string }[]
}

describe('the packed package', () => {
  it('holds the built modules, the commands, the Source Function, the documents and the licence, and nothing else', () => {
    const modules = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `dist/${name.slice(0, -'.ts'.length)}`)
    const documents = readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)
    const built = modules.flatMap((name) => [`${name}.js`, `${name}.js.map`, `${name}.d.ts`])

    expect([...packed].sort()).toEqual(
      [
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        'dist/cli.js',
        'dist/index.d.mts',
        'dist/index.mjs',
        'dist/voucherify-source-function.js',
        'package.json',
        ...documents,
        ...built
      ].sort()
    )
  })

  it('leaves publint nothing to say', async () => {
    const { code, output } = await runNode([bin('publint'), 'run', '--strict', tarball], { cwd: scratch })
    expect(output).toMatch(/All good!/)
    expect(code).toBe(0)
  })

  it('leaves attw nothing to say', async () => {
    const { code, stdout } = await runNode([bin('attw'), '--no-definitely-typed', '--format', 'json', tarball], {
      cwd: scratch
    })
    const { analysis, problems }: { analysis: { packageName: string }; problems?: unknown } = JSON.parse(stdout)
    expect(analysis.packageName).toBe(NAME)
    expect(problems ?? {}).toEqual({})
    expect(code).toBe(0)
  })
})

describe('the installed package', () => {
  const installed = (...path: string[]) => join(app, 'node_modules', ...path)
  const manifestOf = (name: string) => JSON.parse(readFileSync(installed(name, 'package.json'), 'utf8'))

  it('brings the fast-uri that the framework works with, once', () => {
    expect(manifestOf('fast-uri').version).toBe('3.1.5')
    const lock = JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8'))
    const copies = Object.keys(lock.packages).filter((path) => path.endsWith('node_modules/fast-uri'))
    expect(copies).toEqual(['node_modules/fast-uri'])
  })

  it('brings no test, no tool and no workbench', () => {
    for (const name of ['jest', 'nock', 'typescript', 'hono', 'preact']) {
      expect(readdirSync(installed())).not.toContain(name)
    }
  })

  it.each([
    ['require', 'deliver.cjs', `const definition = require('${NAME}').default`],
    // The framework's own ES modules don't load in Node, so a host that is one requires the framework.
    [
      'import',
      'deliver.mjs',
      `import { createRequire } from 'node:module'\nimport definition from '${NAME}'\nconst require = createRequire(import.meta.url)`
    ]
  ])('delivers an identify call when it is loaded by %s', async (_way, file, load) => {
    const gateway = await startGateway()
    write(join(app, file), `${load}\n${DELIVER}`)
    const { code, output } = await runNode([file, String(gateway.port)], { cwd: app })
    await gateway.close()

    expect({ code, output }).toEqual({ code: 0, output: 'Voucherify (Actions): delivered\n' })
    expect(gateway.requests).toEqual([
      {
        line: 'POST /segmentio/customer-processing',
        keys: ['app-id', 'app-token'],
        body: { source_id: 'usr_1', email: 'ada@example.com', type: 'identify' }
      }
    ])
  })

  it('gives the definition also where a bundler, such as Rollup, has unwrapped the CommonJS module already', async () => {
    const bundled = join(app, 'bundled')
    write(join(bundled, 'package.json'), { type: 'module' })
    write(join(bundled, 'index.js'), "export default { name: 'the definition' }\n")
    write(join(bundled, 'index.mjs'), readFileSync(installed(NAME, 'dist', 'index.mjs'), 'utf8'))
    write(join(bundled, 'print.js'), "import definition from './index.mjs'\nconsole.log(definition.name)\n")
    expect(await runNode(['print.js'], { cwd: bundled })).toMatchObject({ code: 0, output: 'the definition\n' })
  })

  it('brings customers in by its command, with nothing else installed', async () => {
    write(join(app, 'customers.csv'), 'source_id,email,address.line_2\nusr_1,ada@example.com,Floor 2\n')
    const command = [join(app, 'node_modules', '.bin', NAME), 'backfill', 'customers.csv', '--sandbox', '--json']
    const { code, stdout } = await runNode(command, { cwd: app })
    expect(JSON.parse(stdout)).toMatchObject({ state: 'finished', customers: { rows: 1, accepted: 1, rejected: 0 } })
    expect(code).toBe(0)
  })

  it('has types for a .cts and for a .mts file', async () => {
    const files = ['typed.cts', 'typed.mts']
    const source = `import destination from '${NAME}'
const name: string = destination.name
const wrong: number = destination.name
export { name, wrong }
`
    for (const file of files) write(join(app, file), source)
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'node16', '--types', 'node']
    const typeRoots = ['--typeRoots', join(root, 'node_modules', '@types')]
    const { output } = await runNode([bin('tsc'), ...options, ...typeRoots, ...files], { cwd: app })

    const error = "error TS2322: Type 'string' is not assignable to type 'number'."
    expect(output).toBe(files.map((file) => `${file}(3,7): ${error}\n`).join(''))
  })

  it('keeps docstrings in its types and the sources in its source maps', () => {
    expect(readFileSync(installed(NAME, 'dist', 'index.d.ts'), 'utf8')).toContain('/** Voucherify (Actions): delivers')
    const map = JSON.parse(readFileSync(installed(NAME, 'dist', 'errors.js.map'), 'utf8'))
    expect(map.sourcesContent).toEqual([readFileSync(join(root, 'src', 'errors.ts'), 'utf8')])
  })
})

/** The rest of a script that takes an identify call through the customers' preset to the port that stands in for Voucherify. */
const DELIVER = `const { Destination } = require('@segment/actions-core')
const http = require('http')
require('https').request = (options) =>
  http.request({ ...options, protocol: 'http:', hostname: '127.0.0.1', host: undefined, port: process.argv[2] })
const [subscription] = definition.presets.filter(({ partnerAction }) => partnerAction === 'upsertCustomer')
const customURL = 'https://segmentio.voucherify.io'
const settings = { apiKey: 'app-id', secretKey: 'app-token', customURL, subscription }
const call = { type: 'identify', userId: 'usr_1', traits: { email: 'ada@example.com' } }
new Destination(definition).onEvent(call, settings).then(() => console.log(definition.name + ': delivered'))
`

interface Gateway {
  port: number
  requests: { line: string; keys: IncomingHttpHeaders[string][]; body: unknown }[]
  close(): Promise<void>
}

/** A server on loopback that takes every call. */
async function startGateway(): Promise<Gateway> {
  const requests: Gateway['requests'] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method, url, headers } = request
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    requests.push({ line: `${method} ${url}`, keys: [headers['x-app-id'], headers['x-app-token']], body })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    requests,
    close: () => new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())))
  }
}
