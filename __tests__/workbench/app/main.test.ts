import { spawn } from 'child_process'
import type { ChildProcess } from 'child_process'
import { createServer } from 'net'
import type { AddressInfo } from 'net'
import { delimiter, dirname, join } from 'path'
import { scripts } from '../../../package.json'
import type { DeliveryList, SandboxState } from '../../../workbench/shared/types'
import { TRACK, until, withSdk } from '../helpers'

const ROOT = join(__dirname, '..', '..', '..')
const SECRET = '9b1deb4d-3b7d-4bad-9bdd-secret0000002'

interface Started {
  child: ChildProcess
  output: string
  /** How it ended: its status, or undefined while it runs. */
  status: number | null | undefined
}

const children: Started[] = []

/** Where npm looks for commands: the project's own, then this Node. */
const COMMANDS = [join(ROOT, 'node_modules', '.bin'), dirname(process.execPath)]

/** Runs what `npm start` runs, in a group of processes of its own as in a terminal. */
function run(environment: Record<string, string>): Started {
  const { PATH = '', HOME } = process.env
  const [command, ...args] = scripts.start.split(' ')
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: [...COMMANDS, PATH].join(delimiter), HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  })
  const started: Started = { child, output: '', status: undefined }
  const collect = (chunk: Buffer) => (started.output += chunk.toString('utf8'))
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  child.on('exit', (status) => (started.status = status))
  children.push(started)
  return started
}

/** Sends a signal as a terminal does: to the whole group. */
function signal({ child }: Started, name: NodeJS.Signals): void {
  if (child.pid !== undefined) process.kill(-child.pid, name)
}

/** Waits for the addresses that it prints. */
async function addresses(started: Started): Promise<{ workbench: string; sandbox: string }> {
  const read = (name: string) => new RegExp(`^${name} +(http://127\\.0\\.0\\.1:\\d+)$`, 'm').exec(started.output)?.[1]
  await until(
    () => (read('Sandbox') !== undefined && started.output.includes('Ctrl+C')) || started.status !== undefined,
    40_000
  )
  const [workbench, sandbox] = [read('Workbench'), read('Sandbox')]
  if (!workbench || !sandbox) throw new Error(`did not start: ${started.output}`)
  return { workbench, sandbox }
}

async function ended(url: string, count: number): Promise<DeliveryList> {
  const read = async () => (await (await fetch(`${url}/api/deliveries`)).json()) as DeliveryList
  await until(async () => (await read()).total >= count)
  return read()
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

afterEach(async () => {
  for (const started of children.splice(0)) {
    if (started.status === undefined) signal(started, 'SIGKILL')
    await until(() => started.status !== undefined)
  }
})

describe('npm start', () => {
  it('serves, delivers to the sandbox, prints a line for each delivery and ends cleanly', async () => {
    const started = run({ PORT: '0' })
    const { workbench } = await addresses(started)
    expect(started.output).toContain('Deliveries go to the sandbox; nothing leaves this machine.')
    await withSdk(workbench, (analytics) =>
      analytics.identify({ userId: 'usr_1', traits: { email: 'ada@example.com' } })
    )
    const { deliveries } = await ended(workbench, 1)
    const [sent] = deliveries.filter(({ direction }) => direction === 'toVoucherify')
    expect(sent.status).toBe('delivered')
    const state = (await (await fetch(`${workbench}/api/sandbox`)).json()) as SandboxState
    expect(state.customers).toMatchObject([{ source_id: 'usr_1', email: 'ada@example.com' }])
    expect(started.output).toMatch(/\d\d:\d\d:\d\d {2}delivered {2}Create Or Update Customer {2}identify {2}usr_1/)

    const page = await fetch(`${workbench}/`)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")

    signal(started, 'SIGINT')
    await until(() => started.status !== undefined)
    expect(started.status).toBe(0)
    expect(started.output).toContain('Ending…')
  }, 60_000)

  it('delivers to a project that the environment names, says so loudly and shows no key anywhere', async () => {
    const sandboxPort = await freePort()
    const started = run({
      PORT: '0',
      SANDBOX_PORT: `${sandboxPort}`,
      VOUCHERIFY_APPLICATION_ID: 'workbench-sandbox-app-id',
      VOUCHERIFY_SECRET_KEY: SECRET,
      VOUCHERIFY_CUSTOM_URL: `http://127.0.0.1:${sandboxPort}`
    })
    const { workbench, sandbox } = await addresses(started)
    expect(sandbox).toBe(`http://127.0.0.1:${sandboxPort}`)
    expect(started.output).toContain('*** REAL PROJECT')
    expect(started.output).toContain(`Deliveries go to http://127.0.0.1:${sandboxPort}.`)

    await withSdk(workbench, (analytics) => analytics.track({ userId: 'usr_1', event: `Leak ${SECRET}` }))
    const list = await ended(workbench, 1)
    expect(list.deliveries[0]).toMatchObject({ status: 'rejected', error: { status: 401 } })
    await until(() => started.output.includes('rejected'))
    const shown = [
      started.output,
      JSON.stringify(list),
      await (await fetch(`${workbench}/api/target`)).text(),
      await (await fetch(`${workbench}/api/deliveries/${list.deliveries[0].id}`)).text()
    ].join('\n')
    expect(shown).not.toContain(SECRET)
    expect(shown).not.toContain(Buffer.from(SECRET).toString('base64'))

    signal(started, 'SIGTERM')
    await until(() => started.status !== undefined)
    expect(started.status).toBe(0)
  }, 60_000)

  it('ends at once at the second Ctrl+C, while a delivery still waits for its answer', async () => {
    const started = run({ PORT: '0' })
    const { workbench } = await addresses(started)
    const post = (path: string, body: object) =>
      fetch(`${workbench}${path}`, { method: 'POST', body: JSON.stringify(body) })
    await post('/api/trouble', { kind: 'slow', remaining: 1, seconds: 60 })
    await post('/v1/track', TRACK)
    await until(async () => ((await (await fetch(`${workbench}/api/trouble`)).json()) as unknown[]).length === 0)
    signal(started, 'SIGINT')
    await until(() => started.output.includes('Ending…'))
    expect(started.status).toBeUndefined()
    signal(started, 'SIGINT')
    await until(() => started.status !== undefined, 2000)
    expect(started.status).toBe(130)
  }, 60_000)

  it('ends cleanly also when Ctrl+C comes while it is too busy to hear it', async () => {
    const started = run({ PORT: '0', NODE_OPTIONS: '--require ./__tests__/workbench/app/busy.js' })
    await addresses(started)
    signal(started, 'SIGUSR2')
    await until(() => started.output.includes('busy'))
    signal(started, 'SIGINT')
    await until(() => started.status !== undefined)
    expect(started.status).toBe(0)
    expect(started.output).toContain('Ending…')
  }, 60_000)

  it.each(['PORT', 'SANDBOX_PORT'])(
    'says in a sentence that the port of %s is in use',
    async (variable) => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const started = run({ PORT: '0', SANDBOX_PORT: '0', [variable]: `${port}` })
      await until(() => started.status !== undefined, 40_000)
      server.close()
      expect(started.status).toBe(1)
      expect(started.output.trim()).toBe(
        `Port ${port} is in use. End what uses it, or set ${variable} to another port; 0 takes a free one.`
      )
    },
    60_000
  )

  it('says in a sentence what is missing in the environment', async () => {
    const started = run({ PORT: '0', VOUCHERIFY_APPLICATION_ID: 'x' })
    await until(() => started.status !== undefined, 40_000)
    expect(started.status).toBe(1)
    expect(started.output.trim().split('\n')).toEqual([
      expect.stringMatching(/^VOUCHERIFY_SECRET_KEY and VOUCHERIFY_CUSTOM_URL are not set\./)
    ])
  }, 60_000)
})
