import { useEffect, useRef, useState } from 'preact/hooks'
import { testConnection } from '../api'
import { linkBack, viewGroups, views } from '../route'
import type { View } from '../route'
import { useStore } from '../store'
import type { State } from '../store'
import type { ConnectionTest } from '../../shared/types'
import { Button } from './controls'
import { showInRow, useTask } from './hooks'
import { ShortcutsButton } from './Shortcuts'

const connectionWords: Record<State['connection'], string> = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'Connection lost, trying again…'
}

/** What stands beside every view, or above it on a narrow window: the way through the page, and where calls go. */
export function Bar({ current }: { current: View }) {
  const connection = useStore((state) => state.connection)
  const refusal = useStore((state) => state.refusal)
  return (
    <header class="side">
      <div class="brand">
        <h1>Voucherify workbench</h1>
        <p class={`connection ${connection}`} role="status">
          <span class="dot" aria-hidden="true" />
          {(connection === 'lost' && refusal) || connectionWords[connection]}
        </p>
      </div>
      <Navigation current={current} />
      <div class="side-foot">
        <Notice />
        <TargetLine />
        <ShortcutsButton />
      </div>
    </header>
  )
}

function Navigation({ current }: { current: View }) {
  const troubles = useStore((state) => state.troubles)
  const list = useRef<HTMLElement>(null)
  // On a narrow screen the list scrolls; the current view stays in sight, and what the Tab key leads to.
  const show = (link: HTMLElement | null | undefined) => showInRow(list.current, link)
  useEffect(() => show(list.current?.querySelector<HTMLElement>('[aria-current]')), [current])
  return (
    <nav
      ref={list}
      aria-label="Views"
      onKeyUp={({ key, target }) => key === 'Tab' && target instanceof HTMLElement && show(target)}
    >
      {viewGroups.map((group) => (
        <div key={group.title} role="group" aria-label={group.title}>
          <p class="nav-title" aria-hidden="true">
            {group.title}
          </p>
          <ul>
            {group.views.map((view) => (
              <li key={view}>
                <a href={linkBack(view, current)} aria-current={view === current ? 'page' : undefined}>
                  {views[view]}
                  {view === 'rehearse' && troubles.length > 0 && <span class="badge">on</span>}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

/**
 * What was done last, in a place of its own. Screen readers say it; the eye sees it for a while, by an animation that
 * ends by itself.
 */
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

/** Where deliveries go, and whether the keys work there. */
function TargetLine() {
  const target = useStore((state) => state.target)
  const task = useTask()
  const [result, setResult] = useState<ConnectionTest | null>(null)
  const line = useRef<HTMLDivElement>(null)
  const answer = task.error ? { ok: false, message: task.error } : result
  useEffect(() => {
    // In a low window the side scrolls.
    if (answer) line.current?.scrollIntoView({ block: 'nearest' })
  }, [answer?.message])
  const dismiss = () => {
    task.forget()
    setResult(null)
    line.current?.querySelector('button')?.focus()
  }
  if (!target) return <p class="target" />
  const isReal = target.mode === 'project'
  return (
    <div ref={line} class={isReal ? 'target real' : 'target'}>
      <p>
        Calls go to <strong>{isReal ? 'your real Voucherify project' : 'the sandbox on this machine'}</strong>{' '}
        <code>{target.gateway.replace(/^https?:\/\//, '')}</code>
      </p>
      <Button
        busy={task.busy}
        onPress={() =>
          task.run(async () => {
            setResult(null)
            setResult(await testConnection())
          })
        }
      >
        {task.busy ? 'Testing…' : 'Test connection'}
      </Button>
      <div class={`test-result ${answer ? (answer.ok ? 'good' : 'bad') : ''}`}>
        {answer && (
          <Button kind="quiet" label="Dismiss the result" onPress={dismiss}>
            ✕
          </Button>
        )}
        <p role="status">{answer && `${answer.ok ? '✓' : '✕'} ${answer.message}`}</p>
      </div>
    </div>
  )
}
