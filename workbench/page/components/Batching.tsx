import { readDeliveries } from '../api'
import { count } from '../format'
import type { Forms, ValueForm } from '../mappingValue'
import { useStore } from '../store'
import type { Delivery, FieldInfo } from '../../shared/types'
import { Description, Labelled } from './controls'
import { useReading } from './hooks'

const SWITCH = 'enable_batching'
const SIZE = 'batch_size'
/** What the destination takes when the mapping names no size. */
const USUAL_SIZE = 1000
/** How many of the preset's deliveries are looked at for the effect, and how long their list may rest, in milliseconds. */
const COUNTED = 200
const COUNT_DELAY_MS = 300

/** Whether a field is a setting of batching, which has its own place in the editor. */
export const isBatchingField = (key: string) => key === SWITCH || key === SIZE

interface Props {
  fields: FieldInfo[]
  preset: string
  forms: Forms
  setForm(key: string, form: ValueForm): void
}

/** The switch for batches, what it does, and what it has done so far. Nothing for actions without batches. */
export function Batching({ fields, preset, forms, setForm }: Props) {
  const overview = useStore((state) => state.overview)
  const latest = useReading(
    () => readDeliveries({ preset, limit: COUNTED }),
    [preset, JSON.stringify(overview?.counts[preset])],
    COUNT_DELAY_MS
  )
  const effect = effectOf(latest.value?.deliveries ?? [])
  const field = fields.find(({ key }) => key === SWITCH)
  if (!field) return null
  const isOn = numberOrFlag(forms[SWITCH]) === true
  const size = numberOrFlag(forms[SIZE])
  const write = (key: string, value: number | boolean) => setForm(key, { kind: 'json', json: JSON.stringify(value) })
  return (
    <fieldset class="batching">
      <legend>Batching</legend>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          checked={isOn}
          onChange={({ currentTarget }) => write(SWITCH, currentTarget.checked)}
        />
        {field.label}
      </label>
      <p class="hint">
        <Description text={field.description} />
      </p>
      <p class="hint">
        {isOn
          ? 'On, once saved: calls wait for others for up to a second and go together in one call of the API. Each keeps an outcome of its own, and Voucherify applies the values some time later.'
          : 'Off: each call is sent on its own, as it arrives.'}
        {effect}
      </p>
      {isOn && (
        <Labelled label="Most calls in a batch">
          {(attributes) => (
            <input
              {...attributes}
              type="number"
              min={1}
              max={10_000}
              value={typeof size === 'number' ? size : USUAL_SIZE}
              onInput={({ currentTarget: { valueAsNumber } }) =>
                Number.isNaN(valueAsNumber) || write(SIZE, valueAsNumber)
              }
            />
          )}
        </Labelled>
      )}
    </fieldset>
  )
}

function numberOrFlag(form: ValueForm | undefined): unknown {
  try {
    return form?.kind === 'json' ? JSON.parse(form.json) : undefined
  } catch {
    return undefined
  }
}

/** How many requests the newest calls took, as a sentence; empty while there are none. */
function effectOf(deliveries: Delivery[]): string {
  const sent = deliveries.filter(({ request }) => request)
  // A call that shares its request with n - 1 others is an nth of it.
  const requests = Math.round(sent.reduce((sum, { batchSize }) => sum + 1 / batchSize, 0))
  if (!sent.length) return ''
  return ` Its latest ${count(sent.length, 'call')} went in ${count(Math.max(requests, 1), 'request')}.`
}
