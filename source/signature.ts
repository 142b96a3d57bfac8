import { createHmac, timingSafeEqual } from 'node:crypto'

/** The header with Voucherify's signature. */
export const SIGNATURE_HEADER = 'x-voucherify-signature'

/**
 * Whether a signature is that of a body: HMAC-SHA256 in hexadecimal, over the bytes as they came or over the JSON without
 * white space outside of texts. The body is never parsed for it: numbers and escapes would come out in another form.
 *
 * @param key the secret key from Voucherify's Project settings, Webhooks
 * @see https://docs.voucherify.io, "Introduction to webhooks"
 */
export function isSigned(body: Buffer, signature: string, key: string): boolean {
  return isSame(signature, sign(body, key)) || isSame(signature, sign(withoutSpace(body), key))
}

/** The signature of a body, as Voucherify makes it. */
export function sign(body: Buffer | string, key: string): string {
  return createHmac('sha256', key).update(body).digest('hex')
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => Buffer.from(text))
  return one.length === other.length && timingSafeEqual(one, other)
}

const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The JSON without white space outside of texts. */
function withoutSpace(body: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(body.length)
  let length = 0
  let isText = false
  let isEscaped = false
  for (const byte of body) {
    if (!isText && SPACE.has(byte)) continue
    kept[length++] = byte
    if (isEscaped) isEscaped = false
    else if (isText && byte === BACKSLASH) isEscaped = true
    else if (byte === QUOTE) isText = !isText
  }
  return kept.subarray(0, length)
}
