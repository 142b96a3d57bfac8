import type { SegmentEvent } from '@segment/actions-core'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { explainDelivery, previewCall, readSamples, sendBatch, sendCall } from '../api'
import { draftOf, readDraft, toDraft } from '../calls'
import { count, formatNumber, nameSamples } from '../format'
import { parseJson } from '../json'
import { linkTo } from '../route'
import { announce, getState, useStore } from '../store'
import type { Preview, PreviewResult, Sample } from '../../shared/types'
import { Button, Card, Labelled, OutcomeMark, Problem } from './controls'
import { Warnings } from './DeliveryDetail'
import { leadTo, useReading, useTask } from './hooks'
import { JsonEditor } from './JsonEditor'
import { OwnFile } from './OwnFile'
import { ErrorView, FieldTable, PresetTable, RequestView } from './Trace'

const firstDraft: SegmentEvent = {
  type: 'identify',
  userId: 'user-1',
  traits: { email: 'ada@example.com', firstName: 'Ada', lastName: 'Byron', metadata: { plan: 'gold' } }
}

/** The text outlives the view, so that a look at something else does not lose it. */
let keptText = toDraft(firstDraft)

/** What the last press of a button led to. */
type Outcome =
  | { kind: 'none' }
  | { kind: 'preview'; text: string; calls: SegmentEvent[]; result: PreviewResult }
  | { kind: 'sent'; text: string; calls: SegmentEvent[]; known: Set<string>; repeated: number; refused: number }

/** What came of it outlives the view too: a look at the delivery leads back to it. */
let keptOutcome: Outcome = { kind: 'none' }

/** A call written by hand. `from` is the id of a delivery whose call is the start; empty for none. */
export function TryCall({ from }: { from: string }) {
  const [text, setText] = useState(keptText)
  const [outcome, setOutcome] = useState(keptOutcome)
  const results = useRef<HTMLDivElement>(null)
  const samples = useReading(readSamples, [])
  const task = useTask()
  const parsed = useMemo(() => parseJson(text), [text])
  const draft = parsed.error ? null : readDraft(parsed.value)
  const isReady = draft !== null && !draft.problem

  useEffect(() => {
    keptText = text
  }, [text])
  useEffect(() => {
    if (!from) return
    setOutcome({ kind: 'none' })
    task.run(async () => setText(draftOf((await explainDelivery(from)).delivery)))
  }, [from])

  useEffect(() => {
    const isNew = keptOutcome !== outcome
    keptOutcome = outcome
    if (isNew && outcome.kind !== 'none') leadTo(results.current)
  }, [outcome])

  /** What stands beside another call than the one that is written now is said to be old. */
  const isOld = outcome.kind !== 'none' && outcome.text !== text

  const preview = async () => {
    if (!draft || !isReady) return
    setOutcome({ kind: 'none' })
    const [event] = draft.calls
    const result = await previewCall({ event }, new AbortController().signal)
    setOutcome({ kind: 'preview', text, calls: draft.calls, result })
    announce('The preview is ready. Nothing was sent.')
  }
  const send = async () => {
    if (!draft || !isReady) return
    const known = new Set(getState().list?.rows.map(({ id }) => id))
    const calls = draft.calls.map((call) => ({ messageId: `page-${crypto.randomUUID()}`, ...call }))
    setOutcome({ kind: 'none' })
    const { repeated = 0, refused = 0 } = await (draft.isBatch ? sendBatch(calls) : sendCall(calls[0].type, calls[0]))
    setOutcome({ kind: 'sent', text, calls, known, repeated, refused })
    announce(repeated ? repeatWords(repeated, calls.length) : `Sent ${count(calls.length, 'call')}.`)
  }
  return (
    <div class="columns">
      <Card title="Write a call">
        <SamplePicker samples={samples.value ?? []} onPick={({ event }) => setText(toDraft(event))} />
        <Problem text={samples.error} />
        <JsonEditor
          label="Call as JSON"
          text={text}
          onChange={setText}
          error={parsed.error}
          problem={draft?.problem}
          lines={20}
        />
        <div class="actions">
          <Button kind="primary" busy={task.busy} disabled={!isReady} onPress={() => task.run(preview)}>
            Preview
          </Button>
          <Button busy={task.busy} disabled={!isReady} onPress={() => task.run(send)}>
            Send
          </Button>
        </div>
        <Problem text={task.error} />
      </Card>
      <div ref={results} class="stack">
        <Card title="Result">
          {outcome.kind === 'none' && (
            <p class="hint">
              Preview shows what would be sent to Voucherify, without sending it. Send sends the call as your app would.
            </p>
          )}
          {isOld && <p class="old">This is about the call as it was before you changed it.</p>}
          {outcome.kind === 'preview' && <PreviewView calls={outcome.calls} result={outcome.result} />}
          {outcome.kind === 'sent' && <SentView {...outcome} />}
        </Card>
        <OwnFile />
      </div>
    </div>
  )
}

function SamplePicker({ samples, onPick }: { samples: Sample[]; onPick(sample: Sample): void }) {
  const [label, setLabel] = useState('')
  const covers = samples.find((sample) => sample.label === label)?.covers
  const names = nameSamples(samples)
  const types = [...new Set(samples.map(({ event }) => event.type))]
  return (
    <Labelled label="Start from a sample" hint={covers}>
      {(attributes) => (
        <select
          {...attributes}
          value={label}
          onChange={({ currentTarget }) => {
            setLabel(currentTarget.value)
            const sample = samples.find((each) => each.label === currentTarget.value)
            if (sample) onPick(sample)
          }}
        >
          <option value="">Choose a sample…</option>
          {types.map((type) => (
            <optgroup key={type} label={type}>
              {samples
                .filter(({ event }) => event.type === type)
                .map((sample) => (
                  <option key={sample.label} value={sample.label}>
                    {names.get(sample.label)}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      )}
    </Labelled>
  )
}

function PreviewView({ calls, result: { presets, previews } }: { calls: SegmentEvent[]; result: PreviewResult }) {
  return (
    <>
      <p class="hint">
        Nothing was sent.{calls.length > 1 && ` This is the first of the ${calls.length} calls.`}
        {!previews.length && ' No mapping would take this call.'}
      </p>
      {previews.map((preview) => (
        <PreviewOfPreset key={preview.preset} preview={preview} />
      ))}
      <h3>Mappings</h3>
      <PresetTable presets={presets} isPreview />
    </>
  )
}

function PreviewOfPreset({ preview: { preset, fields, request, error, warnings } }: { preview: Preview }) {
  return (
    <article class="preview" aria-label={preset}>
      <h3>{preset}</h3>
      {error && (
        <div class="verdict rejected">
          <ErrorView error={error} />
        </div>
      )}
      <Warnings warnings={warnings} />
      {request && <RequestView request={request} />}
      <FieldTable fields={fields} label={`Fields of ${preset}`} />
    </article>
  )
}

/** What the workbench did not take, since it takes each messageId once, as Segment does. */
function repeatWords(repeated: number, calls: number): string {
  if (calls === 1) return 'This messageId was taken before, so nothing was delivered.'
  if (repeated === calls) return 'These messageIds were taken before, so nothing was delivered.'
  return `Left out ${formatNumber(repeated)} of ${formatNumber(calls)} calls, since their messageId was taken before.`
}

interface SentProps {
  calls: SegmentEvent[]
  /** Ids of the deliveries that there were before. */
  known: Set<string>
  /** How many of the calls were taken before. */
  repeated: number
  /** How many of a batch were not taken for what they are. */
  refused: number
}

/** The deliveries of calls that were just sent, as they end. */
function SentView({ calls, known, repeated, refused }: SentProps) {
  const listing = useStore((state) => state.list)
  const ids = new Set(calls.map(({ messageId }) => messageId))
  const mine = listing?.rows.filter(({ id, messageId }) => ids.has(messageId) && !known.has(id)) ?? []
  return (
    <>
      {repeated > 0 && <p>{repeatWords(repeated, calls.length)}</p>}
      {refused > 0 && (
        <p>
          {formatNumber(refused)} of {count(calls.length, 'call')} {refused === 1 ? 'was' : 'were'} not taken.{' '}
          <a href={linkTo('deliveries', '', { status: 'refused' })}>See why</a>
        </p>
      )}
      {repeated + refused < calls.length && (
        <p class="hint">
          {mine.length ? 'Sent. This is what became of it:' : 'Sent. Its delivery shows here when it has ended…'}
        </p>
      )}
      <ul class="sent">
        {mine.map(({ id, type, title, preset, status, warnings }) => (
          <li key={id}>
            <OutcomeMark outcome={status} warnings={warnings} />{' '}
            <a href={linkTo('deliveries', id)}>
              {type} {title}
            </a>{' '}
            {preset && `through ${preset}`}
          </li>
        ))}
      </ul>
    </>
  )
}
