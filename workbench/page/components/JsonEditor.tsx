import { useId, useRef, useState } from 'preact/hooks'
import type { JsonError } from '../json'

/** Height of a line and distance of the text from the editor's edge, in pixels, as the styles set them. */
const LINE = 20
const EDGE = 8

interface Props {
  label: string
  text: string
  onChange(text: string): void
  /** Where the text is no JSON; null where it is. */
  error: JsonError | null
  /** What else is wrong with it; empty for nothing. */
  problem?: string
  /** How many lines are seen at once. */
  lines: number
}

/** A text area with numbered lines, in which the place where the JSON breaks is marked and said. */
export function JsonEditor({ label, text, onChange, error, problem = '', lines }: Props) {
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const [scroll, setScroll] = useState({ top: 0, left: 0 })
  const lineCount = text.split('\n').length
  const shift = { transform: `translateY(${EDGE - scroll.top}px)` }
  const goToError = () => {
    if (!error || !area.current) return
    area.current.focus()
    area.current.setSelectionRange(error.offset, Math.min(error.offset + 1, text.length))
    area.current.scrollTop = Math.max((error.line - 3) * LINE, 0)
  }
  return (
    <div class={error ? 'editor broken' : 'editor'}>
      <label for={id}>{label}</label>
      <div class="editor-frame" style={{ height: `${lines * LINE + EDGE * 2}px` }}>
        <div class="gutter" aria-hidden="true">
          <pre style={shift}>{Array.from({ length: lineCount }, (_, index) => index + 1).join('\n')}</pre>
          {error && (
            <span
              class="gutter-mark"
              style={{ transform: `translateY(${(error.line - 1) * LINE + EDGE - scroll.top}px)` }}
            >
              {error.line}
            </span>
          )}
        </div>
        <div class="editor-text">
          {error && (
            <div
              aria-hidden="true"
              class="error-line"
              style={{ transform: `translateY(${(error.line - 1) * LINE + EDGE - scroll.top}px)` }}
            >
              <span style={{ marginInlineStart: `calc(${error.column - 1}ch + ${EDGE - scroll.left}px)` }} />
            </div>
          )}
          <textarea
            ref={area}
            id={id}
            value={text}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            wrap="off"
            aria-invalid={Boolean(error || problem)}
            aria-describedby={`${id}-error`}
            onInput={({ currentTarget }) => onChange(currentTarget.value)}
            onScroll={({ currentTarget: { scrollTop: top, scrollLeft: left } }) => setScroll({ top, left })}
          />
        </div>
      </div>
      <div id={`${id}-error`} role="status" class={error || problem ? 'editor-error' : ''}>
        {error && `Line ${error.line}, column ${error.column}: ${error.message} `}
        {!error && problem}
        {error && (
          <button type="button" class="fold" onClick={goToError}>
            Go there
          </button>
        )}
      </div>
    </div>
  )
}
