import { createSandbox } from '../../../workbench/sandbox'
import type { Sandbox, SandboxOptions } from '../../../workbench/sandbox'
import { until } from '../helpers'

export const KEYS = { applicationId: 'application-id-1f6b0c7e', secretKey: 'secret-key-8d0e4a97' }
export const KEY_HEADERS = { 'X-App-Id': KEYS.applicationId, 'X-App-Token': KEYS.secretKey }

export const CUSTOMER = '/segmentio/customer-processing'
export const EVENT = '/segmentio/event-processing'
export const GROUP = '/segmentio/group-processing'
export const TEST = '/segmentio/test-authentication'
export const BULK = '/v1/customers/bulk/async'

export interface Answer {
  status: number
  headers: Headers
  /** Parsed: every answer of the sandbox is JSON. */
  body: unknown
}

const started: Sandbox[] = []

/** Starts a sandbox on a free port; `closeSandboxes` ends it. */
export async function startSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = createSandbox({ ...KEYS, bulkDelayMs: 0, ...options })
  await sandbox.listen(0)
  started.push(sandbox)
  return sandbox
}

export async function closeSandboxes(): Promise<void> {
  await Promise.all(started.splice(0).map((sandbox) => sandbox.close()))
}

/** GET with the keys. */
export function get({ url }: Sandbox, path: string, headers: Record<string, string> = KEY_HEADERS): Promise<Answer> {
  return answerOf(fetch(`${url}${path}`, { headers, redirect: 'manual' }))
}

/** POST with the keys; a text goes as it is, everything else as JSON. */
export function post(
  { url }: Sandbox,
  path: string,
  body: unknown,
  headers: Record<string, string> = KEY_HEADERS
): Promise<Answer> {
  return answerOf(
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual'
    })
  )
}

async function answerOf(sent: Promise<Response>): Promise<Answer> {
  const response = await sent
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown }
}

/** Sends rows in bulk and waits until they are applied. Returns the action as the API shows it then. */
export async function applyInBulk(sandbox: Sandbox, rows: unknown): Promise<unknown> {
  const { status, body } = await post(sandbox, BULK, rows)
  expect(status).toBe(202)
  const { async_action_id: id } = body as { async_action_id: string }
  return finished(sandbox, id)
}

/** Waits until an action is done, and returns it. */
export async function finished(sandbox: Sandbox, id: string): Promise<unknown> {
  let action: { status?: string } = {}
  await until(async () => {
    action = (await get(sandbox, `/v1/async-actions/${id}`)).body as { status?: string }
    return action.status === 'DONE'
  })
  return action
}

/** The customer as the sandbox holds it. */
export function held(sandbox: Sandbox, sourceId: string): unknown {
  return sandbox.customer(sourceId)?.customer
}

/** Voucherify's error body for a payload that it refuses, with its reason. */
export function invalid(details: string): unknown {
  return {
    code: 400,
    key: 'invalid_payload',
    message: 'Invalid payload',
    details,
    request_id: expect.stringMatching(/^v-[0-9a-f]{18}$/)
  }
}

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown

/** A bulk job that has ended, with the keys that are documented, the counts and the rows that failed. */
export function endedJob(doneCount: number, failedCount = 0, errors: unknown[] = []): unknown {
  return {
    id: expect.stringMatching(/^aa_[0-9a-f]{18}$/),
    type: 'CUSTOMERS.BULK_UPDATE',
    status: 'DONE',
    operation_status: failedCount ? 'FAILED' : 'SUCCESS',
    created_at: ISO,
    updated_at: ISO,
    request_id: expect.stringMatching(/^v-[0-9a-f]{18}$/),
    processing_time: expect.any(Number),
    progress: 100,
    object: 'async_action',
    result: {
      done_count: doneCount,
      failed_count: failedCount,
      errors,
      reports: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/reports\/[0-9a-f]{32}\.csv$/)],
      reports_available_till: ISO
    }
  }
}
