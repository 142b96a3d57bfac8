import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { functionScript } from '../../source/bundle'
import { readOptions } from '../../source/options'
import { webhookSamples } from '../../source/samples'
import { toSegment } from '../../source/toSegment'
import { SEED } from '../properties/property'
import { EVERYTHING } from './helpers'
import { mutation, mutated } from './mutations'

const SECRET = 'a long secret of the header'

interface Played {
  /** Runs the function on a body, as text. Resolves with what was sent, rejects with what it threw. */
  run(body: string, options?: { settings?: object; secret?: string | null; type?: string }): Promise<unknown[]>
  /** What the function printed. */
  printed: string[]
}

/** The bundled script in a context of its own that holds only what Segment documents. */
async function play(): Promise<Played> {
  const sent: unknown[] = []
  const printed: string[] = []
  const print = (line: string) => printed.push(line)
  const take = (type: string) => (call: object) => sent.push(JSON.parse(JSON.stringify({ type, ...call })))
  const context = createContext({
    Segment: { track: take('track'), identify: take('identify') },
    console: { log: print, warn: print, error: print }
  })
  runInContext(
    ['ValidationError', 'InvalidEventPayload', 'EventNotSupported', 'RetryError']
      .map((name) => `class ${name} extends Error { constructor(message) { super(message); this.name = '${name}' } }`)
      .join('\n'),
    context
  )
  runInContext(await functionScript(), context)
  const onRequest = runInContext('(request, settings) => onRequest(request, settings)', context)
  const parse = runInContext('JSON.parse', context)
  return {
    printed,
    async run(body, { settings = {}, secret = SECRET, type = null } = {}) {
      sent.length = 0
      const request = {
        headers: { get: (name: string) => (name === 'x-webhook-secret' ? secret : null) },
        json: () => parse(body),
        url: { searchParams: new URLSearchParams(type ? { type } : {}) }
      }
      await onRequest(request, { secret: SECRET, ...settings })
      return [...sent]
    }
  }
}

let played: Played
beforeAll(async () => {
  played = await play()
})

test('the script stands by itself', async () => {
  const script = await functionScript()
  expect(script).not.toMatch(/\brequire\(|^\s*import |^\s*export |module\.exports/m)
  expect(script).toMatch(/^async function onRequest\(request, settings\)/m)
})

test.each(webhookSamples.map(({ label, webhook }) => [label, webhook]))(
  'it sends the same calls as toSegment: %s',
  async (_, webhook) => {
    const settings = { ...EVERYTHING, events: JSON.stringify(EVERYTHING.events), orders: 'true', customerUpdates: true }
    const { calls } = toSegment(webhook, EVERYTHING)
    expect(await played.run(JSON.stringify(webhook), { settings })).toEqual(calls)
  }
)

test('a raw payload takes its type from the address', async () => {
  const { data } = webhookSamples.find(({ type }) => type === 'customer.segment.entered')!.webhook
  expect(await played.run(JSON.stringify(data))).toEqual([])
  expect(await played.run(JSON.stringify(data), { type: 'customer.segment.entered' })).toEqual(
    toSegment(data, { type: 'customer.segment.entered' }).calls
  )
})

test.each([
  [
    'a missing header',
    { secret: null },
    'The header x-webhook-secret is missing, or it does not hold the setting secret.'
  ],
  ['a wrong header', { secret: `${SECRET}!` }, 'The header x-webhook-secret is missing'],
  ['a header with the beginning', { secret: SECRET.slice(0, -1) }, 'The header x-webhook-secret is missing'],
  ['an empty setting', { settings: { secret: '' }, secret: '' }, 'The setting secret is empty.'],
  ['a missing setting', { settings: { secret: undefined } }, 'The setting secret is empty.']
])('%s is a ValidationError without the secret', async (_, options, message) => {
  const error: Error = await played.run(JSON.stringify(webhookSamples[0].webhook), options).then(
    () => Promise.reject(new Error('It was taken.')),
    (thrown: Error) => thrown
  )
  expect(error.name).toBe('ValidationError')
  expect(error.message).toContain(message)
  expect(error.message).not.toContain(SECRET)
})

test.each(['', '{', 'undefined', '<xml/>'])('the body %j is an InvalidEventPayload', async (body) => {
  await expect(played.run(body)).rejects.toMatchObject({ name: 'InvalidEventPayload' })
})

test.each(['null', '5', '"text"', '[]', '{}'])('the body %s is no webhook, and no error', async (body) => {
  expect(await played.run(body)).toEqual([])
})

test("settings that can't be read are said, and count as not set", async () => {
  const settings = { currency: 'EURO', names: 'spec', events: '{', orders: 'perhaps' }
  await played.run(JSON.stringify(webhookSamples[0].webhook), { settings })
  expect(played.printed).toEqual(readOptions(settings).problems.map((problem) => `${problem} It counts as not set.`))
  expect(played.printed).toHaveLength(3)
})

test('it fails on none of 10,000 mutated webhooks, and sends what toSegment says', async () => {
  const settings = { currency: 'EUR', customerUpdates: true, orders: true }
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      const body = JSON.stringify(mutated(change))
      const sent = await played.run(body, { settings })
      return isDeepStrictEqual(sent, toSegment(JSON.parse(body), settings).calls)
    }),
    { numRuns: 10_000, seed: SEED }
  )
}, 120_000)
