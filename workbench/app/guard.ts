import type { Context, MiddlewareHandler } from 'hono'
import { Refusal } from '../shared/refusal'

/** Which hosts and origins are let in beside this machine's own names. */
export interface Allowed {
  /** Names without a port, in small letters: as a Host, and as the host of a page. */
  hosts: readonly string[]
  /** Origins of pages, such as `http://shop.test:8080`. */
  origins: readonly string[]
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
/** A host with or without a port, and one that an origin brings. */
const HOST = /^(\[[\da-f:.]+\]|[^:/@\s]+)(:\d{1,5})?$/i
const ORIGIN = /^https?:\/\/(.+)$/i

/**
 * Lets in only what comes from this machine on purpose, and what the user named. With real keys, any page that the user
 * visits could otherwise write into their project: it can reach loopback addresses, and a name of its own can be made
 * to point to one.
 *
 * - The Host must be loopback or named, so that no other name works.
 * - A browser's Origin must be loopback or named. Requests without one that a browser marks as coming from another site
 *   are refused, unless the user follows a link.
 * - Origins that are let in get CORS headers, since the user's own app runs on another port.
 *
 * @param onRefused told why, and the path of what was refused
 */
export function createGuard(
  allowed: Allowed,
  onRefused: (reason: string, path: string, method: string) => void
): MiddlewareHandler {
  const hosts = new Set([...LOOPBACK, ...allowed.hosts])
  const origins = new Set(allowed.origins)

  function isHost(text: string): boolean {
    const name = HOST.exec(text)?.[1]
    return name !== undefined && hosts.has(name.toLowerCase())
  }

  function isOrigin(origin: string): boolean {
    return origins.has(origin.toLowerCase()) || isHost(ORIGIN.exec(origin)?.[1] ?? '')
  }

  /** Why a request is not let in; undefined for one that is. */
  function objection({ req: request }: Context): string | undefined {
    if (!isHost(request.header('host') ?? '')) {
      return 'This workbench only answers under localhost or 127.0.0.1. To let another host in, name it in WORKBENCH_ALLOW and start it again.'
    }
    const origin = request.header('origin')
    if (origin !== undefined) {
      return isOrigin(origin)
        ? undefined
        : 'This workbench takes browser requests only from pages on localhost or 127.0.0.1. Serve your page from there (a file opened from disk has no such origin), or name its origin in WORKBENCH_ALLOW.'
    }
    const isForeign = request.header('sec-fetch-site') === 'cross-site'
    const isLink = request.method === 'GET' && request.header('sec-fetch-mode') === 'navigate'
    return isForeign && !isLink ? 'This workbench takes no requests from other sites.' : undefined
  }

  return async (context, next) => {
    const { req: request } = context
    const reason = objection(context)
    if (reason !== undefined) {
      onRefused(reason, request.path, request.method)
      throw new Refusal(403, reason)
    }
    const origin = request.header('origin')
    if (origin === undefined) return next()
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
}
