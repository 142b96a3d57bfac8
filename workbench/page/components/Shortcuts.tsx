import { useEffect, useRef } from 'preact/hooks'
import { Button } from './controls'
import { isTyping } from './hooks'

const shortcuts: [string, string][] = [
  ['/', 'Go to the search of the view'],
  ['j', 'Next delivery'],
  ['k', 'Previous delivery'],
  ['Enter', 'Open the delivery'],
  ['Esc', 'Close the delivery, or leave the search'],
  ['?', 'Show these keys']
]

const DIALOG = 'shortcuts'

function showShortcuts(): void {
  const dialog = document.getElementById(DIALOG)
  if (dialog instanceof HTMLDialogElement) dialog.showModal()
}

/** Says that there are keys, to who would not try "?". */
export function ShortcutsButton() {
  return (
    <button type="button" class="shortcuts" onClick={showShortcuts}>
      Keyboard shortcuts <kbd aria-hidden="true">?</kbd>
    </button>
  )
}

/** The keys that work everywhere, and the list of them. */
export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { key, target } = event
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (key === 'Escape' && target instanceof HTMLInputElement && target.type === 'search') return target.blur()
      if (isTyping(target)) return
      if (act(key)) event.preventDefault()
    }
    const act = (key: string): boolean => {
      switch (key) {
        case '?':
          showShortcuts()
          return true
        case '/':
          return focusFirst('main input[type="search"]')
        case 'j':
        case 'k':
          // The list itself goes on from there.
          return focusFirst('.list-body a[tabindex="0"]')
        default:
          return false
      }
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
  return (
    <dialog ref={dialog} id={DIALOG} aria-labelledby="shortcuts-title">
      <h2 id="shortcuts-title">Keyboard shortcuts</h2>
      <dl class="keys">
        {shortcuts.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div class="actions">
        <Button onPress={() => dialog.current?.close()}>Close</Button>
      </div>
    </dialog>
  )
}

function focusFirst(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector)
  element?.focus()
  return element !== null
}
