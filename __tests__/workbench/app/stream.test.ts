import { createStream } from '../../../workbench/app/stream'
import type { Delivery, Overview } from '../../../workbench/shared/types'
import { closeAll, NONE, raw, start, TRACK, until } from '../helpers'

afterEach(closeAll)

interface Message {
  event: string
  data: unknown
}

const readers: { cancel(): Promise<void> }[] = []

afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.cancel().catch(() => undefined)
})

/** Opens a stream and collects its messages; `text` is all that came. */
async function listen(url: string) {
  const response = await fetch(`${url}/api/stream`)
  const reader = response.body?.getReader()
  if (!reader) throw new Error('no body')
  readers.push(reader)
  const stream = { response, text: '', ended: false, messages: [] as Message[] }
  const decoder = new TextDecoder()
  const pump = async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      stream.text += decoder.decode(next.value, { stream: true })
      stream.messages = Array.from(stream.text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g), ([, event, data]) => ({
        event,
        data: JSON.parse(data) as unknown
      }))
    }
    stream.ended = true
  }
  void pump().catch(() => (stream.ended = true))
  return Object.assign(stream, {
    all: (event: string) => stream.messages.filter((message) => message.event === event).map(({ data }) => data),
    reader
  })
}

describe('the stream', () => {
  it('tells a page that opens how things are, and how soon to come back', async () => {
    const { url, send } = await start()
    await send('POST', '/api/trouble', { kind: '500', remaining: 2, seconds: 1 })
    const stream = await listen(url)
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream')
    await until(() => stream.all('trouble').length > 0)
    expect(stream.text).toMatch(/^retry: 1000\n\n/)
    expect(stream.all('overview')).toEqual([
      { calls: 0, waiting: 0, retrying: 0, counts: {}, webhooks: NONE, lastMinute: 0 }
    ])
    expect(stream.all('trouble')).toEqual([[{ kind: '500', remaining: 2, seconds: 1 }]])
  })

  it('brings deliveries together and in order, the counts with them', async () => {
    const { url, send, ended } = await start()
    const stream = await listen(url)
    const names = Array.from({ length: 20 }, (_, count) => `Step ${count}`)
    await send('POST', '/v1/batch', { batch: names.map((event) => ({ ...TRACK, event })) })
    await ended(20)
    const received = () => stream.all('deliveries').flat() as Delivery[]
    await until(() => received().length === 20)
    expect(received().map(({ event }) => event.event)).toEqual(names)
    expect(stream.all('deliveries').length).toBeLessThan(20)
    await until(() => (stream.all('overview').at(-1) as Overview).lastMinute === 20)
    expect(stream.all('overview').at(-1)).toMatchObject({ calls: 20, waiting: 0 })
  })

  it('says that deliveries were emptied, mappings changed and the sandbox holds something new', async () => {
    const { url, send, ended } = await start()
    const stream = await listen(url)
    await until(() => stream.all('overview').length > 0)
    expect(stream.all('sandbox')).toEqual([])
    await send('POST', '/v1/track', TRACK)
    await ended(1)
    await until(() => stream.all('sandbox').length > 0)
    await send('DELETE', '/api/deliveries')
    await send('PUT', '/api/mappings/Second', { action: 'addCustomEvent' })
    await until(() => stream.all('cleared').length === 1 && stream.all('mappings').length === 1)
  })

  it('breathes when there is nothing to say', async () => {
    const { url } = await start({ limits: { stream: { intervalMs: 10, heartbeatMs: 30 } } })
    const stream = await listen(url)
    await until(() => stream.text.split(': still here\n\n').length > 2)
  })

  it('serves so many pages at a time, and takes the next when one has gone', async () => {
    const { url } = await start({ limits: { stream: { maxClients: 1 } } })
    const first = await listen(url)
    const refused = await raw(`${url}/api/stream`, {})
    expect(refused.status).toBe(503)
    expect(JSON.parse(refused.body).error).toContain('Close one of them')
    await first.reader.cancel()
    await until(async () => {
      const response = await fetch(`${url}/api/stream`)
      await response.body?.cancel()
      return response.status === 200
    })
  })

  it('ends when the workbench does', async () => {
    const { url, workbench } = await start()
    const stream = await listen(url)
    await until(() => stream.all('overview').length > 0)
    await workbench.close()
    await until(() => stream.ended)
  })

  it('keeps only the newest deliveries for a page that does not read', async () => {
    const stream = createStream(
      {
        overview: () => ({ calls: 0, waiting: 0, retrying: 0, counts: {}, webhooks: NONE, lastMinute: 0 }),
        trouble: () => []
      },
      { maxClients: 1, maxDeliveries: 3, maxLength: 100, intervalMs: 5, heartbeatMs: 60_000 }
    )
    const reader = stream.connect().body?.getReader()
    for (let id = 0; id < 10; id++) stream.deliver({ id: `${id}` } as Delivery, 1)
    stream.deliver({ id: 'long' } as Delivery, 99)
    const decoder = new TextDecoder()
    let text = ''
    while (!text.includes('deliveries')) text += decoder.decode((await reader?.read())?.value)
    expect(text).toContain('data: [{"id":"9"},{"id":"long"}]\n')
    stream.close()
  })
})
