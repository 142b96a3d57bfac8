/** A server that plays Voucherify for one test, which decides what is answered and when. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JSONObject, JSONValue } from '@segment/actions-core'
import { mergeCustomer } from '../../workbench/sandbox/customer'
import type { SandboxCustomer } from '../../workbench/shared/types'

export interface Answer {
  status: number
  body?: JSONValue | string
  headers?: Record<string, string>
}

/** One call as it came. */
export interface Received {
  method: string
  path: string
  headers: IncomingMessage['headers']
  rows: JSONObject[]
  body: string
}

export interface Job {
  id: string
  rows: JSONObject[]
  /** How often it was asked for. */
  asked: number
}

/** What a test changes; undefined leaves the usual answer. */
export interface Script {
  /** A bulk call, before its rows are taken. */
  bulk?(received: Received): Answer | undefined
  /** Why a row fails in its job; undefined takes it. */
  failure?(row: JSONObject): JSONObject | undefined
  /** A question about a job. */
  job?(job: Job, usual: JSONObject): Answer | undefined
  group?(received: Received): Answer | undefined
  schema?(): Answer
  other?(received: Received): Answer | undefined
  /** Called as soon as the first bytes of a body are there, and before a call is dealt with. */
  onBody?(request: IncomingMessage): void
  /** Called when a call was dealt with, before it is answered. Nothing is answered when it says so. */
  beforeAnswer?(received: Received): boolean | void
}

export class Voucherify {
  readonly received: Received[] = []
  readonly customers = new Map<string, SandboxCustomer>()
  readonly groups: JSONObject[] = []
  readonly jobs = new Map<string, Job>()
  script: Script = {}
  private readonly server = createServer((request, response) => void this.take(request, response))

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }

  /** Forgets all. */
  clear(): void {
    this.received.length = 0
    this.customers.clear()
    this.groups.length = 0
    this.jobs.clear()
    this.script = {}
  }

  calls(path: string | RegExp): Received[] {
    return this.received.filter((one) => (typeof path === 'string' ? one.path === path : path.test(one.path)))
  }

  get bulkCalls(): Received[] {
    return this.calls('/v1/customers/bulk/async')
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) {
        if (!chunks.length) this.script.onBody?.(request)
        chunks.push(chunk)
      }
    } catch {
      return
    }
    const body = Buffer.concat(chunks).toString()
    const { method = '', url: path = '', headers } = request
    const rows = path === '/v1/customers/bulk/async' ? (JSON.parse(body) as JSONObject[]) : []
    const received = { method, path, headers, rows, body }
    this.received.push(received)
    const { status, body: said = {}, headers: more } = this.answer(received)
    if (this.script.beforeAnswer?.(received)) return
    const text = typeof said === 'string' ? said : JSON.stringify(said)
    response
      .writeHead(status, { 'Content-Type': typeof said === 'string' ? 'text/html' : 'application/json', ...more })
      .end(text)
  }

  private answer(received: Received): Answer {
    const { path } = received
    if (path === '/v1/customers/bulk/async') return this.script.bulk?.(received) ?? this.accept(received.rows)
    if (path.startsWith('/v1/async-actions/')) return this.tell(path.slice('/v1/async-actions/'.length))
    if (path === '/segmentio/group-processing') return this.script.group?.(received) ?? this.assign(received)
    if (path === '/v1/metadata-schemas/customer') return this.script.schema?.() ?? { status: 404 }
    return this.script.other?.(received) ?? { status: 404 }
  }

  private accept(rows: JSONObject[]): Answer {
    const id = `aa_${this.jobs.size + 1}`
    this.jobs.set(id, { id, rows, asked: 0 })
    for (const row of rows) {
      if (this.script.failure?.(row)) continue
      const sourceId = String(row.source_id)
      this.customers.set(sourceId, mergeCustomer(this.customers.get(sourceId), row as SandboxCustomer))
    }
    return { status: 202, body: { async_action_id: id } }
  }

  private tell(id: string): Answer {
    const job = this.jobs.get(id)
    if (!job) return { status: 404, body: { code: 404, key: 'not_found', message: 'Resource not found' } }
    job.asked += 1
    const errors = job.rows.flatMap((row) => {
      const failure = this.script.failure?.(row)
      return failure ? [{ ...failure, source_id: row.source_id }] : []
    })
    const result = { done_count: job.rows.length - errors.length, failed_count: errors.length, errors, reports: [] }
    const usual = {
      id,
      type: 'CUSTOMERS.BULK_UPDATE',
      status: 'DONE',
      operation_status: 'SUCCESS',
      progress: 100,
      result
    }
    return this.script.job?.(job, usual) ?? { status: 200, body: usual }
  }

  private assign({ body }: Received): Answer {
    this.groups.push(JSON.parse(body) as JSONObject)
    return { status: 200, body: { status: 'queued' } }
  }
}

/** A server of the test's own, empty before each test. */
export function useVoucherify(): Voucherify {
  const voucherify = new Voucherify()
  beforeAll(() => voucherify.listen())
  beforeEach(() => voucherify.clear())
  afterAll(() => voucherify.close())
  return voucherify
}
