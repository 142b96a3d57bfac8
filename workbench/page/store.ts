/** What the page knows of the workbench: one object, read with `useStore`, written by the functions of this file. */
import { useEffect, useState } from 'preact/hooks'
import type { Delivery, MappingList, Overview, Target, Trouble } from '../shared/types'

/** Most deliveries that the page keeps; the oldest leave first. */
export const MAX_DELIVERIES = 2000

export interface State {
  /** `lost` means that the page is out of date until it is connected again. */
  connection: 'connecting' | 'live' | 'lost'
  /** Why the workbench refuses the connection; empty when it does not say. */
  refusal: string
  target: Target | null
  overview: Overview | null
  /** Newest first; null until they were read for the first time. */
  deliveries: Delivery[] | null
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
  deliveries: null,
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

/** Adds deliveries that ended, oldest first as the server sends them, and drops what is too old to keep. */
export function addDeliveries(ended: Delivery[]): void {
  const known = state.deliveries ?? []
  setState({ deliveries: mergeNewestFirst([...ended].reverse(), known) })
}

/** The two lists as one without repetition, both newest first, `newer` before the rest. */
export function mergeNewestFirst(newer: Delivery[], older: Delivery[]): Delivery[] {
  const ids = new Set(newer.map(({ id }) => id))
  return [...newer, ...older.filter(({ id }) => !ids.has(id))].slice(0, MAX_DELIVERIES)
}

/** Says in a few words what was done. */
export function announce(text: string): void {
  setState({ notice: { text, number: state.notice.number + 1 } })
}
