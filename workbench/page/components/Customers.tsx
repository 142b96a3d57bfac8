import type { JSONObject, JSONValue } from '@segment/actions-core'
import { useState } from 'preact/hooks'
import { emptySandbox, eraseCustomer, readCustomer, readSandbox } from '../api'
import { asText, count, formatNumber, shorten, timeOf } from '../format'
import type { Query } from '../route'
import { announce, useStore } from '../store'
import type { SandboxChange, SandboxCustomer, SandboxEvent, SandboxGroup, SandboxState } from '../../shared/types'
import { ConfirmButton, Labelled, Problem } from './controls'
import { useReading, useTask } from './hooks'
import { JsonView, LongText } from './JsonView'

/** Most entries of each list that are read. */
const LIMIT = 200
const SEARCH_DELAY_MS = 150
/** Longest ID or name in a line, and longest key or value in a chip, in characters. The JSON below shows all. */
const MAX_SHOWN = 80
const MAX_CHIP = 40
/** Longest ID in an address, encoded: Node.js takes 16 KB of address and headers together. */
const MAX_ID_IN_ADDRESS = 12_000

/** What Voucherify would hold in the end. */
export function Customers(_: { open: string; query: Query }) {
  const version = useStore((state) => state.sandboxVersion)
  const target = useStore((state) => state.target)
  const [search, setSearch] = useState('')
  const { value, error } = useReading(
    (signal) => readSandbox(search, LIMIT, signal),
    [search, version],
    SEARCH_DELAY_MS
  )
  const isReal = target?.mode === 'project'
  return (
    <>
      <div class="result-head">
        <h2>What Voucherify would hold</h2>
        {isReal ? (
          <p class="hint">
            Your calls go to a real project: look there. The sandbox only shows what it received before.
          </p>
        ) : (
          <p class="hint">The sandbox on this machine plays Voucherify and keeps this until the workbench ends.</p>
        )}
        <EmptySandbox />
      </div>
      <Problem text={error} />
      {isReal && <EraseById />}
      <Labelled label="Search customers, events and groups">
        {(attributes) => (
          <input
            {...attributes}
            type="search"
            placeholder="ID, email, name, metadata…"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        )}
      </Labelled>
      {value && <Lists sandbox={value} search={search} isReal={isReal} />}
    </>
  )
}

function EmptySandbox() {
  const task = useTask()
  const empty = async () => {
    await emptySandbox()
    announce('The sandbox is empty.')
  }
  return (
    <>
      <ConfirmButton
        busy={task.busy}
        title="Empty the sandbox?"
        question="All customers, events and groups of the sandbox on this machine are removed. A real project is not touched."
        action="Empty the sandbox"
        onConfirm={() => task.run(empty)}
      >
        Empty all
      </ConfirmButton>
      <Problem text={task.error} />
    </>
  )
}

function Lists({ sandbox, search, isReal }: { sandbox: SandboxState; search: string; isReal: boolean }) {
  const { customers, events, groups, totals } = sandbox
  return (
    <div class="columns result">
      <section aria-labelledby="customers">
        <h3 id="customers">{heading('customer', totals.customers, customers.length)}</h3>
        {customers.map((customer) => (
          <Customer key={customer.source_id} customer={customer} isReal={isReal} />
        ))}
        <None shown={customers.length} search={search} text="No customer yet. An identify call makes one." />
      </section>
      <div>
        <section aria-labelledby="events">
          <h3 id="events">{heading('event', totals.events, events.length)}</h3>
          {events.map((event, index) => (
            <Event key={`${event.at} ${index}`} event={event} />
          ))}
          <None shown={events.length} search={search} text="No event yet. A track, page or screen call makes one." />
        </section>
        <section aria-labelledby="groups">
          <h3 id="groups">{heading('group', totals.groups, groups.length)}</h3>
          {groups.map((group) => (
            <Group key={group.group_id} group={group} />
          ))}
          <None shown={groups.length} search={search} text="No group yet. A group call makes one." />
        </section>
      </div>
    </div>
  )
}

function heading(name: string, total: number, shown: number): string {
  const all = count(total, name)
  const text = all.charAt(0).toUpperCase() + all.slice(1)
  return shown < total ? `${text}, ${formatNumber(shown)} shown` : text
}

function None({ shown, search, text }: { shown: number; search: string; text: string }) {
  if (shown) return null
  return <p class="hint">{search ? 'Nothing fits the search.' : text}</p>
}

function Customer({ customer, isReal }: { customer: SandboxCustomer; isReal: boolean }) {
  const { source_id, name, email, metadata } = customer
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="entry" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <strong>{shorten(source_id, MAX_SHOWN)}</strong>
        <span class="entry-facts">
          {[name, email].map(
            (value) =>
              value !== undefined &&
              value !== null && <span key={asText(value)}>{shorten(asText(value), MAX_SHOWN)}</span>
          )}
        </span>
        <Pairs values={isObject(metadata) ? metadata : {}} />
      </summary>
      {isOpen && (
        <>
          <JsonView value={customer} label={`Customer ${shorten(source_id, MAX_SHOWN)}`} />
          <History customer={customer} />
          <EraseButton userId={source_id} isReal={isReal} />
        </>
      )}
    </details>
  )
}

const isObject = (value: JSONValue | undefined): value is JSONObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The first values of an object as chips. */
function Pairs({ values }: { values: JSONObject }) {
  const entries = Object.entries(values)
  const most = 4
  return (
    <span class="pairs">
      {entries.slice(0, most).map(([key, value]) => (
        <span key={key} class="pair">
          <span class="pair-key">{shorten(key, MAX_CHIP)}</span> <span>{shorten(asText(value), MAX_CHIP)}</span>
        </span>
      ))}
      {entries.length > most && <span class="pair">+{entries.length - most}</span>}
    </span>
  )
}

const changeWords: Record<SandboxChange['by'], string> = {
  customer: 'identify call',
  event: 'event',
  group: 'group call',
  bulk: 'bulk call',
  api: 'call of the API'
}

/** Which calls made the customer what it is. */
function History({ customer }: { customer: SandboxCustomer }) {
  // Read again with each new list, and no more once the list lacks the customer.
  const { source_id } = customer
  const isTooLong = encodeURIComponent(source_id).length > MAX_ID_IN_ADDRESS
  const { value, error } = useReading(isTooLong ? null : (signal) => readCustomer(source_id, signal), [customer])
  return (
    <>
      <h4>What changed it</h4>
      <Problem text={error} />
      {isTooLong && <p class="hint">The ID is too long to ask the sandbox for what changed this customer.</p>}
      <ol class="history">
        {value?.history.map(({ at, by, changes }, index) => (
          <li key={index}>
            <span class="number">{timeOf(at)}</span> {changeWords[by]}
            <dl>
              {Object.entries(changes).map(([key, change]) => (
                <div key={key}>
                  <dt>{key}</dt>
                  <dd>{change === null ? <em>cleared</em> : <LongText text={asText(change)} limit={120} />}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ol>
    </>
  )
}

function EraseButton({ userId, isReal }: { userId: string; isReal: boolean }) {
  const task = useTask()
  const erase = async () => {
    const { message } = await eraseCustomer(userId)
    announce(message)
  }
  return (
    <>
      <ConfirmButton
        busy={task.busy}
        title={`Erase ${shorten(userId, MAX_SHOWN)}?`}
        question={
          isReal
            ? 'The customer is erased from your REAL Voucherify project, with all events and metadata. This cannot be undone.'
            : 'The customer is erased from the sandbox, as Segment would ask Voucherify to. This cannot be undone.'
        }
        action="Erase"
        onConfirm={() => task.run(erase)}
      >
        Erase this customer
      </ConfirmButton>
      <Problem text={task.error} />
    </>
  )
}

/** Erasure where the page has no list of customers: in a real project. */
function EraseById() {
  const [userId, setUserId] = useState('')
  return (
    <div class="inline">
      <Labelled label="Erase a customer of the real project by userId">
        {(attributes) => (
          <input {...attributes} value={userId} onInput={({ currentTarget }) => setUserId(currentTarget.value)} />
        )}
      </Labelled>
      {userId.trim() && <EraseButton userId={userId} isReal />}
    </div>
  )
}

function Event({ event }: { event: SandboxEvent }) {
  const { at, event: name, type, customer } = event
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="entry" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <span class="number">{timeOf(at)}</span> <span class={`type ${type}`}>{type}</span>{' '}
        <strong>{shorten(asText(name), MAX_SHOWN)}</strong>
        <span class="entry-facts">
          <span>{shorten(asText(customer.source_id), MAX_SHOWN)}</span>
        </span>
      </summary>
      {isOpen && <JsonView value={event} label={`Event ${shorten(asText(name), MAX_SHOWN)}`} />}
    </details>
  )
}

function Group({ group: { group_id, traits, total, customers } }: { group: SandboxGroup }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="entry" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <strong>{shorten(group_id, MAX_SHOWN)}</strong>
        <span class="entry-facts">{count(total, 'customer')}</span>
        <Pairs values={traits} />
      </summary>
      {isOpen && total > customers.length && (
        <p class="hint">Of its customers the newest {formatNumber(customers.length)} are listed.</p>
      )}
      {isOpen && <JsonView value={{ group_id, traits, customers }} label={`Group ${shorten(group_id, MAX_SHOWN)}`} />}
    </details>
  )
}
