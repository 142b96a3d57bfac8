import { closeAll, raw, start, TRACK } from '../helpers'

afterEach(closeAll)

const body = JSON.stringify(TRACK)
const plain = { 'content-type': 'text/plain' }

describe('the guard', () => {
  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1', '127.0.0.1:1', '[::1]:3000'])(
    'answers under the Host %s',
    async (host) => {
      const { url } = await start()
      expect((await raw(`${url}/health`, { headers: { host } })).status).toBe(200)
    }
  )

  it.each([
    'example.com',
    'example.com:3000',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '192.168.0.7:3000',
    '0.0.0.0'
  ])('refuses the Host %s, to which a name can be made to point here', async (host) => {
    const { url, deliveries } = await start()
    for (const path of ['/', '/health', '/api/deliveries']) {
      expect(await raw(`${url}${path}`, { headers: { host } })).toMatchObject({
        status: 403,
        body: expect.stringContaining(
          'This workbench only answers under localhost or 127.0.0.1. To let another host in'
        )
      })
    }
    expect((await raw(`${url}/v1/track`, { method: 'POST', headers: { ...plain, host }, body })).status).toBe(403)
    const rows = await deliveries()
    expect(rows).toMatchObject([{ status: 'refused', event: {}, reason: expect.stringContaining('WORKBENCH_ALLOW') }])
    expect(JSON.stringify(rows)).not.toContain('usr_1')
  })

  it.each(['http://localhost:5173', 'http://127.0.0.1:8080', 'https://localhost', 'http://[::1]:3000'])(
    'lets the browser page %s send and read',
    async (origin) => {
      const { url, ended } = await start()
      const answer = await raw(`${url}/v1/track`, { method: 'POST', headers: { ...plain, origin }, body })
      expect(answer.status).toBe(200)
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' })
      expect(await ended(1)).toHaveLength(1)
    }
  )

  it.each(['https://example.com', 'null', 'http://localhost.example.com', 'http://127.0.0.1.example.com', 'file://'])(
    'refuses the browser page %s',
    async (origin) => {
      const { url, deliveries } = await start()
      const answer = await raw(`${url}/v1/track`, { method: 'POST', headers: { ...plain, origin }, body })
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      expect(JSON.parse(answer.body).error).toContain(
        'from pages on localhost or 127.0.0.1. Serve your page from there'
      )
      const rows = await deliveries()
      expect(rows).toMatchObject([{ status: 'refused', event: {}, reason: expect.stringContaining('name its origin') }])
      expect(JSON.stringify(rows)).not.toContain('usr_1')
    }
  )

  it('answers preflights of loopback pages only', async () => {
    const { url } = await start()
    const preflight = (origin: string) =>
      raw(`${url}/v1/batch`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type'
        }
      })
    const answer = await preflight('http://localhost:5173')
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:5173',
      'access-control-allow-headers': 'authorization,content-type',
      'access-control-allow-methods': expect.stringContaining('POST')
    })
    expect((await preflight('https://example.com')).status).toBe(403)
  })

  it('lets a loopback page read why it was refused', async () => {
    const { url } = await start()
    const headers = { ...plain, origin: 'http://localhost:5173' }
    const answer = await raw(`${url}/v1/track`, { method: 'POST', headers, body: '{}' })
    expect(answer.status).toBe(400)
    expect(answer.headers['access-control-allow-origin']).toBe('http://localhost:5173')
  })

  describe('that was told to let others in', () => {
    const allowed = { hosts: ['host.docker.internal', '192.168.0.7'], origins: ['http://shop.test:8080'] }

    it.each([
      [{ host: 'host.docker.internal:3000' }, 200],
      [{ host: '192.168.0.7:3000', origin: 'http://192.168.0.7:3000' }, 200],
      [{ origin: 'http://shop.test:8080' }, 200],
      [{ origin: 'http://SHOP.test:8080' }, 200],
      [{ origin: 'https://shop.test:8080' }, 403],
      [{ origin: 'http://shop.test' }, 403],
      [{ origin: 'http://shop.test:8080.example.com' }, 403],
      [{ host: 'shop.test:8080' }, 403],
      [{ host: '192.168.0.70' }, 403],
      [{ host: 'host.docker.internal.example.com' }, 403]
    ])('answers %j with %i', async (headers: Record<string, string>, status) => {
      const { url } = await start({ allowed })
      expect((await raw(`${url}/v1/track`, { method: 'POST', headers: { ...plain, ...headers }, body })).status).toBe(
        status
      )
    })
  })

  it.each([
    ['an image or script of another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a form of another site', 'POST', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 403],
    ['a link on another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
    ['the address bar', 'GET', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
    ['its own page', 'GET', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200]
  ])('answers %s', async (_, method, headers, status) => {
    const { url } = await start()
    expect((await raw(`${url}${method === 'GET' ? '/health' : '/api/samples'}`, { method, headers })).status).toBe(
      status
    )
  })

  it('serves the page under a strict policy, and lets nothing be stored or guessed', async () => {
    const page = new Map([['/', { type: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html>') }]])
    const { url } = await start({ page })
    const answer = await raw(`${url}/`, {})
    expect(answer).toMatchObject({ status: 200, body: '<!doctype html>' })
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store'
    })
  })
})
