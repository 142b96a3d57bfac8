import { useEffect, useRef, useState } from 'preact/hooks'
import { forgetFile, openFile, readFileProgress, sendFile, stopFile } from '../api'
import { count, formatNumber, isObject, nameOf } from '../format'
import { linkTo } from '../route'
import { announce } from '../store'
import type { CallFile } from '../../shared/types'
import { Button, Card, Problem } from './controls'
import { useTask } from './hooks'
import { JsonView } from './JsonView'

/** How often the progress is asked for, in milliseconds. */
const PROGRESS_MS = 300

/** Keeps the id of the file, so that it can be stopped after a look at its deliveries or a reload. */
function keep(id: string): void {
  try {
    sessionStorage.setItem('file', id)
  } catch {
    // A browser that keeps nothing is as good otherwise.
  }
}

function kept(): string {
  try {
    return sessionStorage.getItem('file') ?? ''
  } catch {
    return ''
  }
}

/** Calls of the reader's own, from a file: looked at first, then sent as an app would send them. */
export function OwnFile() {
  const task = useTask()
  const input = useRef<HTMLInputElement>(null)
  const [file, setOpened] = useState<CallFile | null>(null)
  const [isOver, setOver] = useState(false)
  const outcome = useRef<HTMLDivElement>(null)
  const wasReading = useRef(false)
  const setFile = (next: CallFile | null) => {
    setOpened(next)
    keep(next?.id ?? '')
  }
  useEffect(() => {
    const id = kept()
    // A workbench that was started anew knows nothing of it.
    if (id) void readFileProgress(id).then(setFile, () => keep(''))
  }, [])
  useEffect(() => {
    // On a phone what it holds, or what is wrong with it, would be out of sight.
    if (wasReading.current && !task.busy) outcome.current?.scrollIntoView({ block: 'nearest' })
    wasReading.current = task.busy
  }, [task.busy])
  const choose = (files: FileList | null) => {
    const [chosen, ...others] = Array.from(files ?? [])
    if (!chosen) return
    task.run(async () => {
      if (others.length) throw new Error('Choose one file at a time.')
      setFile(null)
      const opened = await openFile(chosen)
      setFile(opened)
      announce(`${opened.name} holds ${count(opened.total, 'call')}.`)
    })
  }
  useEffect(() => {
    // Anywhere in the window, since beside the field the browser would open the file in the place of the page.
    const onDrag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(event.type === 'dragover')
      if (event.type === 'drop') choose(event.dataTransfer.files)
    }
    const kinds = ['dragover', 'dragleave', 'drop'] as const
    for (const kind of kinds) addEventListener(kind, onDrag)
    return () => {
      for (const kind of kinds) removeEventListener(kind, onDrag)
    }
  }, [])
  return (
    <Card title="Calls from a file">
      <div class={isOver ? 'drop over' : 'drop'}>
        <Button busy={task.busy} onPress={() => input.current?.click()}>
          {task.busy ? 'Reading…' : 'Choose a file…'}
        </Button>
        <p class="hint">
          or drop it here: NDJSON, JSON, CSV (each row becomes an identify call), a HAR of your browser; each also as
          .gz. Nothing is sent before you say so.
        </p>
        <input
          ref={input}
          type="file"
          class="unseen"
          tabIndex={-1}
          aria-label="File with calls"
          onChange={({ currentTarget }) => {
            choose(currentTarget.files)
            // The same file can be chosen again.
            currentTarget.value = ''
          }}
        />
      </div>
      <div ref={outcome} class="stack">
        <Problem text={task.error} />
        {file && <OpenedFile key={file.id} file={file} setFile={setFile} />}
      </div>
    </Card>
  )
}

function OpenedFile({ file, setFile }: { file: CallFile; setFile(file: CallFile | null): void }) {
  const task = useTask()
  const { id, name, format, types, total, refused, firstRefused, first, progress } = file
  const isSending = progress?.state === 'sending'
  const wasSending = useRef(false)
  useEffect(() => {
    if (!isSending && wasSending.current) announce(`${sentWords(file)}.`)
    wasSending.current = isSending
    if (!isSending) return
    const timer = setInterval(() => task.run(async () => setFile(await readFileProgress(id))), PROGRESS_MS)
    return () => clearInterval(timer)
  }, [isSending])
  const actions = useRef<HTMLDivElement>(null)
  const hadBar = useRef(progress !== undefined)
  useEffect(() => {
    // The bar moves the button that was pressed down.
    if (progress && !hadBar.current) actions.current?.scrollIntoView({ block: 'nearest' })
    hadBar.current = progress !== undefined
  }, [progress !== undefined])
  const forget = async () => {
    await forgetFile(id)
    setFile(null)
  }
  return (
    <>
      <p>
        <strong>{name}</strong> is {format} and holds {count(total, 'call')}:{' '}
        {Object.entries(types)
          .map(([type, number]) => `${formatNumber(number)} ${type}`)
          .join(', ')}
        .
      </p>
      {refused > 0 && (
        <p class="old">
          {count(refused, 'row')} of it {refused === 1 ? 'makes' : 'make'} no call. The first: {firstRefused}
        </p>
      )}
      <details class="entry">
        <summary>The first {first.length === 1 ? 'call' : count(first.length, 'call')}</summary>
        {first.map((call, index) => (
          <JsonView key={index} value={call} label={`Call ${index + 1} of the file: ${titled(call)}`} />
        ))}
      </details>
      {progress && (
        <div class="progress">
          <label>
            {sentWords(file)}
            <progress max={total} value={progress.sent} />
          </label>
          {progress.refused > 0 && (
            <p class="hint">{count(progress.refused, 'call was', 'calls were')} not taken; the deliveries say why.</p>
          )}
          {progress.repeated > 0 && (
            <p class="hint">{count(progress.repeated, 'messageId')} had been taken before, so nothing was delivered.</p>
          )}
          <Problem text={progress.error ?? ''} />
        </div>
      )}
      <div ref={actions} class="actions">
        <Button
          kind={progress ? 'plain' : 'primary'}
          busy={isSending || task.busy}
          onPress={() => task.run(async () => setFile(await sendFile(id)))}
        >
          {isSending ? 'Sending…' : progress ? 'Send again' : `Send ${count(total, 'call')}`}
        </Button>
        {isSending && (
          <Button kind="danger" onPress={() => task.run(async () => setFile(await stopFile(id)))}>
            Stop
          </Button>
        )}
        <Button onPress={() => task.run(forget)}>Close the file</Button>
        {progress && <a href={linkTo('deliveries')}>See the deliveries</a>}
      </div>
      <Problem text={task.error} />
    </>
  )
}

function sentWords({ total, progress }: CallFile): string {
  const words = { sending: 'Sending', done: 'Sent', stopped: 'Stopped, and sent', failed: 'Sent before it failed' }
  return progress ? `${words[progress.state]}: ${formatNumber(progress.sent)} of ${count(total, 'call')}` : ''
}

const titled = (call: CallFile['first'][number]) =>
  isObject(call) && typeof call.type === 'string' ? nameOf(call) : ''
