import type { DeliveryList, Overview } from '../../../workbench/shared/types'
import { deliveryLine } from '../../../workbench/app/terminal'
import { closeAll, raw, start, TRACK, until } from '../helpers'

afterEach(closeAll)

/** Values that programs stumble over. */
const VALUES = [
  '{"toString":1,"valueOf":1}',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"@path":"$.userId"}',
  '{"toJSON":"x","then":"x","length":-1}',
  '[[[[[[[[]]]]]]]]',
  '"\\ud800"',
  '"\\u0000\\u001b[2J\\u202e"',
  '1e308',
  'null',
  'true',
  '""'
]

const ofEach = (call: (value: string) => string) => VALUES.map(call)
const BODIES: [path: string, body: string][] = [
  ...ofEach((value) => `{"userId":"u","name":${value}}`).map((body): [string, string] => ['page', body]),
  ...ofEach((value) => `{"userId":"u","event":"e","properties":${value}}`).map((body): [string, string] => [
    'track',
    body
  ]),
  ...ofEach(
    (value) => `{"userId":"u","traits":{"email":${value},"address":${value},"metadata":${value},"birthday":${value}}}`
  ).map((body): [string, string] => ['identify', body]),
  ...ofEach((value) => `{"userId":"u","groupId":"g","traits":${value},"context":${value},"integrations":${value}}`).map(
    (body): [string, string] => ['group', body]
  ),
  ...ofEach(
    (value) => `{"batch":[{"type":${value},"userId":${value},"messageId":${value},"timestamp":${value}},${value}]}`
  ).map((body): [string, string] => ['batch', body]),
  ...ofEach((value) => value).map((body): [string, string] => ['batch', body]),
  ['batch', `{"batch":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['track', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
  ['page', `{"userId":"u","properties":{"metadata":{"x":[${Array(10_000).fill('{}').join()}]}}}`],
  ['page', `{"userId":"u","context":{"traits":7,"personas":[]},"traits":null}`],
  ['identify', `{"userId":"${'x'.repeat(30_000)}"}`],
  ['track', `{"userId":"u","event":"${'{{'.repeat(10_000)}"}`],
  ['track', `{"userId":"u","event":"e","userId":"v","__proto__":{"type":"x"},"toString":1,"hasOwnProperty":1}`],
  ['alias', `{"userId":"__proto__","previousId":"constructor"}`],
  ['batch', '{"batch":[],"context":{"__proto__":null},"integrations":[]}'],
  ['batch', '\ufeff{"batch":[]}'],
  ['batch', ''],
  ['batch', '\u0000'],
  ['import', '{"batch":{"length":5}}']
]

it('is alive after whatever is posted, and everything that was can be listed, explained and downloaded', async () => {
  const lines: string[] = []
  const { url, get, send, sandbox } = await start({ onDelivery: (delivery) => lines.push(deliveryLine(delivery)) })
  for (const [path, body] of BODIES) {
    const answer = await raw(`${url}/v1/${path}`, { method: 'POST', body })
    expect([path, body.slice(0, 80), [200, 400].includes(answer.status)]).toEqual([path, body.slice(0, 80), true])
  }
  await until(async () => (await get<Overview>('/api/overview')).waiting === 0)

  const { deliveries, total, kept, counts } = await get<DeliveryList>('/api/deliveries?limit=5000')
  expect(deliveries).toHaveLength(kept)
  expect(lines).toHaveLength(total)
  expect(counts.refused).toBeGreaterThan(20)
  for (const { id } of deliveries) expect((await send('GET', `/api/deliveries/${id}`)).status).toBe(200)
  const download = await (await fetch(`${url}/api/deliveries.ndjson`)).text()
  expect(download.trim().split('\n')).toHaveLength(kept)
  expect(deliveries.filter(({ error }) => error?.message.startsWith('The workbench failed'))).toEqual([])

  const before = sandbox.state().totals.events
  await send('POST', '/v1/track', TRACK)
  await until(() => sandbox.state().totals.events === before + 1)
})
