import type { JSONObject, SegmentEvent } from '@segment/actions-core'
import { useEffect, useId, useState } from 'preact/hooks'
import { changeMapping, previewCall, resetMapping } from '../api'
import { complaintFor, missingField } from '../complaint'
import type { Complaint } from '../complaint'
import { rereadMappings } from '../live'
import { BrokenJson, readForms, writeForms } from '../mappingValue'
import type { Forms, ValueForm } from '../mappingValue'
import { announce, getState } from '../store'
import type { FieldInfo, FieldTrace, Mapping, MappingList, Preview } from '../../shared/types'
import { Batching, isBatchingField } from './Batching'
import { CallPicker } from './CallPicker'
import { Button, Card, ConfirmButton, Problem } from './controls'
import { FieldEditor } from './FieldEditor'
import { Warnings } from './DeliveryDetail'
import { useReading, useTask } from './hooks'
import { Differences, MappingFileActions } from './MappingFiles'
import { ErrorView, RequestView } from './Trace'

/** Pause after a key before the result is asked for, in milliseconds. */
const PREVIEW_DELAY_MS = 200

/** What an edit changes. The mapping is absent where its JSON can't be read. */
interface Values {
  trigger: string
  mapping?: JSONObject
}

interface Draft {
  trigger: string
  forms: Forms
  /** What was saved when it began. */
  from: Values
  /** What the last press of Save sent. */
  sent?: Values
  /** Whether something else was saved since it began. */
  isOvertaken: boolean
}

/** What was changed and not saved, by preset. It outlives the view, so that a look at something else does not lose it. */
const keptDrafts = new Map<string, Draft>()

interface Props {
  mapping: Mapping
  fields: FieldInfo[]
  /** The action's. */
  title: string
  list: MappingList
  /** An added mapping was removed. */
  onRemoved(): void
}

export function MappingEditor({ mapping: saved, fields, title, list, onRemoved }: Props) {
  const { preset, action } = saved
  const startOver = (mapping: Mapping): Draft => ({
    trigger: mapping.trigger,
    forms: readForms(mapping.mapping, fields),
    from: mapping,
    isOvertaken: false
  })
  const [draft, setDraft] = useState(() => keptDrafts.get(preset) ?? startOver(saved))
  const [event, setEvent] = useState<SegmentEvent | null>(null)
  const saving = useTask()
  const written = write(draft.forms)
  const isChanged = differ({ trigger: draft.trigger, mapping: written.mapping }, saved)
  const isUnsaved = isChanged || written.broken !== undefined

  useEffect(() => {
    if (isUnsaved) keptDrafts.set(preset, draft)
    else keptDrafts.delete(preset)
  }, [draft, isUnsaved])
  // The mapping was saved, here or elsewhere: what stands in the form follows, unless it is being changed.
  useEffect(() => {
    setDraft((last) => {
      const values = { trigger: last.trigger, mapping: write(last.forms).mapping }
      const isOwn = !differ(values, saved) || (last.sent && !differ(last.sent, saved))
      if (isOwn) return { ...last, from: saved, isOvertaken: false }
      if (!differ(values, last.from)) return startOver(saved)
      return { ...last, isOvertaken: differ(last.from, saved) }
    })
  }, [saved])

  const body = JSON.stringify([draft.trigger, written.mapping])
  const preview = useReading(
    event && written.mapping
      ? (signal) => previewCall({ event, preset, action, trigger: draft.trigger, mapping: written.mapping }, signal)
      : null,
    [event, body],
    PREVIEW_DELAY_MS
  )
  const match = preview.value?.presets.at(0)
  const result = preview.value?.previews.at(0)
  const complaint = complaintFor({
    ...written,
    saving: saving.error,
    preview: preview.error,
    match,
    result,
    fields
  })

  const change = (next: Partial<Draft>) => {
    saving.forget()
    setDraft((last) => ({ ...last, ...next }))
  }
  const setForm = (key: string, form: ValueForm) => change({ forms: { ...draft.forms, [key]: form } })
  const save = async () => {
    if (!written.mapping) throw new Error('Correct the JSON first.')
    // The workbench keeps the values of required fields when a change names none of them, which is not what is meant.
    const missing = missingField(fields, written.mapping)
    if (missing) throw new Error(missing.text)
    const sent = { trigger: draft.trigger, mapping: written.mapping }
    // Before it is sent: the page hears of it before the answer comes, and one may type on.
    setDraft((last) => ({ ...last, sent }))
    await changeMapping(preset, sent)
    await rereadMappings()
    announce(`Saved ${preset}.`)
  }
  const reset = async () => {
    await resetMapping(preset)
    await rereadMappings()
    if (!saved.isPreset) {
      announce(`Removed ${preset}.`)
      keptDrafts.delete(preset)
      return onRemoved()
    }
    const defaults = getState().mappings?.mappings.find((mapping) => mapping.preset === preset)
    if (defaults) setDraft(startOver(defaults))
    announce(`${preset} is back to its defaults.`)
  }
  const shared = { forms: draft.forms, setForm, complaint, traces: result?.fields ?? [] }
  return (
    <Card title={preset} label={preset} class="mapping-editor" actions={<MappingFileActions mapping={saved} />}>
      <p class="hint">Action: {title}</p>
      <Warnings warnings={saved.warnings} />
      <Differences
        mapping={{ ...saved, trigger: draft.trigger, mapping: written.mapping ?? saved.mapping }}
        fields={fields}
        list={list}
      />
      <div class="mapping-head">
        <Trigger
          value={draft.trigger}
          onInput={(trigger) => change({ trigger })}
          complaint={complaint?.at === 'trigger' ? complaint.text : ''}
          match={match && { matched: match.matched, reason: match.reason }}
        />
        <CallPicker trigger={saved.trigger} onPick={setEvent} />
      </div>
      <FieldRows fields={fields.filter((field) => !field.hidden && !isBatchingField(field.key))} {...shared} />
      <Batching fields={fields} preset={preset} forms={draft.forms} setForm={setForm} />
      <HiddenFields fields={fields.filter((field) => field.hidden && !isBatchingField(field.key))} {...shared} />
      {complaint && complaint.at === '' && <Problem text={complaint.text} />}
      <Outcome result={result} />
      <div class="save-bar">
        <Button
          kind="primary"
          busy={saving.busy}
          disabled={!isChanged || !written.mapping}
          onPress={() => saving.run(save)}
        >
          Save
        </Button>
        <Button disabled={!isUnsaved} onPress={() => change(startOver(saved))}>
          Discard changes
        </Button>
        {saved.isPreset ? (
          <ConfirmButton
            title={`Put ${preset} back to its defaults?`}
            question="Its trigger and all of its fields become what they were at first, and what was changed in them is lost. Export the mapping first to keep a copy of what is saved."
            action="Back to defaults"
            busy={saving.busy}
            disabled={!saved.changed}
            onConfirm={() => saving.run(reset)}
          >
            Back to defaults
          </ConfirmButton>
        ) : (
          <ConfirmButton
            title={`Remove ${preset}?`}
            question="The mapping and what you changed in it are removed. Deliveries that it made stay in the list."
            action="Remove"
            busy={saving.busy}
            onConfirm={() => saving.run(reset)}
          >
            Remove mapping
          </ConfirmButton>
        )}
        <p role="status" class="hint">
          {isUnsaved && 'Not saved yet.'}
          {isUnsaved &&
            draft.isOvertaken &&
            !saving.busy &&
            ' Meanwhile something else was saved: Save puts yours in its place, Discard changes shows it.'}
        </p>
      </div>
    </Card>
  )
}

const differ = (one: Values, other: Values) =>
  one.trigger !== other.trigger || JSON.stringify(one.mapping) !== JSON.stringify(other.mapping)

function write(forms: Forms): { mapping?: JSONObject; broken?: BrokenJson } {
  try {
    return { mapping: writeForms(forms) }
  } catch (error) {
    if (error instanceof BrokenJson) return { broken: error }
    throw error
  }
}

interface TriggerProps {
  value: string
  onInput(value: string): void
  complaint: string
  match: { matched: boolean; reason: string } | undefined
}

function Trigger({ value, onInput, complaint, match }: TriggerProps) {
  const id = useId()
  return (
    <div class="labelled">
      <label for={id}>Trigger</label>
      <input
        id={id}
        class="code"
        spellcheck={false}
        autocomplete="off"
        value={value}
        aria-invalid={complaint !== ''}
        aria-describedby={`${id}-match`}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <p id={`${id}-match`} role="status" class={complaint ? 'complaint' : 'hint'}>
        {complaint || (match && `${match.matched ? '✓ Takes' : '– Does not take'} the chosen call. ${match.reason}`)}
      </p>
    </div>
  )
}

interface RowsProps {
  fields: FieldInfo[]
  forms: Forms
  setForm(key: string, form: ValueForm): void
  complaint: Complaint | null
  traces: FieldTrace[]
}

function FieldRows({ fields, forms, setForm, complaint, traces }: RowsProps) {
  return (
    <div class="field-rows">
      {fields.map((field) => (
        <FieldEditor
          key={field.key}
          field={field}
          path={field.key}
          form={forms[field.key] ?? { kind: 'none' }}
          onChange={(form) => setForm(field.key, form)}
          complaint={complaint}
          traces={traces}
        />
      ))}
    </div>
  )
}

function HiddenFields(props: RowsProps) {
  if (!props.fields.length) return null
  return (
    <details class="hidden-fields">
      <summary>Hidden fields, which Segment does not show</summary>
      <FieldRows {...props} />
    </details>
  )
}

/** What would be sent for the chosen call, whole. */
function Outcome({ result }: { result: Preview | undefined }) {
  if (!result) return null
  return (
    <details class="outcome-preview">
      <summary>{result.error ? 'This call would be refused' : 'The whole request for this call'}</summary>
      {result.error && <ErrorView error={result.error} />}
      <Warnings warnings={result.warnings} />
      {result.request && <RequestView request={result.request} />}
    </details>
  )
}
