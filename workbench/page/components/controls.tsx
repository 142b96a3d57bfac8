/** The small parts that several views share. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { Outcome } from '../../shared/types'
import { count, fullTimeOf, outcomeOf, timeOf } from '../format'
import { announce } from '../store'

interface ButtonProps {
  children: ComponentChildren
  onPress(): void
  kind?: 'plain' | 'primary' | 'danger' | 'quiet'
  /** Says no while something runs; the button stays where the focus is. */
  busy?: boolean
  disabled?: boolean
  /** What a screen reader says where the words on the button need their place to be understood. */
  label?: string
}

export function Button({ children, onPress, kind = 'plain', busy = false, disabled = false, label }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${kind} ${disabled ? 'off' : ''}`}
      aria-label={label}
      // Not `disabled`, which would take the focus away from who has just pressed it.
      aria-disabled={busy || disabled}
      onClick={() => busy || disabled || onPress()}
    >
      {children}
    </button>
  )
}

/** What went wrong, said at once by screen readers. */
export function Problem({ text }: { text: string }) {
  return (
    <div role="alert" class={text ? 'problem' : ''}>
      {text}
    </div>
  )
}

/** How long a button says that it has copied, in milliseconds. */
const COPIED_MS = 2000

interface CopyProps {
  /** What is copied, or how it is made once it is asked for. */
  text: string | (() => string)
  children: ComponentChildren
  /** In the words of "Copied …". */
  what: string
  kind?: ButtonProps['kind']
  label?: string
}

/** A button that copies a text, and says what it copied. */
export function CopyButton({ text, children, what, kind, label }: CopyProps) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), COPIED_MS)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
      setCopied(true)
      announce(`Copied ${what}.`)
    } catch {
      announce('The browser does not let this page copy. Select the text and copy it by hand.')
    }
  }
  return (
    <Button kind={kind} label={label} onPress={() => void copy()}>
      {isCopied && (
        <span class="tick" aria-hidden="true">
          ✓
        </span>
      )}
      {children}
    </Button>
  )
}

interface CardProps {
  title: ComponentChildren
  children: ComponentChildren
  /** What stands at the end of the line of the heading. */
  actions?: ComponentChildren
  class?: string
  /** What a screen reader calls the card where the heading is too long for a name. */
  label?: string
}

/** The one frame of the page: a heading with what can be done, and what it is about below. */
export function Card({ title, children, actions, class: name = '', label }: CardProps) {
  const id = useId()
  return (
    <section class={`card ${name}`} {...(label ? { 'aria-label': label } : { 'aria-labelledby': id })}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {actions && <div class="card-actions">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** A moment as the reader's own clock shows it; the date, the zone and UTC when one points at it. */
export function Time({ iso }: { iso: string }) {
  return (
    <time
      class="number"
      dateTime={iso}
      // Worked out only when somebody points at it: a list has many, and draws them often.
      onPointerEnter={({ currentTarget }) => (currentTarget.title = fullTimeOf(iso))}
    >
      {timeOf(iso)}
    </time>
  )
}

interface ConfirmProps {
  /** The words on the button that asks. */
  children: ComponentChildren
  label?: string
  title: string
  /** What will happen, and that it cannot be undone. */
  question: string
  /** The words on the button that does it. */
  action: string
  onConfirm(): void
  busy?: boolean
  disabled?: boolean
}

/** A button that asks before it does what can't be undone. */
export function ConfirmButton({ children, label, title, question, action, onConfirm, ...state }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const confirm = () => {
    dialog.current?.close()
    onConfirm()
  }
  return (
    <>
      <Button kind="danger" label={label} {...state} onPress={() => dialog.current?.showModal()}>
        {children}
      </Button>
      <dialog ref={dialog} aria-labelledby={`${id}-title`} aria-describedby={`${id}-text`}>
        <h2 id={`${id}-title`}>{title}</h2>
        <p id={`${id}-text`}>{question}</p>
        <div class="actions">
          <Button onPress={() => dialog.current?.close()}>Cancel</Button>
          <Button kind="danger" onPress={confirm}>
            {action}
          </Button>
        </div>
      </dialog>
    </>
  )
}

interface OutcomeMarkProps {
  outcome: Outcome
  warnings?: number
  /** Whether it is that of a webhook, which meets no mapping. */
  isWebhook?: boolean
}

/** An outcome in words and with its sign; the warning sign takes its place where something is lost all the same. */
export function OutcomeMark({ outcome, warnings = 0, isWebhook = false }: OutcomeMarkProps) {
  const { label, sign } = outcomeOf(outcome, isWebhook)
  const isWarned = warnings > 0
  return (
    <span class={`outcome ${outcome} ${isWarned ? 'warned' : ''}`}>
      <span aria-hidden="true">{isWarned ? '⚠' : sign}</span> {label}
      {isWarned && <span class="unseen">, {count(warnings, 'warning')}</span>}
    </span>
  )
}

interface FieldProps {
  label: string
  hint?: ComponentChildren
  children(attributes: { id: string; 'aria-describedby': string | undefined }): ComponentChildren
}

/** A label above its control, with a hint below. */
export function Labelled({ label, hint, children }: FieldProps) {
  const id = useId()
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': hint ? `${id}-hint` : undefined })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** A description with its Markdown links and code as elements. Nothing else of Markdown is used there. */
export function Description({ text }: { text: string }) {
  const parts = text.split(/(\[[^\]]+\]\(https:\/\/[^\s)]+\)|`[^`]+`)/)
  return (
    <>
      {parts.map((part) => {
        const link = /^\[([^\]]+)\]\((https:\/\/[^\s)]+)\)$/.exec(part)
        if (link) {
          return (
            <a href={link[2]} target="_blank" rel="noreferrer">
              {link[1]}
            </a>
          )
        }
        return part.startsWith('`') ? <code>{part.slice(1, -1)}</code> : part
      })}
    </>
  )
}
