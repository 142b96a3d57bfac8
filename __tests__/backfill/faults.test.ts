/** What goes wrong ends in words that say what to do, with the right exit code, and nothing lost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs, { appendFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { gzipSync } from 'node:zlib'
import { backfill, ndjson, PROJECT, rejectedIn, summaryIn, useFolder, write } from './helpers'
import type { RunOptions } from './helpers'
import { useVoucherify } from './voucherify'

const folder = useFolder()
const voucherify = useVoucherify()

/** To a real project, whose server is the test's. */
const send = (args: string[], options: RunOptions = {}) =>
  backfill(args, { environment: PROJECT, server: voucherify.url, ...options })
/** A file of so many customers. */
const customers = (count: number, more = '') =>
  write(
    folder.path('customers.csv'),
    `source_id,name\n${Array.from({ length: count }, (_value, index) => `c${index},Customer ${index}\n`).join(
      ''
    )}${more}`
  )
const ids = () => [...voucherify.customers.keys()].sort()
const limited = (type?: string, more: Record<string, string> = {}) => ({
  status: 429,
  body: { code: 429, message: 'Too many requests' },
  headers: {
    ...(type && { 'X-Rate-Limit-Type': type, 'X-Rate-Limit-Limit': '10', 'X-Rate-Limit-Remaining': '0' }),
    ...more
  }
})

describe('limits', () => {
  it.each([
    ['bulk_api_calls', { 'Retry-After': '3000' }, 3_000_000],
    ['api_calls', { 'Retry-After': '42' }, 42_000],
    [undefined, {}, 30_000]
  ])('429 of %s is waited for, and then the same call goes', async (type, headers, wait) => {
    let isFirst = true
    voucherify.script.bulk = () => {
      const was = isFirst
      isFirst = false
      return was ? limited(type, headers) : undefined
    }
    const { exitCode, waited } = await send([customers(2)])
    expect(exitCode).toBe(0)
    expect(waited).toContain(wait)
    expect(ids()).toEqual(['c0', 'c1'])
    expect(voucherify.bulkCalls).toHaveLength(2)
  })

  it('a spent cycle ends the run, resumable', async () => {
    voucherify.script.bulk = () => limited('api_calls_cycle', { 'Retry-After': '5' })
    const file = customers(1)
    const { exitCode, said } = await send([file])
    expect({ exitCode, calls: voucherify.bulkCalls.length }).toEqual({ exitCode: 5, calls: 1 })
    expect(said).toContain('The API calls of this billing cycle are spent')
    voucherify.script = {}
    expect((await send([file])).exitCode).toBe(0)
    expect(ids()).toEqual(['c0'])
  })

  it('a 429 that never says how long ends the run after growing pauses', async () => {
    voucherify.script.bulk = () => limited()
    const { exitCode, said, waited } = await send([customers(1)])
    expect(exitCode).toBe(5)
    expect(said).toContain('a subscription that has ended is answered so too')
    expect(waited.slice(0, 3)).toEqual([30_000, 60_000, 120_000])
  })

  it('ten bulk calls an hour until Voucherify says how many, also over a restart; --max-bulk-per-hour caps it', async () => {
    // Each row is told to be too much for the rest, so that 8 rows cost 15 calls.
    voucherify.script.bulk = ({ rows }) => (rows.length > 1 ? { status: 413, body: {} } : undefined)
    const hour = ({ waited }: { waited: number[] }) => waited.filter((ms) => ms > 3_000_000).length
    expect(hour(await send([customers(8)]))).toBe(1)
    expect(ids()).toHaveLength(8)
    expect(hour(await send([customers(8), '--max-bulk-per-hour', '5', '--restart']))).toBe(2)
  })

  it('as many bulk calls as the headers allow', async () => {
    voucherify.script.bulk = ({ rows }) => ({
      status: rows.length > 1 ? 413 : 202,
      body: { async_action_id: 'aa_1' },
      headers: {
        'X-Rate-Limit-Type': 'bulk_api_calls',
        'X-Rate-Limit-Limit': '50',
        'X-Rate-Limit-Remaining': '30',
        'X-Rate-Limit-Retry': '9999999999'
      }
    })
    voucherify.jobs.set('aa_1', { id: 'aa_1', rows: [], asked: 0 })
    const { exitCode, waited } = await send([customers(8)])
    expect({ exitCode, calls: voucherify.bulkCalls.length }).toEqual({ exitCode: 0, calls: 15 })
    expect(Math.max(...waited)).toBeLessThan(60_000)
  })

  it('groups go at the daily rate', async () => {
    const group = (userId: string) => ({ type: 'group', userId, groupId: 'g', messageId: userId, traits: {} })
    const { waited } = await send([write(folder.path('groups.ndjson'), ndjson([group('a'), group('b'), group('c')]))])
    expect(voucherify.groups).toHaveLength(3)
    // A day by 144,000 calls, less the time that a call takes.
    expect(waited.filter((ms) => ms > 300 && ms <= 600)).toHaveLength(2)
  })
})

describe('refusals', () => {
  it('of a pack for one row find the row by halves, and all others arrive', async () => {
    voucherify.script.bulk = ({ rows }) =>
      rows.some(({ source_id }) => source_id === 'c5')
        ? {
            status: 400,
            body: { code: 400, key: 'invalid_payload', message: 'Invalid payload', details: 'Property .name' }
          }
        : undefined
    const file = customers(8)
    const { exitCode, said } = await backfill([file, `--sandbox=${voucherify.url}`])
    expect(exitCode).toBe(1)
    expect(ids()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c6', 'c7'])
    expect(rejectedIn(`${file}.backfill`)).toEqual([
      {
        by: 'voucherify',
        source_id: 'c5',
        reason: 'Invalid payload: Property .name',
        key: 'invalid_payload',
        message: 'Invalid payload',
        details: 'Property .name',
        is: 'customer',
        row: { source_id: 'c5', name: 'Customer 5' }
      }
    ])
    expect(said).toContain('backfill retry ')
  })

  it('of rows in a job are reported, with what was sent and Voucherify’s words', async () => {
    voucherify.script.failure = ({ source_id }) =>
      source_id === 'c1' ? { key: 'duplicate', message: 'Taken', details: 'email' } : undefined
    const file = customers(3)
    expect((await send([file])).exitCode).toBe(1)
    expect(rejectedIn(`${file}.backfill`)).toMatchObject([
      { source_id: 'c1', key: 'duplicate', reason: 'Taken: email' }
    ])
    expect(summaryIn(`${file}.backfill`)).toMatchObject({ customers: { rows: 3, accepted: 2, rejected: 1, open: 0 } })
  })

  const countOnly = (reports: string[]) => (job: { rows: object[] }, usual: object) => ({
    status: 200,
    body: {
      ...usual,
      result: {
        failed_count: job.rows.filter((row) => 'source_id' in row && ['c1', 'c2'].includes(String(row.source_id)))
          .length,
        errors: [],
        reports
      }
    }
  })

  it('that the job only counts are told by its report, which is fetched without the keys', async () => {
    voucherify.script.job = countOnly([`${voucherify.url}/report.csv`])
    voucherify.script.other = () => ({
      status: 200,
      body: 'source_id,found,updated,message\nc0,true,true,\nc1,true,false,"Bad, one"\nc2,false,false,Bad two\n'
    })
    const file = customers(3)
    expect((await send([file])).exitCode).toBe(1)
    expect(rejectedIn(`${file}.backfill`)).toMatchObject([
      { source_id: 'c1', reason: 'Bad, one' },
      { source_id: 'c2', reason: 'Bad two' }
    ])
    expect(Object.keys(voucherify.calls('/report.csv')[0].headers).filter((name) => /app|key|auth/.test(name))).toEqual(
      []
    )
    expect(voucherify.bulkCalls).toHaveLength(1)
  })

  it('that the job only counts, with a report that expired, are found by halves', async () => {
    voucherify.script.job = countOnly([`${voucherify.url}/report.csv`])
    voucherify.script.other = () => ({ status: 403, body: 'Request has expired' })
    const file = customers(4)
    expect((await send([file])).exitCode).toBe(1)
    expect(
      rejectedIn(`${file}.backfill`)
        .map(({ source_id }) => source_id)
        .sort()
    ).toEqual(['c1', 'c2'])
    expect(summaryIn(`${file}.backfill`)).toMatchObject({ customers: { accepted: 2, rejected: 2, open: 0 } })
  })

  it('of a whole job: it goes again, and by halves when a row is the reason', async () => {
    voucherify.script.job = ({ rows }, usual) =>
      rows.some(({ source_id }) => source_id === 'c2')
        ? { status: 200, body: { ...usual, status: 'FAILED', result: null } }
        : undefined
    const file = customers(4)
    expect((await send([file])).exitCode).toBe(1)
    expect(rejectedIn(`${file}.backfill`)).toMatchObject([
      { source_id: 'c2', reason: expect.stringContaining('failed as a whole') }
    ])
    expect(summaryIn(`${file}.backfill`)).toMatchObject({ customers: { accepted: 3, rejected: 1 } })
  })

  it('of every job end the run, resumable', async () => {
    voucherify.script.job = (_job, usual) => ({
      status: 200,
      body: { ...usual, status: 'FAILED', result: { errors: [{ message: 'Internal' }] } }
    })
    const file = customers(64)
    const { exitCode, said } = await backfill([file, `--sandbox=${voucherify.url}`])
    expect({ exitCode, said }).toEqual({
      exitCode: 5,
      said: expect.stringContaining('jobs fail one after the other (Internal)')
    })
    voucherify.script = {}
    await backfill([file, `--sandbox=${voucherify.url}`])
    // What was refused by then was refused alone and twice; the rest is there.
    expect(ids().length + rejectedIn(`${file}.backfill`).length).toBeGreaterThanOrEqual(64)
  })

  it('of a job that Voucherify does not know any more: the pack goes again', async () => {
    voucherify.script.job = ({ id }) => (id === 'aa_1' ? { status: 404 } : undefined)
    expect((await send([customers(1)])).exitCode).toBe(0)
    expect(voucherify.bulkCalls).toHaveLength(2)
  })

  it('are sent by retry, after the row was mended or the project', async () => {
    const file = customers(3, 'late,x,too many\n')
    voucherify.script.failure = ({ source_id }) => (source_id === 'c1' ? { message: 'Taken' } : undefined)
    await send([file])
    const work = `${file}.backfill`
    const rejected = `${work}/rejected.ndjson`
    voucherify.script = {}
    const unmended = await send(['retry', work])
    expect(unmended.exitCode).toBe(1)
    expect(ids()).toEqual(['c0', 'c1', 'c2'])
    expect(rejectedIn(work)).toMatchObject([
      { row: ['late', 'x', 'too many'], file, line: 5, reason: expect.stringContaining('was not mended') }
    ])

    writeFileSync(
      rejected,
      readFileSync(rejected, 'utf8').replace('["late","x","too many"]', '{"source_id":"late","name":"x"}')
    )
    expect((await send(['retry', work])).exitCode).toBe(0)
    expect(ids()).toEqual(['c0', 'c1', 'c2', 'late'])
    expect(await send(['retry', work])).toMatchObject({ exitCode: 0, said: expect.stringContaining('Nothing is left') })
    // The first run is not undone by it.
    expect((await send([file])).exitCode).toBe(1)
    expect(voucherify.bulkCalls).toHaveLength(3)
  })

  it('retry goes only where the run went', async () => {
    const file = customers(1, 'x,y,z\n')
    await send([file])
    const { exitCode, said } = await backfill(['retry', `${file}.backfill`, '--sandbox'])
    expect({ exitCode, said }).toEqual({
      exitCode: 7,
      said: expect.stringContaining('delivered to https://us1.api.voucherify.io')
    })
    expect(rejectedIn(`${file}.backfill/retry-1`)).toEqual([])
  })
})

describe('Voucherify in trouble', () => {
  it.each([
    [
      'wrong keys',
      { status: 401, body: { code: 401, key: 'unauthorized', message: 'Unauthorized' } },
      5,
      'Voucherify refused the keys (401: Unauthorized)'
    ],
    [
      'a spent plan',
      { status: 402, body: { code: 402, message: 'Plan exceeded' } },
      5,
      'plan of your Voucherify project is exceeded'
    ],
    ['500 without end', { status: 500, body: {} }, 5, 'Voucherify is in trouble (500)'],
    ['a page without end', { status: 200, body: '<html></html>' }, 5, 'A web page or text answered'],
    [
      'a redirect',
      { status: 302, headers: { Location: 'https://example.com' } },
      7,
      'answered the bulk call with a redirect'
    ],
    ['a wrong address', { status: 404, body: {} }, 7, 'Check VOUCHERIFY_CUSTOM_URL'],
    ['202 without a job', { status: 202, body: {} }, 5, 'named no job for it']
  ])('%s ends the run in words, and the same command goes on', async (_name, answer, code, words) => {
    voucherify.script.bulk = () => answer
    const file = customers(2)
    const { exitCode, said } = await send([file])
    expect({ exitCode, said }).toEqual({ exitCode: code, said: expect.stringContaining(words) })
    expect(said).not.toContain(PROJECT.VOUCHERIFY_SECRET_KEY)
    expect(summaryIn(`${file}.backfill`)).toMatchObject({ state: 'stopped', exitCode: code, customers: { open: 2 } })
    voucherify.script = {}
    expect((await send([file], { environment: { ...PROJECT, VOUCHERIFY_SECRET_KEY: 'a-new-secret' } })).exitCode).toBe(
      0
    )
    expect(ids()).toEqual(['c0', 'c1'])
  })

  it('keys refused in the middle of a run stop it where it is', async () => {
    let calls = 0
    voucherify.script.bulk = ({ rows }) => {
      if (rows.length > 2) return { status: 413, body: {} }
      calls += 1
      return calls > 1 ? { status: 401, body: {} } : undefined
    }
    const file = customers(4)
    expect((await send([file])).exitCode).toBe(5)
    expect(ids()).toHaveLength(2)
    voucherify.script = {}
    expect((await send([file])).exitCode).toBe(0)
    expect(ids()).toEqual(['c0', 'c1', 'c2', 'c3'])
    expect(voucherify.bulkCalls.map(({ rows }) => rows.length)).toEqual([4, 2, 2, 2])
  })

  it('a network that is lost is tried again with growing pauses', async () => {
    const file = customers(1)
    const { exitCode, said, waited } = await backfill([file], { environment: PROJECT, server: 'http://127.0.0.1:1' })
    expect(exitCode).toBe(5)
    expect(said).toContain("Voucherify can't be reached at https://us1.api.voucherify.io (")
    expect(waited.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000])
  })
})

describe('what is asked to end', () => {
  it('finishes the call under way and says how to go on', async () => {
    const controller = new AbortController()
    voucherify.script.beforeAnswer = ({ path }) => void (path.endsWith('/bulk/async') && controller.abort())
    const file = customers(2)
    const { exitCode, said } = await send([file], { signal: controller.signal })
    expect({ exitCode, said }).toEqual({
      exitCode: 130,
      said: expect.stringContaining('Give the same command to go on')
    })
    expect(readFileSync(`${file}.backfill/journal.ndjson`, 'utf8')).toContain('"did":"accepted"')
    voucherify.script = {}
    expect((await send([file])).exitCode).toBe(0)
    expect(voucherify.bulkCalls).toHaveLength(1)
  })

  it('says so too before anything was read', async () => {
    const controller = new AbortController()
    voucherify.script.schema = () => {
      controller.abort()
      return { status: 500 }
    }
    const { exitCode, said } = await send([customers(2)], { signal: controller.signal })
    expect({ exitCode, said }).toEqual({
      exitCode: 130,
      said: expect.stringMatching(/Stopped\. Give the same command to go on\.\n$/)
    })
  })
})

describe('inputs that can’t be read', () => {
  afterEach(() => jest.restoreAllMocks())

  it('a folder among them is said by its name, and not taken for the work folder', async () => {
    write(folder.path('logs/locked/a.ndjson'), '{}')
    const read = fs.readdirSync
    jest.spyOn(fs, 'readdirSync').mockImplementation(((path: string) => {
      if (!path.endsWith('locked')) return read(path)
      throw Object.assign(new Error('EACCES: permission denied, scandir'), { code: 'EACCES', path })
    }) as typeof fs.readdirSync)
    expect(await send([folder.path('logs')])).toMatchObject({
      exitCode: 2,
      said: `${folder.path('logs/locked')} can't be read. Check its permissions.\n`
    })
  })

  it('a cut gzip ends the run before anything is sent, and names the file', async () => {
    const text = gzipSync(
      `source_id,note\n${Array.from({ length: 9_000 }, (_value, index) => `c${index},${Math.sin(index)}\n`).join('')}`
    )
    const file = write(folder.path('cut.csv.gz'), text.subarray(0, text.length >> 1))
    const { exitCode, said } = await send([file])
    expect({ exitCode, said }).toEqual({ exitCode: 7, said: expect.stringContaining(`${file} is cut off`) })
    expect(voucherify.bulkCalls).toEqual([])
  })

  it.each([
    ['is never closed', 'x7,"Anna\n', ''],
    ['is closed in the middle of a cell', 'x7,"An"na\n', ''],
    ['opens in the middle of a cell', 'x7,An"na\n', ''],
    ['is closed by the quote of another row', 'x7,"Anna\n', 'x8,"Bob"\n']
  ])(
    'a quote in line 700,001 that %s ends the run before anything is sent, with the line',
    async (_name, broken, after) => {
      // Blank lines, since they cost nothing, and a row of two lines.
      const before = `source_id,name\n${'\n'.repeat(700_001 - 4)}c,"a\nb"\n`
      const file = write(folder.path('broken.csv'), `${before}${broken}${'c,e\n'.repeat(3)}${after}`)
      const { exitCode, said } = await send([file])
      expect({ exitCode, said }).toEqual({
        exitCode: 7,
        said: expect.stringContaining(`${file}, line 700001: a quote begins here`)
      })
      expect(voucherify.bulkCalls).toEqual([])
    }
  )

  it('a row over 10 MB is refused alone', async () => {
    const named = (userId: string, name: string) => ({ type: 'identify', userId, traits: { name } })
    const calls = [named('first', 'x'), named('huge', 'x'.repeat(10_500_000)), named('last', 'y')]
    const file = write(folder.path('huge.ndjson'), ndjson(calls))
    expect((await send([file])).exitCode).toBe(1)
    expect(ids()).toEqual(['first', 'last'])
    expect(rejectedIn(`${file}.backfill`)).toMatchObject([
      { source_id: 'huge', line: 2, reason: expect.stringContaining('10 MB') }
    ])
  })

  it('text that is not UTF-8 ends the run, since letters would be lost', async () => {
    const file = write(folder.path('latin.csv'), Buffer.from('source_id,name\nc1,Andr\xe9\n', 'latin1'))
    const { exitCode, said } = await send([file])
    expect({ exitCode, said }).toEqual({ exitCode: 7, said: expect.stringContaining('is not in UTF-8') })
  })

  it('lines that are no calls and rows of another length are refused alone, with their place', async () => {
    const csv = customers(1, 'c9,a,b\n')
    const lines = write(
      folder.path('lines.ndjson'),
      '{"type":"identify","userId":"u1","traits":{"name":"A"}}\n{"type":\n[1]\n'
    )
    expect((await send([csv, lines])).exitCode).toBe(1)
    expect(rejectedIn(`${csv}.backfill`).map(({ file, line, reason }) => [file, line, reason])).toEqual([
      [csv, 3, 'The row has 3 cells, and the header has 2.'],
      [lines, 2, 'The line is not valid JSON.'],
      [lines, 3, 'The line is not a JSON object.']
    ])
    expect(ids()).toEqual(['c0', 'u1'])
  })
})

describe('the machine', () => {
  afterEach(() => jest.restoreAllMocks())

  it('a full disk ends the run, resumable, and what was sent is known', async () => {
    const file = customers(3)
    const write = fs.writeSync
    // The journal's third entry finds no room, after half a line.
    let entries = 0
    jest.spyOn(fs, 'writeSync').mockImplementation(((target: number, data: Buffer, offset: number) => {
      if (!data.includes('"did"') || ++entries < 3) return write(target, data, offset)
      write(target, data.subarray(0, 10))
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }) as typeof fs.writeSync)
    const { exitCode, said } = await send([file])
    expect({ exitCode, said }).toEqual({ exitCode: 5, said: expect.stringContaining('The disk is full') })
    jest.restoreAllMocks()
    expect((await send([file])).exitCode).toBe(0)
    expect(ids()).toEqual(['c0', 'c1', 'c2'])
  })

  it('a folder that can’t be written is said', async () => {
    const file = customers(1)
    jest.spyOn(fs, 'mkdirSync').mockImplementation(() => {
      throw Object.assign(new Error('EROFS: read-only file system, mkdir'), { code: 'EROFS', path: '/data' })
    })
    const { exitCode, said } = await send([file])
    expect({ exitCode, said }).toEqual({
      exitCode: 7,
      said: expect.stringContaining("can't be written (/data). Give a folder that can be with --work")
    })
  })

  it('so is one that can’t be made at all', async () => {
    const { exitCode, said } = await send([customers(1), '--work', '/proc/nowhere/work'])
    expect({ exitCode, said }).toEqual({ exitCode: 7, said: expect.stringContaining("can't be made (ENOENT)") })
  })

  it('a second run is kept out while the first lives, and let in when it is gone, also as a zombie', async () => {
    const file = customers(1)
    await send([file])
    const work = `${file}.backfill`
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    await once(other, 'spawn')
    const start = readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(') ')[1].split(' ')[19]
    const lock = (startedAt: string) =>
      writeFileSync(`${work}/lock`, JSON.stringify({ pid: other.pid, startedAt, host: hostname() }))

    lock(start)
    const { exitCode, said } = await send([file])
    expect({ exitCode, said }).toEqual({
      exitCode: 7,
      said: expect.stringContaining(`Another run (process ${other.pid}) works in`)
    })
    // The number was given to another process meanwhile.
    lock('1')
    expect((await send([file])).exitCode).toBe(0)
    lock(start)
    other.kill('SIGKILL')
    await once(other, 'exit')
    expect((await send([file])).exitCode).toBe(0)
    expect(fs.existsSync(`${work}/lock`)).toBe(false)
  })

  it('a changed input is said and not mixed in', async () => {
    voucherify.script.bulk = () => ({ status: 401, body: {} })
    const file = customers(1)
    await send([file])
    voucherify.script = {}
    appendFileSync(file, 'c1,New\n')
    const { exitCode, said } = await send([file])
    expect({ exitCode, said }).toEqual({
      exitCode: 7,
      said: expect.stringMatching(/customers\.csv has changed: \d+ bytes then, \d+ now.*--restart/s)
    })
    expect(ids()).toEqual([])
    expect((await send([file, '--restart'])).exitCode).toBe(0)
    expect(ids()).toEqual(['c0', 'c1'])
  })

  it.each([
    ['other columns', ['--column', 'name=metadata.name'], {}, 'the options for reading'],
    [
      'another region',
      [],
      { VOUCHERIFY_CUSTOM_URL: 'https://as1.segmentio.voucherify.io' },
      'it delivers to https://us1.api'
    ],
    ['another project', [], { VOUCHERIFY_APPLICATION_ID: 'other' }, 'it delivers to another project']
  ])('so are %s', async (_name, args, environment, words) => {
    const file = customers(1)
    utimesSync(file, 1, 1)
    await send([file])
    const { exitCode, said } = await send([file, ...args], { environment: { ...PROJECT, ...environment } })
    expect({ exitCode, said }).toEqual({ exitCode: 7, said: expect.stringContaining(words) })
  })

  it('a rehearsal on the embedded sandbox does not stand in the way of the real run', async () => {
    const file = customers(2)
    expect((await backfill([file, '--sandbox'])).said).toContain('The embedded sandbox held 2 customers')
    expect((await send([file])).exitCode).toBe(0)
    expect(ids()).toEqual(['c0', 'c1'])
  })

  it('a folder with other files in it is left alone', async () => {
    write(folder.path('mine/summary.json'), 'mine')
    const { exitCode, said } = await send([customers(1), '--work', folder.path('mine')])
    expect({ exitCode, said }).toEqual({ exitCode: 7, said: expect.stringContaining('holds other files and no run') })
    expect(readFileSync(folder.path('mine/summary.json'), 'utf8')).toBe('mine')
  })
})
