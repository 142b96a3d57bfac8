import { IntegrationError, PayloadValidationError, RetryableError } from '@segment/actions-core'
import type { HTTPError, RequestClient, RequestOptions } from '@segment/actions-core'
import { resolveHosts } from './customUrl'
import type { VoucherifyHosts } from './customUrl'
import { failureOf } from './errors'
import type { Answer } from './errors'
import type { Settings } from './generated-types'
import type { Values } from './payload'
import { VOUCHERIFY_API_VERSION } from './versioning-info'

/** Longest wait for the headers of an answer, and again for its body, in milliseconds. */
export const TIMEOUT_MS = 10_000
/** Longest answer that is read, in bytes. */
export const MAX_ANSWER_BYTES = 1_048_576
const TOO_DEEP =
  'The call could not be written as JSON, most often because metadata is nested too deeply. Map fewer or flatter values.'

/** Last part of the gateway's path. */
export type GatewayPath = 'event-processing' | 'group-processing' | 'customer-processing' | 'test-authentication'

/**
 * Sends one call to the Segment gateway.
 *
 * @throws the errors of `askGateway`, and for an answer that is no 2xx of Voucherify's what `failureOf` makes of it
 */
export async function send(
  request: RequestClient,
  settings: Settings,
  path: GatewayPath,
  body: Values
): Promise<Answer> {
  const answer = await askGateway(request, settings, path, { json: body })
  const failure = failureOf(answer, settings)
  if (failure) throw failure
  return answer
}

/**
 * Asks the Segment gateway, by POST where there is a body, and gives its answer whatever the status.
 *
 * @param timeout longest wait in milliseconds
 * @throws IntegrationError (400) for a setting that can't be used, and otherwise as `ask` does
 */
export async function askGateway(
  request: RequestClient,
  settings: Settings,
  path: GatewayPath,
  { json, timeout = TIMEOUT_MS }: { json?: Values; timeout?: number } = {}
): Promise<Answer> {
  const { gateway, id, secret } = readSettings(settings)
  return ask(request, `${gateway}/segmentio/${path}`, {
    method: json ? 'POST' : 'GET',
    // Voucherify's documented pair, and the pair by which the gateway has known this destination since 2023. Nothing
    // public says which of the two it reads today.
    headers: {
      'X-App-Id': id,
      'X-App-Token': secret,
      authorization: `Basic ${Buffer.from(id).toString('base64')}`,
      'secret-key': Buffer.from(secret).toString('base64')
    },
    json,
    timeout
  })
}

/**
 * Asks Voucherify's public API, and gives its answer whatever the status.
 *
 * @param path what follows the API's version
 * @param body JSON
 * @param timeout longest wait in milliseconds
 * @throws as `askGateway` does
 */
export async function askApi(
  request: RequestClient,
  settings: Settings,
  method: 'GET' | 'POST',
  path: string,
  { body, timeout = TIMEOUT_MS }: { body?: string; timeout?: number } = {}
): Promise<Answer> {
  const { api, id, secret } = readSettings(settings)
  const headers: Record<string, string> = { 'X-App-Id': id, 'X-App-Token': secret }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  return ask(request, `${api}/${VOUCHERIFY_API_VERSION}/${path}`, { method, headers, body, timeout })
}

/**
 * Makes a request with what every one carries so that no answer can lead the keys elsewhere, hang the call or end the
 * process. `size` is node-fetch's own bound, with which the framework sends.
 *
 * @throws RetryableError when Voucherify does not answer in time, PayloadValidationError for a body that can't be written
 * as JSON, every other failure as it came: the host decides by it whether to send the call again
 */
async function ask(request: RequestClient, url: string, options: RequestOptions): Promise<Answer> {
  const guards: RequestOptions & { size: number } = {
    redirect: 'manual',
    skipResponseCloning: true,
    size: MAX_ANSWER_BYTES
  }
  try {
    return await request(url, { ...guards, ...options })
  } catch (error) {
    const answer = answerOf(error)
    if (answer) return answer
    if (isTimeout(error)) {
      throw new RetryableError('Voucherify did not answer in time. The call can be sent again later.', 504)
    }
    // JSON is written on the way, and what is nested too deeply fails the same at every try.
    throw error instanceof RangeError ? new PayloadValidationError(TOO_DEEP) : error
  }
}

/**
 * The answer in the framework's HTTPError; undefined for every other error. Known by name and shape, since a host may
 * hold a second copy of the class, as Segment's local server does.
 */
function answerOf(error: unknown): Answer | undefined {
  const { constructor, response } = (error ?? {}) as Partial<HTTPError> & { response?: Answer }
  return constructor?.name === 'HTTPError' && typeof response?.status === 'number' ? response : undefined
}

/** The framework's TimeoutError holds the request's options, and with them the keys, where deep logging shows them. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT' && 'options' in error
}

/**
 * Where the settings lead, and the keys as headers carry them.
 *
 * @throws IntegrationError (400) that names a setting that can't be used
 */
export function readSettings({
  customURL,
  apiKey,
  secretKey
}: Settings): VoucherifyHosts & { id: string; secret: string } {
  return {
    ...resolveHosts(customURL),
    id: readKey(apiKey, 'Application ID', 'INVALID_APPLICATION_ID'),
    secret: readKey(secretKey, 'Secret Key', 'INVALID_SECRET_KEY')
  }
}

/** Everything outside a header's field value: RFC 9110, section 5.5, as node-fetch checks it. */
const NOT_IN_HEADERS = /[^\t\x20-\x7e\x80-\xff]/

/** A key without the spaces around it. No other form is asked of it: Voucherify may change how keys look. */
function readKey(value: string, label: string, code: string): string {
  const key = String(value ?? '').trim()
  // The framework leaves out a header whose value reads "undefined", so the call would go without the key.
  const isMissing = !key || key === 'undefined'
  if (!isMissing && !NOT_IN_HEADERS.test(key)) return key
  throw new IntegrationError(
    `The setting "${label}" ${isMissing ? 'is empty' : 'holds characters that no HTTP header can carry'}. ` +
      "Copy the key again from your Voucherify project's settings.",
    code,
    400
  )
}
