import { useRef, useState } from 'preact/hooks'
import { testConnection } from '../api'
import { useStore } from '../store'
import type { State } from '../store'
import type { ConnectionTest } from '../../shared/types'
import { Button } from './controls'
import { useTask } from './hooks'

const connectionWords: Record<State['connection'], string> = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'Connection lost, trying again…'
}

export function Header() {
  const connection = useStore((state) => state.connection)
  const refusal = useStore((state) => state.refusal)
  return (
    <header>
      <div class="title">
        <h1>Voucherify workbench</h1>
        <p class={`connection ${connection}`} role="status">
          <span class="dot" aria-hidden="true" />
          {(connection === 'lost' && refusal) || connectionWords[connection]}
        </p>
      </div>
      <TargetLine />
    </header>
  )
}

/** Where deliveries go, and whether the keys work there. */
function TargetLine() {
  const target = useStore((state) => state.target)
  const task = useTask()
  const [result, setResult] = useState<ConnectionTest | null>(null)
  const line = useRef<HTMLDivElement>(null)
  const answer = task.error ? { ok: false, message: task.error } : result
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
        <code>{target.gateway}</code>
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
        <p role="status">{answer && `${answer.ok ? '✓' : '✕'} ${answer.message}`}</p>
        {answer && (
          <Button kind="quiet" label="Dismiss the result" onPress={dismiss}>
            ✕
          </Button>
        )}
      </div>
    </div>
  )
}
