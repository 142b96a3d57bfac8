import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { emptyDeliveries, sendSamples } from '../api'
import { count, formatNumber, holdsText, outcomeNames, outcomes } from '../format'
import { goTo } from '../route'
import { announce, useStore } from '../store'
import type { Delivery, Outcome } from '../../shared/types'
import { Button, ConfirmButton, Labelled, Problem } from './controls'
import { DeliveryDetail } from './DeliveryDetail'
import { DeliveryList, focusDelivery } from './DeliveryList'
import { useTask } from './hooks'

interface Filter {
  outcome: Outcome | ''
  preset: string
  text: string
}

const everything: Filter = { outcome: '', preset: '', text: '' }

/** Every call and what became of it; `open` is the id of the one that is looked at. */
export function Deliveries({ open }: { open: string }) {
  const deliveries = useStore((state) => state.deliveries)
  const [filter, setFilter] = useState(everything)
  const shown = useMemo(() => filterDeliveries(deliveries ?? [], filter), [deliveries, filter])
  const listSide = useRef<HTMLElement>(null)
  const lastOpen = useRef('')
  useLayoutEffect(() => {
    // Only now is the list shown again where there is room for one of the two.
    if (!open && lastOpen.current) focusDelivery(lastOpen.current)
    lastOpen.current = open
  }, [open])
  if (!deliveries) return <p class="empty">Reading the deliveries…</p>
  return (
    <div class={open ? 'deliveries split' : 'deliveries'}>
      <section ref={listSide} class="list-side" aria-label="List of deliveries">
        {deliveries.length ? (
          <>
            <Filters deliveries={deliveries} filter={filter} setFilter={setFilter} />
            <Toolbar all={deliveries} shown={shown} onEmptied={() => setFilter(everything)} />
            {shown.length ? (
              <DeliveryList deliveries={shown} open={open} />
            ) : (
              <div class="empty">
                <p>No delivery fits the filters.</p>
                <Button onPress={() => setFilter(everything)}>Clear filters</Button>
              </div>
            )}
          </>
        ) : (
          <Empty />
        )}
      </section>
      {open && <DeliveryDetail key={open} id={open} beside={listSide} onClose={() => goTo('deliveries')} />}
    </div>
  )
}

function filterDeliveries(deliveries: Delivery[], { outcome, preset, text }: Filter): Delivery[] {
  const wanted = text.trim().toLowerCase()
  return deliveries.filter(
    (delivery) =>
      (!outcome || delivery.status === outcome) &&
      (!preset || delivery.preset === preset) &&
      (!wanted || holdsText(delivery, wanted))
  )
}

function Empty() {
  return (
    <div class="empty">
      <p>
        No call has arrived yet. Send the samples to see how it works, write a call of your own under{' '}
        <a href="#/try">Try a call</a>, or point your app here under <a href="#/connect">Connect an app</a>.
      </p>
      <SamplesButton kind="primary" />
    </div>
  )
}

function SamplesButton({ kind }: { kind: 'primary' | 'plain' }) {
  const task = useTask()
  const send = async () => {
    const { calls } = await sendSamples()
    announce(`Sent ${count(calls, 'sample')}.`)
  }
  return (
    <>
      <Button kind={kind} busy={task.busy} onPress={() => task.run(send)}>
        Send samples
      </Button>
      <Problem text={task.error} />
    </>
  )
}

interface FiltersProps {
  deliveries: Delivery[]
  filter: Filter
  setFilter(filter: Filter): void
}

function Filters({ deliveries, filter, setFilter }: FiltersProps) {
  const mappings = useStore((state) => state.mappings)
  const counts = useMemo(() => {
    const found: Record<Outcome, number> = { delivered: 0, retryable: 0, rejected: 0, unmatched: 0, refused: 0 }
    for (const { status } of deliveries) found[status] += 1
    return found
  }, [deliveries])
  const choice = (outcome: Outcome | '', label: string, number: number) => (
    <button
      type="button"
      class={`choice ${outcome}`}
      aria-pressed={filter.outcome === outcome}
      onClick={() => setFilter({ ...filter, outcome })}
    >
      {label} <span class="number">{formatNumber(number)}</span>
    </button>
  )
  return (
    <div class="filters">
      <div class="choices" role="group" aria-label="Outcome">
        {choice('', 'All', deliveries.length)}
        {outcomeNames.map((outcome) =>
          choice(outcome, `${outcomes[outcome].sign} ${outcomes[outcome].label}`, counts[outcome])
        )}
      </div>
      <Labelled label="Preset">
        {(attributes) => (
          <select
            {...attributes}
            value={filter.preset}
            onChange={({ currentTarget }) => setFilter({ ...filter, preset: currentTarget.value })}
          >
            <option value="">All presets</option>
            {mappings?.mappings.map(({ preset }) => (
              <option key={preset} value={preset}>
                {preset}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled label="Find text">
        {(attributes) => (
          <input
            {...attributes}
            type="search"
            placeholder="user, event, value…"
            value={filter.text}
            onInput={({ currentTarget }) => setFilter({ ...filter, text: currentTarget.value })}
          />
        )}
      </Labelled>
    </div>
  )
}

function Toolbar({ all, shown, onEmptied }: { all: Delivery[]; shown: Delivery[]; onEmptied(): void }) {
  const task = useTask()
  const empty = async () => {
    await emptyDeliveries()
    onEmptied()
    goTo('deliveries')
    announce('The deliveries were emptied.')
  }
  return (
    <div class="toolbar">
      <p class="number">
        {shown.length === all.length
          ? count(all.length, 'delivery', 'deliveries')
          : `${formatNumber(shown.length)} of ${count(all.length, 'delivery', 'deliveries')}`}
      </p>
      <SamplesButton kind="plain" />
      <Button onPress={() => download(shown)} disabled={!shown.length}>
        Download NDJSON
      </Button>
      <ConfirmButton
        busy={task.busy}
        title="Empty the list of deliveries?"
        question="All deliveries and their counts are removed from this workbench. What the sandbox holds stays."
        action="Empty the list"
        onConfirm={() => task.run(empty)}
      >
        Empty
      </ConfirmButton>
      <Problem text={task.error} />
    </div>
  )
}

/** Saves deliveries as one JSON object a line, in the order of the list. */
function download(deliveries: Delivery[]): void {
  const lines = deliveries.map((delivery) => `${JSON.stringify(delivery)}\n`)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(lines, { type: 'application/x-ndjson' }))
  link.download = `deliveries-${new Date().toISOString().slice(0, 19).replace(/:/g, '-')}.ndjson`
  link.click()
  URL.revokeObjectURL(link.href)
  announce(`Downloaded ${count(deliveries.length, 'delivery', 'deliveries')}.`)
}
