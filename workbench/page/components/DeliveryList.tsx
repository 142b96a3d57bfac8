import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { formatNumber, formatSpan } from '../format'
import type { Listing } from '../listing'
import { readOlderDeliveries } from '../live'
import { linkHere, linkTo, opensItem } from '../route'
import type { Row } from '../../shared/types'
import { OutcomeMark, Time } from './controls'
import { useSize } from './hooks'

/** Height of a row in pixels: one line, or two where the list is narrow. The styles set the same. */
const ROW = 34
const NARROW_ROW = 58
const NARROW = 640
/** Rows that are drawn above and below what is seen, so that scrolling shows no gap. */
const SPARE = 8
/** How many rows from the end older ones are read, and how many at once. */
const READ_AHEAD = 200
const READ_MORE = 1000

const linkId = (id: string) => `delivery-${id}`

/** Puts the focus on a row that is drawn, such as the one that was open last. */
export function focusDelivery(id: string): void {
  const link = document.getElementById(linkId(id))
  link?.focus()
  // Once more when the event flow above has opened again, which moves everything down.
  requestAnimationFrame(() => link?.scrollIntoView({ block: 'nearest' }))
}

/**
 * A table of deliveries that draws only the rows that are seen. One row at a time can be reached with Tab; the arrow
 * keys, Page up and down, Home and End go from row to row.
 */
export function DeliveryList({ listing: { rows, isWhole }, open }: { listing: Listing; open: string }) {
  const { ref: body, width, height } = useSize<HTMLDivElement>()
  const [top, setTop] = useState(0)
  const [activeId, setActiveId] = useState(open)
  const focusNext = useRef(false)
  const rowHeight = width < NARROW ? NARROW_ROW : ROW

  const found = rows.findIndex(({ id }) => id === activeId)
  const active = Math.max(found, 0)
  useKeepInPlace(body, rows, rowHeight, top > 0)
  useKeepRow(body, { active, top, height, rowHeight }, setTop)
  useEffect(() => {
    if (open) setActiveId(open)
  }, [open])

  useLayoutEffect(() => {
    if (!focusNext.current) return
    focusNext.current = false
    document.getElementById(linkId(activeId))?.focus({ preventScroll: true })
  })

  const moveTo = (index: number) => {
    const element = body.current
    if (!element) return
    const target = Math.min(Math.max(index, 0), rows.length - 1)
    const y = target * rowHeight
    if (y < element.scrollTop) element.scrollTop = y
    if (y + rowHeight > element.scrollTop + height) element.scrollTop = y + rowHeight - height
    focusNext.current = true
    setTop(element.scrollTop)
    setActiveId(rows[target].id)
  }
  const page = Math.max(Math.floor(height / rowHeight) - 1, 1)
  const moves: Record<string, () => number> = {
    ArrowDown: () => active + 1,
    j: () => active + 1,
    ArrowUp: () => active - 1,
    k: () => active - 1,
    PageDown: () => active + page,
    PageUp: () => active - page,
    Home: () => 0,
    End: () => rows.length - 1
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const move = moves[event.key]
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    moveTo(move())
  }

  const first = Math.max(Math.floor(top / rowHeight) - SPARE, 0)
  const last = Math.min(Math.ceil((top + height) / rowHeight) + SPARE, rows.length)
  useEffect(() => {
    if (!isWhole && last > rows.length - READ_AHEAD) readOlderDeliveries(rows.length + READ_MORE)
  })
  const drawn = new Set([active, ...Array.from({ length: Math.max(last - first, 0) }, (_, index) => first + index)])
  return (
    <div class="list" role="table" aria-label="Deliveries" aria-rowcount={rows.length + 1}>
      <div role="rowgroup" class="list-head">
        <div role="row" aria-rowindex={1} class="row">
          {['Time', 'Call', 'User', 'Mapping', 'Outcome', 'Took'].map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
      </div>
      <div
        ref={body}
        role="rowgroup"
        class="list-body"
        onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" class="list-space" style={{ height: `${rows.length * rowHeight}px` }}>
          {[...drawn]
            .sort((a, b) => a - b)
            .map((index) => (
              <RowView
                key={rows[index].id}
                row={rows[index]}
                index={index}
                y={index * rowHeight}
                isOpen={rows[index].id === open}
                isActive={index === active}
                onFocus={setActiveId}
              />
            ))}
        </div>
      </div>
    </div>
  )
}

/**
 * When rows come in above what is looked at, the list moves with them, so that the eye stays on its row. At its beginning
 * nothing is asked of the browser, which would have to lay out all rows at once for the answer.
 */
function useKeepInPlace(
  body: { current: HTMLElement | null },
  rows: Row[],
  rowHeight: number,
  isScrolled: boolean
): void {
  const topId = useRef<string | undefined>(undefined)
  useLayoutEffect(() => {
    const before = topId.current
    topId.current = rows[0]?.id
    if (!body.current || !isScrolled || before === undefined || before === topId.current) return
    const shift = rows.findIndex(({ id }) => id === before)
    // Whoever has just gone back to the beginning stays there: the page may not have heard of it yet.
    const { scrollTop } = body.current
    if (shift > 0 && scrollTop > 0) body.current.scrollTop = scrollTop + shift * rowHeight
  }, [rows, rowHeight])
}

interface Sight {
  /** Index of the row that is in use. */
  active: number
  top: number
  height: number
  rowHeight: number
}

/**
 * When rows become higher or lower, since the list became narrower or wider, one of them stays where it is: the one in
 * use where it is seen, else the first that is.
 */
function useKeepRow(body: { current: HTMLElement | null }, now: Sight, onMove: (top: number) => void): void {
  const last = useRef(now)
  useLayoutEffect(() => {
    const { active, top, height, rowHeight } = last.current
    last.current = now
    const element = body.current
    if (!element || now.rowHeight === rowHeight) return
    const isSeen = active * rowHeight >= top && (active + 1) * rowHeight <= top + height
    const kept = isSeen ? active : top / rowHeight
    const y = Math.min(kept * rowHeight - top, now.height - now.rowHeight)
    element.scrollTop = kept * now.rowHeight - y
    onMove(element.scrollTop)
  })
}

interface RowProps {
  row: Row
  index: number
  y: number
  isOpen: boolean
  isActive: boolean
  onFocus(id: string): void
}

function RowView({ row, index, y, isOpen, isActive, onFocus }: RowProps) {
  const { id, type, title, user, userId, preset, status, code, batchSize, isRetry } = row
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={isOpen ? 'row item open' : 'row item'}
      style={{ transform: `translateY(${y}px)` }}
      onClick={opensItem(id)}
    >
      <span role="cell" class="cell-time">
        <Time iso={row.receivedAt} />
      </span>
      <span role="cell" class="cell-call">
        <a
          id={linkId(id)}
          href={linkHere(id)}
          tabIndex={isActive ? 0 : -1}
          aria-current={isOpen ? 'true' : undefined}
          onFocus={() => onFocus(id)}
        >
          <span class={`type ${type}`}>{type}</span> {title}
        </a>
        <span class="tags">
          {row.isFromVoucherify && <span class="tag direction">from Voucherify</span>}
          {isRetry && <span class="tag">sent again</span>}
          {row.tries > 1 && <span class="tag">{row.tries} tries</span>}
          {batchSize > 1 && <span class="tag">1 of {formatNumber(batchSize)} in a call</span>}
        </span>
      </span>
      <span role="cell" class="cell-user">
        {userId ? (
          <a href={linkTo('customers', userId)} tabIndex={-1}>
            {user}
          </a>
        ) : (
          user
        )}
      </span>
      <span role="cell" class="cell-preset">
        {preset ?? '–'}
      </span>
      <span role="cell" class="cell-outcome">
        <span title={row.warning || undefined}>
          <OutcomeMark outcome={status} warnings={row.warnings} isWebhook={row.isFromVoucherify} />
        </span>
        {code !== null && <span class="number status-code">{code}</span>}
      </span>
      <span role="cell" class="cell-took number">
        {row.tries > 0 && (
          <span title={`Waited ${formatSpan(row.waitMs)}, then took ${formatSpan(row.durationMs)}`}>
            {formatSpan(row.waitMs + row.durationMs)}
          </span>
        )}
      </span>
    </div>
  )
}
