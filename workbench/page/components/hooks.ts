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
 * @param delayMs pause before the question, so that typing asks once
 */
export function useReading<T>(
  read: ((signal: AbortSignal) => Promise<T>) | null,
  depends: unknown[],
  delayMs = 0
): Reading<T> {
  const [reading, setReading] = useState<Reading<T>>({ value: null, error: '' })
  useEffect(() => {
    if (!read) return setReading({ value: null, error: '' })
    const controller = new AbortController()
    const { signal } = controller
    const start = () =>
      read(signal).then(
        (value) => signal.aborted || setReading({ value, error: '' }),
        (reason: unknown) =>
          signal.aborted ||
          setReading(({ value }) => ({ value, error: reason instanceof Error ? reason.message : String(reason) }))
      )
    const timer = setTimeout(start, delayMs)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, depends)
  return reading
}

/** The size of an element, followed while it changes. */
export function useSize<E extends Element>(): { ref: RefObject<E | null>; width: number; height: number } {
  const ref = useRef<E>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const measure = () => {
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
