import { once } from 'events'
import { createServer, request as httpRequest } from 'http'
import type { IncomingMessage } from 'http'
import type { AddressInfo } from 'net'
import type { Overview } from '../../../workbench/shared/types'
import { SANDBOX_KEYS } from '../../../workbench/app/start'
import { closeAll, start, TRACK, until } from '../helpers'

afterEach(closeAll)

/** A gateway that keeps every request until it is let go, and counts how many it holds. */
async function createHoldingGateway() {
  const held: (() => void)[] = []
  let most = 0
  let isOpen = false
  const server = createServer((request, response) => {
    request.resume()
    if (isOpen) {
      response.end()
      return
    }
    held.push(() => response.end())
    most = Math.max(most, held.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holds: () => held.length,
    most: () => most,
    open() {
      isOpen = true
      held.splice(0).forEach((letGo) => letGo())
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

describe('the pipeline', () => {
  it('serves ten users at a time and one call of each', async () => {
    const gateway = await createHoldingGateway()
    try {
      const settings = { apiKey: SANDBOX_KEYS.applicationId, secretKey: SANDBOX_KEYS.secretKey, customURL: gateway.url }
      const { send, get, ended } = await start({ settings })
      const users = Array.from({ length: 15 }, (_, index) => ({ ...TRACK, userId: `usr_${index}` }))
      await send('POST', '/v1/batch', { batch: [...users, ...users] })
      await until(() => gateway.holds() === 10)
      expect((await get<Overview>('/api/overview')).waiting).toBe(30)
      gateway.open()
      await ended(30)
      expect(gateway.most()).toBe(10)
      expect((await get<Overview>('/api/overview')).waiting).toBe(0)
    } finally {
      await gateway.close()
    }
  })

  it('keeps users with the same userId and anonymousId apart', async () => {
    const gateway = await createHoldingGateway()
    try {
      const settings = { apiKey: SANDBOX_KEYS.applicationId, secretKey: SANDBOX_KEYS.secretKey, customURL: gateway.url }
      const { send, ended } = await start({ settings })
      const { userId, ...anonymous } = TRACK
      await send('POST', '/v1/track', TRACK)
      await until(() => gateway.holds() === 1)
      await send('POST', '/v1/track', { ...anonymous, anonymousId: userId })
      // Refused without a userId, while the other user's call still waits for its answer.
      expect((await ended(1))[0].status).toBe('rejected')
      gateway.open()
      await ended(2)
    } finally {
      await gateway.close()
    }
  })

  it('delivers what waits when it is closed with time, and says how many calls are left without', async () => {
    const first = await start()
    await first.send('POST', '/v1/batch', { batch: Array(50).fill(TRACK) })
    expect(await first.workbench.close(10_000)).toBe(0)
    expect(first.sandbox.state().totals.events).toBe(50)

    const second = await start()
    second.sandbox.trouble.add({ kind: 'slow', remaining: 1, seconds: 60 })
    await second.send('POST', '/v1/batch', { batch: [TRACK, TRACK, TRACK] })
    expect(await second.workbench.close(50)).toBe(3)
  })

  type Request = [path: string, body?: object]
  describe.each<[string, (id: string) => Request, object]>([
    ['a call that is sent again', (id) => [`/api/deliveries/${id}/retry`], { status: 'delivered' }],
    ['an erasure', () => ['/api/delete', { userId: 'usr_1' }], { message: 'Customer erased.' }]
  ])('%s', (_, requestFor, done) => {
    /** Begins it while the sandbox answers after so many seconds. */
    async function begin(seconds: number) {
      const running = await start()
      const { send, ended, sandbox } = running
      await send('POST', '/v1/identify', { userId: 'usr_1' })
      const [{ id }] = await ended(1)
      sandbox.trouble.add({ kind: 'slow', remaining: 1, seconds })
      const answer = send('POST', ...requestFor(id))
      await until(() => sandbox.trouble.list().length === 0)
      return { ...running, answer }
    }

    it('is ended and answered before the close', async () => {
      const { workbench, answer } = await begin(1)
      const answered = expect(answer).resolves.toMatchObject({ status: 200, body: done })
      expect(await workbench.close(10_000)).toBe(0)
      await answered
    })

    it('counts among what is left, and not among the calls that wait', async () => {
      const { workbench, answer, get } = await begin(60)
      const cut = expect(answer).rejects.toThrow()
      expect(await get('/api/overview')).toMatchObject({ calls: 1, waiting: 0 })
      expect(await workbench.close(50)).toBe(1)
      await cut
    })
  })

  it('takes no call any more whose body ends while it is closed', async () => {
    const { workbench, url, sandbox, send } = await start()
    sandbox.trouble.add({ kind: 'slow', remaining: 1, seconds: 1 })
    await send('POST', '/v1/track', TRACK)
    const body = JSON.stringify(TRACK)
    const headers = { 'content-length': `${body.length}` }
    const request = httpRequest(`${url}/v1/track`, { method: 'POST', headers, agent: false })
    const answer = once(request, 'response') as Promise<[IncomingMessage]>
    await new Promise((resolve) => request.write(body.slice(0, 5), resolve))
    await until(() => sandbox.trouble.list().length === 0)
    const closed = workbench.close(10_000)
    request.end(body.slice(5))
    expect((await answer)[0].statusCode).toBe(429)
    expect(await closed).toBe(0)
    expect(sandbox.state().totals.events).toBe(1)
  })
})
