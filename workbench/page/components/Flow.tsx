import { count, formatNumber, outcomeNames, outcomes } from '../format'
import { layOutFlow, WIDE } from '../flowLayout'
import type { End, FlowLayout, Lane } from '../flowLayout'
import { fitText, widthOf } from '../measure'
import { useStore } from '../store'
import type { Outcome, Overview } from '../../shared/types'
import { useSize } from './hooks'

const nothing: Overview = { calls: 0, waiting: 0, retrying: 0, counts: {}, lastMinute: 0 }
/** Between a lane's name and its numbers, in pixels. */
const GAP = 8

const nameOf = (name: string) => name || 'No preset'

/** The way of all calls from left to right: in through the presets, out to what became of them. */
export function Flow() {
  const overview = useStore((state) => state.overview) ?? nothing
  const mappings = useStore((state) => state.mappings)
  const { ref, width } = useSize<HTMLDivElement>()
  const enabled = mappings?.mappings.filter((mapping) => mapping.enabled).map(({ preset }) => preset) ?? []
  return (
    <section aria-label="The way of your calls">
      <details class="flow" open>
        <summary>
          <h2>The way of your calls</h2>
          <span class="rate">
            {count(overview.calls, 'call')} · {count(overview.lastMinute, 'delivery', 'deliveries')} in the last minute
            {overview.waiting > 0 && ` · ${formatNumber(overview.waiting)} on the way`}
          </span>
        </summary>
        <div ref={ref} class="flow-picture">
          {width > 0 && <Picture overview={overview} layout={layOutFlow(overview.counts, enabled, width)} />}
        </div>
        <FlowTable overview={overview} />
      </details>
    </section>
  )
}

function Picture({ overview, layout }: { overview: Overview; layout: FlowLayout }) {
  const { width, height, columns, calls, lanes, ends, hidden } = layout
  return (
    <>
      <svg width={width} height={height} role="img" aria-label="Calls on their way through the presets to Voucherify">
        <Patterns />
        {lanes.map((lane) => lane.inflow && <path key={lane.name} class="inflow" d={lane.inflow} />)}
        {lanes.flatMap((lane) =>
          lane.outflows.map(({ outcome, d }) => (
            <path key={`${lane.name} ${outcome}`} class={`band ${outcome}`} d={d} fill={`url(#band-${outcome})`} />
          ))
        )}
        <rect class="bar" x={columns.calls} y={calls.y} width={columns.bar} height={calls.height} rx={2} />
        <CallsLabel calls={overview.calls} layout={layout} />
        {lanes.map((lane) => (
          <LaneLabel key={lane.name} lane={lane} layout={layout} />
        ))}
        {ends.map((end) => (
          <EndLabel key={end.outcome} end={end} x={columns.ends} bar={columns.bar} />
        ))}
      </svg>
      {hidden > 0 && <p class="hint">And {count(hidden, 'mapping')} with fewer calls.</p>}
    </>
  )
}

/** Beside the bar of all calls, or above the whole picture where there is no room. */
function CallsLabel({ calls, layout: { width, height, columns } }: { calls: number; layout: FlowLayout }) {
  const word = calls === 1 ? 'call' : 'calls'
  if (width < WIDE) {
    return (
      <text class="calls" x={0} y={18}>
        <tspan class="number">{formatNumber(calls)}</tspan>
        <tspan dx={GAP}>{word}</tspan>
      </text>
    )
  }
  const x = columns.calls - 10
  return (
    <text class="calls end" y={height / 2 - 2}>
      <tspan class="number" x={x}>
        {formatNumber(calls)}
      </tspan>
      <tspan x={x} dy={16}>
        {word}
      </tspan>
    </text>
  )
}

/** A texture for each outcome, so that the bands differ without colour. */
function Patterns() {
  return (
    <defs>
      {outcomeNames.map((outcome) => (
        <pattern
          key={outcome}
          id={`band-${outcome}`}
          class={outcome}
          width={8}
          height={8}
          patternUnits="userSpaceOnUse"
        >
          <rect class="ground" width={8} height={8} />
          <path class="texture" d={textures[outcome]} />
        </pattern>
      ))}
    </defs>
  )
}

const textures: Record<Outcome, string> = {
  delivered: '',
  retryable: 'M-2 2 2 -2M0 8 8 0M6 10 10 6',
  rejected: 'M0 0 8 8M8 0 0 8',
  unmatched: 'M0 4H4',
  refused: 'M4 0V4'
}

function LaneLabel({ lane, layout: { width, columns } }: { lane: Lane; layout: FlowLayout }) {
  const { name, total, y, barY, barHeight } = lane
  const x = columns.lanes
  const label = width < WIDE ? shortName(nameOf(name)) : nameOf(name)
  const room = columns.bend - x - GAP
  const details = detailsOf(lane)
  const tail = widthOf(label) + widthOf(details, 600) <= room ? details : formatNumber(total)
  return (
    <g class={total ? 'lane' : 'lane idle'}>
      <rect class="bar" x={x} y={barY} width={columns.bar} height={Math.max(barHeight, 4)} rx={2} />
      <text x={x} y={y + 13}>
        <tspan class="name">{fitText(label, room - widthOf(tail, 600))}</tspan>
        {total > 0 && (
          <tspan class="number" dx={GAP}>
            {tail}
          </tspan>
        )}
      </text>
    </g>
  )
}

/** "Add Custom Event (Track Event)" is known by what stands in brackets. */
const shortName = (name: string) => /\(([^()]+)\)$/.exec(name)?.[1] ?? name

/** The numbers of a lane by the signs of their outcomes. */
function detailsOf({ counts }: Lane): string {
  return outcomeNames
    .filter((outcome) => counts[outcome])
    .map((outcome) => `${outcomes[outcome].sign} ${formatNumber(counts[outcome])}`)
    .join('\u2002')
}

function EndLabel({ end: { outcome, count, y, height }, x, bar }: { end: End; x: number; bar: number }) {
  const { label, sign } = outcomes[outcome]
  const middle = y + Math.max(height, 18) / 2
  return (
    <g class={`end-label ${outcome} ${count ? '' : 'idle'}`}>
      <rect class="bar" x={x} y={y} width={bar} height={Math.max(height, 4)} rx={2} />
      <text x={x + bar + 8} y={middle - 2}>
        {sign} {label}
      </text>
      <text class="number" x={x + bar + 8} y={middle + 13}>
        {formatNumber(count)}
      </text>
    </g>
  )
}

/** The numbers of the picture for those who can't see it. */
function FlowTable({ overview: { counts } }: { overview: Overview }) {
  return (
    <div class="unseen">
      <table>
        <caption>Calls by preset and outcome</caption>
        <thead>
          <tr>
            <th scope="col">Preset</th>
            {outcomeNames.map((outcome) => (
              <th key={outcome} scope="col">
                {outcomes[outcome].label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Object.entries(counts).map(([name, numbers]) => (
            <tr key={name}>
              <th scope="row">{nameOf(name)}</th>
              {outcomeNames.map((outcome) => (
                <td key={outcome}>{numbers[outcome]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
