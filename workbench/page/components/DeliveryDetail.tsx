import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { ComponentChildren, RefObject } from 'preact'
import { explainDelivery, retryDelivery } from '../api'
import { toJson } from '../calls'
import { count, formatSpan, nameOf, outcomes } from '../format'
import { linkHere, linkTo } from '../route'
import { announce, useStore } from '../store'
import { titleOf, userIdOf } from '../../shared/row'
import type { Delivery, Explanation, Row, Try, Warning } from '../../shared/types'
import { Button, CopyButton, OutcomeMark, Problem, Time } from './controls'
import { bringIntoSight, isTyping, useReading, useTask } from './hooks'
import { JsonView, LongText } from './JsonView'
import { FieldTable, PresetTable, RequestView, ResponseView } from './Trace'

interface Props {
  id: string
  /** The reader pressed a link to it, and did not come by its address. */
  wasPressed: boolean
  /** The list, which is hidden where there is room for one of the two. */
  beside: RefObject<HTMLElement | null>
  onClose(): void
}

/** What of a row says that its delivery has gone on: it was tried once more, or no longer fits the filter. */
const progressOf = (row: Row | undefined) => row && `${row.status} ${row.tries}`

/** The way of one call: what became of it first, then what was sent, how it was made, and the call itself. */
export function DeliveryDetail({ id, wasPressed, beside, onClose }: Props) {
  const progress = useStore(({ list }) => progressOf(list?.rows.find((row) => row.id === id)))
  const { value, error } = useReading(() => explainDelivery(id), [id, progress])
  const section = useRef<HTMLElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    const element = section.current
    if (!element || !wasPressed) return
    heading.current?.focus({ preventScroll: true })
    // After the event flow above has closed, which moves everything up.
    const frame = requestAnimationFrame(() => {
      // Beside the list the page moves only where the detail would be out of sight. In its place it takes the window.
      const isAlone = beside.current?.getClientRects().length === 0
      if (isAlone) element.scrollIntoView()
      else bringIntoSight(element)
    })
    return () => cancelAnimationFrame(frame)
  }, [])
  useEffect(() => {
    const onKeyDown = ({ key, target }: KeyboardEvent) => key === 'Escape' && !isTyping(target) && onClose()
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  })
  return (
    <section ref={section} class="card detail" aria-label="The way of this call">
      <div class="card-head">
        <h2 ref={heading} tabIndex={-1}>
          {value ? <Title delivery={value.delivery} /> : 'Delivery'}
        </h2>
        <div class="card-actions">
          <CopyButton kind="quiet" text={() => location.href} what="the link to this delivery">
            Copy link
          </CopyButton>
          <Button kind="quiet" label="Close the delivery" onPress={onClose}>
            ✕
          </Button>
        </div>
      </div>
      <Problem text={error} />
      {value && <Way explanation={value} />}
      {!value && !error && <p class="hint">Reading…</p>}
    </section>
  )
}

function Title({ delivery: { event, webhook, status } }: { delivery: Delivery }) {
  const type = webhook ? 'webhook' : event.type ?? 'call'
  return (
    <>
      <span class={`type ${type}`}>{type}</span>{' '}
      <LongText text={status === 'refused' ? 'not taken' : webhook?.type ?? titleOf(event)} />
    </>
  )
}

function Way({ explanation }: { explanation: Explanation }) {
  const { delivery, presets, fields, verdict, curl } = explanation
  const { status, warnings, webhook, refusedCall, request, response } = delivery
  const call = useMemo(() => toJson(delivery.event), [delivery])
  const others = presets.filter(({ matched }) => !matched)
  // Of one that was not taken only what came, if it could be read at all.
  const received = webhook?.body ?? refusedCall ?? (status === 'refused' ? null : call)
  const hasCall = received !== null && Object.keys(received).length > 0
  return (
    <>
      {/* A tick over a call that lost something would be the wrong first word. */}
      {status === 'delivered' && <Warnings warnings={warnings} />}
      <div class={`verdict ${status}`}>
        <p>
          <span aria-hidden="true">{outcomes[status].sign}</span> <Verdict text={verdict} />
        </p>
      </div>
      {status !== 'delivered' && <Warnings warnings={warnings} />}
      <Path delivery={delivery} />
      <Actions delivery={delivery} curl={curl} call={hasCall ? JSON.stringify(received, null, 2) : ''} />
      {request && (
        <div class="exchange">
          <Part title="Request to Voucherify">
            <RequestView request={request} />
          </Part>
          <Part title={`Answer, after ${formatSpan(delivery.durationMs)}`}>
            {response ? (
              <ResponseView response={response} />
            ) : (
              <p class="hint">No answer came, or none that could be read.</p>
            )}
          </Part>
        </div>
      )}
      {!request && !webhook && <p class="hint">Nothing was sent for this call.</p>}
      <Tries tries={delivery.tries} />
      {fields.length > 0 && (
        <Part title="Mapping, field by field">
          <FieldTable fields={fields} label="Mapping, field by field" />
        </Part>
      )}
      {others.length > 0 && (
        <details class="part" open={status === 'unmatched'}>
          <summary>
            <h3>{count(others.length, 'mapping')} that did not take it</h3>
          </summary>
          <PresetTable presets={others} />
        </details>
      )}
      {webhook?.calls.map((each, index) => (
        <Part key={index} title={`Segment call: ${nameOf(each)}`}>
          <JsonView value={toJson(each)} label={`Segment call ${index + 1}`} />
        </Part>
      ))}
      {hasCall && (
        <Part title={webhook ? 'The webhook as received' : 'The call as received'}>
          <JsonView value={received} label={webhook ? 'The webhook as received' : 'The call as received'} />
        </Part>
      )}
    </>
  )
}

/** The time of the next try in it is said by the reader's clock. */
function Verdict({ text }: { text: string }) {
  const [, before, next, after] = /^(.*? tried again at )(\d{4}-\S+Z)(.*)$/s.exec(text) ?? []
  if (!next) return <LongText text={text} limit={900} />
  return (
    <>
      {before}
      <Time iso={next} />
      <LongText text={after} limit={900} />
    </>
  )
}

/** The stations of the call in one line, with the time that each took. */
function Path({ delivery }: { delivery: Delivery }) {
  const { receivedAt, event, preset, tries, request, response, waitMs, durationMs, batchSize, direction } = delivery
  const userId = userIdOf(event)
  const last = tries.at(-1)
  return (
    <ol class="path">
      <li>
        {direction === 'fromVoucherify' ? 'Came from Voucherify' : 'Received'} <Time iso={receivedAt} />
        {userId && (
          <>
            {' '}
            {direction === 'fromVoucherify' ? 'about' : 'from'}{' '}
            <a href={linkTo('customers', userId)}>
              <LongText text={userId} limit={60} />
            </a>
          </>
        )}
      </li>
      {direction === 'toVoucherify' && (
        <li>{preset ? <a href={linkTo('mappings', preset)}>{preset}</a> : outcomes[delivery.status].label}</li>
      )}
      {last && (
        <li>
          Waited {formatSpan(waitMs)}
          {batchSize > 1 && `, sent with ${count(batchSize - 1, 'other')}`}
        </li>
      )}
      {last && (
        <li>
          {response ? `Answered ${response.status}` : request ? 'Not answered' : 'Refused'} after{' '}
          {formatSpan(durationMs)}
        </li>
      )}
    </ol>
  )
}

/** What gets lost although all looks well, before anything else. */
export function Warnings({ warnings }: { warnings: Warning[] }) {
  if (!warnings.length) return null
  return (
    <ul class="warnings" aria-label="Warnings">
      {warnings.map(({ code, field, message, whatToDo }, index) => (
        <li key={`${code} ${field}`}>
          <span aria-hidden="true">⚠</span>
          <div>
            <p>
              <LongText text={message} />
            </p>
            {/* Once for those in a row that ask for the same. */}
            {whatToDo !== warnings[index + 1]?.whatToDo && <p class="hint">{whatToDo}</p>}
          </div>
        </li>
      ))}
    </ul>
  )
}

/** Each try to send it, once there was more than one. */
function Tries({ tries }: { tries: Try[] }) {
  const next = tries.at(-1)?.nextAt
  if (tries.length < 2 && !next) return null
  return (
    <Part title="Tries">
      <ol class="tries">
        {tries.map(({ at, status, responseStatus, reason }, index) => (
          <li key={index}>
            <Time iso={at} /> <OutcomeMark outcome={status} />{' '}
            {responseStatus !== null && <span class="number">{responseStatus}</span>}{' '}
            {reason && (
              <span class="hint">
                <LongText text={reason} limit={160} />
              </span>
            )}
          </li>
        ))}
        {next && (
          <li class="hint">
            <Time iso={next} /> next try
          </li>
        )}
      </ol>
    </Part>
  )
}

interface ActionsProps {
  delivery: Delivery
  curl: string
  /** What came, as JSON; empty where nothing is known of it. */
  call: string
}

function Actions({ delivery: { id, preset, webhook }, curl, call }: ActionsProps) {
  const task = useTask()
  const again = async () => {
    const next = await retryDelivery(id)
    announce(`Sent again: ${outcomes[next.status].label.toLowerCase()}.`)
    location.hash = linkHere(next.id)
  }
  return (
    <div class="actions">
      {preset !== null && (
        <Button busy={task.busy} onPress={() => task.run(again)}>
          {task.busy ? 'Sending…' : 'Send again'}
        </Button>
      )}
      {curl && (
        <CopyButton text={curl} what="the request as curl, without the keys">
          Copy as curl
        </CopyButton>
      )}
      {call && (
        <CopyButton text={call} what={webhook ? 'the webhook' : 'the call'}>
          {webhook ? 'Copy the webhook' : 'Copy the call'}
        </CopyButton>
      )}
      {call && !webhook && (
        <a class="button" href={linkTo('try', id)}>
          Edit and try
        </a>
      )}
      <Problem text={task.error} />
    </div>
  )
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="part">
      <h3>{title}</h3>
      {children}
    </div>
  )
}
