import type { SegmentEvent } from '@segment/actions-core'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { readSamples } from '../api'
import { shorten, timeOfDay, titleOf } from '../format'
import { useStore } from '../store'
import { Labelled, Problem } from './controls'
import { useReading } from './hooks'

/** Most calls of the list of deliveries that are offered. */
const MAX_RECENT = 20

/** Chooses the call for which a mapping shows its result: one that arrived lately, or a sample. */
export function CallPicker({ trigger, onPick }: { trigger: string; onPick(event: SegmentEvent): void }) {
  const samples = useReading(readSamples, [])
  const deliveries = useStore((state) => state.deliveries)
  const [chosen, setChosen] = useState('')

  // The list is kept while it is looked at: a call that arrives must not move it.
  const recent = useMemo(() => deliveries?.slice(0, MAX_RECENT) ?? [], [deliveries === null, chosen === ''])
  const calls = useMemo(
    () => [
      ...(samples.value ?? []).map(({ label, event }) => ({ key: `sample ${label}`, text: label, event })),
      ...recent.map(({ id, receivedAt, event }) => ({
        key: id,
        text: `${timeOfDay(receivedAt)} ${event.type} ${shorten(titleOf(event), 40)}`,
        event
      }))
    ],
    [samples.value, recent]
  )
  const pick = (key: string) => {
    const call = calls.find((each) => each.key === key)
    if (!call) return
    setChosen(key)
    onPick(call.event)
  }
  useEffect(() => {
    if (chosen || !samples.value) return
    const fitting = calls.find(({ event }) => trigger.includes(`"${event.type}"`)) ?? calls.at(0)
    if (fitting) pick(fitting.key)
  }, [samples.value, calls])

  const isSample = (key: string) => key.startsWith('sample ')
  const options = (list: typeof calls) =>
    list.map(({ key, text }) => (
      <option key={key} value={key}>
        {text}
      </option>
    ))
  return (
    <>
      <Labelled label="Show the result for" hint="Each field shows what it gives for this call while you type.">
        {(attributes) => (
          <select {...attributes} value={chosen} onChange={({ currentTarget }) => pick(currentTarget.value)}>
            <optgroup label="Samples">{options(calls.filter(({ key }) => isSample(key)))}</optgroup>
            {recent.length > 0 && (
              <optgroup label="Latest calls">{options(calls.filter(({ key }) => !isSample(key)))}</optgroup>
            )}
          </select>
        )}
      </Labelled>
      <Problem text={samples.error} />
    </>
  )
}
