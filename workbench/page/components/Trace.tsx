/** The parts that show what the destination makes of a call, for deliveries and for previews. */
import type { JSONValue } from '@segment/actions-core'
import { useState } from 'preact/hooks'
import type { DeliveryError, FieldTrace, PresetMatch, RecordedRequest, RecordedResponse } from '../../shared/types'
import { asText, count } from '../format'
import { linkTo } from '../route'
import { JsonView, LongText } from './JsonView'

interface PresetTableProps {
  presets: PresetMatch[]
  /** Nothing was sent: the words say what would be. */
  isPreview?: boolean
}

/** Which presets took a call, and why the others did not. */
export function PresetTable({ presets, isPreview = false }: PresetTableProps) {
  const [took, passed] = isPreview ? ['would take the call.', 'would not.'] : ['took the call.', 'did not.']
  return (
    <ul class="presets">
      {[...presets]
        .sort((a, b) => Number(b.matched) - Number(a.matched))
        .map(({ preset, matched, reason }) => (
          <li key={preset} class={matched ? 'took' : 'passed'}>
            <span aria-hidden="true">{matched ? '✓' : '–'}</span>
            <div>
              <a href={linkTo('mappings', preset)}>{preset}</a> <span>{matched ? took : passed}</span>
              <p class="hint">
                <LongText text={reason} />
              </p>
            </div>
          </li>
        ))}
    </ul>
  )
}

/**
 * The mapping field by field: where each value came from, what it was, what was left out and why. Fields for which the
 * call has nothing fold.
 */
export function FieldTable({ fields, label }: { fields: FieldTrace[]; label: string }) {
  const [isWhole, setWhole] = useState(false)
  const withValue = fields.filter(({ value, sent }) => value !== undefined || sent !== undefined)
  const empty = fields.length - withValue.length
  return (
    <>
      <div class="scroller" role="region" aria-label={label} tabIndex={0}>
        <table class="fields">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Comes from</th>
              <th scope="col">Value sent</th>
            </tr>
          </thead>
          <tbody>
            {(isWhole ? fields : withValue).map((field) => (
              <tr key={field.key} class={field.sent === undefined ? 'left-out' : ''}>
                <th scope="row">
                  {field.label} <code>{field.key}</code>
                </th>
                <td>
                  <code>{field.source}</code>
                </td>
                <td>
                  <FieldResult field={field} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {empty > 0 && (
        <p>
          <button type="button" class="fold" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
            {isWhole ? 'Hide' : 'Show'} {count(empty, 'field')} for which the call has no value
          </button>
        </p>
      )}
    </>
  )
}

/** What a field's mapping gave and what was made of it. */
export function FieldResult({ field: { value, sent, note } }: { field: FieldTrace }) {
  return (
    <>
      {sent === undefined ? value !== undefined && <Value value={value} isLeftOut /> : <Value value={sent} />}
      {note && <p class="hint">{note}</p>}
    </>
  )
}

function Value({ value, isLeftOut = false }: { value: JSONValue; isLeftOut?: boolean }) {
  const text = <LongText text={asText(value) || '""'} limit={120} />
  return <span class="value">{isLeftOut ? <s>{text}</s> : text}</span>
}

export function RequestView({ request: { method, url, headers, body } }: { request: RecordedRequest }) {
  return (
    <>
      <p class="request-line">
        <strong>{method}</strong> <code>{url}</code>
      </p>
      <dl class="headers">
        {Object.entries(headers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <LongText text={value} />
            </dd>
          </div>
        ))}
      </dl>
      <JsonView value={body} label="Body of the request" />
    </>
  )
}

export function ResponseView({ response: { status, body } }: { response: RecordedResponse }) {
  return (
    <>
      <p class="request-line">
        Status <strong class="number">{status}</strong>
      </p>
      {body !== null && body !== '' && <JsonView value={body} label="Body of the answer" />}
    </>
  )
}

export function ErrorView({ error: { message, whatToDo } }: { error: DeliveryError }) {
  return (
    <>
      <p>
        <LongText text={message} limit={600} />
      </p>
      <p>{whatToDo}</p>
    </>
  )
}
