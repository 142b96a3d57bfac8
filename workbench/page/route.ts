/** Where in the page the reader is, kept in the address's hash so that links, "back" and bookmarks work. */
import { useEffect, useState } from 'preact/hooks'

export const views = {
  deliveries: 'Deliveries',
  try: 'Try a call',
  mappings: 'Mappings',
  trouble: 'Trouble',
  result: 'Result',
  connect: 'Connect an app'
}

export type View = keyof typeof views

export interface Route {
  view: View
  /** What is open in the view: a delivery's id, a mapping's name; empty for none. */
  item: string
}

const isView = (name: string): name is View => Object.keys(views).includes(name)

export function parseRoute(hash: string): Route {
  const [name = '', ...rest] = hash.replace(/^#\/?/, '').split('/')
  return isView(name) ? { view: name, item: decode(rest.join('/')) } : { view: 'deliveries', item: '' }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

export function linkTo(view: View, item = ''): string {
  return `#/${view}${item && `/${encodeURIComponent(item)}`}`
}

export function goTo(view: View, item = ''): void {
  location.hash = linkTo(view, item)
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return route
}
