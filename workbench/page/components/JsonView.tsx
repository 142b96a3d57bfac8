import type { JSONValue } from '@segment/actions-core'
import { useMemo, useState } from 'preact/hooks'
import { formatNumber } from '../format'
import { toLines } from '../json'
import type { JsonLine } from '../json'

/** Longer values fold, in characters. */
const MAX_VALUE = 240
/** Longer documents fold, in lines. */
const MAX_LINES = 120
const INDENT = 2

/** A value as indented JSON, as text and nothing else. What is long folds. */
export function JsonView({ value, label }: { value: JSONValue; label: string }) {
  const lines = useMemo(() => toLines(value), [value])
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? lines : lines.slice(0, MAX_LINES)
  return (
    // Focusable, since it scrolls.
    <div class="json" role="region" aria-label={label} tabIndex={0}>
      {shown.map((line, index) => (
        <Line key={index} line={line} />
      ))}
      {shown.length < lines.length && (
        <button type="button" class="fold" onClick={() => setWhole(true)}>
          Show all {formatNumber(lines.length)} lines
        </button>
      )}
    </div>
  )
}

function Line({ line: { depth, name, token, kind, end } }: { line: JsonLine }) {
  return (
    <div class="json-line" style={{ paddingInlineStart: `${depth * INDENT}ch` }}>
      {name && <span class="json-name">{name}</span>}
      <span class={`json-${kind}`}>
        <LongText text={token} />
      </span>
      {end}
    </div>
  )
}

/** A text that shows its beginning when it is long, and all of it when asked. */
export function LongText({ text, limit = MAX_VALUE }: { text: string; limit?: number }) {
  const [isOpen, setOpen] = useState(false)
  if (text.length <= limit) return <>{text}</>
  return (
    <>
      <span class={isOpen ? 'long open' : 'long'}>{isOpen ? text : `${text.slice(0, limit)}…`}</span>{' '}
      <button type="button" class="fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Show less' : `Show all ${formatNumber(text.length)} characters`}
      </button>
    </>
  )
}
