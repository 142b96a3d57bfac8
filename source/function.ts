/**
 * The shell for a Segment Source Function. `npm run build` bundles it to one script without imports, whose `onRequest`
 * Segment calls for each webhook. The request's fields arrive in another order than Voucherify signed them in, so a
 * signature can't be checked here; the custom header is.
 */
import { readOptions } from './options'
import { object, text } from './read'
import { toSegment } from './toSegment'
import type { SegmentCall } from './toSegment'

/** The header of the webhook that holds the secret. Voucherify takes names in lower case only. */
export const SECRET_HEADER = 'x-webhook-secret'

/** What Segment gives a Source Function. Source: Segment's documentation, "Source Functions". */
export interface FunctionRequest {
  headers: { get(name: string): string | null | undefined }
  /** Throws for a body that is no JSON. */
  json(): unknown
  url: { searchParams: { get(name: string): string | null } }
}

type Sent<Type extends SegmentCall['type']> = Omit<Extract<SegmentCall, { type: Type }>, 'type'>

declare const Segment: { track(call: Sent<'track'>): unknown; identify(call: Sent<'identify'>): unknown }
declare const ValidationError: new (message: string) => Error
declare const InvalidEventPayload: new (message: string) => Error

/**
 * Sends the calls of one webhook. A webhook that is merely not wanted sends none and succeeds, since Voucherify disables
 * a webhook that fails too often.
 *
 * @throws ValidationError for a wrong or missing secret, InvalidEventPayload for a body that is no JSON
 */
export async function onRequest(request: FunctionRequest, settings: unknown): Promise<void> {
  const secret = text(object(settings).secret)
  if (!secret) throw new ValidationError("The setting secret is empty. Enter what the webhook's custom header holds.")
  if (!isSame(secret, request.headers.get(SECRET_HEADER) ?? ''))
    throw new ValidationError(`The header ${SECRET_HEADER} is missing, or it does not hold the setting secret.`)

  const { options, problems } = readOptions(settings)
  for (const problem of problems) console.warn(`${problem} It counts as not set.`)
  const body = await readJson(request)
  const type = request.url.searchParams.get('type') ?? undefined
  for (const call of toSegment(body, { ...options, type }).calls) await send(call)
}

async function readJson(request: FunctionRequest): Promise<unknown> {
  try {
    return await request.json()
  } catch {
    throw new InvalidEventPayload('The body is no JSON, so it is no webhook of Voucherify.')
  }
}

async function send(call: SegmentCall): Promise<void> {
  if (call.type === 'track') {
    const { type: _type, ...track } = call
    await Segment.track(track)
  } else {
    const { type: _type, ...identify } = call
    await Segment.identify(identify)
  }
}

/** Compares without an early end, so that the time tells nothing of where two texts differ. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let index = 0; index < other.length; index++)
    difference |= one.charCodeAt(index % one.length) ^ other.charCodeAt(index)
  return difference === 0
}
