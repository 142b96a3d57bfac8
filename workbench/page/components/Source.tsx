import type { JSONValue } from '@segment/actions-core'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { changeSource, previewSource, readSource, readSourceFunction } from '../api'
import { count, formatNumber } from '../format'
import { parseJson } from '../json'
import { linkTo } from '../route'
import { announce } from '../store'
import { MASK } from '../../shared/text'
import type { SourceChange, SourceInfo, SourceOptions, SourcePreview } from '../../shared/types'
import { Button, Card, CopyButton, Description, Labelled, Problem } from './controls'
import { useReading, useTask } from './hooks'
import { JsonEditor } from './JsonEditor'
import { JsonView } from './JsonView'

/** Pause after a key before the calls are asked for, in milliseconds. */
const PREVIEW_DELAY_MS = 200

/** The other direction: what happens in Voucherify becomes Segment calls. */
export function Source() {
  const { value, error } = useReading(readSource, [])
  if (!value) return error ? <Problem text={error} /> : <p class="empty">Reading the source…</p>
  return <SourceView info={value} />
}

/** Options as the form holds them: texts, and switches. */
type Entered = Record<keyof SourceOptions, string | boolean>

const switches: (keyof SourceOptions)[] = ['customerUpdates', 'orders']

function enter({ currency, names, events, customerUpdates, orders, ownApplicationId }: SourceOptions): Entered {
  return {
    currency: currency ?? '',
    names: names ?? 'spec',
    events: events && Object.keys(events).length ? JSON.stringify(events) : '',
    customerUpdates: customerUpdates === true,
    orders: orders === true,
    ownApplicationId: ownApplicationId ?? ''
  }
}

const toChange = (entered: Entered): SourceChange =>
  Object.fromEntries(Object.entries(entered).filter(([, value]) => value !== ''))

/** What was written outlives the view, so that a look at something else does not lose it. */
let kept: { text: string; entered: Entered; label: string } | null = null

function SourceView({ info }: { info: SourceInfo }) {
  const [text, setText] = useState(() => kept?.text ?? JSON.stringify(info.samples[0]?.webhook ?? {}, null, 2))
  const [label, setLabel] = useState(kept?.label ?? info.samples[0]?.label ?? '')
  const [entered, setEntered] = useState(() => kept?.entered ?? enter(info.options))
  useEffect(() => {
    kept = { text, entered, label }
  }, [text, entered, label])
  const parsed = useMemo(() => parseJson(text), [text])
  const options = toChange(entered)
  const preview = useReading(
    parsed.error ? null : (signal) => previewSource({ webhook: parsed.value, options }, signal),
    [text, JSON.stringify(options)],
    PREVIEW_DELAY_MS
  )
  return (
    <div class="columns source">
      <div class="stack">
        <Card title="A webhook from Voucherify">
          <SamplePicker
            info={info}
            label={label}
            onPick={(picked, webhook) => {
              setLabel(picked)
              setText(JSON.stringify(webhook, null, 2))
            }}
          />
          <JsonEditor label="Webhook as JSON" text={text} onChange={setText} error={parsed.error} lines={16} />
        </Card>
        <OptionsForm info={info} entered={entered} setEntered={setEntered} problems={preview.value?.problems ?? []} />
      </div>
      <div class="stack">
        <Calls preview={preview.value} error={preview.error} isBroken={parsed.error !== null} />
        <SetUp info={info} curl={preview.value?.curl ?? ''} />
      </div>
    </div>
  )
}

interface PickerProps {
  info: SourceInfo
  /** Of the sample that was chosen last. */
  label: string
  onPick(label: string, webhook: JSONValue): void
}

function SamplePicker({ info: { samples }, label, onPick }: PickerProps) {
  const chosen = samples.find((sample) => sample.label === label)
  return (
    <Labelled
      label="Start from a sample"
      hint={
        chosen?.isAssumed
          ? 'Voucherify documents no payload of this type: the shape is that of the nearest one.'
          : 'In the shape that Voucherify documents.'
      }
    >
      {(attributes) => (
        <select
          {...attributes}
          value={label}
          onChange={({ currentTarget: { value } }) => {
            const sample = samples.find((each) => each.label === value)
            // A webhook is JSON.
            if (sample) onPick(value, JSON.parse(JSON.stringify(sample.webhook)))
          }}
        >
          {samples.map((sample) => (
            <option key={sample.label} value={sample.label}>
              {sample.label}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  )
}

interface CallsProps {
  preview: SourcePreview | null
  error: string
  isBroken: boolean
}

/** What the webhook becomes, or why nothing. */
function Calls({ preview, error, isBroken }: CallsProps) {
  return (
    <Card title={preview ? becomes(preview.calls.length) : 'Result'} label="Result">
      <Problem text={error} />
      {isBroken && <p class="old">The calls are shown as soon as the JSON can be read.</p>}
      {preview?.reason && (
        <div class="verdict unmatched">
          <p>No call: {preview.reason}</p>
        </div>
      )}
      {preview?.calls.map((call, index) => (
        <JsonView key={index} value={JSON.parse(JSON.stringify(call))} label={`Segment call ${index + 1}`} />
      ))}
      <p class="hint">This is a preview: nothing is sent.</p>
    </Card>
  )
}

const becomes = (calls: number) => (calls ? `Becomes ${count(calls, 'Segment call')}` : 'Becomes no Segment call')

interface OptionsProps {
  info: SourceInfo
  entered: Entered
  setEntered(entered: Entered): void
  problems: string[]
}

const optionLabels: Record<keyof SourceOptions, string> = {
  currency: 'Currency',
  names: 'Names of the events',
  events: 'Own names, as JSON',
  customerUpdates: 'Also identify on customer.updated',
  orders: 'Also Order Completed on a paid order',
  ownApplicationId: 'Own Application ID'
}

const isOption = (key: string): key is keyof SourceOptions => Object.keys(optionLabels).includes(key)

function OptionsForm({ info, entered, setEntered, problems }: OptionsProps) {
  const task = useTask()
  const save = async () => {
    await changeSource(toChange(entered))
    announce('Saved: webhooks that come in now become calls by these options.')
  }
  return (
    <Card
      title="Options"
      actions={
        <Button busy={task.busy} disabled={problems.length > 0} onPress={() => task.run(save)}>
          Use for incoming webhooks
        </Button>
      }
    >
      <p class="hint">The calls follow while you type. They are the settings of the Source Function too.</p>
      {info.settings.map(
        ({ key, meaning, usual }) =>
          isOption(key) && (
            <Option
              key={key}
              name={key}
              hint={`${meaning} Usual: ${usual}.${
                entered[key] === MASK ? ` ${MASK} stands for this workbench's.` : ''
              }`}
              problem={problems.find((problem) => problem.startsWith(`The setting ${key} `)) ?? ''}
              value={entered[key]}
              onChange={(value) => setEntered({ ...entered, [key]: value })}
            />
          )
      )}
      <Problem text={task.error} />
    </Card>
  )
}

interface OptionProps {
  name: keyof SourceOptions
  hint: string
  /** What is wrong with it; empty when nothing is. */
  problem: string
  value: string | boolean
  onChange(value: string | boolean): void
}

function Option({ name, hint, problem, value, onChange }: OptionProps) {
  const label = optionLabels[name]
  if (switches.includes(name)) {
    return (
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
        {label}
      </label>
    )
  }
  return (
    <div>
      <Labelled label={label} hint={<Description text={hint} />}>
        {(attributes) =>
          name === 'names' ? (
            <select
              {...attributes}
              value={String(value)}
              onChange={({ currentTarget }) => onChange(currentTarget.value)}
            >
              <option value="spec">In the style of Segment's spec</option>
              <option value="voucherify">As Voucherify's own source names them</option>
            </select>
          ) : (
            <input
              {...attributes}
              spellcheck={false}
              autocomplete="off"
              value={String(value)}
              onInput={({ currentTarget }) => onChange(currentTarget.value)}
            />
          )
        }
      </Labelled>
      {problem && <p class="complaint">{problem}</p>}
    </div>
  )
}

/** What it takes to run it, each step with what is to be copied. */
function SetUp({ info: { address }, curl }: { info: SourceInfo; curl: string }) {
  const script = useReading(readSourceFunction, [])
  const code = script.value ?? ''
  return (
    <Card title="Set it up">
      <ol class="steps">
        <li>
          <p>
            In Segment, make a Source Function and paste the script. Give it the options of this page as settings, and a
            secret of your own as <code>secret</code>.
          </p>
          <CopyButton text={code} what={`the Source Function, ${formatNumber(code.length)} characters`}>
            Copy the Source Function
          </CopyButton>
          <Problem text={script.error} />
        </li>
        <li>
          <p>
            In Voucherify, open Project settings, Webhooks, and add the address that Segment shows for the function.
            Under Custom headers add <code>x-webhook-secret</code> with the secret, and choose the events.
          </p>
        </li>
        <li>
          <p>Try it here first: this command sends the webhook above, signed, to this workbench.</p>
          <CopyButton text={curl} what="the command that sends this webhook, signed">
            Copy as curl
          </CopyButton>{' '}
          <CopyButton kind="quiet" text={address} what="the address for webhooks">
            Copy the address
          </CopyButton>
        </li>
        <li>
          <p>
            What came in stands among the{' '}
            <a href={linkTo('deliveries', '', { direction: 'fromVoucherify' })}>deliveries</a>, marked by its direction.
          </p>
        </li>
      </ol>
    </Card>
  )
}
