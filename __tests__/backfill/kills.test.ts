/** A run that is killed at any moment and started again leaves what an undisturbed one leaves. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JSONObject } from '@segment/actions-core'
import { bundleCommands } from '../../tools/bundle'
import { backfill, ndjson, rejectedIn, summaryIn, useFolder, write } from './helpers'
import { useVoucherify } from './voucherify'
import type { Script } from './voucherify'

jest.setTimeout(180_000)

const folder = useFolder()
const voucherify = useVoucherify()

const CUSTOMERS = 24
/** Rows that a call may hold here: the rest is told to be too large, so that one pack becomes many calls. */
const MAX_ROWS = 2
/** Long enough that a body does not come in one piece. */
const LONG = 'x'.repeat(70_000)

/** Calls of customers, of whom some are refused, one needs two rows in two packs, and one can't be sent at all. */
function calls(text: string): JSONObject[] {
  const identify = (userId: string, traits: JSONObject, second = 0) => ({
    type: 'identify',
    messageId: `${userId}-${second}`,
    userId,
    traits,
    timestamp: 1_760_000_000_000 + second * 1_000
  })
  const customers = Array.from({ length: CUSTOMERS }, (_value, index) =>
    identify(`c${index}`, { name: `Customer ${index}`, metadata: { text, refused: index % 8 === 5 } })
  )
  return [
    ...customers,
    identify('c0', { metadata: null }, 1),
    identify('c0', { metadata: { since: 'then' } }, 2),
    { type: 'group', messageId: 'g', userId: 'c1', groupId: 'g1', traits: { plan: 'x' } },
    identify('no-date', { birthday: 'soon' })
  ]
}

const FAILURE = { key: 'invalid_payload', message: 'Invalid payload', details: 'Property .metadata.refused' }
const failure: Script['failure'] = ({ metadata }) =>
  (metadata as JSONObject | null | undefined)?.refused === true ? FAILURE : undefined

const bulk: Script['bulk'] = ({ rows }) =>
  rows.length > MAX_ROWS ? { status: 413, body: { statusCode: 413, error: 'Request Entity Too Large' } } : undefined

/** What an undisturbed run leaves. */
async function undisturbed(input: string): Promise<{ customers: unknown; rejected: unknown }> {
  voucherify.script = { failure, bulk }
  const work = folder.path('undisturbed')
  const { exitCode } = await backfill([input, `--sandbox=${voucherify.url}`, '--work', work])
  expect(exitCode).toBe(1)
  expect(summaryIn(work)).toMatchObject({ packs: { total: 2, sent: 2 }, customers: { rejected: 3 }, refused: 1 })
  return stateOf(work)
}

function stateOf(work: string): { customers: unknown; rejected: unknown } {
  return { customers: [...voucherify.customers].sort(), rejected: rejectedIn(work) }
}

describe('a run that is killed', () => {
  it('at 50 moments, nearly all of them while it sends, ends as an undisturbed one', async () => {
    const input = write(folder.path('calls.ndjson'), ndjson(calls(LONG)))
    const expected = await undisturbed(input)
    voucherify.clear()

    const script = folder.path('cli.js')
    bundleCommands(script, true)
    const work = folder.path('killed')
    const start = () =>
      spawn(process.execPath, [script, 'backfill', input, `--sandbox=${voucherify.url}`, '--work', work], {
        stdio: ['ignore', 'ignore', 'pipe']
      })

    // One kill before anything is read, four for each of twelve calls, one while a group is sent.
    const MOMENTS = ['body', 'before the answer', 'after 202', 'between questions'] as const
    const moments: string[] = ['schema', ...Array.from({ length: 12 }, () => MOMENTS).flat(), 'group']
    expect(moments).toHaveLength(50)
    let child: ChildProcess | undefined
    let kills = 0
    /** Kills when it is time. Says whether it did. */
    const killAt = (moment: string) => {
      if (moments[kills] !== moment) return false
      kills += 1
      child?.kill('SIGKILL')
      return true
    }
    let isKilled = false
    voucherify.script = {
      failure,
      bulk,
      onBody: () => void (isKilled = killAt('body')),
      beforeAnswer: ({ path }) => {
        if (path === '/v1/metadata-schemas/customer') return killAt('schema')
        if (path === '/segmentio/group-processing') return killAt('group')
        return path === '/v1/customers/bulk/async' && !isKilled && killAt('before the answer')
      },
      job: (job, usual) => {
        if (job.asked === 1 && killAt('after 202')) return { status: 500 }
        if (job.asked > 1 && killAt('between questions')) return { status: 500 }
        return job.asked < 3 ? { status: 200, body: { ...usual, status: 'IN_PROGRESS', result: null } } : undefined
      }
    }
    const codes: (number | null)[] = []
    do {
      isKilled = false
      child = start()
      const [code] = await once(child, 'exit')
      codes.push(code)
    } while (codes[codes.length - 1] === null)

    expect(kills).toBe(50)
    expect(codes).toEqual([...Array.from({ length: 50 }, () => null), 1])
    expect(stateOf(work)).toEqual(expected)
    expect(summaryIn(work)).toMatchObject({
      state: 'finished',
      customers: { rows: CUSTOMERS + 1, rejected: 3, open: 0 }
    })
    // The second row of the customer who was cleared came after the first.
    expect(voucherify.customers.get('c0')?.metadata).toEqual({ since: 'then' })
  })

  it('between any two entries of its journal, or in the middle of one, reports each row once', async () => {
    const input = write(folder.path('calls.ndjson'), ndjson(calls('short')))
    const expected = await undisturbed(input)
    const whole = folder.path('undisturbed')
    const lines = readFileSync(join(whole, 'journal.ndjson'), 'utf8').split('\n').slice(0, -1)
    expect(lines.length).toBeGreaterThan(50)

    for (let kept = 0; kept < lines.length; kept += 1 + (kept % 3)) {
      // As if it was killed after so many entries: what it had rejected may be on the disk already, whole or in part.
      const work = folder.path(`killed-${kept}`)
      cpSync(whole, work, { recursive: true })
      writeFileSync(
        join(work, 'journal.ndjson'),
        lines
          .slice(0, kept)
          .map((line) => `${line}\n`)
          .join('')
      )
      if (kept % 2) appendFileSync(join(work, 'journal.ndjson'), lines[kept].slice(0, 10))
      if (kept % 3 === 0) appendFileSync(join(work, 'rejected.ndjson'), '{"by":"voucherify","reas')
      voucherify.jobs.forEach((job) => (job.asked = 0))
      await backfill([input, `--sandbox=${voucherify.url}`, '--work', work])
      expect({ kept, rejected: rejectedIn(work) }).toEqual({ kept, rejected: expected.rejected })
    }
    expect([...voucherify.customers].sort()).toEqual(expected.customers)
  })
})
