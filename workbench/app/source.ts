/** The other direction in the workbench: webhooks from Voucherify come in, become calls, and go on as any call does. */
import type { SegmentEvent } from '@segment/actions-core'
import type { Hono } from 'hono'
import { functionScript } from '../../source/bundle'
import { SECRET_HEADER } from '../../source/function'
import { readOptions, SETTINGS } from '../../source/options'
import { webhookSamples } from '../../source/samples'
import { isSame, isSigned, sign, SIGNATURE_HEADER } from '../../source/signature'
import { customerOf, toSegment } from '../../source/toSegment'
import { quote } from '../inspect/curl'
import { newDelivery } from '../segment/delivery'
import { takeIn } from '../segment/tracking'
import type { Intake } from '../segment/tracking'
import { isJsonObject, readBytes, readJsonObject } from '../shared/json'
import type { Mask } from '../shared/mask'
import { Refusal } from '../shared/refusal'
import type { Delivery, SourceInfo, SourceOptions, SourcePreview, WebhookTaken } from '../shared/types'

/** What webhooks to the workbench are signed with, or hold in their header. They open nothing else. */
export const WEBHOOK_KEYS = { signatureKey: 'workbench-signature-key', secret: 'workbench-webhook-secret' }

/** Most bytes of a webhook, as in the receiver. */
const MAX_BODY_BYTES = 1024 * 1024

/** Where webhooks are taken. */
export const WEBHOOK_PATH = '/api/source/webhook'

export interface SourceParts {
  mask: Mask
  intake: Intake
  /** Address of the workbench. */
  address(): string
  /** The Application ID that the destination uses. */
  ownApplicationId: string
  nextOrder(): number
  /** Keeps a row. */
  keep(delivery: Delivery): void
}

export function addSourceRoutes(app: Hono, parts: SourceParts): void {
  const { mask, address, ownApplicationId } = parts
  /** What stands for the destination's Application ID, since no key is ever shown. */
  const ownId = mask.text(ownApplicationId)
  let options: SourceOptions = optionsOf({ ownApplicationId: ownId })
  let script: Promise<string> | undefined

  const info = (): SourceInfo => ({
    address: `${address()}${WEBHOOK_PATH}`,
    settings: SETTINGS,
    options,
    samples: webhookSamples,
    ownApplicationId: ownId
  })

  app.get('/api/source', (context) => context.json(info()))
  app.put('/api/source', async (context) => {
    options = optionsOf(mask.object(await readJsonObject(context.req.raw)))
    return context.json(info())
  })
  app.post('/api/source/preview', async (context) => {
    const { webhook, options: tried, type } = mask.object(await readJsonObject(context.req.raw))
    if (webhook === undefined) throw new Refusal(400, 'Send { "webhook": { … } }, the body of a webhook.')
    const read = readOptions({ ...(isJsonObject(tried) ? tried : options), type })
    return context.json<SourcePreview>({
      ...toSegment(webhook, read.options),
      problems: read.problems,
      curl: curl(`${address()}${WEBHOOK_PATH}`, JSON.stringify(webhook), read.options.type)
    })
  })
  app.get('/api/source/function', async (context) => {
    script ??= functionScript()
    return context.text(await script, 200, { 'Content-Type': 'text/javascript; charset=utf-8' })
  })
  app.post(WEBHOOK_PATH, async (context) => {
    const body = await readBytes(context.req.raw, MAX_BODY_BYTES)
    const isTrusted =
      isSigned(body, context.req.header(SIGNATURE_HEADER) ?? '', WEBHOOK_KEYS.signatureKey) ||
      isSame(context.req.header(SECRET_HEADER) ?? '', WEBHOOK_KEYS.secret)
    if (!isTrusted) {
      refuse(parts, "The webhook is neither signed with the workbench's key nor has it the secret in its header.")
      throw new Refusal(401, 'Unauthorized.')
    }
    const webhook = parse(body)
    if (webhook === undefined) {
      refuse(parts, 'The webhook is no JSON.')
      throw new Refusal(400, 'The body is no JSON.')
    }
    const isOwn = options.ownApplicationId === ownId
    return context.json<WebhookTaken>(
      take(parts, webhook, {
        ...options,
        ownApplicationId: isOwn ? ownApplicationId : options.ownApplicationId,
        type: context.req.query('type')
      })
    )
  })
}

/** Throws Refusal 400 for what can't be read. */
function optionsOf(given: unknown): SourceOptions {
  const { options, problems } = readOptions(given)
  if (problems.length) throw new Refusal(400, problems.join(' '))
  return options
}

/** Sends the calls of a webhook on as any call, and keeps a row that says what it became. */
function take(
  { mask, intake, nextOrder, keep }: SourceParts,
  body: unknown,
  options: SourceOptions & { type?: string }
): WebhookTaken {
  const { calls, reason } = toSegment(body, options)
  const userId = customerOf(body, options.type)
  const { repeated } = takeIn(intake, { batch: calls }, 'batch')
  const told = repeated ? 'Segment knows its messageId already, so it is not taken twice.' : reason
  keep({
    ...newDelivery({ receivedAt: intake.now(), order: nextOrder() }),
    direction: 'fromVoucherify',
    event: userId === undefined ? {} : { userId: mask.text(userId) },
    status: calls.length ? 'delivered' : 'unmatched',
    ...(told !== undefined && { reason: told }),
    webhook: {
      type: mask.text(typeOf(body)),
      body: mask.json(body),
      calls: calls.map((call) => mask.event(call as SegmentEvent))
    }
  })
  return { success: true, calls: calls.length, reason: told }
}

/** Keeps a row of a webhook that nobody sent who may, without its content. */
function refuse({ intake, nextOrder, keep }: SourceParts, reason: string): void {
  keep({
    ...newDelivery({ receivedAt: intake.now(), order: nextOrder() }),
    direction: 'fromVoucherify',
    status: 'refused',
    reason,
    webhook: { type: 'webhook', body: null, calls: [] }
  })
}

function typeOf(webhook: unknown): string {
  if (!isJsonObject(webhook)) return 'webhook'
  const { event, type } = webhook
  const own = isJsonObject(event) ? event.type : type
  return typeof own === 'string' ? own : 'webhook'
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function curl(address: string, body: string, type: string | undefined): string {
  return [
    `curl -X POST ${quote(type === undefined ? address : `${address}?type=${encodeURIComponent(type)}`)}`,
    `-H 'Content-Type: application/json'`,
    `-H ${quote(`${SIGNATURE_HEADER}: ${sign(body, WEBHOOK_KEYS.signatureKey)}`)}`,
    `--data-raw ${quote(body)}`
  ].join(' \\\n  ')
}
