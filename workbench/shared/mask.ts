import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import { makeRedact, redactJson } from '../../src/errors'
import type { Settings } from '../../src/generated-types'

const MASK = '***'
/** Headers that carry a key, whole or in part. */
const SECRET_HEADERS = ['x-app-id', 'x-app-token', 'authorization', 'secret-key']

/** Takes the keys out of everything that the workbench keeps, shows or prints. */
export interface Mask {
  text(text: string): string
  /** A copy of a JSON value; `undefined` becomes null. */
  json(value: unknown): JSONValue
  object(value: JSONObject): JSONObject
  event(event: SegmentEvent): SegmentEvent
  headers(headers: Record<string, string>): Record<string, string>
}

/** Makes the mask for the keys of one project. */
export function createMask(settings: Settings): Mask {
  const text = makeRedact(settings)
  const json = (value: unknown) => redactJson(value, text)
  return {
    text,
    json,
    // The same shapes with other texts in them.
    object: (value) => json(value) as JSONObject,
    event: (event) => json(event) as unknown as SegmentEvent,
    headers: (headers) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          SECRET_HEADERS.includes(name.toLowerCase()) ? MASK : text(value)
        ])
      )
  }
}
