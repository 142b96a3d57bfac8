import { useEffect, useRef } from 'preact/hooks'
import { useRoute, views } from '../route'
import type { Route, View } from '../route'
import { announce, useStore } from '../store'
import { Connect } from './Connect'
import { Deliveries } from './Deliveries'
import { Flow } from './Flow'
import { Header } from './Header'
import { useKeptFocus } from './hooks'
import { Mappings } from './Mappings'
import { Result } from './Result'
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
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Header />
      <Flow />
      <Navigation current={route.view} />
      <main ref={main} tabIndex={-1} aria-label={views[route.view]}>
        <CurrentView route={route} />
      </main>
      <Notice />
    </>
  )
}

function Navigation({ current }: { current: View }) {
  const troubles = useStore((state) => state.troubles)
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    // On a narrow screen the list scrolls; the current view stays in sight.
    const link = list.current?.querySelector<HTMLElement>('[aria-current]')
    if (list.current && link) list.current.scrollLeft = link.offsetLeft - list.current.clientWidth / 3
  }, [current])
  return (
    <nav aria-label="Views">
      <ul ref={list}>
        {Object.entries(views).map(([view, label]) => (
          <li key={view}>
            <a href={`#/${view}`} aria-current={view === current ? 'page' : undefined}>
              {label}
              {view === 'trouble' && troubles.length > 0 && <span class="badge">on</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function CurrentView({ route: { view, item } }: { route: Route }) {
  switch (view) {
    case 'deliveries':
      return <Deliveries open={item} />
    case 'try':
      return <TryCall from={item} />
    case 'mappings':
      return <Mappings open={item} />
    case 'trouble':
      return <Rehearsal />
    case 'result':
      return <Result />
    case 'connect':
      return <Connect />
  }
}

/** What was done last. Screen readers say it; the eye sees it for a while, by an animation that ends by itself. */
function Notice() {
  const { text, number } = useStore((state) => state.notice)
  return (
    <div role="status" class="notices">
      {text && (
        <p key={number} class="notice">
          {text}
        </p>
      )}
    </div>
  )
}
