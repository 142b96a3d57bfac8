import type { JSONObject } from '@segment/actions-core'
import type { Hono } from 'hono'
import type { Sandbox } from '../sandbox'
import { readDefinitions } from '../shared/definitions'
import { isJsonObject, readJson } from '../shared/json'
import { Refusal } from '../shared/refusal'
import type { SandboxWebhooks } from '../shared/types'

/** What the sandbox's project defines of its metadata, and the keys that came so far, as a ready list to define. */
export function addDefinitionRoutes(app: Hono, { metadata }: Sandbox): void {
  app.get('/api/sandbox/definitions', (context) => context.json(metadata.definitions()))
  app.put('/api/sandbox/definitions', async (context) => {
    const body = await readJson(context.req.raw)
    orRefused(() => metadata.define(readDefinitions(body)))
    return context.json(metadata.definitions())
  })
  app.get('/api/sandbox/keys', (context) => context.json(metadata.seenKeys()))
}

/** Where the sandbox's webhooks go, and what became of the last. The secret and the custom headers are never shown. */
export function addWebhookRoutes(app: Hono, { webhooks }: Sandbox): void {
  const state = (): SandboxWebhooks => ({ target: webhooks.target(), webhooks: webhooks.list() })
  app.get('/api/sandbox/webhooks', (context) => context.json(state()))
  app.put('/api/sandbox/webhooks', async (context) => {
    const body = await readJson(context.req.raw)
    orRefused(() => webhooks.sendTo(body === null ? null : readTarget(body)))
    return context.json(state())
  })
}

function readTarget(body: unknown): Parameters<Sandbox['webhooks']['sendTo']>[0] {
  const { url, secret, headers = {} }: JSONObject = isJsonObject(body) ? body : {}
  if (typeof url !== 'string')
    throw new RangeError('Send { "url": "…", "secret": "…", "headers": { … } }, or null for none.')
  if (secret !== undefined && typeof secret !== 'string') throw new RangeError('"secret" must be a text.')
  if (!isJsonObject(headers) || !Object.values(headers).every((value) => typeof value === 'string')) {
    throw new RangeError('"headers" must be an object of texts.')
  }
  return { url, secret, headers: headers as Record<string, string> }
}

/** Lets the sandbox's own words about a value be the answer. */
function orRefused(work: () => void): void {
  try {
    work()
  } catch (error) {
    throw error instanceof RangeError ? new Refusal(400, error.message) : error
  }
}
