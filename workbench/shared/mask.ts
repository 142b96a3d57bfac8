import type { JSONObject, JSONValue, SegmentEvent } from '@segment/actions-core'
import escapeRegExp from 'lodash/escapeRegExp'
import type { Settings } from '../../src/generated-types'
import { isJsonObject } from './json'
import { MASK } from './text'

/** Headers that carry a key, whole or in part. */
const SECRET_HEADERS = ['x-app-id', 'x-app-token', 'authorization', 'secret-key']
/** Nesting that is kept; deeper values would exhaust the stack. No call that is taken in is so deep. */
const MAX_DEPTH = 20
/** Shorter keys are looked for only as they are and in Base64 of their own, since parts of it would be found everywhere. */
const MIN_CORE_LENGTH = 8

/** Takes the keys out of everything that the workbench keeps, shows or prints. */
export interface Mask {
  text(text: string): string
  /** A copy of a JSON value; what is no JSON becomes null. */
  json(value: unknown): JSONValue
  object(value: JSONObject): JSONObject
  event(event: SegmentEvent): SegmentEvent
  headers(headers: Record<string, string>): Record<string, string>
}

/** Makes the mask for the keys of one project. */
export function createMask({ apiKey, secretKey }: Pick<Settings, 'apiKey' | 'secretKey'>): Mask {
  const keys = [apiKey, secretKey].map((key) => key.trim()).filter(Boolean)
  const secrets = keys.length ? [...keys, keys.join(':')] : []
  const patterns = secrets.flatMap((secret) => [...writtenForms(secret), ...base64Forms(secret)])
  // The longest first, so that no rest is left. Whatever their case: a host in an address comes back in small letters.
  const sorted = [...new Set(patterns)].sort((a, b) => b.length - a.length)
  const pattern = sorted.length ? new RegExp(sorted.join('|'), 'gi') : undefined

  const text = (value: string) => (pattern ? value.replace(pattern, MASK) : value)

  function json(value: unknown, depth = 0): JSONValue {
    if (typeof value === 'string') return text(value)
    if (typeof value === 'boolean') return value
    if (typeof value === 'number') return maskNumber(value)
    if (depth >= MAX_DEPTH) return null
    if (Array.isArray(value)) return value.map((item) => json(item, depth + 1))
    return isJsonObject(value) ? object(value, depth) : null
  }

  /** A key may consist of digits. */
  function maskNumber(value: number): JSONValue {
    const written = String(value)
    const masked = text(written)
    return masked === written ? value : masked
  }

  function object(value: JSONObject, depth = 0): JSONObject {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), json(item, depth + 1)]))
  }

  return {
    text,
    json: (value) => json(value),
    object: (value) => object(value),
    // The same shape with other texts in it.
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

/** Patterns for a secret as it stands in a text, in JSON, in an address and in a form. */
function writtenForms(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1)
  const inForm = new URLSearchParams({ '': secret }).toString().slice('='.length)
  const inAddress = new URLSearchParams({ '': secret }).toString().slice('='.length).replace(/\+/g, '%20')
  return [secret, inJson, inJson.replace(/\//g, '\\/'), inForm, inAddress].map(escapeRegExp)
}

/**
 * Patterns for the ways in which a secret can stand in Base64. Three bytes become four characters, so inside a longer
 * text it begins at one of three offsets; the characters that its neighbours share with it are left off.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const whole = bytes.toString('base64').replace(/=+$/, '')
  const cores = bytes.length < MIN_CORE_LENGTH ? [] : [0, 1, 2].map((offset) => base64Core(bytes, offset))
  return [whole, ...cores].map((base64) => `${base64.replace(/[+/]/g, (sign) => BASE64_SIGNS[sign])}=*`)
}

/** The characters that the bytes alone decide when they stand so many bytes into what is encoded. */
function base64Core(bytes: Buffer, offset: number): string {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  return padded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
}

/** The two signs of Base64 as they may be written: as such, URL-safe, percent-encoded, escaped in JSON. */
const BASE64_SIGNS: Record<string, string> = { '+': '(?:[+-]|%2B)', '/': '(?:\\\\?/|_|%2F)' }
