/** Where the bands of the event flow run: counts and a width in, shapes out. */
import { noOutcomes, OUTCOMES, sumOf as sum } from '../shared/outcomes'
import type { Outcome, Overview } from '../shared/types'

/** The name under which the overview counts calls that no mapping took. */
const NO_PRESET = ''
/** Lanes that the picture shows at most; the quietest ones are summed up below it. */
const MAX_LANES = 9

export interface Band {
  outcome: Outcome
  count: number
  /** An SVG path. */
  d: string
}

/** One mapping, or the calls without one, with its band to each outcome. */
export interface Lane {
  name: string
  total: number
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

const LANE_HEIGHT = 36
/** From the top of a lane to its bar: the room of the label. */
const LABEL_HEIGHT = 18
/** Highest bar of a lane. */
const MAX_BAR = 14
/** Thinnest band, and how much more the widest one has. */
const MIN_BAND = 1.5
const BAND_RANGE = 12.5
/** The widest band stands for at least so many calls, so that the first few are thin. */
const LEAST_SCALE = 30
/** Room for the label of an outcome: one line, or two where the picture is narrow. */
const END_HEIGHT = { wide: 22, narrow: 34 }
/** Room above the lanes for the total, where it does not stand beside them. */
const TOTAL_HEIGHT = 26
const BAR = 6
/** Longest label that the bands keep clear of, in pixels. */
const MAX_LABEL = 360
/** Width from which there is room for labels beside the bars. */
export const WIDE = 640

/**
 * How wide a band is for its count. The scale is logarithmic: 5, 7 and 500 of 20,000 are told apart, which on a scale
 * by their share would all be hairlines. The counts stand beside the bands.
 *
 * @param most the largest count of all bands
 */
function bandScale(most: number): (count: number) => number {
  const range = Math.log1p(Math.max(most, LEAST_SCALE))
  return (count) => (count ? MIN_BAND + (BAND_RANGE * Math.log1p(count)) / range : 0)
}

/**
 * @param presets names of the mappings that are switched on, in their order; others appear when they have counts
 * @param width room in pixels
 */
export function layOutFlow(counts: Overview['counts'], presets: string[], width: number): FlowLayout {
  const { shown, hidden } = chooseLanes(counts, presets)
  const isNarrow = width < WIDE
  const columns = columnsFor(width)
  const top = isNarrow ? TOTAL_HEIGHT : 0
  const endHeight = isNarrow ? END_HEIGHT.narrow : END_HEIGHT.wide
  const height = top + Math.max(shown.length * LANE_HEIGHT + 6, OUTCOMES.length * endHeight + MAX_BAR)

  const scale = bandScale(Math.max(...shown.flatMap(({ counts }) => OUTCOMES.map((outcome) => counts[outcome]))))
  const widths = shown.map(({ counts }) => OUTCOMES.reduce((total, outcome) => total + scale(counts[outcome]), 0))
  const all = widths.reduce((a, b) => a + b, 0)
  // A band is as wide at its end as at its start, so that what fits a lane decides for the whole picture.
  const shrink = Math.min(1, MAX_BAR / Math.max(...widths, 1), (height - OUTCOMES.length * endHeight) / (all || 1))
  const thickness = (count: number) => scale(count) * shrink

  const endTotals = noOutcomes()
  const endHeights = noOutcomes()
  for (const { counts } of shown) {
    for (const outcome of OUTCOMES) {
      endTotals[outcome] += counts[outcome]
      endHeights[outcome] += thickness(counts[outcome])
    }
  }
  const ends = placeEnds(endTotals, endHeights, { top, height, endHeight })

  const callsHeight = all * shrink
  const callsY = top + (height - top - Math.max(callsHeight, 24)) / 2
  let leftY = callsY
  const endY = Object.fromEntries(ends.map(({ outcome, y }) => [outcome, y]))

  const lanes = shown.map(({ name, counts }, index): Lane => {
    const y = top + 2 + index * LANE_HEIGHT
    const barY = y + LABEL_HEIGHT
    const barHeight = widths[index] * shrink
    const inflow = barHeight ? band({ x: columns.calls + BAR, y: leftY }, { x: columns.lanes, y: barY }, barHeight) : ''
    leftY += barHeight
    let laneY = barY
    const outflows = OUTCOMES.flatMap((outcome): Band[] => {
      const size = thickness(counts[outcome])
      if (!size) return []
      const start = { x: columns.bend, y: laneY }
      const d = band(start, { x: columns.ends, y: endY[outcome] }, size, columns.lanes + BAR)
      laneY += size
      endY[outcome] += size
      return [{ outcome, count: counts[outcome], d }]
    })
    return { name, total: sum(counts), y, barY, barHeight, inflow, outflows }
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
  const lanes = names.map((name) => ({ name, counts: { ...noOutcomes(), ...counts[name] } }))
  const busiest = [...lanes].sort((a, b) => sum(b.counts) - sum(a.counts)).slice(0, MAX_LANES - 1)
  const shown = lanes.filter((lane) => busiest.includes(lane))
  return {
    shown: [...shown, { name: NO_PRESET, counts: { ...noOutcomes(), ...counts[NO_PRESET] } }],
    hidden: lanes.length - shown.length
  }
}

/** On a narrow screen the calls' label stands above the picture instead of beside it. */
function columnsFor(width: number) {
  const isNarrow = width < WIDE
  const calls = isNarrow ? 0 : 84
  const lanes = isNarrow ? 32 : Math.round(width * 0.22)
  const ends = width - (isNarrow ? 124 : 190)
  const bend = lanes + Math.min(MAX_LABEL, Math.round((ends - lanes) * (isNarrow ? 0.8 : 0.6)))
  return { calls, lanes, bend, ends }
}

interface Room {
  top: number
  height: number
  /** Room that each label needs. */
  endHeight: number
}

function placeEnds(
  totals: Record<Outcome, number>,
  heights: Record<Outcome, number>,
  { top, height, endHeight }: Room
): End[] {
  const rooms = OUTCOMES.map((outcome) => Math.max(heights[outcome], endHeight))
  const gap = (height - top - rooms.reduce((a, b) => a + b, 0)) / OUTCOMES.length
  let y = top + gap / 2
  return OUTCOMES.map((outcome, index) => {
    const end = { outcome, count: totals[outcome], y, height: heights[outcome] }
    y += rooms[index] + gap
    return end
  })
}

interface Point {
  x: number
  y: number
}

/**
 * A ribbon from one edge to the other.
 *
 * @param straightFrom x from which it runs straight to its start
 */
function band(start: Point, end: Point, size: number, straightFrom = start.x): string {
  const middle = (start.x + end.x) / 2
  const point = (...numbers: number[]) => numbers.map((n) => Math.round(n * 10) / 10).join(' ')
  return [
    `M${point(straightFrom, start.y)}`,
    `L${point(start.x, start.y)}`,
    `C${point(middle, start.y, middle, end.y, end.x, end.y)}`,
    `L${point(end.x, end.y + size)}`,
    `C${point(middle, end.y + size, middle, start.y + size, start.x, start.y + size)}`,
    `L${point(straightFrom, start.y + size)}`,
    'Z'
  ].join('')
}
