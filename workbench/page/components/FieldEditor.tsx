import { useId } from 'preact/hooks'
import type { Complaint } from '../complaint'
import { changeKind, kinds, kindsOf } from '../mappingValue'
import type { Kind, ValueForm } from '../mappingValue'
import type { FieldInfo, FieldTrace } from '../../shared/types'
import { Description } from './controls'
import { FieldResult } from './Trace'

interface Props {
  field: FieldInfo
  /** The field's key, after its object's: `customer.email`. */
  path: string
  /** The object that it is a part of. */
  owner?: string
  form: ValueForm
  onChange(form: ValueForm): void
  complaint: Complaint | null
  traces: FieldTrace[]
}

/** One field of a mapping: where its value comes from, and what that gives for the chosen call. */
export function FieldEditor({ field, path, owner, form, onChange, complaint, traces }: Props) {
  const id = useId()
  const trace = traces.find(({ key }) => key === path)
  const problem = complaint?.at === path ? complaint.text : ''
  const name = owner ? `${owner}: ${field.label}` : field.label
  return (
    <>
      <div class={owner ? 'field part' : 'field'} role="group" aria-labelledby={`${id}-name`}>
        <div class="field-name">
          <span id={`${id}-name`}>{name}</span>
          {field.required && <span class="required">required</span>}
          <details>
            <summary>
              <code>{path}</code>
            </summary>
            <p class="hint">
              <Description text={field.description} />
            </p>
          </details>
        </div>
        <div class="field-value">
          <select
            aria-label={`How ${name} gets its value`}
            value={form.kind}
            onChange={({ currentTarget }) => {
              const kind = kindsOf(field).find((each) => each === currentTarget.value)
              if (kind) onChange(changeKind(form, kind, field))
            }}
          >
            {kindsOf(field).map((kind: Kind) => (
              <option key={kind} value={kind}>
                {kinds[kind]}
              </option>
            ))}
          </select>
          <ValueInputs
            name={name}
            form={form}
            onChange={onChange}
            describedBy={`${id}-result`}
            isWrong={problem !== ''}
          />
        </div>
        <div id={`${id}-result`} class="field-result">
          {problem ? <p class="complaint">{problem}</p> : trace && <FieldResult field={trace} />}
        </div>
      </div>
      {form.kind === 'parts' &&
        field.properties?.map((part) => (
          <FieldEditor
            key={part.key}
            field={part}
            path={`${path}.${part.key}`}
            owner={field.label}
            form={form.parts[part.key] ?? { kind: 'none' }}
            onChange={(changed) => onChange({ kind: 'parts', parts: { ...form.parts, [part.key]: changed } })}
            complaint={complaint}
            traces={traces}
          />
        ))}
    </>
  )
}

interface InputsProps {
  name: string
  form: ValueForm
  onChange(form: ValueForm): void
  describedBy: string
  isWrong: boolean
}

function ValueInputs({ name, form, onChange, describedBy, isWrong }: InputsProps) {
  const input = (what: string, value: string, change: (value: string) => ValueForm, placeholder: string) => (
    <input
      class="code"
      aria-label={`${name}: ${what}`}
      aria-describedby={describedBy}
      aria-invalid={isWrong}
      spellcheck={false}
      autocomplete="off"
      placeholder={placeholder}
      value={value}
      onInput={({ currentTarget }) => onChange(change(currentTarget.value))}
    />
  )
  switch (form.kind) {
    case 'path':
      return input('path', form.path, (path) => ({ ...form, path }), '$.traits.email')
    case 'template':
      return input('template', form.template, (template) => ({ ...form, template }), 'Viewed {{name}} Page')
    case 'text':
      return input('text', form.text, (text) => ({ ...form, text }), 'The same for every call')
    case 'either':
      return (
        <>
          {input('path', form.first, (first) => ({ ...form, first }), '$.traits.email')}
          <span class="else" aria-hidden="true">
            if empty
          </span>
          {input('if empty, a path or text', form.second, (second) => ({ ...form, second }), '$.context.traits.email')}
        </>
      )
    case 'json':
      return (
        <textarea
          class="code"
          aria-label={`${name}: JSON`}
          aria-describedby={describedBy}
          aria-invalid={isWrong}
          spellcheck={false}
          rows={Math.min(Math.max(linesOf(form.json), 3), 8)}
          value={form.json}
          onInput={({ currentTarget }) => onChange({ ...form, json: currentTarget.value })}
        />
      )
    case 'none':
    case 'parts':
      return null
  }
}

/** About as many characters stand in a line of the field. */
const LINE_LENGTH = 26

/** How many lines a text takes once those that are too long are broken. */
const linesOf = (text: string) =>
  text.split('\n').reduce((sum, { length }) => sum + Math.max(Math.ceil(length / LINE_LENGTH), 1), 0)
