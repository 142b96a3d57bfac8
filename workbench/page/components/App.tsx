import { useEffect, useRef } from 'preact/hooks'
import { useRoute, views } from '../route'
import type { Route } from '../route'
import { announce } from '../store'
import { Audiences } from './Audiences'
import { Connect } from './Connect'
import { Customers } from './Customers'
import { Deliveries } from './Deliveries'
import { Flow } from './Flow'
import { Bar } from './Header'
import { focusRegion, useKeptFocus } from './hooks'
import { Mappings } from './Mappings'
import { Metadata } from './Metadata'
import { Shortcuts } from './Shortcuts'
import { Source } from './Source'
import { Rehearsal } from './Trouble'
import { TryCall } from './TryCall'

export function App() {
  const route = useRoute()
  const main = useRef<HTMLElement>(null)
  useKeptFocus(main)
  useEffect(() => {
    document.title = `${views[route.view]} – Voucherify workbench`
    // What was done in another view is over.
    announce('')
    // A new view begins at its beginning, also when the last one was scrolled.
    if (main.current && main.current.getBoundingClientRect().top < 0) main.current.scrollIntoView()
  }, [route.view])
  return (
    <>
      <button type="button" class="button skip" onClick={() => main.current && focusRegion(main.current)}>
        Skip to the content
      </button>
      <Bar current={route.view} />
      <div class="content">
        <Flow route={route} />
        <main ref={main} aria-label={views[route.view]}>
          <CurrentView route={route} />
        </main>
      </div>
      <Shortcuts />
    </>
  )
}

function CurrentView({ route: { view, item, query } }: { route: Route }) {
  switch (view) {
    case 'deliveries':
      return <Deliveries open={item} query={query} />
    case 'customers':
      return <Customers open={item} query={query} />
    case 'audiences':
      return <Audiences />
    case 'metadata':
      return <Metadata />
    case 'try':
      return <TryCall from={item} />
    case 'mappings':
      return <Mappings open={item} />
    case 'rehearse':
      return <Rehearsal />
    case 'connect':
      return <Connect />
    case 'source':
      return <Source />
  }
}
