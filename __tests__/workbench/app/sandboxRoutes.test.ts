/** Definitions, seen keys and webhooks of the sandbox by the workbench's API. */
import { mkdtemp, writeFile } from 'fs/promises'
import { tmpdir } from 'os'
import { join } from 'path'
import { readConfig } from '../../../workbench/app/config'
import { startWorkbench } from '../../../workbench/app/start'
import type { Definitions } from '../../../workbench/shared/types'
import { closeAll, start } from '../helpers'
import type { Running } from '../helpers'

let running: Running
beforeEach(async () => {
  running = await start()
})
afterEach(closeAll)

const DEFINITIONS: Definitions = { customer: [{ name: 'tier', type: 'string', array: false }], event: null }

describe('/api/sandbox/definitions', () => {
  it('gives what is defined, takes another list, and says what is wrong with one', async () => {
    const { get, send, sandbox } = running
    expect(await get('/api/sandbox/definitions')).toEqual({ customer: null, event: null })
    expect(await send('PUT', '/api/sandbox/definitions', DEFINITIONS)).toEqual({ status: 200, body: DEFINITIONS })
    expect(sandbox.metadata.definitions()).toEqual(DEFINITIONS)
    expect(await send('PUT', '/api/sandbox/definitions', { customer: [{ name: 'x' }] })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('"customer"[0].type ("x") must be one of string, number') }
    })
    expect(await get('/api/sandbox/definitions')).toEqual(DEFINITIONS)
  })
})

describe('what is defined', () => {
  it('decides which metadata is lost, and deliveries warn of it', async () => {
    const { send, ended, sandbox } = running
    await send('PUT', '/api/sandbox/definitions', DEFINITIONS)
    await send('POST', '/v1/identify', { userId: 'u1', traits: { metadata: { tier: 'gold', plan: 'x' } } })
    const [delivery] = await ended(1)
    expect(delivery.warnings).toMatchObject([{ code: 'undefinedMetadata', field: expect.stringContaining('plan') }])
    expect(sandbox.customer('u1')?.customer.metadata).toEqual({ tier: 'gold' })
  })

  it('comes from a file', async () => {
    const { file, begin } = await withFile(JSON.stringify(DEFINITIONS))
    const { workbenchUrl, close } = await begin(file)
    const response = await fetch(`${workbenchUrl}/api/sandbox/definitions`)
    expect(await response.json()).toEqual(DEFINITIONS)
    await close()
  })

  it.each([
    ['{"customer":', "WORKBENCH_DEFINITIONS can't be used. "],
    ['{"voucher":[]}', 'WORKBENCH_DEFINITIONS can\'t be used. The definitions have a key "voucher".']
  ])('from a file that holds %s ends the start with words', async (content, words) => {
    const { file, begin } = await withFile(content)
    await expect(begin(file)).rejects.toThrow(words)
  })

  it('from a file that is not there ends the start with words', async () => {
    const { file, begin } = await withFile('')
    await expect(begin(`${file}.gone`)).rejects.toThrow("WORKBENCH_DEFINITIONS can't be used. There is no such file.")
  })
})

/** A file of definitions, and a way to start a workbench with one. */
async function withFile(content: string) {
  const file = join(await mkdtemp(join(tmpdir(), 'definitions-')), 'definitions.json')
  await writeFile(file, content)
  const config = readConfig({ PORT: '0' })
  const begin = (definitionsFile: string) => startWorkbench({ ...config, definitionsFile }, { print: () => undefined })
  return { file, begin }
}

describe('/api/sandbox/keys', () => {
  it('gives the keys that came as a list that can be defined', async () => {
    const { get, send, ended } = running
    await send('POST', '/v1/identify', { userId: 'u1', traits: { metadata: { tier: 'gold' } } })
    await ended(1)
    const keys = await get<Definitions>('/api/sandbox/keys')
    expect(keys).toEqual({ customer: DEFINITIONS.customer, event: [] })
    expect(await send('PUT', '/api/sandbox/definitions', keys)).toMatchObject({ status: 200, body: keys })
  })
})

describe('/api/sandbox/webhooks', () => {
  const URL = 'http://127.0.0.1:9/in'

  it('takes a target and gives it without its secrets', async () => {
    const { get, send, sandbox } = running
    expect(await get('/api/sandbox/webhooks')).toEqual({ webhooks: [] })
    const target = { url: URL, secret: 'hook-secret', headers: { 'x-webhook-secret': 's3cret' } }
    const { status, body } = await send('PUT', '/api/sandbox/webhooks', target)
    expect([status, body]).toEqual([200, { target: URL, webhooks: [] }])
    expect(sandbox.webhooks.target()).toBe(URL)
    await send('PUT', '/api/sandbox/webhooks', null)
    expect(await get('/api/sandbox/webhooks')).toEqual({ webhooks: [] })
  })

  it.each<[unknown, string]>([
    [{}, 'Send { "url": "…", "secret": "…", "headers": { … } }, or null for none.'],
    [{ url: URL, secret: 7 }, '"secret" must be a text.'],
    [{ url: URL, headers: { a: 1 } }, '"headers" must be an object of texts.'],
    [
      { url: 'http://example.com' },
      'The target of the webhooks must be an https address, or an http address on this machine.'
    ]
  ])('refuses %j', async (body, error) => {
    expect(await running.send('PUT', '/api/sandbox/webhooks', body)).toEqual({ status: 400, body: { error } })
  })
})
