import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { ComponentChildren, RefObject } from 'preact'
import { explainDelivery, retryDelivery } from '../api'
import { toJson } from '../calls'
import { outcomes, timeOfDay, titleOf } from '../format'
import { goTo, linkTo } from '../route'
import { announce } from '../store'
import type { Explanation } from '../../shared/types'
import { Button, CopyButton, Problem } from './controls'
import { useReading, useTask } from './hooks'
import { JsonView, LongText } from './JsonView'
import { FieldTable, PresetTable, RequestView, ResponseView } from './Trace'

/** How far down the window the detail may begin and still be in sight, as a part of its height. */
const MOST_ABOVE = 0.7

interface Props {
  id: string
  /** The list, which is hidden where there is room for one of the two. */
  beside: RefObject<HTMLElement | null>
  onClose(): void
}

/** The way of one call, step by step. */
export function DeliveryDetail({ id, beside, onClose }: Props) {
  const { value, error } = useReading(() => explainDelivery(id), [id])
  const section = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const element = section.current
    if (!element) return
    element.focus({ preventScroll: true })
    // Beside the list the page moves only where the detail would be out of sight. In its place it takes the window.
    const isAlone = beside.current?.getClientRects().length === 0
    const { top } = element.getBoundingClientRect()
    if (isAlone || top < 0 || top > innerHeight * MOST_ABOVE) element.scrollIntoView()
  }, [])
  return (
    <section
      ref={section}
      class="detail"
      aria-label="The way of this call"
      tabIndex={-1}
      onKeyDown={({ key }) => key === 'Escape' && onClose()}
    >
      <div class="detail-head">
        <h2>
          <LongText text={value ? `${value.delivery.event.type}: ${titleOf(value.delivery.event)}` : 'Delivery'} />
        </h2>
        <Button kind="quiet" label="Close the delivery" onPress={onClose}>
          ✕ Close
        </Button>
      </div>
      <Problem text={error} />
      {value && <Way explanation={value} />}
      {!value && !error && <p class="hint">Reading…</p>}
    </section>
  )
}

function Way({ explanation }: { explanation: Explanation }) {
  const { delivery, presets, fields, verdict, curl } = explanation
  const task = useTask()
  const call = useMemo(() => toJson(delivery.event), [delivery])
  const again = async () => {
    const next = await retryDelivery(delivery.id)
    announce(`Sent again: ${outcomes[next.status].label.toLowerCase()}.`)
    goTo('deliveries', next.id)
  }
  return (
    <>
      <div class={`verdict ${delivery.status}`}>
        <p>
          <span aria-hidden="true">{outcomes[delivery.status].sign}</span> <LongText text={verdict} limit={900} />
        </p>
      </div>
      <div class="actions">
        {delivery.preset !== null && (
          <Button busy={task.busy} onPress={() => task.run(again)}>
            {task.busy ? 'Sending…' : 'Send again'}
          </Button>
        )}
        {curl && (
          <CopyButton text={curl} what="the request as a curl command, with placeholders for the keys">
            Copy as curl
          </CopyButton>
        )}
        <CopyButton text={JSON.stringify(call, null, 2)} what="the call">
          Copy the call
        </CopyButton>
        <a class="button plain" href={linkTo('try', delivery.id)}>
          Edit and try
        </a>
      </div>
      <Problem text={task.error} />
      <ol class="way">
        <Step title={`The call, received at ${timeOfDay(delivery.receivedAt)}`}>
          <JsonView value={call} label="The call as received" />
        </Step>
        <Step title="Presets">
          <PresetTable presets={presets} />
        </Step>
        {fields.length > 0 && (
          <Step title="Mapping, field by field">
            <FieldTable fields={fields} label="Mapping, field by field" />
          </Step>
        )}
        <Step title="Request to Voucherify">
          {delivery.request ? (
            <RequestView request={delivery.request} />
          ) : (
            <p class="hint">Nothing was sent for this call.</p>
          )}
        </Step>
        {delivery.request && (
          <Step title={`Answer, after ${delivery.durationMs} ms`}>
            {delivery.response ? (
              <ResponseView response={delivery.response} />
            ) : (
              <p class="hint">No answer came, or none that could be read.</p>
            )}
          </Step>
        )}
      </ol>
    </>
  )
}

function Step({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <li>
      <h3>{title}</h3>
      {children}
    </li>
  )
}
