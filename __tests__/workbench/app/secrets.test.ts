import { createServer } from 'http'
import type { AddressInfo } from 'net'
import { deliveryLine } from '../../../workbench/app/terminal'
import { closeAll, IDENTIFY_PRESET, start, TRACK } from '../helpers'

afterEach(closeAll)

const apiKey = '5f0c6a7e-1d2b-4c3d-9e8f-app000000001'
const secretKey = '9b1deb4d-3b7d-4bad-9bdd-secret0000002'
const base64 = (text: string) => Buffer.from(text).toString('base64')
const forms = [apiKey, secretKey, base64(apiKey), base64(secretKey), base64(`${apiKey}:${secretKey}`)]

describe('the keys', () => {
  it('that are wrong end as rejected with 401', async () => {
    const running = await start()
    const settings = { apiKey, secretKey, customURL: running.sandbox.url }
    const { send, ended } = await start({ settings, mode: 'project' })
    await send('POST', '/v1/track', TRACK)
    expect((await ended(1))[0]).toMatchObject({
      status: 'rejected',
      response: { status: 401 },
      error: { status: 401, whatToDo: expect.stringContaining('VOUCHERIFY_SECRET_KEY') }
    })
  })

  it('are in no answer and no line, also when a call or the gateway holds them', async () => {
    // A gateway that answers with everything it was sent.
    const echo = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.writeHead(request.url?.includes('customer') ? 400 : 200, { 'content-type': 'application/json' })
        response.end(
          JSON.stringify({
            code: 400,
            message: `You sent ${JSON.stringify(request.headers)}`,
            details: Buffer.concat(chunks).toString('utf8')
          })
        )
      })
    })
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    try {
      const customURL = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
      const lines: string[] = []
      const { send, ended, url, mapping } = await start({
        settings: { apiKey, secretKey, customURL },
        mode: 'project',
        onDelivery: (delivery) => lines.push(deliveryLine(delivery))
      })
      const traits = { note: forms.join(' '), [secretKey]: apiKey }
      await send('POST', '/v1/batch', {
        batch: [
          { type: 'identify', userId: `u ${secretKey}`, traits },
          { type: 'track', userId: 'u', event: `Leak ${secretKey}`, properties: { metadata: traits } },
          { type: 'alias', userId: secretKey, previousId: 'x' }
        ]
      })
      const deliveries = await ended(3)
      const own = await mapping(IDENTIFY_PRESET)
      await send('PUT', `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`, {
        mapping: { ...own.mapping, enable_batching: true, description: secretKey }
      })
      await send('POST', '/v1/identify', { userId: 'u2', traits })
      await ended(4)

      const answers = [
        await send('GET', '/api/deliveries'),
        await send('GET', '/api/rows'),
        await send('GET', '/api/target'),
        await send('GET', '/api/overview'),
        await send('GET', '/api/mappings'),
        await send('POST', '/api/test-connection'),
        await send('POST', '/api/delete', { userId: secretKey }),
        await send('POST', '/api/preview', { event: { ...TRACK, event: secretKey } }),
        await send('PUT', `/api/mappings/${secretKey}`, { action: 'addCustomEvent', trigger: secretKey }),
        await send('DELETE', `/api/mappings/${secretKey}`),
        await send('POST', '/v1/track', secretKey)
      ]
      for (const { id } of deliveries) answers.push(await send('GET', `/api/deliveries/${id}`))
      const text = JSON.stringify(answers) + lines.join('\n') + (await streamStart(url))
      expect(lines).toHaveLength(5)
      expect(text).toContain('Leak ***')
      for (const form of forms) expect(text).not.toContain(form)
    } finally {
      echo.closeAllConnections()
      await new Promise((resolve) => echo.close(resolve))
    }
  })
})

/** What a stream says first. */
async function streamStart(url: string): Promise<string> {
  const reader = (await fetch(`${url}/api/stream`)).body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes('overview')) text += decoder.decode((await reader?.read())?.value)
  await reader?.cancel()
  return text
}
