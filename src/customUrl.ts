import { IntegrationError } from '@segment/actions-core'
import memoize from 'lodash/memoize'

/** The two hosts behind one Custom Voucherify URL, each as an origin without a trailing slash. */
export interface VoucherifyHosts {
  /** Segment gateway: takes one customer, event or group a call. */
  gateway: string
  /** Public API: takes customers in bulk, tells what became of them, and erases them. */
  api: string
}

const VOUCHERIFY_DOMAIN = '.voucherify.io'
/** Longest setting that is looked at, in characters: some patterns take long over endless ones. */
const MAX_URL_LENGTH = 2_048
/** Longest name in DNS, in characters: RFC 1035, section 2.3.4, without the root. */
const MAX_HOST_LENGTH = 253
const RIGHT_FORM = 'Use the form https://us1.segmentio.voucherify.io, with the region of your project.'

/**
 * Turns what was typed as Custom Voucherify URL into the hosts to send to. The path, scheme and host are rebuilt from
 * checked parts, so nothing that was typed can lead a request, and with it the keys, to another host.
 *
 * Rules: the gateway's host is the API endpoint with the label `api` replaced by `segmentio`
 * (Voucherify's catalog page at Segment), and every documented host ends in `.voucherify.io`.
 * Valid settings are remembered, since they come with every call.
 *
 * @throws IntegrationError (400) that says what is wrong and shows the right form. It never quotes what was typed,
 * since a key pasted into the wrong setting would be in it.
 */
export const resolveHosts = memoize((customURL: string): VoucherifyHosts => {
  const typed = String(customURL ?? '').trim()
  if (!typed) throw invalid('is empty')
  if (typed.length > MAX_URL_LENGTH) throw invalid('is too long')
  const { protocol, port, hostname } = parse(typed)
  if (protocol !== 'https:') throw invalid('must start with https://')
  if (port) throw invalid('must not name a port')
  return voucherifyHosts(hostname)
})

/** Judges everything but the host, the path among it. */
function parse(typed: string): URL {
  // URL drops control characters and mends backslashes without a word, so they are refused before it sees them.
  if (/[\s\p{Cc}\\]/u.test(typed)) throw invalid('holds spaces, backslashes or control characters')
  if (!/^https?:\/\/[^/]/i.test(typed)) throw invalid('must start with https://')
  // Looked for in the text, since URL hides an empty one ("https://host?").
  if (typed.includes('@')) throw invalid('must not hold a user name or password')
  if (typed.includes('?')) throw invalid('must not hold a query')
  if (typed.includes('#')) throw invalid('must not hold a fragment')

  let url: URL
  try {
    url = new URL(typed)
  } catch {
    throw invalid('is not a valid URL')
  }
  // From the text, since URL resolves steps like "/x/.." away.
  const path = typed.replace(/^https?:\/\/[^/]+/i, '').replace(/\/+$/, '')
  const isApiEndpoint = url.hostname.split('.').includes('api')
  if (path && path !== '/segmentio' && !(path === '/v1' && isApiEndpoint)) throw invalid('must not hold a path')
  return url
}

/** `us1.segmentio.voucherify.io` and `us1.api.voucherify.io` name the same project; each host is derived from either. */
function voucherifyHosts(hostname: string): VoucherifyHosts {
  if (!hostname.endsWith(VOUCHERIFY_DOMAIN)) throw invalid('must be a host of voucherify.io')
  const labels = hostname.slice(0, -VOUCHERIFY_DOMAIN.length).split('.')
  // Requests are sent with Node's older parser. It ends a host at characters that URL takes into it, and takes a host
  // that is too long for none at all: either way the keys would go elsewhere. So only what every parser agrees on.
  if (!labels.every((label) => /^[a-z\d-]{1,63}$/.test(label))) throw invalid('is not a valid host name')
  const [marker, ...others] = labels.filter((label) => label === 'segmentio' || label === 'api')
  // The dashboard or the website would answer 200 to anything: an event would count as delivered that was not.
  if (!marker || others.length) throw invalid("must be the host of Voucherify's Segment gateway")
  const withLabel = (label: string) => {
    const host = labels.map((other) => (other === marker ? label : other)).join('.') + VOUCHERIFY_DOMAIN
    if (host.length > MAX_HOST_LENGTH) throw invalid('is too long')
    return `https://${host}`
  }
  return { gateway: withLabel('segmentio'), api: withLabel('api') }
}

function invalid(problem: string): IntegrationError {
  return new IntegrationError(
    `The setting "Custom Voucherify URL" ${problem}. ${RIGHT_FORM}`,
    'INVALID_CUSTOM_URL',
    400
  )
}
