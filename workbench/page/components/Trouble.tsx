import { useState } from 'preact/hooks'
import { endTroubles, startTrouble } from '../api'
import { count } from '../format'
import { announce, useIsReal, useStore } from '../store'
import type { Trouble, TroubleKind } from '../../shared/types'
import { Button, Card, Labelled, Problem } from './controls'
import { useTask } from './hooks'
import { Scenarios } from './Scenarios'

interface KindWords {
  label: string
  text: string
  /** Label of the seconds where a kind has some, and the words before them. */
  seconds?: { label: string; words: string }
}

/** What each kind looks like from outside, and what Segment then does. */
const troubleKinds: Record<TroubleKind, KindWords> = {
  '400': { label: '400 Bad request', text: 'Voucherify refuses the values. The call is lost.' },
  '401': { label: '401 Unauthorized', text: 'Voucherify refuses the keys. The call is lost.' },
  '402': { label: '402 Plan exceeded', text: 'The plan is used up, or the subscription has ended.' },
  '413': { label: '413 Too large', text: 'The call holds more than 10 MB for Voucherify.' },
  '429': {
    label: '429 Too many requests',
    text: 'A limit is reached. Segment sends the call again later.',
    seconds: { label: 'Retry-After, in seconds', words: 'Retry-After:' }
  },
  '500': { label: '500 Server error', text: 'Voucherify fails. Segment sends the call again.' },
  slow: {
    label: 'Slow answer',
    text: 'After 10 seconds the destination gives up, and Segment sends the call again.',
    seconds: { label: 'Seconds until the answer', words: 'after' }
  },
  cut: {
    label: 'Cut answer',
    text: 'The answer stops in the middle. The destination waits 10 seconds for the rest, and Segment sends the call again.'
  },
  redirect: { label: 'Redirect', text: 'The answer points to another host, which gets nothing.' },
  page: { label: 'Web page', text: 'A page answers instead of Voucherify, with status 200.' },
  'bad-row': {
    label: 'Refused bulk call',
    text: 'A bulk call that holds one of the named customers is refused whole.'
  },
  'job-slow': {
    label: 'Slow bulk job',
    text: 'With Batch Customers on: accepted customers are not there yet when the destination asks.',
    seconds: { label: 'Seconds that the job takes', words: 'each takes' }
  },
  'job-rows': {
    label: 'Bulk job with a refused row',
    text: 'With Batch Customers on: the first customer of a bulk job is refused.'
  },
  'job-failed': {
    label: 'Failed bulk job',
    text: 'With Batch Customers on: a bulk job that was accepted fails and applies nothing.'
  },
  'report-expired': {
    label: 'Expired report',
    text: 'The report of a bulk job can no longer be fetched. The backfill reads it, the destination does not.'
  },
  'Business plan': {
    label: 'Limits of the Business plan',
    text: '100 calls of the API a minute, 144,000 through Segment a day.'
  },
  'Organization plan': {
    label: 'Limits of the Organization plan',
    text: '2,000 calls of the API a minute, 288,000 through Segment a day.'
  }
}

const MAX_CALLS = 10_000
const MAX_SECONDS = 3600

/** Lets the sandbox misbehave, so that one sees what the destination makes of it. */
export function Rehearsal() {
  const isReal = useIsReal()
  return (
    <div class="columns">
      <Card title="Rehearse trouble">
        {isReal ? (
          <p>
            Your calls go to a real project, and trouble can only be played by the sandbox. To rehearse, start the
            workbench without the three VOUCHERIFY variables in its environment.
          </p>
        ) : (
          <TroubleForm />
        )}
      </Card>
      <div class="stack">
        {!isReal && <ActiveTroubles />}
        <Scenarios />
      </div>
    </div>
  )
}

function TroubleForm() {
  const task = useTask()
  const [kind, setKind] = useState<TroubleKind>('429')
  const [remaining, setRemaining] = useState(3)
  const [seconds, setSeconds] = useState(30)
  const start = async () => {
    const trouble = { kind, remaining, seconds: troubleKinds[kind].seconds ? seconds : 0 }
    await startTrouble(trouble)
    announce(`Switched on: ${describeTrouble(trouble)}.`)
  }
  const secondsLabel = troubleKinds[kind].seconds?.label
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!task.busy) task.run(start)
      }}
    >
      <p class="hint">
        The sandbox answers the next calls as you choose. Then send calls and watch their deliveries. A call that may
        arrive later is tried again by itself.
      </p>
      <fieldset class="kinds">
        <legend>The sandbox answers with</legend>
        {kindNames.map((name) => (
          <label key={name} class="kind">
            <input type="radio" name="kind" value={name} checked={kind === name} onChange={() => setKind(name)} />
            <span>
              {troubleKinds[name].label}
              <span class="hint">{troubleKinds[name].text}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="save-bar">
        <div class="inline">
          {!isPlan(kind) && (
            <NumberField label="Number of calls" least={1} most={MAX_CALLS} value={remaining} onChange={setRemaining} />
          )}
          {secondsLabel && (
            <NumberField label={secondsLabel} least={0} most={MAX_SECONDS} value={seconds} onChange={setSeconds} />
          )}
          <button type="submit" class="button primary" aria-disabled={task.busy}>
            Start trouble
          </button>
        </div>
        <Problem text={task.error} />
      </div>
    </form>
  )
}

/** Limits hold until they are switched off. */
const isPlan = (kind: TroubleKind) => kind === 'Business plan' || kind === 'Organization plan'

/** Those that need no more than the number of calls and the seconds. */
const kindNames = (Object.keys(troubleKinds) as TroubleKind[]).filter((kind) => kind !== 'bad-row')

interface NumberFieldProps {
  label: string
  least: number
  most: number
  value: number
  onChange(value: number): void
}

function NumberField({ label, least, most, value, onChange }: NumberFieldProps) {
  return (
    <Labelled label={label}>
      {(attributes) => (
        <input
          {...attributes}
          type="number"
          min={least}
          max={most}
          required
          value={value}
          onInput={({ currentTarget }) =>
            Number.isNaN(currentTarget.valueAsNumber) || onChange(currentTarget.valueAsNumber)
          }
        />
      )}
    </Labelled>
  )
}

function ActiveTroubles() {
  const troubles = useStore((state) => state.troubles)
  const task = useTask()
  const end = async () => {
    await endTroubles()
    announce('The sandbox answers as usual again.')
  }
  return (
    <Card title="Switched on">
      {troubles.length ? (
        <>
          <ul class="troubles">
            {troubles.map((trouble, index) => (
              <li key={index}>{describeTrouble(trouble)}</li>
            ))}
          </ul>
          <Button busy={task.busy} onPress={() => task.run(end)}>
            End trouble
          </Button>
        </>
      ) : (
        <p class="hint">None: the sandbox answers as Voucherify would.</p>
      )}
      <Problem text={task.error} />
    </Card>
  )
}

function describeTrouble({ kind, remaining, seconds }: Trouble): string {
  const { label, seconds: wait } = troubleKinds[kind]
  if (isPlan(kind)) return `${label}, until you end it`
  return `${label} for ${count(remaining, 'more call')}${wait ? ` (${wait.words} ${count(seconds, 'second')})` : ''}`
}
