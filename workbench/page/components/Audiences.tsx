import { useState } from 'preact/hooks'
import { readAudiences } from '../api'
import { asText, count, formatNumber } from '../format'
import { linkTo } from '../route'
import { useStore } from '../store'
import { shorten } from '../../shared/text'
import type { Audience } from '../../shared/types'
import { Card, CopyButton, Problem, Time } from './controls'
import { useReading } from './hooks'
import { LongText } from './JsonView'

/** How long the list rests while calls come in, in milliseconds. */
const REST_MS = 400
const MAX_SHOWN = 80

/** The metadata keys that Engage sent, with who is in, and the rule that makes a segment of each in Voucherify. */
export function Audiences() {
  const version = useStore((state) => state.sandboxVersion)
  const overview = useStore((state) => state.overview)
  const { value, error } = useReading(readAudiences, [version, overview], REST_MS)
  return (
    <Card title="Audiences and traits of Engage" label="Audiences">
      <p class="hint">
        Engage sends an audience or a computed trait as an identify call, and it arrives as customer metadata under its
        key. Voucherify adds nobody to a segment by a call: make a dynamic segment with the rule of the audience, and
        define its key in the <a href={linkTo('metadata')}>metadata schema</a> first.
      </p>
      <Problem text={error} />
      {value && value.audiences.length > 0 && (
        <ul class="audiences">
          {value.audiences.map((audience) => (
            <AudienceView key={audience.key} audience={audience} />
          ))}
        </ul>
      )}
      {value && !value.audiences.length && (
        <p class="empty">
          Engage has sent nothing yet. The samples hold two audiences and two traits: send them under Deliveries.
        </p>
      )}
    </Card>
  )
}

/** The rule of a dynamic segment, as Voucherify's segment builder asks for it. */
export const ruleFor = ({ key, kind }: Pick<Audience, 'key' | 'kind'>) =>
  kind === 'audience' ? `Customer metadata → ${key} → is → true` : `Customer metadata → ${key} → is set`

function AudienceView({ audience }: { audience: Audience }) {
  const { key, kind, members, left, firstAt, lastAt, cause, latest } = audience
  const [isOpen, setOpen] = useState(false)
  const rule = ruleFor(audience)
  return (
    <li>
      <div class="audience-head">
        <h3>
          <LongText text={key} limit={MAX_SHOWN} />
        </h3>
        <span class="tag">{kind === 'audience' ? 'audience' : 'computed trait'}</span>
        <p>
          <strong class="number">{formatNumber(members)}</strong>{' '}
          {kind === 'audience' ? 'in' : members === 1 ? 'has it' : 'have it'}
          {left > 0 && <span class="hint">, {formatNumber(left)} left</span>}
        </p>
      </div>
      <p class="hint">
        Seen since <Time iso={firstAt} />, last change <Time iso={lastAt} /> by{' '}
        <a href={linkTo('deliveries', cause.delivery)}>{asText(cause.call)}</a>.
      </p>
      <p class="rule">
        <code>{rule}</code>
        <CopyButton text={rule} what={`the rule for ${shorten(key, MAX_SHOWN)}`}>
          Copy <span class="unseen">the</span> rule <span class="unseen">for {shorten(key, MAX_SHOWN)}</span>
        </CopyButton>
        <a href={linkTo('customers', '', { search: key })}>Find customers</a>
      </p>
      {latest.length > 0 && (
        <details class="entry" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
          <summary>
            {members > latest.length ? `The newest ${formatNumber(latest.length)}` : count(members, 'customer')}
          </summary>
          {isOpen && (
            <ul class="facts-list">
              {latest.map(({ sourceId, since }) => (
                <li key={sourceId}>
                  <a href={linkTo('customers', sourceId)}>{shorten(sourceId, MAX_SHOWN)}</a>{' '}
                  <span class="hint">
                    since <Time iso={since} />
                  </span>
                </li>
              ))}
            </ul>
          )}
        </details>
      )}
    </li>
  )
}
