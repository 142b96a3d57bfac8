import { useState } from 'preact/hooks'
import { count, formatNumber, nameOfPreset, outcomes, totalsOf } from '../format'
import { layOutFlow, WIDE } from '../flowLayout'
import type { End, FlowLayout, Lane } from '../flowLayout'
import { fitText, widthOf } from '../measure'
import { linkTo, setQuery } from '../route'
import type { Route } from '../route'
import { useStore } from '../store'
import { noOutcomes, OUTCOMES } from '../../shared/outcomes'
import type { Outcome, Overview } from '../../shared/types'
import { useSize } from './hooks'

const nothing: Overview = {
  calls: 0,
  waiting: 0,
  retrying: 0,
  counts: {},
  webhooks: noOutcomes(),
  lastMinute: 0
}
/** Between a lane's name and its numbers, in pixels. */
const GAP = 8
/** Windows narrower than this begin with the flow as one line, since it would push everything else out of sight. */
const ROOMY = 640

/** The list of deliveries that a band, a name or a number of the picture stands for. */
const listOf = (preset: string | null, outcome: Outcome | '') =>
  linkTo('deliveries', '', {
    status: outcome || (preset === '' ? 'unmatched,refused' : ''),
    preset: preset ?? ''
  })

/** Whether the flow is open on Deliveries and elsewhere, as the reader left it. */
type Kept = Record<'deliveries' | 'elsewhere', boolean>

function readKept(): Kept {
  const usual = { deliveries: innerWidth >= ROOMY, elsewhere: false }
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem('flow') ?? '{}') }
  } catch {
    return usual
  }
}

function useOpen({ view, item, query }: Route): [boolean, (isOpen: boolean) => void] {
  // Beside an open delivery there is no room to spare either.
  const place = view === 'deliveries' && !item ? 'deliveries' : 'elsewhere'
  const [kept, setKept] = useState(readKept)
  const isOpen = query.flow ? query.flow === 'open' : kept[place]
  const setOpen = (isOpen: boolean) => {
    const next = { ...kept, [place]: isOpen }
    setKept(next)
    try {
      localStorage.setItem('flow', JSON.stringify(next))
    } catch {
      // A browser without storage keeps it in the address alone.
    }
    setQuery({ flow: isOpen ? 'open' : 'closed' })
  }
  return [isOpen, setOpen]
}

/** The way of all calls from left to right: in through the mappings, out to what became of them. */
export function Flow({ route }: { route: Route }) {
  const overview = useStore((state) => state.overview) ?? nothing
  const [isOpen, setOpen] = useOpen(route)
  return (
    <section class="card flow" aria-label="Event flow">
      <div class="flow-line">
        <button type="button" class="disclosure" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Event flow
        </button>
        <p class="hint number">
          {count(overview.calls, 'call')} · {count(overview.lastMinute, 'delivery', 'deliveries')} in the last minute
          {overview.waiting > 0 && ` · ${formatNumber(overview.waiting)} on the way`}
          {overview.retrying > 0 && ` · ${formatNumber(overview.retrying)} to be retried`}
        </p>
        {!isOpen && <Totals overview={overview} />}
      </div>
      {isOpen && <Picture overview={overview} />}
    </section>
  )
}

/** What became of all calls, in the one line that the closed flow is. */
function Totals({ overview }: { overview: Overview }) {
  const totals = totalsOf(overview)
  return (
    <ul class="totals">
      {OUTCOMES.map(
        (outcome) =>
          totals[outcome] > 0 && (
            <li key={outcome}>
              <a class={`outcome ${outcome}`} href={listOf(null, outcome)}>
                <span aria-hidden="true">{outcomes[outcome].sign}</span> {outcomes[outcome].label}{' '}
                <span class="number">{formatNumber(totals[outcome])}</span>
              </a>
            </li>
          )
      )}
    </ul>
  )
}

function Picture({ overview }: { overview: Overview }) {
  const mappings = useStore((state) => state.mappings)
  const { ref, width } = useSize<HTMLDivElement>()
  const enabled = mappings?.mappings.filter((mapping) => mapping.enabled).map(({ preset }) => preset) ?? []
  return (
    <div ref={ref} class="flow-picture">
      {width > 0 && <Drawing overview={overview} layout={layOutFlow(overview.counts, enabled, width)} />}
    </div>
  )
}

function Drawing({ overview, layout }: { overview: Overview; layout: FlowLayout }) {
  const { width, height, columns, calls, lanes, ends, hidden } = layout
  return (
    <>
      <svg
        width={width}
        height={height}
        role="group"
        aria-label="Calls on their way through the mappings to Voucherify"
      >
        <Patterns />
        {lanes.map((lane) => lane.inflow && <path key={lane.name} class="inflow" d={lane.inflow} />)}
        {lanes.flatMap((lane) =>
          lane.outflows.map(({ outcome, count: calls, d }) => (
            // For the keyboard and for screen readers the number beside the lane's name is the same link.
            <path
              key={`${lane.name} ${outcome}`}
              class={`band ${outcome}`}
              d={d}
              fill={`url(#band-${outcome})`}
              onClick={() => (location.hash = listOf(lane.name, outcome))}
            >
              <title>{`${nameOfPreset(lane.name)}: ${formatNumber(calls)} ${outcomes[outcome].label}`}</title>
            </path>
          ))
        )}
        <rect class="bar" x={columns.calls} y={calls.y} width={columns.bar} height={calls.height} rx={2} />
        <CallsLabel calls={overview.calls} layout={layout} />
        {lanes.map((lane) => (
          <LaneLabel key={lane.name} lane={lane} layout={layout} />
        ))}
        {ends.map((end) => (
          <EndLabel key={end.outcome} end={end} layout={layout} />
        ))}
      </svg>
      {hidden > 0 && <p class="hint">And {count(hidden, 'mapping')} with fewer calls.</p>}
    </>
  )
}

/** Beside the bar of all calls, or above the whole picture where there is no room. */
function CallsLabel({ calls, layout: { width, height, columns } }: { calls: number; layout: FlowLayout }) {
  const word = calls === 1 ? 'call' : 'calls'
  const isNarrow = width < WIDE
  const x = isNarrow ? 0 : columns.calls - 10
  return (
    <a href={linkTo('deliveries')}>
      <text class={isNarrow ? 'calls' : 'calls end'} y={isNarrow ? 16 : height / 2}>
        <tspan class="number" x={x}>
          {formatNumber(calls)}
        </tspan>
        {isNarrow ? (
          <tspan dx={GAP}>{word}</tspan>
        ) : (
          <tspan x={x} dy={16}>
            {word}
          </tspan>
        )}
      </text>
    </a>
  )
}

/** A texture for each outcome, so that the bands differ without colour. */
function Patterns() {
  return (
    <defs>
      {OUTCOMES.map((outcome) => (
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
  refused: 'M0 0 8 8'
}

function LaneLabel({ lane, layout: { width, columns } }: { lane: Lane; layout: FlowLayout }) {
  const { name, total, y, barY, barHeight, outflows } = lane
  const x = columns.lanes
  const label = width < WIDE ? shortName(nameOfPreset(name)) : nameOfPreset(name)
  const numbers = outflows.map(({ outcome, count }) => ({
    outcome,
    count,
    text: `${outcomes[outcome].sign} ${formatNumber(count)}`
  }))
  const room = numbers.reduce((left, { text }) => left - widthOf(text, 600) - GAP, columns.bend - x)
  const shown = fitText(label, room)
  let end = x + widthOf(shown)
  return (
    <g class={total ? 'lane' : 'lane idle'}>
      <rect class="bar" x={x} y={barY} width={columns.bar} height={Math.max(barHeight, 4)} rx={2} />
      {/* A text for each link: browsers draw no frame around one that is a part of a text. */}
      <a href={listOf(name, '')}>
        <text x={x} y={y + 12}>
          {shown}
        </text>
      </a>
      {numbers.map(({ outcome, count, text }) => {
        const start = end + GAP
        end = start + widthOf(text, 600)
        return (
          <a
            key={outcome}
            href={listOf(name, outcome)}
            aria-label={`${nameOfPreset(name)}, ${outcomes[outcome].label}: ${formatNumber(count)}`}
          >
            <text class={`number outcome ${outcome}`} x={start} y={y + 12}>
              {text}
            </text>
          </a>
        )
      })}
    </g>
  )
}

/** "Add Custom Event (Track Event)" is known by what stands in brackets. */
const shortName = (name: string) => /\(([^()]+)\)$/.exec(name)?.[1] ?? name

function EndLabel({ end: { outcome, count, y, height }, layout }: { end: End; layout: FlowLayout }) {
  const { label, sign } = outcomes[outcome]
  const { ends, bar } = layout.columns
  const isNarrow = layout.width < WIDE
  const middle = y + Math.max(height, 10) / 2 + 4
  const x = ends + bar + 8
  return (
    <g class={`end-label ${outcome} ${count ? '' : 'idle'}`}>
      <rect class="bar" x={ends} y={y} width={bar} height={Math.max(height, 4)} rx={2} />
      <a href={listOf(null, outcome)}>
        <text x={x} y={isNarrow ? y + 10 : middle}>
          <tspan>
            {sign} {label}
          </tspan>
          <tspan class="number" {...(isNarrow ? { x, dy: 15 } : { dx: GAP })}>
            {formatNumber(count)}
          </tspan>
        </text>
      </a>
    </g>
  )
}
