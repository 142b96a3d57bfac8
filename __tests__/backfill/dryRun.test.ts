/** What `--dry-run` says, and what it says of files that can't be used. */
import { existsSync, readdirSync } from 'node:fs'
import { backfill, ndjson, PROJECT, useFolder, write } from './helpers'
import { useVoucherify } from './voucherify'

const folder = useFolder()
const voucherify = useVoucherify()

const CSV =
  'source_id,name,Tier,Visits,birthday\nc1,Ada,gold,3,1990-01-02\nc2,Bo,silver,x,1990-01-03\nc1,Ada,gold,4,\nc3,Cy,,,soon\n,Di,,,\n'

describe('--dry-run', () => {
  it('says what would happen, and makes no call and no file', async () => {
    const file = write(folder.path('shop.csv'), CSV)
    const { exitCode, printed } = await backfill([file, '--dry-run'], { server: voucherify.url })
    expect(exitCode).toBe(1)
    expect(printed).toMatch(/Read +5 rows and calls/)
    expect(printed).toMatch(/Customers +2, folded from 3 calls/)
    expect(printed).toMatch(/Calls +1 bulk calls, 0 group calls/)
    expect(printed).toMatch(/1 × The birthdate names no day.*--drop-bad-dates\.$/m)
    expect(printed).toMatch(/1 × The call has no source_id/)
    expect(printed).toMatch(/Tier +→ metadata\.Tier/)
    expect(printed).toMatch(/birthday +→ birthdate/)
    expect(printed).toContain(
      'before  {"source_id":"c1","name":"Ada","Tier":"gold","Visits":"3","birthday":"1990-01-02"}'
    )
    expect(printed).toContain(
      'after   {"source_id":"c1","name":"Ada","birthdate":"1990-01-02","metadata":{"Tier":"gold","Visits":"3"}}'
    )
    expect(printed.match(/^Row /gm)).toHaveLength(3)
    expect(voucherify.received).toEqual([])
    expect(existsSync(`${file}.backfill`)).toBe(false)
    expect(readdirSync(folder.path('.'))).toEqual(['shop.csv'])
  })

  it('with keys asks for the schema alone: texts take its types, and keys without a definition are named', async () => {
    voucherify.script.schema = () => ({
      status: 200,
      body: { properties: { Visits: { type: 'number' }, gone: { type: 'string', deleted: true } } }
    })
    const { printed } = await backfill([write(folder.path('shop.csv'), CSV), '--dry-run', '--json'], {
      environment: PROJECT,
      server: voucherify.url
    })
    const dryRun = JSON.parse(printed)
    expect(voucherify.received.map(({ path }) => path)).toEqual(['/v1/metadata-schemas/customer'])
    expect(dryRun.samples.map(({ after }: { after: { metadata: object } }) => after.metadata)).toEqual([
      { Tier: 'gold', Visits: 3 },
      { Tier: 'silver', Visits: 'x' },
      { Tier: 'gold', Visits: 4 }
    ])
    expect(dryRun.metadata).toEqual([
      { key: 'Tier', count: 3, isDefined: false },
      { key: 'Visits', count: 3, isDefined: true }
    ])
    expect(dryRun).toMatchObject({ customers: 2, calls: 3, refused: 2, bulkCalls: 1, allCalls: 2 })
  })

  it.each([
    [
      'a file without an ID',
      'people.csv',
      'Customer no,Mail\n1,a@example.com\n',
      2,
      /no column for the source_id.*"Customer no", "Mail".*--column "Customer no=source_id"/
    ],
    ['an empty file', 'empty.csv', '', 2, /empty\.csv is empty/],
    ['a file of white space', 'blank.csv', '\n\n  \n', 2, /white space/],
    ['a PDF', 'people.pdf', '%PDF-1.7\n%âãÏÓ\n', 2, /people\.pdf is a PDF/],
    ['a workbook', 'people.xlsx', 'PK\x03\x04\x14\x00', 2, /an Excel workbook/],
    ['a JSON list', 'people.json', '[{"source_id":"a"}]', 2, /one JSON list/],
    ['a file that is not there', undefined, '', 2, /There is no .*nowhere\.csv/],
    [
      'two columns for one place',
      'two.csv',
      'source_id,birthday,birthdate\n1,,\n',
      2,
      /"birthday" and "birthdate" both become birthdate/
    ],
    ['rows without an ID', 'rows.ndjson', '{"email":"a@example.com"}\n', 2, /no column for the source_id/]
  ])('of %s says what is wrong in a sentence', async (_name, name, text, code, words) => {
    const path = name === undefined ? folder.path('nowhere.csv') : write(folder.path(name), text)
    const { exitCode, said, printed } = await backfill([path, '--dry-run'])
    expect({ exitCode, printed }).toEqual({ exitCode: code, printed: '' })
    expect(said).toMatch(words)
    expect(said.trim().split('\n')).toHaveLength(1)
  })
})

describe('arguments', () => {
  it.each([
    [[], /Name a file or a folder/],
    [['x.csv', '--nope'], /Unknown option '--nope'/],
    [['x.csv', '--allow-events'], /--allow-events does not exist: an old event would get today's time/],
    [['-'], /needs --format/],
    [['-', '--format', 'csv'], /needs --work/],
    [['x.csv', '--sandbox=https://example.com'], /must name a sandbox on this machine/],
    [['x.csv', '--delimiter', ';;'], /must be one character/],
    [['x.csv', '--column', 'Tier'], /must look like/],
    [['x.csv', '--max-bulk-per-hour', '0'], /whole number from 1/],
    [['retry'], /takes one work folder/],
    [['retry', 'x', '--dry-run'], /Leave those options out/]
  ])('%j are refused in words', async (args, words) => {
    const { exitCode, said } = await backfill(args)
    expect(exitCode).toBe(2)
    expect(said).toMatch(words)
  })

  it.each([
    ['Nope=source_id', /no input has such a column.*"source_id", "Tier"/],
    ['Tier=nowhere', /there is no "nowhere"/]
  ])('--column "%s" is refused in words', async (column, words) => {
    const file = write(folder.path('shop.csv'), 'source_id,Tier\nc1,gold\n')
    const { exitCode, said } = await backfill([file, '--dry-run', '--column', column])
    expect(exitCode).toBe(2)
    expect(said).toMatch(words)
  })

  it('two columns of one name are said to be so, since no --column tells them apart', async () => {
    const file = write(folder.path('shop.csv'), 'source_id,Tier,Tier\nc1,gold,\n')
    expect(await backfill([file, '--dry-run'])).toMatchObject({
      exitCode: 2,
      said: `${file} has the column "Tier" twice. Rename one in the file, or leave both out with --column "Tier=".\n`
    })
    expect(await backfill([file, '--dry-run', '--column', 'Tier='])).toMatchObject({ exitCode: 0 })
  })

  it('without keys and without a sandbox say what is missing', async () => {
    const file = write(folder.path('shop.csv'), CSV)
    expect(await backfill([file])).toMatchObject({
      exitCode: 2,
      said: expect.stringContaining('Set VOUCHERIFY_APPLICATION_ID')
    })
    const environment = { VOUCHERIFY_APPLICATION_ID: 'a' }
    expect(await backfill([file], { environment })).toMatchObject({
      exitCode: 2,
      said: expect.stringContaining('VOUCHERIFY_SECRET_KEY and VOUCHERIFY_CUSTOM_URL are not set')
    })
    expect(
      await backfill([file], { environment: { ...PROJECT, VOUCHERIFY_CUSTOM_URL: 'https://evil.example' } })
    ).toMatchObject({ exitCode: 2, said: expect.not.stringContaining('evil') })
  })
})

describe('--json', () => {
  it('prints the summary and nothing else on the standard output', async () => {
    const lines = ndjson([
      { type: 'identify', userId: 'u1', traits: {} },
      { type: 'page', userId: 'u1', name: 'Home' }
    ])
    const file = write(folder.path('calls.ndjson'), lines)
    const { printed } = await backfill([file, `--sandbox=${voucherify.url}`, '--json'])
    expect(JSON.parse(printed)).toMatchObject({
      state: 'finished',
      exitCode: 0,
      read: { left: { page: 1 } },
      customers: { accepted: 1 }
    })
    const failed = await backfill([folder.path('nowhere'), '--sandbox', '--json'])
    expect(JSON.parse(failed.printed)).toMatchObject({ state: 'failed', exitCode: 2 })
  })
})
