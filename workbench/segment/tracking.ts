import type { SegmentEvent } from '@segment/actions-core'
import type { Hono } from 'hono'
import { InvalidCall, readBatch, readCall } from './call'
import type { RefusedCall } from './call'
import type { CallType } from '../shared/callTypes'
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

/** Where calls go that came in. */
export interface Intake {
  /** When a call that comes now arrived: ISO 8601. */
  now(): string
  /** Takes calls in, all or none. Returns how many of them were new; null when there was no room. */
  take(calls: SegmentEvent[], receivedAt: string): number | null
  /** Keeps what was not taken, with the reason. */
  refuse(refused: RefusedCall[], receivedAt: string): void
}

/** Longest body, in bytes: 500 KB. Source: Segment's HTTP API, "Batch". */
const MAX_BODY_BYTES = 500 * 1024

/**
 * Segment's Tracking API as its SDKs speak it, the long paths and the short ones of analytics.js. Takes any write key
 * and none. Answers at once; calls are delivered afterwards.
 */
export function addTrackingRoutes(app: Hono, intake: Intake): void {
  app.get('/v1/projects/:writeKey/settings', (context) =>
    context.json(browserSettings(context.req.param('writeKey'), context.req.header('host') ?? ''))
  )
  // Counters of analytics.js about itself.
  app.post('/v1/m', (context) => context.json({ success: true }))
  for (const [path, kind] of Object.entries(PATHS)) {
    app.post(`/v1/${path}`, async (context) => {
      const body = await readBody(intake, context.req.raw, kind)
      const { taken, repeated, refused } = takeIn(intake, body, kind)
      if (!taken && refused.length && kind !== 'batch') throw new Refusal(400, refused[0].reason)
      return context.json<CallsTaken>({
        success: true,
        ...(repeated > 0 && { repeated }),
        ...(refused.length > 0 && { refused: refused.length })
      })
    })
  }
}

/** Reads a body. One that can't be read is kept as a row too, since nobody else says that its calls are lost. */
async function readBody(intake: Intake, request: Request, kind: CallType | 'batch'): Promise<unknown> {
  try {
    return await readJson(request, MAX_BODY_BYTES)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    intake.refuse([{ reason: error.message, ...typeOf(kind) }], intake.now())
    // Segment answers so to every body that it does not take.
    throw new Refusal(400, error.message)
  }
}

const typeOf = (kind: CallType | 'batch') => (kind === 'batch' ? {} : { type: kind })

interface TakenIn {
  taken: number
  /** How many have a messageId that was taken before. */
  repeated: number
  refused: RefusedCall[]
}

/**
 * Checks what came to a path, takes in what is right and keeps what is not.
 *
 * @throws Refusal 400 for a batch that can't be read, 429 when there is no room: SDKs then try again
 */
export function takeIn({ now, take, refuse }: Intake, body: unknown, kind: CallType | 'batch'): TakenIn {
  const receivedAt = now()
  let read: { calls: SegmentEvent[]; refused: RefusedCall[] }
  try {
    read = kind === 'batch' ? readBatch(body, receivedAt) : { calls: [readCall(body, receivedAt, kind)], refused: [] }
  } catch (error) {
    if (!(error instanceof InvalidCall)) throw error
    if (kind === 'batch') {
      refuse([{ reason: error.message }], receivedAt)
      throw new Refusal(400, error.message)
    }
    read = { calls: [], refused: [{ reason: error.message, call: body, ...typeOf(kind) }] }
  }
  const { calls, refused } = read
  const fresh = take(calls, receivedAt)
  if (fresh === null) {
    throw new Refusal(429, 'Too many calls wait for their delivery. Send them again in a second.', {
      'Retry-After': '1'
    })
  }
  if (refused.length) refuse(refused, receivedAt)
  return { taken: fresh, repeated: calls.length - fresh, refused }
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
