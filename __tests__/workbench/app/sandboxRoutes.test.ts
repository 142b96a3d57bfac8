/** Definitions, seen keys and webhooks of the sandbox by the workbench's API. */
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
