import { gzipSync } from 'zlib'
import type { CallFile } from '../../../workbench/shared/types'
import { closeAll, start, until } from '../helpers'
import type { Running } from '../helpers'

afterEach(closeAll)

async function open(
  { url }: Running,
  name: string,
  body: string | Buffer
): Promise<{ status: number; body: CallFile }> {
  const response = await fetch(`${url}/api/files?name=${encodeURIComponent(name)}`, { method: 'POST', body })
  return { status: response.status, body: await response.json() }
}

const track = (event: string, more: object = {}) => ({ type: 'track', userId: 'ada', event, ...more })
const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')

describe('a file of own calls', () => {
  const har = {
    log: {
      entries: [
        { request: { method: 'GET', url: 'https://shop.test/' } },
        {
          request: {
            method: 'POST',
            url: 'https://api.segment.io/v1/t',
            postData: { text: JSON.stringify(track('One')) }
          }
        },
        {
          request: {
            method: 'POST',
            url: 'https://proxy.shop.test/v1/batch?x=1',
            postData: { text: JSON.stringify({ batch: [{ type: 'identify', userId: 'ada' }] }) }
          }
        }
      ]
    }
  }

  it.each([
    ['calls.ndjson', 'NDJSON', lines(track('One'), { type: 'identify', userId: 'ada' })],
    ['rows.ndjson', 'NDJSON', lines(track('One'), { userId: 'ada', email: 'ada@example.com' })],
    ['calls.ndjson.gz', 'NDJSON', gzipSync(lines(track('One'), { type: 'identify', userId: 'ada' }))],
    ['list.json', 'JSON', JSON.stringify([track('One'), { type: 'identify', userId: 'ada' }])],
    ['batch.json', 'JSON', JSON.stringify({ batch: [track('One'), { type: 'identify', userId: 'ada' }] })],
    ['shop.har', 'HAR', JSON.stringify(har)]
  ])('is looked at without a call being sent: %s', async (name, format, body) => {
    const running = await start()
    const { status, body: file } = await open(running, name, body)
    expect({ status, file }).toMatchObject({
      status: 200,
      file: { name, format, total: 2, types: { track: 1, identify: 1 }, refused: 0 }
    })
    expect(file.first).toHaveLength(2)
    expect(await running.deliveries()).toEqual([])
  })

  it('is sent as the calls that it holds, and the rows of a CSV as identify calls', async () => {
    const running = await start()
    const { body: file } = await open(
      running,
      'people.csv',
      'source_id,email,plan\nada,ada@example.com,gold\n,none,x\n'
    )
    expect(file).toMatchObject({ format: 'CSV', total: 1, refused: 1 })
    expect(file.firstRefused).toContain('Line 3')
    await running.send('POST', `/api/files/${file.id}/send`)
    await until(async () => (await running.get<CallFile>(`/api/files/${file.id}`)).progress?.state === 'done')
    await running.ended(1)
    expect(running.sandbox.customer('ada')?.customer).toMatchObject({
      email: 'ada@example.com',
      metadata: { plan: 'gold' }
    })
  })

  it('says what of it was taken before', async () => {
    const running = await start()
    const { body: file } = await open(running, 'a.ndjson', lines(track('One', { messageId: 'm-1' })))
    for (const repeated of [0, 1]) {
      await running.send('POST', `/api/files/${file.id}/send`)
      await until(async () => (await running.get<CallFile>(`/api/files/${file.id}`)).progress?.state === 'done')
      expect((await running.get<CallFile>(`/api/files/${file.id}`)).progress).toMatchObject({ sent: 1, repeated })
    }
  })

  it.each([
    ['a.pdf', '%PDF-1.7', 'a.pdf is a PDF'],
    ['empty.json', '', 'The file is empty.'],
    ['empty.csv', '', 'empty.csv is empty. Choose an NDJSON, JSON, CSV or HAR file'],
    ['photo', Buffer.from('89504e470d0a1a0a', 'hex'), 'photo is a picture'],
    ['utf16.csv', Buffer.from('\ufeffuserId\nada\n', 'utf16le'), 'utf16.csv is text in UTF-16'],
    ['latin1.csv', Buffer.from('userId,name\nada,Zo\xeb\n', 'latin1'), 'latin1.csv is not in UTF-8'],
    ['cut.ndjson.gz', gzipSync(lines(track('One'), track('Two'))).subarray(0, 60), 'Fetch the file again'],
    ['twice.csv', 'userId,name,name\nada,Ada,Ada\n', 'Rename one in the file.'],
    ['same.csv', 'userId,source_id\nada,ada\n', 'Take one out of the file.'],
    ['quote.csv', 'userId,name\nada,"A"da\n', 'Mend the line'],
    ['none.har', '{"log":{"entries":[]}}', 'The HAR holds no call to Segment'],
    ['people.csv', 'name,city\nAda,London\n', 'Call the one that holds the ID source_id.'],
    ['numbers.json', '[1, 2]', 'The file holds no call. It is not a JSON object.']
  ])('that is none is refused with words that name it: %s', async (name, text, words) => {
    const running = await start()
    const { status, body } = await open(running, name, text)
    expect(status).toBe(422)
    expect(JSON.stringify(body)).toContain(words)
    expect(JSON.stringify(body)).not.toMatch(/workbench-files-|--column|command/)
  })

  it('can be stopped, and is gone once it is put away', async () => {
    const running = await start({ limits: { pipeline: { maxCalls: 100 } } })
    await running.send('POST', '/api/trouble', { kind: 'slow', remaining: 100, seconds: 5 })
    const calls = Array.from({ length: 1000 }, (_, index) => track(`Event ${index}`))
    const { body: file } = await open(running, 'many.ndjson', lines(...calls))
    await running.send('POST', `/api/files/${file.id}/send`)
    await running.send('POST', `/api/files/${file.id}/stop`)
    await until(async () => (await running.get<CallFile>(`/api/files/${file.id}`)).progress?.state === 'stopped')
    expect((await running.get<CallFile>(`/api/files/${file.id}`)).progress?.sent).toBeLessThan(1000)
    await running.send('DELETE', `/api/files/${file.id}`)
    expect((await running.send('GET', `/api/files/${file.id}`)).status).toBe(404)
  })
})
