/** Where the bands of the flow picture run: counts and a width in, shapes out. */
import type { Outcome, Overview } from '../shared/types'
import { outcomeNames } from './format'

/** The name under which the overview counts calls that no preset wanted. */
const NO_PRESET = ''
/** Lanes that the picture shows at most; the quietest ones are summed up below it. */
const MAX_LANES = 9

export interface Band {
  outcome: Outcome
  /** An SVG path. */
  d: string
}

/** One preset, or the calls without one, with its band to each outcome. */
export interface Lane {
  name: string
  total: number
  counts: Record<Outcome, number>
  /** Top of the lane's label, and of its bar. */
  y: number
  barY: number
  barHeight: number
  /** From the calls to the lane; empty while there is nothing to show. */
  inflow: string
  outflows: Band[]
}

export interface End {
  outcome: Outcome
  count: number
  y: number
  height: number
}

export interface FlowLayout {
  width: number
  height: number
  /** The x of each column; between `lanes` and `bend` the bands run straight, below their labels. */
  columns: { calls: number; lanes: number; bend: number; ends: number; bar: number }
  calls: { y: number; height: number }
  lanes: Lane[]
  ends: End[]
  /** How many lanes are left out, all of them without calls or the ones with the fewest. */
  hidden: number
}

const LANE_HEIGHT = 44
/** From the top of a lane to its bar: the room of the label. */
const LABEL_HEIGHT = 20
const MAX_BAR = 18
/** Room for the two lines of an outcome's label. */
const END_HEIGHT = 30
/** Room above the lanes for the total, where it does not stand beside them. */
const TOTAL_HEIGHT = 30
/** With few lanes the five labels of the outcomes need this much, and some bands between them. */
const MIN_HEIGHT = 5 * END_HEIGHT + 56
const BAR = 6
/** Longest label that the bands keep clear of, in pixels. */
const MAX_LABEL = 330
/** Width from which there is room for labels beside the bars. */
export const WIDE = 640

const none = (): Record<Outcome, number> => ({ delivered: 0, retryable: 0, rejected: 0, unmatched: 0, refused: 0 })
const sum = (counts: Record<Outcome, number>) => outcomeNames.reduce((total, outcome) => total + counts[outcome], 0)

/**
 * @param presets names of the mappings that are switched on, in their order; others appear when they have counts
 * @param width room in pixels
 */
export function layOutFlow(counts: Overview['counts'], presets: string[], width: number): FlowLayout {
  const { shown, hidden } = chooseLanes(counts, presets)
  const totals = shown.map(({ counts }) => sum(counts))
  const all = totals.reduce((a, b) => a + b, 0)
  const columns = columnsFor(width)
  const top = width < WIDE ? TOTAL_HEIGHT : 0
  const height = top + Math.max(shown.length * LANE_HEIGHT + 8, MIN_HEIGHT)

  // One scale for all three columns, so that a band is as wide at its end as at its start.
  const scale = all ? Math.min((height - END_HEIGHT * 5) / all, MAX_BAR / Math.max(...totals)) : 0
  const thickness = (n: number) => (n ? Math.max(n * scale, 1.5) : 0)

  const endTotals = none()
  for (const { counts } of shown) for (const outcome of outcomeNames) endTotals[outcome] += counts[outcome]
  const ends = placeEnds(endTotals, thickness, height)

  const callsHeight = totals.reduce((total, n) => total + thickness(n), 0)
  const callsY = (height - Math.max(callsHeight, 24)) / 2
  let leftY = callsY
  const endY = Object.fromEntries(ends.map(({ outcome, y }) => [outcome, y]))

  const lanes = shown.map(({ name, counts }, index): Lane => {
    const y = top + 4 + index * LANE_HEIGHT
    const barY = y + LABEL_HEIGHT
    const barHeight = outcomeNames.reduce((total, outcome) => total + thickness(counts[outcome]), 0)
    const inflow = barHeight
      ? band({ x: columns.calls + BAR, y: leftY }, { x: columns.lanes, y: barY }, thickness(totals[index]), barHeight)
      : ''
    leftY += thickness(totals[index])
    let laneY = barY
    const outflows = outcomeNames.flatMap((outcome): Band[] => {
      const size = thickness(counts[outcome])
      if (!size) return []
      const d = band(
        { x: columns.bend, y: laneY },
        { x: columns.ends, y: endY[outcome] },
        size,
        size,
        columns.lanes + BAR
      )
      laneY += size
      endY[outcome] += size
      return [{ outcome, d }]
    })
    return { name, counts, total: totals[index], y, barY, barHeight, inflow, outflows }
  })
  return {
    width,
    height,
    columns: { ...columns, bar: BAR },
    calls: { y: callsY, height: Math.max(callsHeight, 24) },
    lanes,
    ends,
    hidden
  }
}

function chooseLanes(counts: Overview['counts'], presets: string[]) {
  const names = [...new Set([...presets, ...Object.keys(counts)])].filter((name) => name !== NO_PRESET)
  const lanes = names.map((name) => ({ name, counts: { ...none(), ...counts[name] } }))
  const busiest = [...lanes].sort((a, b) => sum(b.counts) - sum(a.counts)).slice(0, MAX_LANES - 1)
  const shown = lanes.filter((lane) => busiest.includes(lane))
  return {
    shown: [...shown, { name: NO_PRESET, counts: { ...none(), ...counts[NO_PRESET] } }],
    hidden: lanes.length - shown.length
  }
}

/** On a narrow screen the calls' label stands above the picture instead of beside it. */
function columnsFor(width: number) {
  const isNarrow = width < WIDE
  const calls = isNarrow ? 0 : 96
  const lanes = isNarrow ? 36 : Math.round(width * 0.26)
  const ends = width - (isNarrow ? 106 : 130)
  const bend = lanes + Math.min(MAX_LABEL, Math.round((ends - lanes) * (isNarrow ? 0.8 : 0.6)))
  return { calls, lanes, bend, ends }
}

function placeEnds(totals: Record<Outcome, number>, thickness: (n: number) => number, height: number): End[] {
  const heights = outcomeNames.map((outcome) => Math.max(thickness(totals[outcome]), END_HEIGHT))
  const gap = (height - heights.reduce((a, b) => a + b, 0)) / outcomeNames.length
  let y = gap / 2
  return outcomeNames.map((outcome, index) => {
    const end = { outcome, count: totals[outcome], y, height: thickness(totals[outcome]) }
    y += heights[index] + gap
    return end
  })
}

interface Point {
  x: number
  y: number
}

/**
 * A ribbon from one edge to the other, with thickness `from` at its start and `to` at its end.
 *
 * @param straightFrom x from which it runs straight to its start
 */
function band(start: Point, end: Point, from: number, to: number, straightFrom = start.x): string {
  const middle = (start.x + end.x) / 2
  const point = (...numbers: number[]) => numbers.map((n) => Math.round(n * 10) / 10).join(' ')
  return [
    `M${point(straightFrom, start.y)}`,
    `L${point(start.x, start.y)}`,
    `C${point(middle, start.y, middle, end.y, end.x, end.y)}`,
    `L${point(end.x, end.y + to)}`,
    `C${point(middle, end.y + to, middle, start.y + from, start.x, start.y + from)}`,
    `L${point(straightFrom, start.y + from)}`,
    'Z'
  ].join('')
}
