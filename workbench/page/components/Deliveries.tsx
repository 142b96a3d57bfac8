import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { emptyDeliveries, searchOf, sendSamples } from '../api'
import { count, formatNumber, outcomeOf } from '../format'
import { directionOf, isFiltered, isOfWebhooks, noFilter, readFilter, totalsIn } from '../listing'
import type { Filter, Listing } from '../listing'
import { showDeliveries } from '../live'
import { goTo, isLanding, linkTo, setQuery } from '../route'
import type { Query } from '../route'
import { announce, useIsReal, useStore } from '../store'
import { noOutcomes, OUTCOMES, sumOf } from '../../shared/outcomes'
import { shorten } from '../../shared/text'
import type { Outcome } from '../../shared/types'
import { Button, ConfirmButton, Labelled, Problem } from './controls'
import { DeliveryDetail } from './DeliveryDetail'
import { DeliveryList, focusDelivery } from './DeliveryList'
import { showInRow, useTask } from './hooks'

/** So many deliveries are kept of any kind; of more the oldest may be gone. */
const SURELY_KEPT = 1000
/** Longest value of a filter that is shown, in characters. */
const MAX_SHOWN = 40

/** Every call and what became of it; `open` is the id of the one that is looked at. */
export function Deliveries({ open, query }: { open: string; query: Query }) {
  const listing = useStore((state) => state.list)
  const hasWebhooks = useStore(({ overview }) => overview !== null && sumOf(overview.webhooks) > 0)
  const filter = readFilter(query)
  const listSide = useRef<HTMLElement>(null)
  const lastOpen = useRef('')
  // What was opened by its address leaves the focus at the top of the page.
  const arrivedAt = useRef(isLanding() ? open : '')
  useEffect(() => showDeliveries(filter), [JSON.stringify(filter)])
  // Other views look for their calls among all.
  useEffect(() => () => showDeliveries(noFilter), [])
  useLayoutEffect(() => {
    // Only now is the list shown again where there is room for one of the two. Whoever is in it stays at that row.
    const isInList = listSide.current?.querySelector('.list')?.contains(document.activeElement)
    if (!open && lastOpen.current && !isInList) focusDelivery(lastOpen.current)
    lastOpen.current = open
    if (open !== arrivedAt.current) arrivedAt.current = ''
  }, [open])
  if (!listing) return <p class="empty">Reading the deliveries…</p>
  return (
    <div class={open ? 'deliveries split' : 'deliveries'}>
      <section ref={listSide} class="card list-side" aria-label="List of deliveries">
        <h2 class="unseen">Deliveries</h2>
        {(listing.total || hasWebhooks) && (
          <>
            <Filters filter={filter} isNarrow={open !== ''} />
            <Toolbar listing={listing} />
          </>
        )}
        {listing.rows.length ? (
          <DeliveryList listing={listing} open={open} />
        ) : listing.total || filter.direction ? (
          <NoneFits filter={filter} total={listing.total} />
        ) : (
          <Empty />
        )}
      </section>
      {open && (
        <DeliveryDetail
          key={open}
          id={open}
          wasPressed={open !== arrivedAt.current}
          beside={listSide}
          onClose={() => goTo('deliveries', '', query)}
        />
      )}
    </div>
  )
}

function Empty() {
  return (
    <div class="empty">
      <p>
        No call has arrived yet. Send the samples to see how it works, write a call of your own under{' '}
        <a href={linkTo('try')}>Try a call</a>, or point your app here under{' '}
        <a href={linkTo('connect')}>Connect an app</a>.
      </p>
      <SamplesButton kind="primary" />
    </div>
  )
}

/** Of what the picture counts the oldest may be gone. */
function NoneFits({ filter, total }: { filter: Filter; total: number }) {
  const overview = useStore((state) => state.overview)
  const { status, preset, direction, ...others } = filter
  const isOfPicture = !direction && !Object.values(others).some(Boolean)
  const names = OUTCOMES.filter((outcome) => !status || status.split(',').includes(outcome))
  const counted = Object.entries(overview?.counts ?? {})
    .filter(([name]) => !preset || name === preset)
    .reduce((sum, [, counts]) => names.reduce((all, outcome) => all + counts[outcome], sum), 0)
  return (
    <div class="empty">
      <p>
        {isOfPicture && counted > 0 && total > SURELY_KEPT
          ? `${count(
              counted,
              'delivery fits',
              'deliveries fit'
            )} the filters, too old to be kept: newer ones took their place.`
          : 'No delivery fits the filters.'}
      </p>
      <ClearFilters />
    </div>
  )
}

function SamplesButton({ kind }: { kind: 'primary' | 'plain' }) {
  const isReal = useIsReal()
  const task = useTask()
  const send = () =>
    task.run(async () => {
      const { calls } = await sendSamples()
      announce(`Sent ${count(calls, 'sample')}.`)
    })
  return (
    <>
      {isReal ? (
        <ConfirmButton
          busy={task.busy}
          title="Send the samples to your real project?"
          question="Their customers, events and groups are invented, and will stand among the real ones until you erase them in Voucherify."
          action="Send samples"
          onConfirm={send}
        >
          Send samples
        </ConfirmButton>
      ) : (
        <Button kind={kind} busy={task.busy} onPress={send}>
          Send samples
        </Button>
      )}
      <Problem text={task.error} />
    </>
  )
}

/** @param isNarrow whether a delivery stands beside the list */
function Filters({ filter, isNarrow }: { filter: Filter; isNarrow: boolean }) {
  const mappings = useStore((state) => state.mappings)
  const overview = useStore((state) => state.overview)
  const counts = overview ? totalsIn(overview, filter) : noOutcomes()
  const webhooks = overview ? sumOf(overview.webhooks) : 0
  const isWebhooks = isOfWebhooks(filter)
  const choices = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // In a narrow list they scroll; the one that is pressed stays in sight.
    const pressed = Array.from(choices.current?.querySelectorAll<HTMLElement>('[aria-pressed="true"]') ?? []).at(-1)
    showInRow(choices.current, pressed)
  }, [filter.status, filter.warned, filter.direction, isNarrow])
  const choice = (outcome: Outcome | '', label: string, number: number) => (
    <button
      type="button"
      class={`choice ${outcome}`}
      aria-pressed={filter.status === outcome}
      onClick={() => setQuery({ status: outcome })}
    >
      {label} <span class="number">{formatNumber(number)}</span>
    </button>
  )
  return (
    <div class="filters">
      <div ref={choices} class="choices" role="group" aria-label="Outcome">
        {choice('', 'All', sumOf(counts))}
        {OUTCOMES.map(
          (outcome) =>
            (counts[outcome] > 0 || outcome === filter.status || outcome !== 'refused') &&
            choice(outcome, wordsOf(outcome, isWebhooks), counts[outcome])
        )}
        <button
          type="button"
          class="choice"
          aria-pressed={filter.warned === 'true'}
          onClick={() => setQuery({ warned: filter.warned ? '' : 'true' })}
        >
          ⚠ With warnings
        </button>
        {(webhooks > 0 || isWebhooks) && (
          <button
            type="button"
            class="choice"
            aria-pressed={isWebhooks}
            onClick={() => setQuery({ ...noFilter, direction: isWebhooks ? '' : 'fromVoucherify' })}
          >
            From Voucherify <span class="number">{formatNumber(webhooks)}</span>
          </button>
        )}
      </div>
      <div class="narrowing">
        <Labelled label="Mapping">
          {(attributes) => (
            <select
              {...attributes}
              value={filter.preset}
              onChange={({ currentTarget }) => setQuery({ preset: currentTarget.value })}
            >
              <option value="">All mappings</option>
              {mappings?.mappings.map(({ preset }) => (
                <option key={preset} value={preset}>
                  {preset}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        <Labelled label="Find">
          {(attributes) => (
            <input
              {...attributes}
              type="search"
              class="search"
              placeholder="Find value, error…"
              value={filter.text}
              onInput={({ currentTarget }) => setQuery({ text: currentTarget.value })}
            />
          )}
        </Labelled>
      </div>
      {filter.user && <Narrowed name="user" value={filter.user} />}
      {filter.type && <Narrowed name="type" value={filter.type} />}
    </div>
  )
}

function wordsOf(outcome: Outcome, isWebhook: boolean): string {
  const { sign, label } = outcomeOf(outcome, isWebhook)
  return `${sign} ${label}`
}

/** A filter that has no control of its own here: it came with a link, and goes with a press. */
function Narrowed({ name, value }: { name: 'user' | 'type'; value: string }) {
  return (
    <button
      type="button"
      class="choice"
      aria-pressed="true"
      aria-label={`Only ${name} ${value}. Press to show all.`}
      onClick={() => setQuery({ [name]: '' })}
    >
      {name} {shorten(value, MAX_SHOWN)} <span aria-hidden="true">✕</span>
    </button>
  )
}

const ClearFilters = ({ kind }: { kind?: 'quiet' }) => (
  <Button kind={kind} onPress={() => setQuery({ ...noFilter })}>
    Clear filters
  </Button>
)

function Toolbar({ listing: { filter, rows, matching, total, isWhole } }: { listing: Listing }) {
  const task = useTask()
  const empty = async () => {
    await emptyDeliveries()
    goTo('deliveries')
    announce('The deliveries were cleared.')
  }
  const listed = isFiltered(filter) ? matching : total
  const search = searchOf({ ...filter, direction: directionOf(filter) })
  const counted = (number: number) =>
    isOfWebhooks(filter) ? count(number, 'webhook') : count(number, 'delivery', 'deliveries')
  return (
    <div class="toolbar">
      <p class="number">
        {isFiltered(filter) && `${formatNumber(matching)} of `}
        {counted(total)}
        {isWhole && rows.length < listed && `, ${count(rows.length, 'is kept', 'are kept')}`}
      </p>
      {isFiltered(filter) && rows.length > 0 && <ClearFilters kind="quiet" />}
      <SamplesButton kind="plain" />
      <a
        class="button"
        href={`/api/deliveries.ndjson?${search}`}
        download
        onClick={() => announce(`Downloading ${counted(matching)}.`)}
      >
        Download NDJSON
      </a>
      <ConfirmButton
        busy={task.busy}
        title="Clear the list of deliveries?"
        question="All deliveries and webhooks are removed from this workbench, with their counts. Customers stay as they are."
        action="Clear the list"
        onConfirm={() => task.run(empty)}
      >
        Clear
      </ConfirmButton>
      <Problem text={task.error} />
    </div>
  )
}
