/**
 * The receiver under load: `npx tsx bench/receiver.ts [webhooks a second] [seconds]`, 500 and 60 unless given. Segment is
 * played on loopback. Then the same for a quarter of the time, ended by SIGTERM in the middle. Fails when a webhook was
 * answered 2xx and its call did not reach Segment.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { webhookSamples } from '../source/samples'
import { sign } from '../source/signature'
import { toSegment } from '../source/toSegment'
import { cpuOf, residentMb } from './processes'

const KEY = 'the-key-of-signatures'
const SEGMENT_TAKES_MS = 80
const root = join(__dirname, '..')

interface Load {
  sent: number
  byStatus: Record<string, number>
  /** Answered 2xx, and not at Segment. */
  lost: number
  p50: number
  p99: number
  /** Processor time of the receiver for one webhook, its start among it. Says on a busy machine what it needs. */
  cpuMs: number
  peakMb: number
  batches: number
}

async function run(perSecond: number, seconds: number, endAfter?: number): Promise<Load> {
  const arrived = new Set<string>()
  let batches = 0
  const segment = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { batch }: { batch: { messageId: string }[] } = JSON.parse(Buffer.concat(chunks).toString())
      for (const { messageId } of batch) arrived.add(messageId)
      batches++
      setTimeout(() => response.end('{"success":true}'), SEGMENT_TAKES_MS)
    })
  }).listen(0, '127.0.0.1')
  await once(segment, 'listening')
  const { port } = segment.address() as AddressInfo
  const receiver = spawn(process.execPath, ['--require', 'tsx/cjs', 'cli/main.ts', 'receive'], {
    cwd: root,
    env: { ...process.env, PORT: '0', SIGNATURE_KEY: KEY, WRITE_KEY: 'w', ENDPOINT: `http://127.0.0.1:${port}` },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let printed = ''
  receiver.stdout.on('data', (chunk) => (printed += chunk))
  while (!/taken at (\S+)\./.test(printed)) await once(receiver.stdout, 'data')
  const url = new URL(/taken at (\S+)\./.exec(printed)?.[1] ?? '')

  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  const answered: { id: string; status: string; ms: number }[] = []
  const post = (index: number) =>
    new Promise<void>((resolve) => {
      const { webhook } = webhookSamples.filter(
        ({ type }) => type === 'redemption.succeeded' || type === 'customer.created'
      )[index % 3]
      const own = { ...webhook, event: { ...Object(webhook.event), id: `ev_${index}` } }
      const body = JSON.stringify(own)
      const id = toSegment(own).calls[0].messageId
      const start = performance.now()
      const end = (status: string) => {
        answered.push({ id, status, ms: performance.now() - start })
        resolve()
      }
      const headers = { 'x-voucherify-signature': sign(body, KEY), 'content-length': Buffer.byteLength(body) }
      request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', () => end(String(response.statusCode)))
      })
        .on('error', () => end('no answer'))
        .end(body)
    })

  const posted: Promise<void>[] = []
  let peakMb = 0
  let cpuMs = 0
  const begin = performance.now()
  let ending: Promise<unknown> | undefined
  for (let now = 0; now < seconds * 1000; now = performance.now() - begin) {
    while (posted.length < (now / 1000) * perSecond) posted.push(post(posted.length))
    peakMb = Math.max(peakMb, residentMb(receiver.pid))
    cpuMs = Math.max(cpuMs, cpuOf(receiver.pid))
    if (endAfter !== undefined && now > endAfter * 1000 && !ending) {
      ending = once(receiver, 'exit')
      receiver.kill('SIGTERM')
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await Promise.all(posted)
  cpuMs = Math.max(cpuMs, cpuOf(receiver.pid))
  if (!ending) {
    ending = once(receiver, 'exit')
    receiver.kill('SIGTERM')
  }
  await ending
  agent.destroy()
  segment.close()

  const byStatus: Record<string, number> = {}
  for (const { status } of answered) byStatus[status] = (byStatus[status] ?? 0) + 1
  const taken = answered.filter(({ status }) => status === '200')
  const times = taken.map(({ ms }) => ms).sort((one, other) => one - other)
  return {
    sent: posted.length,
    byStatus,
    lost: taken.filter(({ id }) => !arrived.has(id)).length,
    p50: Math.round(times[Math.floor(times.length * 0.5)]),
    p99: Math.round(times[Math.floor(times.length * 0.99)]),
    cpuMs: Math.round((cpuMs / taken.length) * 100) / 100,
    peakMb,
    batches
  }
}

async function main([perSecond = '500', seconds = '60']: string[]): Promise<void> {
  const steady = await run(Number(perSecond), Number(seconds))
  console.log('steady', JSON.stringify(steady))
  const ended = await run(Number(perSecond), Number(seconds) / 4, Number(seconds) / 8)
  console.log('ended by SIGTERM in the middle', JSON.stringify(ended))
  if (steady.lost || ended.lost) throw new Error('A webhook was answered 2xx, and its call is lost.')
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
