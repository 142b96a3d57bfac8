import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { RefObject } from 'preact'

/** Something that a press of a button starts: whether it runs, and what went wrong the last time. */
export interface Task {
  busy: boolean
  error: string
  run(work: () => Promise<void>): void
  /** Takes the error back, once what it was about has changed. */
  forget(): void
}

export function useTask(): Task {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  const run = useCallback((work: () => Promise<void>) => {
    setBusy(true)
    setError('')
    work()
      .catch((reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)))
      .finally(() => setBusy(false))
  }, [])
  const forget = useCallback(() => setError(''), [])
  return { busy, error, run, forget }
}

/** What was last read, and what went wrong if it could not be. Old values stay until new ones are there. */
export interface Reading<T> {
  value: T | null
  error: string
}

/**
 * Reads something again whenever what it depends on changes. An answer that a later question overtook is dropped.
 *
 * @param delayMs pause before the question, so that typing asks once; there is none before the first answer, since then
 * there is nothing to see yet
 */
export function useReading<T>(
  read: ((signal: AbortSignal) => Promise<T>) | null,
  depends: unknown[],
  delayMs = 0
): Reading<T> {
  const [reading, setReading] = useState<Reading<T>>({ value: null, error: '' })
  const isAnswered = useRef(false)
  useEffect(() => {
    if (!read) return setReading({ value: null, error: '' })
    const controller = new AbortController()
    const { signal } = controller
    const take = (next: (previous: Reading<T>) => Reading<T>) => {
      if (signal.aborted) return
      isAnswered.current = true
      setReading(next)
    }
    const start = () =>
      read(signal).then(
        (value) => take(() => ({ value, error: '' })),
        (reason: unknown) =>
          take(({ value }) => ({ value, error: reason instanceof Error ? reason.message : String(reason) }))
      )
    const timer = setTimeout(start, isAnswered.current ? delayMs : 0)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, depends)
  return reading
}

/** How far down the window a part of the page may begin and still be in sight, as a part of its height. */
const MOST_ABOVE = 0.7

/** Scrolls to what was just asked for, where it is out of sight. */
export function bringIntoSight(element: Element): void {
  const { top } = element.getBoundingClientRect()
  // What stays at the top of a narrow window covers as much as the styles leave above.
  const covered = parseFloat(getComputedStyle(element).scrollMarginTop)
  if (top < covered || top > innerHeight * MOST_ABOVE) element.scrollIntoView()
}

/** Brings a part of a row that scrolls sideways into its sight, with what stands before it. */
export function showInRow(row: HTMLElement | null, part: HTMLElement | null | undefined): void {
  if (row && part) row.scrollLeft = part.offsetLeft - row.clientWidth / 3
}

/** Leads to what a press of a button brought about, where it is out of sight: there the button would be left behind. */
export function leadTo(element: HTMLElement | null): void {
  if (!element) return
  const { top } = element.getBoundingClientRect()
  bringIntoSight(element)
  if (element.getBoundingClientRect().top !== top) focusRegion(element)
}

/** Whether somebody is typing there. A dialog that has just closed keeps the focus until the page is drawn again. */
export const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('input, textarea, select, dialog[open]') !== null

/** What takes the focus over: a part of the page with a name. */
const REGION = 'section, main'

/** Puts the focus on the heading of a region, since a frame around a whole view says little of where one is. */
export function focusRegion(region: HTMLElement): void {
  const place = region.querySelector<HTMLElement>('h1, h2, h3') ?? region
  place.tabIndex = -1
  place.focus({ preventScroll: true })
}

/**
 * Keeps the focus where the reader is when the control that has it is taken away: the heading of the nearest region
 * around it that is still there takes it over. Else the browser would begin again at the top of the page.
 *
 * @param container where it does so
 */
export function useKeptFocus(container: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = container.current
    if (!element) return
    /** What had the focus last, and the regions around it, the nearest first. */
    let last: Element | null = null
    let regions: HTMLElement[] = []
    const remember = ({ target }: FocusEvent) => {
      last = target instanceof Element ? target : null
      regions = []
      for (let each = last?.closest<HTMLElement>(REGION); each; each = each.parentElement?.closest(REGION)) {
        regions.push(each)
      }
    }
    const forget = () => (last = null)
    const observer = new MutationObserver(() => {
      if (!last || last.isConnected || document.activeElement !== document.body) return
      const region = regions.find((each) => each.isConnected)
      if (region) focusRegion(region)
    })
    observer.observe(element, { childList: true, subtree: true })
    element.addEventListener('focusin', remember)
    // A press beside all controls takes the focus away on purpose.
    addEventListener('pointerdown', forget)
    return () => {
      observer.disconnect()
      element.removeEventListener('focusin', remember)
      removeEventListener('pointerdown', forget)
    }
  }, [])
}

/** The size of an element, followed while it changes. While it is hidden it keeps the one that it had. */
export function useSize<E extends Element>(): { ref: RefObject<E | null>; width: number; height: number } {
  const ref = useRef<E>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const measure = () => {
      if (!element.getClientRects().length) return
      const width = element.clientWidth
      const height = element.clientHeight
      setSize((last) => (last.width === width && last.height === height ? last : { width, height }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, ...size }
}
