import { useEffect, useRef, useState } from 'preact/hooks'
import { rehearse } from '../api'
import { count, formatNumber, formatSpan } from '../format'
import { linkTo } from '../route'
import { announce } from '../store'
import type { Rehearsal, RehearsalStep, Scenario } from '../../shared/types'
import { Button, Card, Problem } from './controls'
import { leadTo, useTask } from './hooks'
import { LongText } from './JsonView'

interface ScenarioWords {
  title: string
  text: string
  /** What to take from it. */
  lesson(result: Rehearsal): string
}

const scenarios: Record<Scenario, ScenarioWords> = {
  plan: {
    title: 'First sync on the Business plan',
    text: '200 customers against 144 calls a day: the plan’s 144,000 a day at a thousandth of its size.',
    lesson: ({ lost }) =>
      lost
        ? 'What goes over the day of the plan is tried for hours and then lost. Switch batching on for customers, or bring them in with the backfill.'
        : 'With batches the customers need a handful of calls, so the day of the plan is not reached.'
  },
  outage: {
    title: 'The gateway is down for two minutes',
    text: '60 calls come while no connection is answered. Retries go on until it is back.',
    lesson: ({ lost }) =>
      lost
        ? 'Some calls were given up.'
        : 'Nothing is lost: each call is tried again with growing pauses until it arrives.'
  },
  'lost answers': {
    title: 'Answers get lost',
    text: '40 events arrive, but 15 answers do not. Nobody can know that the events were taken.',
    lesson: ({ doubled }) =>
      doubled
        ? 'The calls without an answer are sent again, and Voucherify has no id by which it would know an event: points may be awarded twice. Customers are not doubled.'
        : 'No event arrived twice.'
  }
}

const isScenario = (name: string): name is Scenario => Object.keys(scenarios).includes(name)

/** Scenarios that are played to their end, with the mappings as they are. */
export function Scenarios() {
  const task = useTask()
  const [playing, setPlaying] = useState<Scenario | null>(null)
  const [result, setResult] = useState<Rehearsal | null>(null)
  const play = (scenario: Scenario) =>
    task.run(async () => {
      setPlaying(scenario)
      setResult(null)
      try {
        const played = await rehearse(scenario)
        setResult(played)
        announce(`Played: ${count(played.lost, 'call')} lost, ${formatNumber(played.doubled)} doubled.`)
      } finally {
        setPlaying(null)
      }
    })
  return (
    <Card title="Play a scenario">
      <p class="hint">
        Played in a sandbox of its own with your <a href={linkTo('mappings')}>mappings</a> as they are, on a clock that
        jumps from retry to retry: two minutes take seconds. Your deliveries and customers stay as they are.
      </p>
      <ul class="scenarios">
        {Object.entries(scenarios).map(
          ([name, { title, text }]) =>
            isScenario(name) && (
              <li key={name}>
                <div>
                  <h3>{title}</h3>
                  <p class="hint">{text}</p>
                </div>
                <Button busy={task.busy} label={`Play: ${title}`} onPress={() => play(name)}>
                  {playing === name ? 'Playing…' : 'Play'}
                </Button>
              </li>
            )
        )}
      </ul>
      <Problem text={task.error} />
      {result && <Played result={result} />}
    </Card>
  )
}

function Played({ result }: { result: Rehearsal }) {
  const { scenario, calls, delivered, retried, lost, firstLoss, doubled, tookMs, steps } = result
  const { title, lesson } = scenarios[scenario]
  const part = useRef<HTMLDivElement>(null)
  useEffect(() => leadTo(part.current), [])
  return (
    <div ref={part} class="part" role="group" aria-label={`Result of: ${title}`}>
      <h3>{title}</h3>
      <div class={`verdict ${lost ? 'rejected' : doubled ? 'retryable' : 'delivered'}`}>
        <p>
          {formatNumber(delivered)} of {count(calls, 'call')} arrived within {formatSpan(tookMs)}.{' '}
          <strong>
            {formatNumber(lost)} lost, {formatNumber(doubled)} doubled
          </strong>
          , {formatNumber(retried)} needed another try.
        </p>
        <p>{lesson(result)}</p>
        {firstLoss && (
          <p class="hint">
            <LongText text={`The first that was lost: ${firstLoss}`} limit={300} />
          </p>
        )}
      </div>
      <h4>Tries on the clock</h4>
      <Clock steps={steps} />
    </div>
  )
}

/** The tries in the order of time, as bars. */
function Clock({ steps }: { steps: RehearsalStep[] }) {
  const most = Math.max(...steps.map(({ tried }) => tried))
  return (
    <ol class="clock">
      {steps.map(({ atMs, tried, delivered, failed }) => (
        <li key={atMs}>
          <span class="number hint">+{formatSpan(atMs)}</span>
          <span class="clock-bar" aria-hidden="true">
            <span class="clock-good" style={{ width: `${(100 * delivered) / most}%` }} />
            <span class="clock-bad" style={{ width: `${(100 * failed) / most}%` }} />
          </span>
          <span class="hint">
            {count(tried, 'try', 'tries')}: {formatNumber(delivered)} delivered, {formatNumber(failed)} failed
          </span>
        </li>
      ))}
    </ol>
  )
}
