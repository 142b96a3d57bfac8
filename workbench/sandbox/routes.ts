import { invalidPayload, methodNotAllowed, notFound } from './errors'
import type { Answer } from './errors'
import type { Bucket } from './limits'
import type { CallKind } from './store'

/** One call that the sandbox plays. */
export interface Route {
  kind: CallKind
  method: 'GET' | 'POST'
  /** The path, in which `:id` stands for one escaped ID. */
  path: string
  /** The limit that the call counts against. */
  bucket?: Bucket
  /**
   * Does the call.
   *
   * @param call the body as text, and the ID in the path, unescaped, empty where the path has none
   * @throws Refusal when it can't be done
   */
  handle(call: { text: string; id: string }): Answer
}

export interface FoundRoute {
  route: Route
  id: string
}

/** Finds the route of a request. Throws a Refusal: 404, 405, or 400 for an ID that is not escaped as URLs ask. */
export type FindRoute = (method: string, path: string) => FoundRoute

/** Makes a table of the routes. Only those with an ID cost more than one look-up. */
export function createRouter(routes: Route[]): FindRoute {
  const takesId = ({ path }: Route) => path.includes(':id')
  const fixed = new Map(routes.filter((route) => !takesId(route)).map((route) => [route.path, route]))
  const withId = routes
    .filter(takesId)
    .map((route) => ({ route, pattern: new RegExp(`^${route.path.replace(':id', '([^/]+)')}$`) }))

  const match = (path: string): FoundRoute => {
    const route = fixed.get(path)
    if (route) return { route, id: '' }
    for (const { pattern, route } of withId) {
      const found = pattern.exec(path)
      if (found) return { route, id: decodeId(found[1]) }
    }
    throw notFound('Cannot find this path')
  }

  return (method, path) => {
    const found = match(path)
    if (found.route.method !== method) throw methodNotAllowed(found.route.method)
    return found
  }
}

function decodeId(escaped: string): string {
  try {
    return decodeURIComponent(escaped)
  } catch {
    throw invalidPayload('The ID in the path is not URL-encoded')
  }
}
