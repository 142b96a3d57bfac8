/** The faults of `segmentio-initial-sync`, which Voucherify offers for the same purpose: none is ours. */
import { backfill, ndjson, PROJECT, rejectedIn, summaryIn, useFolder, write } from './helpers'
import { useVoucherify } from './voucherify'

const folder = useFolder()
const voucherify = useVoucherify()
const send = (args: string[], environment = {}) =>
  backfill(args, { environment: { ...PROJECT, ...environment }, server: voucherify.url })
const identify = (userId: unknown, traits: unknown) => ({ type: 'identify', messageId: `${userId}`, userId, traits })

it('202 is not success: the job is asked for until it ends, and its failures count', async () => {
  voucherify.script.failure = ({ source_id }) => (source_id === 'a' ? { message: 'No' } : undefined)
  voucherify.script.job = (job, usual) =>
    job.asked < 3 ? { status: 200, body: { ...usual, status: 'IN_PROGRESS', result: null } } : undefined
  const file = write(folder.path('a.ndjson'), ndjson([identify('a', {}), identify('b', {})]))
  expect((await send([file])).exitCode).toBe(1)
  expect(voucherify.calls('/v1/async-actions/aa_1')).toHaveLength(3)
  expect(summaryIn(`${file}.backfill`).customers).toEqual({ rows: 2, accepted: 1, rejected: 1, open: 0 })
})

it('429 and 500 are tried again', async () => {
  const answers = [{ status: 429, headers: { 'Retry-After': '7' } }, { status: 500 }]
  voucherify.script.bulk = () => answers.shift()
  const { exitCode, waited } = await send([write(folder.path('a.ndjson'), ndjson([identify('a', {})]))])
  expect({ exitCode, waited: waited.slice(0, 2) }).toEqual({ exitCode: 0, waited: [7_000, 1_000] })
})

it('a missing identifier is refused with its place, and no null leaves as source_id', async () => {
  const file = write(
    folder.path('a.ndjson'),
    ndjson([identify(null, { email: 'x' }), identify('null', {}), identify('', {}), identify('a', {})])
  )
  expect((await send([file])).exitCode).toBe(1)
  expect(voucherify.bulkCalls.flatMap(({ rows }) => rows)).toEqual([{ source_id: 'a' }])
  expect(
    rejectedIn(`${file}.backfill`)
      .map(({ line }) => line)
      .sort()
  ).toEqual([1, 2, 3])
})

it('what is absent is not sent, so nothing that Voucherify has is erased', async () => {
  voucherify.customers.set('a', { source_id: 'a', phone: '+1', address: { city: 'Rome' }, metadata: { kept: 1 } })
  const file = write(
    folder.path('a.csv'),
    'source_id,email,phone,address.city,metadata.kept,metadata.fresh\na,a@example.com,,,,2\n'
  )
  await send([file])
  expect(voucherify.bulkCalls[0].rows).toEqual([{ source_id: 'a', email: 'a@example.com', metadata: { fresh: '2' } }])
  expect(voucherify.customers.get('a')).toEqual({
    source_id: 'a',
    email: 'a@example.com',
    phone: '+1',
    address: { city: 'Rome' },
    metadata: { kept: 1, fresh: '2' }
  })
})

it('all traits arrive, not the first ten', async () => {
  const metadata = Object.fromEntries(Array.from({ length: 60 }, (_value, index) => [`trait_${index}`, index]))
  await send([write(folder.path('a.ndjson'), ndjson([identify('a', { metadata })]))])
  expect(voucherify.customers.get('a')?.metadata).toEqual(metadata)
})

it('traits that are null, a context that is null and lines that are broken end nothing', async () => {
  const calls = [identify('a', null), { ...identify('b', { name: 'B' }), context: null }, identify('c', { name: 'C' })]
  const file = write(folder.path('a.ndjson'), `${ndjson(calls)}{"type":"identify","userId":"d"\n`)
  await send([file])
  expect(voucherify.customers.get('a')).toEqual({ source_id: 'a' })
  expect(voucherify.customers.get('c')).toEqual({ source_id: 'c', name: 'C' })
  expect(voucherify.customers.size + rejectedIn(`${file}.backfill`).length).toBe(4)
})

it('a birthdate that is none is refused and not sent as null; with --drop-bad-dates the rest goes', async () => {
  const file = write(folder.path('a.csv'), 'source_id,birthdate,email\na,31/12/1990,a@example.com\n')
  expect((await send([file])).exitCode).toBe(1)
  expect(voucherify.bulkCalls).toEqual([])
  expect((await send([file, '--drop-bad-dates', '--restart'])).exitCode).toBe(0)
  expect(voucherify.bulkCalls[0].rows).toEqual([{ source_id: 'a', email: 'a@example.com' }])
})

it('computed traits and audiences become metadata', async () => {
  const audience = {
    ...identify('a', { vip: true }),
    context: { personas: { computation_class: 'audience', computation_key: 'vip' } }
  }
  await send([write(folder.path('a.ndjson'), ndjson([audience]))])
  expect(voucherify.customers.get('a')?.metadata).toEqual({ vip: true })
})

it('the region is that of the project', async () => {
  const hosts: string[] = []
  const file = write(folder.path('a.csv'), 'source_id\na\n')
  await send([file], { VOUCHERIFY_CUSTOM_URL: 'https://as1.segmentio.voucherify.io' })
  hosts.push(summaryIn(`${file}.backfill`).host)
  expect(hosts).toEqual(['https://as1.api.voucherify.io'])
})

it('calls are filled by bytes, not with a hundred people', async () => {
  const rows = Array.from({ length: 5_000 }, (_value, index) => `c${index},${'x'.repeat(20)}\n`).join('')
  await send([write(folder.path('a.csv'), `source_id,name\n${rows}`)])
  expect(voucherify.bulkCalls).toHaveLength(1)
})

it('a run that was stopped goes on by itself, without a cursor that somebody types', async () => {
  voucherify.script.job = () => ({ status: 401 })
  const file = write(folder.path('a.csv'), 'source_id\na\n')
  expect((await send([file])).exitCode).toBe(5)
  voucherify.script = {}
  expect((await send([file])).exitCode).toBe(0)
  expect(voucherify.bulkCalls).toHaveLength(1)
})
