/** What the sandbox keeps of metadata: all of it as long as nothing is defined, and then what Voucherify keeps. */
import type { Sandbox } from '../../../workbench/sandbox'
import type { Definition, Definitions } from '../../../workbench/shared/types'
import {
  applyInBulk,
  closeSandboxes,
  CUSTOMER,
  endedJob,
  EVENT,
  GROUP,
  held,
  invalid,
  post,
  startSandbox
} from './sandboxHelpers'

const one = (name: string, type: Definition['type'], array = false): Definition => ({ name, type, array })
const DEFINED: Definitions = {
  customer: [one('tier', 'string'), one('visits', 'number'), one('since', 'date'), one('tags', 'string', true)],
  event: [one('total', 'number'), one('paid_at', 'datetime')]
}
const SENT = { tier: 'gold', visits: '3', since: '2026-02-30', tags: ['a'], plan: { name: 'x' }, gone: null }

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
})
afterEach(closeSandboxes)

const metadataOf = (sourceId: string) => (held(sandbox, sourceId) as { metadata?: unknown } | undefined)?.metadata
const customer = (metadata: unknown) => ({ source_id: 'c1', metadata })

describe('through the gateway', () => {
  it('everything of a customer is kept as long as nothing is defined', async () => {
    await post(sandbox, CUSTOMER, customer(SENT))
    expect(metadataOf('c1')).toEqual(SENT)
  })

  it('what is not defined, or of another type, is left out of a customer without an error', async () => {
    sandbox.metadata.define(DEFINED)
    expect(await post(sandbox, CUSTOMER, customer(SENT))).toMatchObject({ status: 200 })
    expect(metadataOf('c1')).toEqual({ tier: 'gold', tags: ['a'], gone: null })
    await post(sandbox, CUSTOMER, { source_id: 'c1', metadata: { tier: null, visits: 3, since: '2026-02-28' } })
    expect(metadataOf('c1')).toEqual({ tier: null, visits: 3, since: '2026-02-28', tags: ['a'], gone: null })
  })

  it('a call of which nothing is left makes its customer all the same', async () => {
    sandbox.metadata.define(DEFINED)
    await post(sandbox, CUSTOMER, customer({ plan: 'x' }))
    expect(held(sandbox, 'c1')).toEqual({ source_id: 'c1' })
  })

  it('the traits of a group are metadata of the customer, and judged so', async () => {
    sandbox.metadata.define(DEFINED)
    await post(sandbox, GROUP, { customer: { source_id: 'c1' }, group_id: 'g1', traits: { tier: 'gold', plan: 'x' } })
    expect(metadataOf('c1')).toEqual({ tier: 'gold' })
    expect(sandbox.state().groups[0].traits).toEqual({ tier: 'gold', plan: 'x' })
  })

  it('lists and objects of an event are left out in any case, other values by what is defined', async () => {
    const metadata = { total: 1, paid_at: '2026-01-02', cart: {}, items: ['a'], note: 'x' }
    const send = () => post(sandbox, EVENT, { customer: { source_id: 'c1' }, event: 'Paid', metadata })
    expect(await send()).toMatchObject({ status: 200 })
    sandbox.metadata.define(DEFINED)
    await send()
    expect(sandbox.state().events.map((event) => event.metadata)).toEqual([
      { total: 1 },
      { total: 1, paid_at: '2026-01-02', note: 'x' }
    ])
  })

  it('is the same after the definitions went away again', async () => {
    sandbox.metadata.define(DEFINED)
    sandbox.metadata.define({ customer: null, event: null })
    await post(sandbox, CUSTOMER, customer(SENT))
    expect(metadataOf('c1')).toEqual(SENT)
  })
})

describe('by the API', () => {
  it('everything is kept as long as nothing is defined', async () => {
    await applyInBulk(sandbox, [customer(SENT)])
    expect(metadataOf('c1')).toEqual(SENT)
  })

  it('other keys are kept as texts, and a defined one of another type is refused', async () => {
    sandbox.metadata.define(DEFINED)
    const good = { tier: 'gold', visits: 3, plan: { name: 'x' }, vip: true, count: 7, note: 'as it is', gone: null }
    const bad = { source_id: 'c2', metadata: { visits: '3' } }
    expect(await applyInBulk(sandbox, [customer(good), bad])).toEqual(
      endedJob(1, 1, [
        {
          message: 'Invalid payload',
          details: 'Property .metadata.visits should be of the type number',
          key: 'invalid_payload',
          source_id: 'c2'
        }
      ])
    )
    expect(metadataOf('c1')).toEqual({ ...good, plan: '{"name":"x"}', vip: 'true', count: '7' })
    expect(held(sandbox, 'c2')).toBeUndefined()
  })

  it('other keys are refused where only defined ones are allowed', async () => {
    sandbox.metadata.define({ ...DEFINED, definedOnly: ['customer'] })
    const details = 'Property .metadata.plan is not defined in the metadata schema, which allows only defined keys'
    expect(await applyInBulk(sandbox, [customer({ plan: 'x' }), { source_id: 'c2', metadata: { tier: 'x' } }])).toEqual(
      endedJob(1, 1, [{ message: 'Invalid payload', details, key: 'invalid_payload', source_id: 'c1' }])
    )
    const answer = await post(sandbox, '/v1/customers', customer({ plan: 'x' }))
    expect([answer.status, answer.body]).toEqual([400, invalid(details)])
    const event = { event: 'Paid', customer: { source_id: 'c3' }, metadata: { note: 1 } }
    expect(await post(sandbox, '/v1/events', event)).toMatchObject({ status: 200, body: { metadata: { note: '1' } } })
  })
})

describe('the keys that came', () => {
  it('are a list to define, each with its most frequent type, the most frequent key first', async () => {
    await post(sandbox, CUSTOMER, customer({ tier: 'gold', since: '2026-01-02', visits: 3, tags: ['a'], gone: null }))
    await post(sandbox, CUSTOMER, customer({ tier: 'silver', since: 'long ago' }))
    await applyInBulk(sandbox, [customer({ tier: 7, since: 'long ago' }), customer({ tier: 'x' })])
    await post(sandbox, GROUP, { customer: { source_id: 'c1' }, group_id: 'g1', traits: { seats: 1 } })
    await post(sandbox, EVENT, {
      customer: { source_id: 'c1' },
      event: 'E',
      metadata: { paid_at: '2026-01-02T10:00:00Z' }
    })
    const seen = {
      customer: [
        one('tier', 'string'),
        one('since', 'string'),
        one('visits', 'number'),
        one('tags', 'string', true),
        one('seats', 'number')
      ],
      event: [one('paid_at', 'datetime')]
    }
    expect(sandbox.metadata.seenKeys()).toEqual(seen)
    sandbox.metadata.define(sandbox.metadata.seenKeys())
    expect(sandbox.metadata.definitions()).toEqual(seen)
  })

  it('are seen also where they are left out, until the sandbox is emptied; the definitions stay', async () => {
    sandbox.metadata.define(DEFINED)
    await post(sandbox, CUSTOMER, customer({ plan: 'x' }))
    expect(sandbox.metadata.seenKeys()).toEqual({ customer: [one('plan', 'string')], event: [] })
    sandbox.clear()
    expect(sandbox.metadata.seenKeys()).toEqual({ customer: [], event: [] })
    expect(sandbox.metadata.definitions()).toEqual(DEFINED)
  })

  it('are the first 1,000, of which the 100 most frequent are given', async () => {
    const keys = Array.from({ length: 1_200 }, (_, n) => [`k${n}`, n])
    await post(sandbox, CUSTOMER, customer(Object.fromEntries(keys)))
    await post(sandbox, CUSTOMER, customer({ k999: 1, k1000: 1 }))
    const names = sandbox.metadata.seenKeys().customer?.map(({ name }) => name)
    expect(names).toHaveLength(100)
    expect(names?.slice(0, 2)).toEqual(['k999', 'k0'])
  })
})
