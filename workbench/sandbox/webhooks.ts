import { createHmac } from 'crypto'
import type { JSONObject } from '@segment/actions-core'
import { createBounded } from '../shared/bounded'
import type { WebhookDelivery, WebhookType } from '../shared/types'
import { toApiCustomer, toIso } from './customer'
import type { HeldCustomer } from './customer'
import { newId, newRequestId } from './ids'
import type { CustomerOutcome } from './store'

/** How long a receiver may take. Source: docs.voucherify.io, Introduction to webhooks, as all of this file. */
const ANSWER_WITHIN_MS = 10_000
const MINUTE_MS = 60_000
/** When a webhook that was not taken is sent again, after the first time; then Voucherify disables the webhook. */
const RETRIES_AFTER_MS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_440].map((minutes) => minutes * MINUTE_MS)
/** How many are on their way at a time, how many wait, and of how many it is still told what became of them. */
const IN_FLIGHT = 10
const MAX_WAITING = 1_000
const TOLD = { maxCount: 200, maxCost: 4 * 1024 * 1024 }
/** Headers that belong to the request itself. */
const RESERVED_HEADERS = ['content-type', 'content-length', 'host', 'x-voucherify-signature']
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

/** Where webhooks go. */
export interface WebhookTarget {
  /** https, or http on this machine. */
  url: string
  /** Key of the signature, as Voucherify's Project settings show it; without one nothing is signed. */
  secret?: string
  /** Custom headers of the webhook, such as `x-webhook-secret`. */
  headers?: Record<string, string>
}

/**
 * Sends a webhook.
 *
 * @returns the status of the answer
 * @throws when there was none in time
 */
export type SendWebhook = (url: string, request: { headers: Record<string, string>; body: string }) => Promise<number>

/** Does something later; the result calls it off. */
export type Schedule = (work: () => void, ms: number) => () => void

/** Tells what a call made of a customer; `caller` is the Application ID of its key. */
export type Tell = (outcome: CustomerOutcome, caller: string) => void

/** What Voucherify tells of its customers. */
export interface Webhooks {
  /**
   * Tells of a change of a customer, if there is somebody to tell.
   *
   * @param caller Application ID of the key with which the change was made
   */
  tell(type: WebhookType, held: HeldCustomer, caller: string): void
  /** Sends to another target from now on, or with null to none. Throws a RangeError that says what is wrong. */
  sendTo(target: WebhookTarget | null): void
  /** Where they go; undefined when nowhere, also after a webhook could not be delivered for a day. */
  target(): string | undefined
  /** The last webhooks and what became of them, the newest first. */
  list(): WebhookDelivery[]
  /** Forgets what waits and what was told. */
  clear(): void
}

interface Waiting {
  delivery: WebhookDelivery
  url: string
  headers: Record<string, string>
  body: string
  firstTryAt: number
}

/** What the webhooks work with. */
export interface WebhookParts {
  /** Milliseconds since 1970. */
  now(): number
  onChange(): void
  send?: SendWebhook
  schedule?: Schedule
}

/** Makes webhooks that go nowhere yet. */
export function createWebhooks({ now, onChange, send = post, schedule = later }: WebhookParts): Webhooks {
  const told = createBounded<WebhookDelivery>(TOLD)
  let target: WebhookTarget | undefined
  let waiting: Waiting[] = []
  let inFlight = 0
  const retries = new Set<() => void>()

  const enqueue = (webhook: Waiting) => {
    if (waiting.length >= MAX_WAITING) return note(webhook.delivery, { status: 'failed', error: 'Too many wait.' })
    waiting.push(webhook)
    sendNext()
  }

  const sendNext = () => {
    while (inFlight < IN_FLIGHT) {
      const webhook = waiting.shift()
      if (!webhook) return
      inFlight += 1
      void attempt(webhook).then(() => {
        inFlight -= 1
        sendNext()
      })
    }
  }

  const attempt = async (webhook: Waiting) => {
    const { delivery, url, headers, body } = webhook
    const tries = delivery.tries + 1
    try {
      const status = await send(url, { headers, body })
      if (status >= 200 && status < 300) return note(delivery, { status: 'delivered', tries, answer: status })
      retry(webhook, tries, { answer: status, error: `It answered ${status}.` })
    } catch (error) {
      retry(webhook, tries, { error: error instanceof Error ? error.message : String(error) })
    }
  }

  const retry = (webhook: Waiting, tries: number, failure: { answer?: number; error: string }) => {
    const after = RETRIES_AFTER_MS[tries - 1]
    if (after === undefined || target?.url !== webhook.url) {
      if (after === undefined) target = undefined
      return note(webhook.delivery, { status: 'failed', tries, ...failure })
    }
    const at = webhook.firstTryAt + after
    note(webhook.delivery, { status: 'retrying', tries, ...failure, nextTryAt: toIso(at) })
    const callOff = schedule(() => {
      retries.delete(callOff)
      enqueue(webhook)
    }, Math.max(0, at - now()))
    retries.add(callOff)
  }

  const note = (delivery: WebhookDelivery, change: Partial<WebhookDelivery>) => {
    delete delivery.nextTryAt
    Object.assign(delivery, change)
    onChange()
  }

  const callOffAll = () => {
    waiting = []
    retries.forEach((callOff) => callOff())
    retries.clear()
  }

  return {
    tell(type, held, caller) {
      if (!target) return
      const payload = toPayload(type, held, caller, target.url, now())
      const body = JSON.stringify(payload)
      const { url, secret, headers } = target
      const delivery: WebhookDelivery = {
        id: String(payload.id),
        at: toIso(now()),
        type,
        status: 'sending',
        tries: 0,
        payload
      }
      told.add(delivery, 2 * body.length)
      const signature = secret && { 'x-voucherify-signature': signWebhook(body, secret) }
      enqueue({
        delivery,
        url,
        headers: { 'content-type': 'application/json', ...headers, ...signature },
        body,
        firstTryAt: now()
      })
    },
    sendTo(next) {
      if (next) checkTarget(next)
      callOffAll()
      target = next ?? undefined
    },
    target: () => target?.url,
    list: () => told.list().reverse(),
    clear() {
      callOffAll()
      told.clear()
    }
  }
}

/** The signature of a webhook: HMAC-SHA256 of its text, in lower-case hex. */
export function signWebhook(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

/** A webhook in the documented envelope, version v2024-01-01, its keys in the documented order. */
function toPayload(type: WebhookType, held: HeldCustomer, caller: string, url: string, time: number): JSONObject {
  const at = toIso(time)
  const customer = toApiCustomer(held)
  // A deleted customer gives its source_id back, so that another can have it.
  const isDeleted = type === 'customer.deleted'
  return {
    id: newId('whs'),
    project_id: 'proj_sandbox',
    created_at: at,
    type,
    data: {
      customer: isDeleted
        ? { ...customer, source_id: customer.source_id && `${String(customer.source_id)}_deleted${at}`, updated_at: at }
        : customer
    },
    source: { id: 'wh_sandbox', object: 'webhook', target_url: url },
    event: {
      id: newId('evcus'),
      type,
      created_at: at,
      entity_id: held.id,
      group_id: newRequestId(),
      event_source: { channel: 'API', api_key: { name: 'Sandbox', app_id: caller } }
    }
  }
}

function checkTarget({ url, secret, headers = {} }: WebhookTarget): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isAllowed =
    parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && LOOPBACK.includes(parsed.hostname))
  if (!isAllowed) {
    throw new RangeError('The target of the webhooks must be an https address, or an http address on this machine.')
  }
  if (secret !== undefined && !secret) throw new RangeError('The secret of the webhooks must not be empty.')
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[a-z0-9-]+$/.test(name) || RESERVED_HEADERS.includes(name)) {
      throw new RangeError(
        `The webhooks can't have a header "${name}": names are lower-case letters, digits and dashes.`
      )
    }
    if (!/^[\x20-\x7e]+$/.test(value)) throw new RangeError(`The header "${name}" of the webhooks must be plain text.`)
  }
}

/** Redirects are not followed: whether Voucherify does is not documented, and the secret must not go elsewhere. */
async function post(
  url: string,
  { headers, body }: { headers: Record<string, string>; body: string }
): Promise<number> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
  await response.body?.cancel()
  return response.status
}

function later(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
