import { useEffect, useRef, useState } from 'preact/hooks'
import type { RefObject } from 'preact'
import { changeMapping } from '../api'
import { count } from '../format'
import { rereadMappings } from '../live'
import { goTo, linkTo } from '../route'
import { announce, useStore } from '../store'
import type { Mapping, MappingList } from '../../shared/types'
import { Card, Labelled, Problem } from './controls'
import { bringIntoSight, focusRegion, useTask } from './hooks'
import { MappingFiles } from './MappingFiles'
import { MappingEditor } from './MappingEditor'

/** The presets of this workbench; `open` is the name of the one that is edited. */
export function Mappings({ open }: { open: string }) {
  const list = useStore((state) => state.mappings)
  const box = useRef<HTMLDivElement>(null)
  useOpened(box, open)
  if (!list) return <p class="empty">Reading the mappings…</p>
  const wanted = list.mappings.find(({ preset }) => preset === open)
  const current = wanted ?? list.mappings.at(0)
  const action = list.actions.find(({ key }) => key === current?.action)
  return (
    // Where there is room for one of the two, it is the mapping that was asked for, else the list.
    <div ref={box} class={wanted ? 'mappings one' : 'mappings'}>
      <a class="back" href={linkTo('mappings')}>
        ‹ All mappings
      </a>
      <Card title="Mappings" class="mappings-side">
        <ul class="mapping-list">
          {list.mappings.map((mapping) => (
            <MappingItem key={mapping.preset} mapping={mapping} isOpen={mapping === current} />
          ))}
        </ul>
        <p class="hint">
          {count(list.mappings.length, 'mapping')} of at most {list.limit}, as on Segment.
        </p>
        <AddMapping list={list} />
        <MappingFiles list={list} />
      </Card>
      {current && action ? (
        <MappingEditor
          key={current.preset}
          mapping={current}
          fields={action.fields}
          title={action.title}
          list={list}
          onRemoved={() => goTo('mappings')}
        />
      ) : (
        <p class="hint">There is no mapping. Add one to deliver calls.</p>
      )}
    </div>
  )
}

/** Leads who opened a mapping to its beginning, and back to its place in the list who closed it. */
function useOpened(box: RefObject<HTMLElement | null>, open: string): void {
  const last = useRef(open)
  useEffect(() => {
    const before = last.current
    last.current = open
    const editor = box.current?.querySelector<HTMLElement>('.mapping-editor')
    if (before === open || !box.current || !editor) return
    if (open) {
      focusRegion(editor)
      return bringIntoSight(box.current)
    }
    const links = Array.from(box.current.querySelectorAll<HTMLElement>('.mapping-list a'))
    const link = links.find(({ textContent }) => textContent === before)
    // One that was removed leaves the focus to the heading of the list.
    if (!link) return bringIntoSight(box.current)
    // Beside the list the focus stays where it is.
    if (!editor.getClientRects().length) link.focus()
  }, [open])
}

function MappingItem({
  mapping: { preset, enabled, changed, isPreset, trigger },
  isOpen
}: {
  mapping: Mapping
  isOpen: boolean
}) {
  const task = useTask()
  const toggle = async () => {
    await changeMapping(preset, { enabled: !enabled })
    await rereadMappings()
    announce(`${preset} is ${enabled ? 'off' : 'on'}.`)
  }
  return (
    <li class={isOpen ? 'open' : ''}>
      <input
        type="checkbox"
        role="switch"
        aria-label={`${preset} is on`}
        checked={enabled}
        onChange={() => task.busy || task.run(toggle)}
      />
      <div>
        <a href={linkTo('mappings', preset)} aria-current={isOpen ? 'true' : undefined}>
          {preset}
        </a>{' '}
        {changed && <span class="tag">changed</span>}
        {!isPreset && <span class="tag">added</span>}
        <code class="hint">{trigger}</code>
        <Problem text={task.error} />
      </div>
    </li>
  )
}

function AddMapping({ list: { actions, mappings, limit } }: { list: MappingList }) {
  const task = useTask()
  const [name, setName] = useState('')
  const [action, setAction] = useState(actions[0]?.key ?? '')
  const add = async () => {
    const preset = name.trim()
    if (!preset) throw new Error('Give the mapping a name.')
    if (mappings.some((mapping) => mapping.preset === preset)) throw new Error('There is a mapping of that name.')
    await changeMapping(preset, { action })
    await rereadMappings()
    setName('')
    goTo('mappings', preset)
    announce(`Added ${preset}.`)
  }
  if (mappings.length >= limit) {
    return <p>This is as many as Segment allows for one destination. Remove one to add another.</p>
  }
  return (
    <details class="add">
      <summary>Add a mapping</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!task.busy) task.run(add)
        }}
      >
        <Labelled label="Name of the new mapping">
          {(attributes) => (
            <input
              {...attributes}
              value={name}
              maxLength={100}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          )}
        </Labelled>
        <Labelled label="Action">
          {(attributes) => (
            <select {...attributes} value={action} onChange={({ currentTarget }) => setAction(currentTarget.value)}>
              {actions.map(({ key, title }) => (
                <option key={key} value={key}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        <button type="submit" class="button" aria-disabled={task.busy}>
          Add
        </button>
        <Problem text={task.error} />
      </form>
    </details>
  )
}
