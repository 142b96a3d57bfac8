import type { JSONObject, JSONValue } from '@segment/actions-core'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { eraseCustomer, readCustomer, readCustomerCalls, readDefinitions } from '../api'
import { asText, count, isObject } from '../format'
import { goTo, linkHere, linkTo } from '../route'
import { announce, useIsReal, useStore } from '../store'
import { toRow } from '../../shared/row'
import { shorten } from '../../shared/text'
import type { Cause, CustomerChange, CustomerEvent, CustomerView, Delivery, ValueChange } from '../../shared/types'
import { Card, ConfirmButton, CopyButton, Labelled, OutcomeMark, Problem, Time } from './controls'
import { useReading, useTask } from './hooks'
import { JsonView, LongText } from './JsonView'

/** Longest ID in a heading or a question, in characters. */
const MAX_SHOWN = 80
/** Longest ID in an address, encoded: Node.js takes 16 KB of address and headers together. */
const MAX_ID_IN_ADDRESS = 12_000
/** How many of the customer's calls are listed. */
const MAX_CALLS = 20
const REST_MS = 300

/** One customer whole: who it is, what it is in, what happened, what each call changed, and the calls. */
export function CustomerPage({ sourceId }: { sourceId: string }) {
  const version = useStore((state) => state.sandboxVersion)
  const overview = useStore((state) => state.overview)
  const isTooLong = encodeURIComponent(sourceId).length > MAX_ID_IN_ADDRESS
  const depends = [version, overview]
  const view = useReading(isTooLong ? null : (signal) => readCustomer(sourceId, signal), depends, REST_MS)
  const calls = useReading(
    isTooLong ? null : (signal) => readCustomerCalls(sourceId, MAX_CALLS, signal),
    depends,
    REST_MS
  )
  const { value } = view
  const values = value?.customer ?? value?.sent ?? {}
  return (
    <div class="stack">
      <Head sourceId={sourceId} values={values} />
      {isTooLong && <p class="problem">The ID is too long to ask the workbench for this customer.</p>}
      <Problem text={view.error || calls.error} />
      {value && !value.isKnown && (
        <p class="empty">
          Nothing is known of this customer: no call about it was delivered since the workbench started, or it was
          erased.
        </p>
      )}
      {value?.isKnown && (
        <div class="columns">
          <div class="stack">
            <Engage view={value} />
            <Attributes values={values} />
            <Metadata view={value} />
            <Groups view={value} />
          </div>
          <div class="stack">
            <Events events={value.events} />
            <Changes changes={value.changes} />
          </div>
        </div>
      )}
      <Calls deliveries={calls.value?.deliveries ?? []} matching={calls.value?.matching ?? 0} sourceId={sourceId} />
    </div>
  )
}

function Head({ sourceId, values: { name, email } }: { sourceId: string; values: JSONObject }) {
  const isReal = useIsReal()
  const heading = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const { current } = heading
    if (current && current.getBoundingClientRect().top < 0) current.scrollIntoView()
  }, [])
  const facts = [name, email].map(asText).filter((fact) => fact && fact !== 'null')
  return (
    <div ref={heading}>
      <Card
        label={`Customer ${shorten(sourceId, MAX_SHOWN)}`}
        title={<LongText text={sourceId} limit={MAX_SHOWN} />}
        actions={
          <>
            <a class="button quiet" href={linkHere('')}>
              All customers
            </a>
            <CopyButton text={sourceId} what="the ID of the customer" kind="quiet">
              Copy ID
            </CopyButton>
            <CopyButton text={() => location.href} what="the link to this customer" kind="quiet">
              Copy link
            </CopyButton>
            <EraseButton userId={sourceId} />
          </>
        }
      >
        {isReal && <p class="hint">As the delivered calls said it: nothing is read from the real project.</p>}
        {facts.length > 0 && <p class="facts">{facts.map((fact) => shorten(fact, MAX_SHOWN)).join(' · ')}</p>}
      </Card>
    </div>
  )
}

/** The call by which something came about. */
function CauseLink({ cause }: { cause: Cause | null }) {
  if (!cause) return <span class="hint">by a call of which nothing is kept</span>
  return (
    <a href={linkTo('deliveries', cause.delivery)}>
      <LongText text={cause.call} limit={60} />
    </a>
  )
}

function Engage({ view: { engage } }: { view: CustomerView }) {
  return (
    <Card title="Audiences and traits of Engage">
      {engage.length ? (
        <ul class="facts-list">
          {engage.map(({ key, kind, value, since, cause }) => (
            <li key={key}>
              <p>
                <strong>{key}</strong>{' '}
                {kind === 'audience' ? (
                  <span class={value === true ? 'outcome delivered' : 'outcome unmatched'}>
                    {value === true ? '✓ in the audience' : '– not in the audience'}
                  </span>
                ) : (
                  <span class="value">
                    <LongText text={asText(value)} limit={120} />
                  </span>
                )}
              </p>
              <p class="hint">
                since <Time iso={since} />, by <CauseLink cause={cause} />
              </p>
            </li>
          ))}
        </ul>
      ) : (
        <p class="hint">None came from Engage for this customer.</p>
      )}
    </Card>
  )
}

function Attributes({ values }: { values: JSONObject }) {
  const { source_id: _, metadata: __, ...attributes } = values
  const entries = Object.entries(attributes).flatMap(([key, value]): [string, JSONValue][] =>
    isObject(value) ? Object.entries(value).map(([part, inner]) => [`${key}.${part}`, inner]) : [[key, value]]
  )
  return (
    <Card
      title="Attributes"
      actions={
        <CopyButton text={() => JSON.stringify(values, null, 2)} what="the customer as JSON" kind="quiet">
          Copy JSON
        </CopyButton>
      }
    >
      <Values entries={entries} none="No attribute yet: an identify call brings them." />
    </Card>
  )
}

/** What Voucherify holds of the metadata that was sent, and what it dropped; of a real project, by what it defines. */
function Metadata({ view }: { view: CustomerView }) {
  const { value } = useReading(readDefinitions, [view])
  const held = metadataOf(view.customer ?? view.sent)
  const sent = metadataOf(view.sent)
  const names = [...new Set([...Object.keys(held), ...Object.keys(sent)])]
  const defined = value?.defined.customer ?? []
  const isIgnorant = !(value?.defined.customer?.length || value?.defined.event?.length)
  return (
    <Card title="Metadata" actions={<a href={linkTo('metadata')}>Definitions</a>}>
      {names.length ? (
        <dl class="values">
          {names.map((name) => {
            const definition = defined.find((each) => each.name === name)
            const isDropped = held[name] === undefined || view.dropped.includes(name)
            return (
              <div key={name}>
                <dt>
                  <LongText text={name} limit={60} />
                </dt>
                <dd class="value">
                  <Held value={isDropped ? undefined : held[name]} sent={sent[name]} />{' '}
                  {definition && (
                    <span class={isDropped ? 'outcome warned' : 'tag'}>
                      {isDropped && '⚠ defined as '}
                      {definition.array ? `list of ${definition.type}` : definition.type}
                    </span>
                  )}
                  {!definition && !isIgnorant && <span class="outcome warned">⚠ not defined</span>}
                </dd>
              </div>
            )
          })}
        </dl>
      ) : (
        <p class="hint">No metadata yet.</p>
      )}
    </Card>
  )
}

const metadataOf = ({ metadata }: JSONObject): JSONObject => (isObject(metadata) ? metadata : {})

/** A value that is held; one that was sent and is not held was dropped. */
function Held({ value, sent }: { value: JSONValue | undefined; sent: JSONValue | undefined }) {
  if (value === null) return <em>cleared</em>
  if (value !== undefined) return <LongText text={asText(value)} limit={160} />
  return (
    <del>
      <LongText text={asText(sent)} limit={160} />
    </del>
  )
}

interface ValuesProps {
  entries: [string, JSONValue][]
  /** What is said where there are no entries. */
  none: string
  /** Names of those that Voucherify does not keep. */
  dropped?: string[]
}

/** Values by their names. */
function Values({ entries, none, dropped = [] }: ValuesProps) {
  if (!entries.length) return <p class="hint">{none}</p>
  return (
    <dl class="values">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>
            <LongText text={key} limit={60} />
          </dt>
          <dd class="value">
            <Held value={dropped.includes(key) ? undefined : value} sent={value} />{' '}
            {dropped.includes(key) && <span class="outcome warned">⚠ dropped</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Groups({ view: { groups } }: { view: CustomerView }) {
  if (!groups.length) return null
  return (
    <Card title="Groups">
      <ul class="facts-list">
        {groups.map(({ group, at, cause }) => (
          <li key={group}>
            <p>
              <strong>
                <LongText text={group} limit={80} />
              </strong>
            </p>
            <p class="hint">
              since <Time iso={at} />, by <CauseLink cause={cause} />
            </p>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Events({ events }: { events: CustomerEvent[] }) {
  return (
    <Card title="Events">
      {events.length ? (
        <ol class="timeline">
          {events.map(({ at, event, type, metadata, dropped, cause }) => (
            <li key={cause.delivery}>
              <Time iso={at} />
              <div>
                <p>
                  <span class={`type ${type}`}>{type}</span>{' '}
                  <a href={linkTo('deliveries', cause.delivery)}>
                    <strong>
                      <LongText text={event} limit={80} />
                    </strong>
                  </a>
                </p>
                {isObject(metadata) ? (
                  <Values entries={Object.entries(metadata)} none="Its metadata was empty." dropped={dropped} />
                ) : (
                  <p class="hint">It carried no metadata.</p>
                )}
              </div>
            </li>
          ))}
        </ol>
      ) : (
        <p class="hint">No event of this customer was delivered since the workbench started.</p>
      )}
    </Card>
  )
}

const changeWords: Record<CustomerChange['by'], string> = {
  customer: 'identify',
  event: 'event',
  group: 'group',
  bulk: 'bulk',
  api: 'API'
}

function Changes({ changes }: { changes: CustomerChange[] }) {
  return (
    <Card title="Changes">
      {changes.length ? (
        <ol class="timeline">
          {changes.map(({ at, by, cause, changes }, index) => (
            <li key={index}>
              <Time iso={at} />
              <div>
                <p>{cause ? <CauseLink cause={cause} /> : `${changeWords[by]} call`}</p>
                <dl class="values">
                  {changes.map((change) => (
                    <Change key={change.key} change={change} />
                  ))}
                </dl>
              </div>
            </li>
          ))}
        </ol>
      ) : (
        <p class="hint">Nothing changed this customer yet.</p>
      )}
    </Card>
  )
}

/** One value before and after. */
function Change({ change: { key, old, new: value } }: { change: ValueChange }) {
  return (
    <div>
      <dt>
        <LongText text={key} limit={60} />
      </dt>
      <dd class="value">
        {old !== undefined && (
          <>
            <del>{old === null ? <em>cleared</em> : <LongText text={asText(old)} limit={80} />}</del>{' '}
            <span aria-hidden="true">→</span>{' '}
          </>
        )}
        {value === null ? <em>cleared</em> : <LongText text={asText(value)} limit={120} />}
      </dd>
    </div>
  )
}

interface CallsProps {
  deliveries: Delivery[]
  matching: number
  sourceId: string
}

function Calls({ deliveries, matching, sourceId }: CallsProps) {
  const rows = useMemo(() => deliveries.map(toRow), [deliveries])
  const [open, setOpen] = useState('')
  const opened = deliveries.find(({ id }) => id === open)
  return (
    <Card
      title={count(matching, 'call')}
      label="Calls of this customer"
      actions={<a href={linkTo('deliveries', '', { user: sourceId })}>Show under Deliveries</a>}
    >
      <ul class="calls">
        {rows.map((row) => (
          <li key={row.id}>
            <Time iso={row.receivedAt} />
            <a href={linkTo('deliveries', row.id)}>
              <span class={`type ${row.type}`}>{row.type}</span> <span>{row.title}</span>
            </a>
            <span class="hint">{row.preset ?? ''}</span>
            <OutcomeMark outcome={row.status} warnings={row.warnings} />
            <button
              type="button"
              class="fold"
              aria-expanded={row.id === open}
              onClick={() => setOpen(row.id === open ? '' : row.id)}
            >
              {row.id === open ? 'Hide' : 'Show'} <span class="unseen">{`the call ${row.type} ${row.title}`}</span>
            </button>
            {row.id === open && opened && (
              <JsonView value={JSON.parse(JSON.stringify(opened.event))} label={`The call ${row.type} ${row.title}`} />
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function EraseButton({ userId }: { userId: string }) {
  const isReal = useIsReal()
  const task = useTask()
  const erase = async () => {
    const { message } = await eraseCustomer(userId)
    announce(message)
    goTo('customers')
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
        Erase
        <span class="unseen"> this customer</span>
      </ConfirmButton>
      <Problem text={task.error} />
    </>
  )
}

/** Erasure of somebody whom no call was about: in a real project. */
export function EraseById() {
  const [userId, setUserId] = useState('')
  return (
    <div class="inline">
      <Labelled label="Erase a customer of the real project by userId">
        {(attributes) => (
          <input {...attributes} value={userId} onInput={({ currentTarget }) => setUserId(currentTarget.value)} />
        )}
      </Labelled>
      {userId.trim() && <EraseButton userId={userId} />}
    </div>
  )
}
