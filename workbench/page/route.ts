/** Where in the page the reader is, kept whole in the address's hash: links, "back", a reload and bookmarks lead there. */
import { useEffect, useState } from 'preact/hooks'

export const views = {
  deliveries: 'Deliveries',
  customers: 'Customers',
  audiences: 'Audiences',
  mappings: 'Mappings',
  metadata: 'Metadata',
  try: 'Try a call',
  rehearse: 'Rehearse',
  connect: 'Connect an app',
  source: 'From Voucherify'
}

export type View = keyof typeof views

/** The views as the navigation groups them. */
export const viewGroups: { title: string; views: View[] }[] = [
  { title: 'Watch', views: ['deliveries', 'customers', 'audiences'] },
  { title: 'Set up', views: ['mappings', 'metadata'] },
  { title: 'Try', views: ['try', 'rehearse'] },
  { title: 'Connect', views: ['connect', 'source'] }
]

/** What a view shows of what it could: filters, a search, a tab. Values that are empty are left out. */
export type Query = Record<string, string>

export interface Route {
  view: View
  /** What is open in the view: a delivery's id, a mapping's name; empty for none. */
  item: string
  query: Query
}

/** Addresses that were given out under older names. */
const RENAMED: Record<string, View> = { result: 'customers', trouble: 'rehearse' }

const isView = (name: string): name is View => Object.keys(views).includes(name)

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  const [name = '', ...rest] = path.split('/')
  const view = Object.hasOwn(RENAMED, name) ? RENAMED[name] : name
  const query = Object.fromEntries(new URLSearchParams(search))
  return isView(view) ? { view, item: decode(rest.join('/')), query } : { view: 'deliveries', item: '', query }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

export function linkTo(view: View, item = '', query: Query = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value))
  return `#/${view}${item && `/${encodeURIComponent(item)}`}${search.size ? `?${search}` : ''}`
}

export function goTo(view: View, item = '', query: Query = {}): void {
  location.hash = linkTo(view, item, query)
}

/** The link to another item of the view that is open, with what the view shows of the rest as it is. */
export function linkHere(item: string): string {
  const { view, query } = parseRoute(location.hash)
  return linkTo(view, item, query)
}

/** For a row whose link covers it: a press on what stands above the link, to say more, leads to the same item. */
export const opensItem = (item: string) => (event: MouseEvent) => {
  if (event.target instanceof Element && !event.target.closest('a')) location.hash = linkHere(item)
}

/** What each view showed last, so that coming back to it finds it as it was left. */
const left = new Map<View, Query>()

/** The link of the navigation: to a view as it was left, or to its beginning where it is open already. */
export function linkBack(view: View, current: View): string {
  const { flow: _, ...query } = (view !== current && left.get(view)) || {}
  return linkTo(view, '', query)
}

/** Called when the address was changed without a step in the history, which gives no event. */
const listeners = new Set<() => void>()

/** Changes what the view shows, in the address, without a new step for "back". */
export function setQuery(change: Query): void {
  const { view, item, query } = parseRoute(location.hash)
  history.replaceState(null, '', linkTo(view, item, { ...query, ...change }))
  for (const listener of listeners) listener()
}

let hasMoved = false

/** Whether the page shows what it was loaded with: nobody has gone anywhere yet. */
export const isLanding = () => !hasMoved

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash))
    const move = () => {
      hasMoved = true
      update()
    }
    addEventListener('hashchange', move)
    listeners.add(update)
    return () => {
      removeEventListener('hashchange', move)
      listeners.delete(update)
    }
  }, [])
  left.set(route.view, route.query)
  return route
}
