import type { MiddlewareHandler } from 'hono'
import { Refusal } from '../shared/refusal'

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i

/**
 * Lets in only what comes from this machine on purpose. With real keys, any page that the user visits could otherwise
 * write into their project: it can reach loopback addresses, and a name of its own can be made to point to one.
 *
 * - The Host must be loopback, so that no other name works.
 * - A browser's Origin must be loopback. Requests without one that a browser marks as coming from another site are
 *   refused, unless the user follows a link.
 * - Loopback origins get CORS headers, since the user's own app runs on another port.
 */
export const guard: MiddlewareHandler = async (context, next) => {
  const { req: request } = context
  if (!LOOPBACK_HOST.test(request.header('host') ?? '')) {
    throw new Refusal(403, 'This workbench only answers under localhost or 127.0.0.1.')
  }
  const origin = request.header('origin')
  if (origin === undefined) {
    if (
      isForeign(request.header('sec-fetch-site')) &&
      !isNavigation(request.method, request.header('sec-fetch-mode'))
    ) {
      throw new Refusal(403, 'This workbench takes no requests from other sites.')
    }
    return next()
  }
  if (!LOOPBACK_ORIGIN.test(origin)) {
    throw new Refusal(
      403,
      'This workbench takes browser requests only from pages on localhost or 127.0.0.1. Serve your page from there; a file opened from disk has no such origin.'
    )
  }
  const headers: Record<string, string> = { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' }
  if (request.method === 'OPTIONS') {
    return context.body(null, 204, {
      ...headers,
      'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE, OPTIONS',
      'Access-Control-Allow-Headers': request.header('access-control-request-headers') ?? 'content-type',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Max-Age': '600'
    })
  }
  // Set first, so that an error has them too and the page can read why.
  for (const [name, value] of Object.entries(headers)) context.header(name, value)
  context.header('Access-Control-Allow-Credentials', 'true')
  return next()
}

function isForeign(site: string | undefined): boolean {
  return site === 'cross-site'
}

function isNavigation(method: string, mode: string | undefined): boolean {
  return method === 'GET' && mode === 'navigate'
}
