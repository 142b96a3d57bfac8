import type { JSONObject } from '@segment/actions-core'
import { promisify } from 'util'
import { gunzip, inflate } from 'zlib'
import { errorCode } from './errorCode'
import { Refusal } from './refusal'

/** Longest body that the workbench's own API reads, in bytes, before and after it is unpacked. */
const MAX_BODY_BYTES = 4 * 1024 * 1024

/** Whether a parsed JSON value is an object. */
export function isJsonObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads a request's body as JSON, whatever it is labelled as: browsers send `text/plain` to spare themselves a
 * preflight. Takes bodies packed with gzip or deflate.
 *
 * @param maxBytes the longest body, before and after it is unpacked
 * @throws Refusal 413 for one that is too long, 415 for another packing, 400 for one that is not JSON
 */
export async function readJson(request: Request, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  const text = new TextDecoder().decode(await unpack(request, await readBytes(request, maxBytes), maxBytes))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refusal(400, `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Reads a request's body as a JSON object. Throws as `readJson` does. */
export async function readJsonObject(request: Request): Promise<JSONObject> {
  const body = await readJson(request)
  if (isJsonObject(body)) return body
  throw new Refusal(400, 'The body must be a JSON object.')
}

/** Reads a request's body as it came. Throws Refusal 413 for one that is too long. */
export async function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLong(maxBytes)
  const reader = request.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    length += next.value.byteLength
    if (length > maxBytes) throw tooLong(maxBytes)
    chunks.push(next.value)
  }
  return Buffer.concat(chunks)
}

const unpackers: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate)
}

async function unpack(request: Request, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity' || encoding === '') return bytes
  const unpacker = Object.entries(unpackers).find(([name]) => name === encoding)?.[1]
  if (!unpacker)
    throw new Refusal(415, 'The body is packed in a way that is not known here. Use gzip, or send it as it is.')
  try {
    return await unpacker(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    const isTooLong = errorCode(error) === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLong ? tooLong(maxBytes) : new Refusal(400, `The body is labelled as ${encoding} and can't be unpacked.`)
  }
}

function tooLong(maxBytes: number): Refusal {
  return new Refusal(
    413,
    `The body is longer than ${maxBytes} bytes (${maxBytes / 1024} KB). Send it in smaller parts.`
  )
}
