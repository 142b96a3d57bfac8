import type { SegmentEvent } from '@segment/actions-core'
import { useEffect, useState } from 'preact/hooks'
import { readSamples } from '../api'
import { nameOf, nameSamples, timeOf } from '../format'
import { getState } from '../store'
import type { Delivery, Sample } from '../../shared/types'
import { Labelled, Problem } from './controls'
import { useReading } from './hooks'

interface Choice {
  key: string
  text: string
  event: SegmentEvent
}

function ofSamples(samples: Sample[]): Choice[] {
  const names = nameSamples(samples)
  return samples.map(({ label, event }) => ({ key: `sample ${label}`, text: names.get(label) ?? label, event }))
}

/** Calls that arrived lately; of refused ones there is none to try. */
const ofDeliveries = (deliveries: Delivery[]): Choice[] =>
  deliveries.flatMap(({ id, receivedAt, status, event: { type, ...rest } }) => {
    if (!type || status === 'refused') return []
    const event: SegmentEvent = { ...rest, type }
    return [{ key: id, text: `${timeOf(receivedAt)} ${nameOf(event)}`, event }]
  })

const readRecent = () => ofDeliveries(getState().latest)

/** Chooses the call for which a mapping shows its result: one that arrived lately, or a sample. */
export function CallPicker({ trigger, onPick }: { trigger: string; onPick(event: SegmentEvent): void }) {
  const read = useReading(readSamples, [])
  const [recent, setRecent] = useState(readRecent)
  const [chosen, setChosen] = useState<Choice | null>(null)
  const samples = ofSamples(read.value ?? [])
  const pick = (choice: Choice) => {
    setChosen(choice)
    onPick(choice.event)
  }
  useEffect(() => {
    if (chosen) return
    const fitting = samples.find(({ event }) => trigger.includes(`"${event.type}"`)) ?? samples.at(0)
    if (fitting) pick(fitting)
  }, [read.value])

  // A call that is no longer among the latest stays to be seen while it is the chosen one.
  const all = [...samples, ...recent]
  const latest = chosen && all.every(({ key }) => key !== chosen.key) ? [chosen, ...recent] : recent
  const options = (choices: Choice[]) =>
    choices.map(({ key, text }) => (
      <option key={key} value={key}>
        {text}
      </option>
    ))
  return (
    <>
      <Labelled label="Show the result for" hint="Each field shows what it gives for this call while you type.">
        {(attributes) => (
          <select
            {...attributes}
            value={chosen?.key ?? ''}
            onFocus={() => setRecent(readRecent())}
            onChange={({ currentTarget }) => {
              const choice = [...samples, ...latest].find(({ key }) => key === currentTarget.value)
              if (choice) pick(choice)
            }}
          >
            <optgroup label="Samples">{options(samples)}</optgroup>
            {latest.length > 0 && <optgroup label="Latest calls">{options(latest)}</optgroup>}
          </select>
        )}
      </Labelled>
      <Problem text={read.error} />
    </>
  )
}
