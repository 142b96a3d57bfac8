import { useEffect, useRef, useState } from 'preact/hooks'
import { emptySandbox, readCustomers, readSandbox } from '../api'
import { asText, count, formatNumber, isObject } from '../format'
import { linkHere, linkTo, opensItem, setQuery } from '../route'
import type { Query } from '../route'
import { announce, useIsReal, useStore } from '../store'
import { shorten } from '../../shared/text'
import type { CustomerList, CustomerSummary, SandboxEvent, SandboxGroup, SandboxState } from '../../shared/types'
import { Card, ConfirmButton, Labelled, Problem, Time } from './controls'
import { CustomerPage, EraseById } from './CustomerPage'
import { useReading, useTask } from './hooks'
import { JsonView } from './JsonView'

/** Most entries of each list that are read. */
const LIMIT = 200
const SEARCH_DELAY_MS = 150
/** How long a list rests while calls come in, in milliseconds. */
const REST_MS = 400
/** Longest ID or name in a line, and longest key or value in a chip, in characters. The entry itself shows all. */
const MAX_SHOWN = 80
const MAX_CHIP = 40
const MAX_CHIPS = 4

const tabs = { customers: 'Customers', events: 'Events', groups: 'Groups' }
type Tab = keyof typeof tabs

const linkId = (sourceId: string) => `customer-${sourceId}`

const isTab = (name: string): name is Tab => Object.keys(tabs).includes(name)

/** Who and what Voucherify would hold in the end; `open` is the source_id of the customer that is looked at. */
export function Customers({ open, query }: { open: string; query: Query }) {
  const lastOpen = useRef('')
  if (open) lastOpen.current = open
  return open ? <CustomerPage key={open} sourceId={open} /> : <Lists query={query} from={lastOpen.current} />
}

/** `from` is the customer that was looked at before, whose row gets the focus. */
function Lists({ query, from }: { query: Query; from: string }) {
  const version = useStore((state) => state.sandboxVersion)
  const overview = useStore((state) => state.overview)
  // Of a real project nothing is known but its customers, by the calls that were delivered.
  const isReal = useIsReal()
  const { search = '', tab: named = '' } = query
  const tab = isTab(named) && !isReal ? named : 'customers'
  const delay = search ? SEARCH_DELAY_MS : REST_MS
  const people = useReading((signal) => readCustomers(search, LIMIT, signal), [search, version, overview], delay)
  const sandbox = useReading(
    isReal ? null : (signal) => readSandbox(search, LIMIT, signal),
    [search, version, isReal],
    delay
  )
  const isListed = people.value !== null
  useEffect(() => {
    // Who has gone on to something else meanwhile stays there.
    if (document.activeElement?.matches('body, h2')) document.getElementById(linkId(from))?.focus()
  }, [isListed])
  return (
    <Card title="Customers" actions={isReal ? null : <EmptySandbox />}>
      <p class="hint">
        {isReal
          ? 'Your calls go to a real project, of which the workbench reads nothing. This is what the delivered calls said since it started.'
          : 'What Voucherify would hold. The sandbox on this machine plays it, and keeps this until the workbench ends.'}
      </p>
      <Problem text={people.error || sandbox.error} />
      <div class="filters">
        {!isReal && <Tabs tab={tab} customers={people.value} sandbox={sandbox.value} />}
        <Labelled label="Search">
          {(attributes) => (
            <input
              {...attributes}
              type="search"
              class="search"
              placeholder="Find ID, email, group, event, audience…"
              value={search}
              onInput={({ currentTarget }) => setQuery({ search: currentTarget.value })}
            />
          )}
        </Labelled>
      </div>
      {tab === 'customers' && people.value && <CustomerTable list={people.value} search={search} />}
      {tab === 'events' && sandbox.value && <Events sandbox={sandbox.value} search={search} />}
      {tab === 'groups' && sandbox.value && <Groups sandbox={sandbox.value} search={search} />}
      {isReal && <EraseById />}
    </Card>
  )
}

interface TabsProps {
  tab: Tab
  customers: CustomerList | null
  sandbox: SandboxState | null
}

function Tabs({ tab, customers, sandbox }: TabsProps) {
  const totals = { customers: customers?.total, events: sandbox?.totals.events, groups: sandbox?.totals.groups }
  return (
    <div class="choices" role="group" aria-label="What is listed">
      {Object.entries(tabs).map(
        ([name, label]) =>
          isTab(name) && (
            <button
              key={name}
              type="button"
              class="choice"
              aria-pressed={name === tab}
              onClick={() => setQuery({ tab: name === 'customers' ? '' : name })}
            >
              {label} <span class="number">{formatNumber(totals[name] ?? 0)}</span>
            </button>
          )
      )}
    </div>
  )
}

function EmptySandbox() {
  const task = useTask()
  const empty = async () => {
    await emptySandbox()
    announce('The sandbox was cleared.')
  }
  return (
    <>
      <ConfirmButton
        busy={task.busy}
        title="Clear the sandbox?"
        question="All customers, events and groups of the sandbox on this machine are removed."
        action="Clear the sandbox"
        onConfirm={() => task.run(empty)}
      >
        Clear all
      </ConfirmButton>
      <Problem text={task.error} />
    </>
  )
}

/** How many are listed of how many, or what to do where there is none. */
function Listed({ shown, total, search, text }: { shown: number; total: number; search: string; text: string }) {
  if (!shown) return <p class="empty">{search ? 'Nothing fits the search.' : text}</p>
  if (shown === total) return null
  return (
    <p class="hint">
      {formatNumber(shown)} of {formatNumber(total)} are listed.
    </p>
  )
}

function CustomerTable({ list: { customers, total }, search }: { list: CustomerList; search: string }) {
  return (
    <>
      <ul class="people">
        {customers.map((customer) => (
          <CustomerRow key={customer.sourceId} customer={customer} />
        ))}
      </ul>
      <Listed
        shown={customers.length}
        total={total}
        search={search}
        text="No customer yet. An identify call makes one."
      />
    </>
  )
}

function CustomerRow({ customer }: { customer: CustomerSummary }) {
  const { sourceId, name, email, metadata, audiences, lastAt } = customer
  return (
    <li onClick={opensItem(sourceId)}>
      <a id={linkId(sourceId)} class="person" href={linkHere(sourceId)}>
        {shorten(sourceId, MAX_SHOWN)}
      </a>
      <span class="person-facts">
        {[name, email].filter(Boolean).map((fact) => (
          <span key={fact}>{shorten(fact, MAX_SHOWN)}</span>
        ))}
      </span>
      <span class="pairs">
        {audiences.slice(0, MAX_CHIPS).map((key) => (
          <span key={key} class="pair audience">
            {shorten(key, MAX_CHIP)}
          </span>
        ))}
        <Pairs values={metadata} without={audiences} />
      </span>
      <span class="hint person-time">{lastAt && <Time iso={lastAt} />}</span>
    </li>
  )
}

/** The first values of an object as chips. */
function Pairs({ values, without = [] }: { values: object; without?: string[] }) {
  const entries = Object.entries(values).filter(([key]) => !without.includes(key))
  return (
    <>
      {entries.slice(0, MAX_CHIPS).map(([key, value]) => (
        <span key={key} class="pair">
          <span class="pair-key">{shorten(key, MAX_CHIP)}</span> <span>{shorten(asText(value), MAX_CHIP)}</span>
        </span>
      ))}
      {entries.length > MAX_CHIPS && <span class="pair">+{formatNumber(entries.length - MAX_CHIPS)}</span>}
    </>
  )
}

function Events({ sandbox: { events, totals }, search }: { sandbox: SandboxState; search: string }) {
  return (
    <div>
      {events.map((event, index) => (
        <Event key={`${event.at} ${index}`} event={event} />
      ))}
      <Listed
        shown={events.length}
        total={totals.events}
        search={search}
        text="No event yet. A track, page or screen call makes one."
      />
    </div>
  )
}

function Event({ event }: { event: SandboxEvent }) {
  const { at, event: name, type, customer, metadata } = event
  const [isOpen, setOpen] = useState(false)
  const userId = asText(customer.source_id)
  return (
    <details class="entry" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <Time iso={at} /> <span class={`type ${type}`}>{type}</span> <strong>{shorten(asText(name), MAX_SHOWN)}</strong>
        <span class="hint">{shorten(userId, MAX_CHIP)}</span>
        <span class="pairs">
          <Pairs values={isObject(metadata) ? metadata : {}} />
        </span>
      </summary>
      {isOpen && (
        <>
          <p>
            From <a href={linkTo('customers', userId)}>{shorten(userId, MAX_SHOWN)}</a>
          </p>
          <JsonView value={event} label={`Event ${shorten(asText(name), MAX_SHOWN)}`} />
        </>
      )}
    </details>
  )
}

function Groups({ sandbox: { groups, totals }, search }: { sandbox: SandboxState; search: string }) {
  return (
    <div>
      {groups.map((group) => (
        <Group key={group.group_id} group={group} />
      ))}
      <Listed
        shown={groups.length}
        total={totals.groups}
        search={search}
        text="No group yet. A group call makes one."
      />
    </div>
  )
}

function Group({ group: { group_id, traits, total, customers } }: { group: SandboxGroup }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="entry" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <strong>{shorten(group_id, MAX_SHOWN)}</strong>
        <span class="hint">{count(total, 'customer')}</span>
        <span class="pairs">
          <Pairs values={traits} />
        </span>
      </summary>
      {isOpen && (
        <>
          <JsonView value={traits} label={`Traits of ${shorten(group_id, MAX_SHOWN)}`} />
          <ul class="members">
            {customers.map((id) => (
              <li key={id}>
                <a href={linkTo('customers', id)}>{shorten(id, MAX_SHOWN)}</a>
              </li>
            ))}
          </ul>
          {total > customers.length && (
            <p class="hint">Of its customers the newest {formatNumber(customers.length)} are listed.</p>
          )}
        </>
      )}
    </details>
  )
}
