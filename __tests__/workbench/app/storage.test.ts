import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs'
import { tmpdir } from 'os'
import { join } from 'path'
import { readProjectDefinitions } from '../../../workbench/app/projectDefinitions'
import { openStorage } from '../../../workbench/app/storage'
import type { Delivery, DeliveryList, MappingList } from '../../../workbench/shared/types'
import { API, gatewayAnswers, json, withoutNetwork } from '../../destination/__helpers__/helpers'
import { closeAll, createTestClock, IDENTIFY_PRESET, start, TRACK, until } from '../helpers'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-'))
})
afterEach(async () => {
  await closeAll()
  rmSync(folder, { recursive: true })
})

const MAPPING = `/api/mappings/${encodeURIComponent(IDENTIFY_PRESET)}`

describe('a folder for what the workbench holds', () => {
  it('brings mappings, definitions, the sandbox and deliveries back, and goes on with what was to be tried again', async () => {
    const clock = createTestClock()
    const first = await start({ storage: openStorage(folder), retries: true, clock })
    await first.send('PUT', MAPPING, { enabled: false })
    first.sandbox.metadata.define({ customer: [{ name: 'tier', type: 'string', array: false }], event: null })
    await first.send('POST', '/v1/track', { ...TRACK, messageId: 'm1' })
    await first.ended(1)
    first.sandbox.trouble.add({ kind: '500', remaining: 1, seconds: 0 })
    await first.send('POST', '/v1/track', { ...TRACK, userId: 'usr_2', messageId: 'm2' })
    await first.send('POST', '/v1/track', { userId: 'usr_3', messageId: 'm3' })
    const before = await first.ended(3)
    const mappings = await first.get<MappingList>('/api/mappings')
    expect(await first.workbench.close(1000)).toBe(0)

    const second = await start({ storage: openStorage(folder), retries: true, clock })
    expect((await second.deliveries()).reverse()).toEqual(before)
    expect(await second.get('/api/mappings')).toEqual(mappings)
    expect(second.sandbox.metadata.definitions().customer).toEqual([{ name: 'tier', type: 'string', array: false }])
    expect(second.sandbox.customer('usr_1')?.customer.source_id).toBe('usr_1')
    expect(await second.get<DeliveryList>('/api/deliveries')).toMatchObject({
      total: 3,
      counts: { delivered: 1, retryable: 1, refused: 1 }
    })
    expect(await second.get(`/api/deliveries/${before[0].id}`)).toMatchObject({ presets: { length: 5 } })
    expect((await second.send('POST', '/v1/track', { ...TRACK, messageId: 'm1' })).body).toMatchObject({ repeated: 1 })

    const tried = async (): Promise<Delivery> =>
      (await second.deliveries()).find(({ id }) => id === before[1].id) as Delivery
    clock.goOn(1000)
    await until(async () => (await tried()).tries.length === 2)
    expect(await tried()).toMatchObject({ status: 'delivered', order: before[1].order })
    // What was not taken may come again, mended.
    await second.send('POST', '/v1/track', { ...TRACK, messageId: 'm3' })
    await second.ended(4)
    expect((await second.deliveries())[0].order).toBeGreaterThan(before[2].order)
  })

  it('loses at most what came in the last second when the process is killed, also in the middle of a line', async () => {
    const { send, ended } = await start({ storage: openStorage(folder) })
    await send('POST', '/v1/track', TRACK)
    await ended(1)
    await until(() => readdirSync(folder).includes('deliveries.ndjson'))
    await send('POST', '/v1/track', { ...TRACK, userId: 'usr_2' })
    const [, last] = await ended(2)
    await until(() => readFileSync(join(folder, 'deliveries.ndjson'), 'utf8').includes(last.id))
    appendFileSync(join(folder, 'deliveries.ndjson'), '{"delivery":{"id":"cut')
    expect(openStorage(folder).found.deliveries.map(({ delivery }) => delivery.id)).toContain(last.id)
  })

  it('is empty after the deliveries were emptied', async () => {
    const { send, ended, workbench } = await start({ storage: openStorage(folder) })
    await send('POST', '/v1/track', TRACK)
    await ended(1)
    await send('DELETE', '/api/deliveries')
    await workbench.close()
    expect(openStorage(folder).found.deliveries).toEqual([])
  })

  it('belongs to one workbench at a time, and says in words what of it can not be read', () => {
    writeFileSync(join(folder, 'workbench.lock'), `${process.ppid}`)
    expect(() => openStorage(folder)).toThrow('Another workbench uses the folder WORKBENCH_DATA.')
    writeFileSync(join(folder, 'workbench.lock'), '999999999')
    writeFileSync(join(folder, 'mappings.json'), '{')
    expect(() => openStorage(folder)).toThrow("mappings.json can't be read as JSON. Mend it, or move it away")
    expect(() => openStorage(join(folder, 'mappings.json', 'x'))).toThrow("can't be used (ENOTDIR)")
  })
})

describe('the definitions of a real project', () => {
  const settings = { apiKey: 'id', secretKey: 'secret', customURL: 'https://us1.segmentio.voucherify.io' }
  withoutNetwork()

  it('are read once from its API', async () => {
    const properties = { tier: { type: 'string', array: false }, old: { type: 'string', deleted: true } }
    const sent = gatewayAnswers(json(200, { schemas: [{ related_object: 'customer', properties }] }), API)
    expect(await readProjectDefinitions(settings)).toEqual({
      customer: [{ name: 'tier', type: 'string', array: false }],
      event: null
    })
    expect(sent).toMatchObject([
      { method: 'GET', url: `${API}/v1/metadata-schemas`, headers: { 'x-app-id': 'id', 'x-app-token': 'secret' } }
    ])
  })

  it.each([
    ['a refusal', 401, {}, 'Voucherify answered 401'],
    ['a redirect', 302, {}, 'Voucherify answered 302'],
    ['nonsense', 200, [], 'no answer that could be understood']
  ])('are unknown after %s, which is said without keys', async (_, status, body, reason) => {
    gatewayAnswers(json(status, body), API)
    const said = await readProjectDefinitions(settings)
    expect(said).toContain(reason)
    expect(said).not.toContain('secret')
  })
})
