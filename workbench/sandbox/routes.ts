import { invalidPayload, notPlayed } from './errors'
import type { Answer } from './errors'
import type { LimitType } from '../shared/types'
import type { CallKind } from './store'

/** A call that found its route. */
export interface Call {
  /** The body. */
  text: string
  /** The ID in the path, unescaped; empty where the path has none. */
  id: string
  query: URLSearchParams
  /** Application ID of whoever calls; empty where no keys are asked for. */
  caller: string
}

/** One call that the sandbox plays. */
export interface Route {
  kind: CallKind
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path, in which `:id` stands for one escaped ID. */
  path: string
  /** The limit that the call counts against. */
  bucket?: LimitType
  /** Set for an address that is its own key, so that a call with keys is refused: they belong to nobody else. */
  isWithoutKeys?: boolean
  /** Does the call. Throws a Refusal when it can't be done. */
  handle(call: Call): Answer
}

export interface FoundRoute {
  route: Route
  id: string
}

/** Finds the route of a request. Throws a Refusal: 404, or 400 for an ID that is not escaped as URLs ask. */
export type FindRoute = (method: string, path: string) => FoundRoute

/** Makes a table of the routes. Only those with an ID cost more than one look-up. */
export function createRouter(routes: Route[]): FindRoute {
  const takesId = ({ path }: Route) => path.includes(':id')
  const nameOf = (method: string, path: string) => `${method} ${path}`
  const fixed = new Map(
    routes.filter((route) => !takesId(route)).map((route) => [nameOf(route.method, route.path), route])
  )
  const withId = routes
    .filter(takesId)
    .map((route) => ({ route, pattern: new RegExp(`^${route.path.replace(':id', '([^/]+)')}$`) }))

  return (method, path) => {
    const route = fixed.get(nameOf(method, path))
    if (route) return { route, id: '' }
    for (const { pattern, route } of withId) {
      const found = route.method === method && pattern.exec(path)
      if (found) return { route, id: decodeId(found[1]) }
    }
    throw notPlayed(nameOf(method, path.slice(0, MAX_SHOWN_PATH)))
  }
}

/** A path may be as long as all headers together. */
const MAX_SHOWN_PATH = 200

function decodeId(escaped: string): string {
  try {
    return decodeURIComponent(escaped)
  } catch {
    throw invalidPayload('The ID in the path is not URL-encoded')
  }
}
