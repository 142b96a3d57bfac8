/** What people have arrives in the sandbox, value by value. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { backfill, customerIn, ndjson, rejectedIn, summaryIn, useFolder, useSandbox, write } from './helpers'

const folder = useFolder()
const voucherify = useSandbox()

const send = (args: string[]) => backfill([...args, `--sandbox=${voucherify.url}`])
const arrived = (sourceId: string) => customerIn(voucherify.sandbox, sourceId)

describe('a CSV of the import template of Voucherify', () => {
  it('arrives with every column in its place, and absent cells clear nothing', async () => {
    const file = write(
      folder.path('template.csv'),
      '\ufeffName,Source_id,Email,Phone,Birthdate,Address_Line_1,Address_Line_2,Address_Postal_Code,Address_City,Address_State,Address_Country,Description,Favourite store\r\n' +
        '"Nowak, Anna",c1,anna@example.com,+48600100200,1990-02-03,1 Main St,"Floor 2\r\n""left""",10001,New York,NY,US,First,Fifth Avenue\r\n' +
        'Bob,c2,,,,,,,,,,,\r\n'
    )
    const { exitCode } = await send([file])
    expect(exitCode).toBe(0)
    expect(arrived('c1')).toEqual({
      source_id: 'c1',
      name: 'Nowak, Anna',
      email: 'anna@example.com',
      phone: '+48600100200',
      birthdate: '1990-02-03',
      address: {
        line_1: '1 Main St',
        line_2: 'Floor 2\r\n"left"',
        postal_code: '10001',
        city: 'New York',
        state: 'NY',
        country: 'US'
      },
      description: 'First',
      metadata: { 'Favourite store': 'Fifth Avenue' }
    })
    expect(arrived('c2')).toEqual({ source_id: 'c2', name: 'Bob' })
  })
})

describe('a CSV of a shop', () => {
  const HEADER = 'Customer no;first name;LAST_NAME;E-Mail;Loyalty tier;Notes;Internal\n'

  it('arrives by the names of its columns and by --column, all else as metadata under its name', async () => {
    const file = write(folder.path('shop.csv'), `${HEADER}7;Ada;Lovelace;ada@example.com;gold;"a;b";x\n8;Bo;;;;;\n`)
    const { exitCode } = await send([
      file,
      '--column',
      'Customer no=source_id',
      '--column',
      'Loyalty tier=metadata.tier',
      '--column',
      'Internal='
    ])
    expect(exitCode).toBe(0)
    expect(arrived('7')).toEqual({
      source_id: '7',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      metadata: { tier: 'gold', Notes: 'a;b' }
    })
    expect(arrived('8')).toMatchObject({ source_id: '8' })
    expect(arrived('8')).not.toHaveProperty('email')
    expect(arrived('8')).not.toHaveProperty('metadata')
  })

  it('clears with --empty-clears, and only then', async () => {
    const before = write(
      folder.path('before.csv'),
      'source_id,email,metadata.tier,address.line_2\nc1,a@example.com,gold,Floor 2\n'
    )
    const after = write(folder.path('after.csv'), 'source_id,email,metadata.tier,address.line_2\nc1,,,\n')
    await send([before])
    await send([after])
    expect(arrived('c1')).toEqual({
      source_id: 'c1',
      email: 'a@example.com',
      metadata: { tier: 'gold' },
      address: { line_2: 'Floor 2' }
    })
    await send([after, '--empty-clears', '--work', folder.path('clearing')])
    expect(arrived('c1')).toEqual({ source_id: 'c1', email: null, metadata: { tier: null }, address: { line_2: null } })
  })
})

describe('an export of Profiles Sync', () => {
  it('arrives without the columns that are Segment’s own, and without merged profiles', async () => {
    const file = write(
      folder.path('profiles.csv.gz'),
      'canonical_segment_id,merged_to,seq,user_id,email,first_name,last_name,birthday,address_city,address_postal_code,loyalty_tier,timestamp\n' +
        'use_1,,1,u1,u1@example.com,Ada,Lovelace,1815-12-10 00:00:00,London,N1,gold,2026-01-01 00:00:00.000 UTC\n' +
        'use_2,use_1,2,u2,u2@example.com,,,,,,,\n'
    )
    expect((await send([file])).exitCode).toBe(0)
    expect(arrived('u1')).toEqual({
      source_id: 'u1',
      name: 'Ada Lovelace',
      email: 'u1@example.com',
      birthdate: '1815-12-10',
      address: { city: 'London', postal_code: 'N1' },
      metadata: { loyalty_tier: 'gold' }
    })
    expect(arrived('u2')).toBeUndefined()
    expect(summaryIn(`${file}.backfill`).read.left).toEqual({ 'merged profile': 1 })
  })
})

describe('raw archives of Segment', () => {
  it('arrive folded: five calls of a customer in wrong order, in 200 files of several gzip members', async () => {
    const identify = (userId: string, minute: number, traits: object) => ({
      type: 'identify',
      messageId: `${userId}-${minute}`,
      userId,
      traits,
      timestamp: `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`
    })
    // The file of each of the five, not in the order of their times.
    const calls: Record<number, object> = {
      3: identify('usr_1', 50, { email: 'fifth@example.com' }),
      60: identify('usr_1', 10, {
        email: 'first@example.com',
        phone: '+1',
        plan: 'x',
        metadata: { tier: 'bronze', since: 2019 }
      }),
      61: identify('usr_1', 40, { address: { city: 'Fourth' }, metadata: { tier: 'gold' } }),
      120: identify('usr_1', 20, { phone: '+2', name: 'Second' }),
      199: identify('usr_1', 30, { phone: null })
    }
    for (let number = 0; number < 200; number += 1) {
      const others = [
        identify(`other-${number}`, 1, { name: `Other ${number}` }),
        { type: 'track', userId: 'usr_1', event: 'Old', messageId: `t${number}` }
      ]
      const members = [...others, ...(calls[number] ? [calls[number]] : [])].map((call) => gzipSync(ndjson([call])))
      write(
        folder.path(`segment-logs/source/1700000000000/${String(number).padStart(3, '0')}.gz`),
        Buffer.concat(members)
      )
    }
    write(folder.path('segment-logs/_SUCCESS'), '')
    const { exitCode, said } = await send([`${folder.path('segment-logs')}/`])
    expect(exitCode).toBe(0)
    expect(said).toContain('_SUCCESS has no name of a data file')
    expect(arrived('usr_1')).toEqual({
      source_id: 'usr_1',
      name: 'Second',
      email: 'fifth@example.com',
      phone: null,
      address: { city: 'Fourth' },
      metadata: { tier: 'gold', since: 2019 }
    })
    const { customers, events } = voucherify.sandbox.state({ limit: 1 }).totals
    expect({ customers, events }).toEqual({ customers: 201, events: 0 })
    expect(summaryIn(folder.path('segment-logs.backfill'))).toMatchObject({
      read: { rows: 405, left: { track: 200 } },
      folded: { calls: 205, customers: 201 },
      calls: { bulk: 1 }
    })
  })

  it('arrive in two rows, in two packs, where metadata is cleared first and filled later', async () => {
    const at = (minute: number, traits: object) => ({
      type: 'identify',
      userId: 'usr_1',
      messageId: `${minute}`,
      traits,
      timestamp: minute * 60_000
    })
    const file = write(
      folder.path('calls.ndjson'),
      ndjson([
        at(30_000_003, { metadata: { b: 2 } }),
        at(30_000_002, { metadata: null }),
        at(30_000_001, { metadata: { a: 1 } })
      ])
    )
    await send([file])
    // The order of the two shows: the other way round nothing would be left.
    expect(arrived('usr_1')).toEqual({ source_id: 'usr_1', metadata: { b: 2 } })
    expect(summaryIn(`${file}.backfill`)).toMatchObject({ customers: { rows: 2, accepted: 2 }, packs: { total: 2 } })
  })

  it('bring groups through the gateway, the latest call of each customer and group', async () => {
    const group = (userId: string, groupId: string, minute: number, traits: object) => ({
      type: 'group',
      userId,
      groupId,
      messageId: `${minute}`,
      traits,
      timestamp: `2026-01-01T00:${minute}:00Z`
    })
    const file = write(
      folder.path('groups.ndjson'),
      ndjson([
        group('u1', 'g1', 20, { plan: 'new' }),
        group('u1', 'g1', 10, { plan: 'old' }),
        group('u2', 'g1', 11, { seats: 3 }),
        group('', 'g2', 12, {})
      ])
    )
    expect((await send([file])).exitCode).toBe(1)
    expect(voucherify.sandbox.state().groups).toMatchObject([
      { group_id: 'g1', total: 2, traits: { plan: 'new', seats: 3 } }
    ])
    expect(summaryIn(`${file}.backfill`)).toMatchObject({
      groups: { calls: 2, accepted: 2 },
      calls: { groups: 2 },
      refused: 1
    })
    expect(rejectedIn(`${file}.backfill`)).toMatchObject([
      { file, line: 4, is: 'call', by: 'backfill', reason: expect.stringContaining('customer.source_id') }
    ])
  })

  it('take Engage’s audience as the destination does', async () => {
    const call = {
      type: 'identify',
      userId: 'u1',
      messageId: '1',
      traits: { vip: true, name: 'A' },
      context: { personas: { computation_class: 'audience', computation_key: 'vip' } }
    }
    await send([write(folder.path('engage.ndjson'), ndjson([call]))])
    expect(arrived('u1')).toEqual({ source_id: 'u1', name: 'A', metadata: { vip: true } })
  })
})

describe('rows of NDJSON', () => {
  it('arrive like those of a CSV, with the types that JSON has; null is absent', async () => {
    const row = {
      user_id: 'u1',
      email: null,
      address: { city: 'Rome', line_2: 'B' },
      metadata: { logins: 3 },
      vip: true,
      tags: ['a']
    }
    const text = `${ndjson([row])}{"user_id":9007199254740993,"email":"x@example.com"}\n`
    const file = write(folder.path('rows.ndjson.gz'), text)
    expect((await send([file])).exitCode).toBe(1)
    expect(arrived('u1')).toEqual({
      source_id: 'u1',
      address: { city: 'Rome', line_2: 'B' },
      metadata: { logins: 3, vip: true, tags: ['a'] }
    })
    expect(rejectedIn(`${file}.backfill`)).toMatchObject([
      { line: 2, reason: expect.stringContaining('does not hold exactly') }
    ])
  })
})

describe('a mapping of one’s own', () => {
  const MAPPING = {
    source_id: { '@path': '$.userId' },
    name: { '@template': '{{traits.title}} {{traits.firstName}}' },
    type: { '@path': '$.type' }
  }

  it.each([
    [
      'as the workbench exports it',
      {
        preset: 'Create Or Update Customer',
        action: 'upsertCustomer',
        trigger: 'type = "identify" and traits.firstName != "No"',
        enabled: true,
        mapping: MAPPING
      }
    ],
    ['alone', MAPPING]
  ])('is taken %s', async (_name, exported) => {
    const file = write(
      folder.path('rows.csv'),
      'source_id,first_name,email,Title\nc1,Ada,a@example.com,Dr.\nc2,No,b@example.com,Mr.\n'
    )
    const mapping = write(folder.path('mapping.json'), JSON.stringify(exported))
    expect((await send([file, '--mapping', mapping, '--column', 'Title=traits.title'])).exitCode).toBe(0)
    expect(arrived('c1')).toEqual({ source_id: 'c1', name: 'Dr. Ada' })
    expect(arrived('c2')).toEqual('trigger' in exported ? undefined : { source_id: 'c2', name: 'Mr. No' })
  })

  it.each([
    ['of another action', { action: 'addCustomEvent', mapping: {} }, 'one of the action addCustomEvent'],
    ['that is switched off', { action: 'upsertCustomer', enabled: false, mapping: MAPPING }, 'switched off'],
    ['without an ID', { action: 'upsertCustomer', mapping: { name: 'x' } }, 'says nothing of source_id'],
    ['that the framework refuses', { ...MAPPING, name: { '@nope': 1 } }, "can't be used"]
  ])('is refused %s', async (_name, exported, words) => {
    const file = write(folder.path('rows.csv'), 'source_id\nc1\n')
    const mapping = write(folder.path('mapping.json'), JSON.stringify(exported))
    const { exitCode, said } = await send([file, '--mapping', mapping])
    expect({ exitCode, said }).toEqual({ exitCode: 2, said: expect.stringContaining(words) })
  })
})

describe('the work folder', () => {
  it('holds no key, and the Application ID only hashed', async () => {
    const file = write(folder.path('rows.csv'), 'source_id,name\nc1,A\n')
    await send([file])
    const run = readFileSync(`${file}.backfill/run.json`, 'utf8')
    expect(run).toContain(createHash('sha256').update('workbench-sandbox-app-id').digest('hex'))
    for (const name of ['run.json', 'plan.json', 'journal.ndjson', 'summary.json']) {
      expect(readFileSync(`${file}.backfill/${name}`, 'utf8')).not.toMatch(/workbench-sandbox-(app-id|secret-key)/)
    }
  })
})
