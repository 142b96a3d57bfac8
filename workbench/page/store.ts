/** What the page knows of the workbench: one object, read with `useStore`, written by the functions of this file. */
import { useEffect, useState } from 'preact/hooks'
import type { Delivery, MappingList, Overview, Target, Trouble } from '../shared/types'
import type { Listing } from './listing'

export interface State {
  /** `lost` means that the page is out of date until it is connected again. */
  connection: 'connecting' | 'live' | 'lost'
  /** Why the workbench refuses the connection; empty when it does not say. */
  refusal: string
  target: Target | null
  overview: Overview | null
  /** The deliveries that the reader asked for; null until they were read for the first time. */
  list: Listing | null
  /** The newest calls whole, whatever is listed. */
  latest: Delivery[]
  mappings: MappingList | null
  troubles: Trouble[]
  /** Counts up whenever the sandbox holds something new. */
  sandboxVersion: number
  /** The last thing that was done, for the eye and for screen readers. The number tells two equal messages apart. */
  notice: { text: string; number: number }
}

let state: State = {
  connection: 'connecting',
  refusal: '',
  target: null,
  overview: null,
  list: null,
  latest: [],
  mappings: null,
  troubles: [],
  sandboxVersion: 0,
  notice: { text: '', number: 0 }
}

const listeners = new Set<() => void>()

export function getState(): State {
  return state
}

export function setState(change: Partial<State>): void {
  state = { ...state, ...change }
  for (const listener of listeners) listener()
}

/** A part of the state. `select` must return the same object for the same state, or the component never rests. */
export function useStore<T>(select: (state: State) => T): T {
  const [selected, setSelected] = useState<{ part: T }>(() => ({ part: select(state) }))
  useEffect(() => {
    const update = () => {
      const part = select(state)
      setSelected((previous) => (Object.is(previous.part, part) ? previous : { part }))
    }
    listeners.add(update)
    update()
    return () => void listeners.delete(update)
  }, [])
  return selected.part
}

/** Whether calls go to a real project, of which the workbench knows only what it sent. */
export const useIsReal = (): boolean => useStore(({ target }) => target?.mode === 'project')

/** Says in a few words what was done. */
export function announce(text: string): void {
  setState({ notice: { text, number: state.notice.number + 1 } })
}
