import type { SegmentEvent } from '@segment/actions-core'
import type { Hono } from 'hono'
import { InvalidCall, readBatch, readCall } from './call'
import type { CallType } from './call'
import { readJson } from '../shared/json'
import { Refusal } from '../shared/refusal'
import type { CallsTaken } from '../shared/types'

/** What a path of the Tracking API carries: calls of one type, or batches. */
const PATHS: Record<string, CallType | 'batch'> = {
  batch: 'batch',
  b: 'batch',
  import: 'batch',
  track: 'track',
  t: 'track',
  page: 'page',
  p: 'page',
  screen: 'screen',
  s: 'screen',
  identify: 'identify',
  i: 'identify',
  group: 'group',
  g: 'group',
  alias: 'alias',
  a: 'alias'
}

/** Takes calls in, all or none. Returns how many of them were new; null when there was no room. */
export type Intake = (calls: SegmentEvent[], receivedAt: string) => number | null

/**
 * Segment's Tracking API as its SDKs speak it, the long paths and the short ones of analytics.js. Takes any write key
 * and none. Answers at once; calls are delivered afterwards.
 */
export function addTrackingRoutes(app: Hono, take: Intake): void {
  app.get('/v1/projects/:writeKey/settings', (context) =>
    context.json(browserSettings(context.req.param('writeKey'), context.req.header('host') ?? ''))
  )
  // Counters of analytics.js about itself.
  app.post('/v1/m', (context) => context.json({ success: true }))
  for (const [path, kind] of Object.entries(PATHS)) {
    app.post(`/v1/${path}`, async (context) => {
      const { calls, fresh } = takeIn(take, await readJson(context.req.raw), kind)
      return context.json<CallsTaken>({ success: true, ...(fresh < calls && { repeated: calls - fresh }) })
    })
  }
}

/**
 * Checks what came to a path and takes it in.
 *
 * @returns how many calls there were, and how many of them were not taken before
 * @throws Refusal 400 with the reason, 429 when there is no room: SDKs then try again
 */
export function takeIn(take: Intake, body: unknown, kind: CallType | 'batch'): { calls: number; fresh: number } {
  const receivedAt = new Date().toISOString()
  const calls = readCalls(body, kind, receivedAt)
  const fresh = take(calls, receivedAt)
  if (fresh === null) {
    throw new Refusal(429, 'Too many calls wait for their delivery. Send them again in a second.', {
      'Retry-After': '1'
    })
  }
  return { calls: calls.length, fresh }
}

function readCalls(body: unknown, kind: CallType | 'batch', receivedAt: string): SegmentEvent[] {
  try {
    return kind === 'batch' ? readBatch(body, receivedAt) : [readCall(body, receivedAt, kind)]
  } catch (error) {
    throw error instanceof InvalidCall ? new Refusal(400, error.message) : error
  }
}

/**
 * What analytics.js asks for when it starts, in the form of Segment's CDN: no device-mode destinations, and this
 * workbench as the place to send to.
 */
function browserSettings(writeKey: string, host: string) {
  return {
    integrations: {
      'Segment.io': {
        apiKey: writeKey,
        apiHost: `${host}/v1`,
        protocol: 'http',
        addBundledMetadata: true,
        unbundledIntegrations: [],
        maybeBundledConfigIds: {},
        versionSettings: { version: '4.4.7', componentTypes: ['browser'] }
      }
    },
    plan: {
      track: { __default: { enabled: true, integrations: {} } },
      identify: { __default: { enabled: true } },
      group: { __default: { enabled: true } }
    },
    edgeFunction: {},
    analyticsNextEnabled: true,
    middlewareSettings: {},
    enabledMiddleware: {},
    // Its own counters would go to HTTPS, which is not spoken here.
    metrics: { sampleRate: 0 },
    legacyVideoPluginsEnabled: false,
    remotePlugins: []
  }
}
