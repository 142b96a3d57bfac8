import { useState } from 'preact/hooks'
import { define, readDefinitions } from '../api'
import { count } from '../format'
import { announce, useStore } from '../store'
import type { Definition, Definitions, DefinitionsInfo, MetadataOwner } from '../../shared/types'
import { Button, Card, CopyButton, Problem } from './controls'
import { useReading, useTask } from './hooks'
import { LongText } from './JsonView'

const REST_MS = 400

const owners: Record<MetadataOwner, { title: string; from: string; none: string }> = {
  customer: {
    title: 'Metadata of customers',
    from: 'traits.metadata of identify calls, the audiences and traits of Engage, and the traits of groups',
    none: 'No customer metadata has come yet.'
  },
  event: {
    title: 'Metadata of events',
    from: 'properties.metadata of track, page and screen calls',
    none: 'No event metadata has come yet.'
  }
}

const types: Definition['type'][] = [
  'string',
  'number',
  'boolean',
  'date',
  'datetime',
  'image_url',
  'geopoint',
  'object'
]

/** What metadata came, what is defined, and what Voucherify would drop of it without a word. */
export function Metadata() {
  const version = useStore((state) => state.sandboxVersion)
  const overview = useStore((state) => state.overview)
  const [changes, setChanges] = useState(0)
  const { value, error } = useReading(readDefinitions, [version, overview, changes], REST_MS)
  const changed = () => setChanges((number) => number + 1)
  return (
    <div class="stack">
      <Card title="Metadata definitions" label="About metadata definitions">
        <p class="hint">
          Voucherify's Segment integration keeps only metadata that the project's schema defines, with a value of the
          defined type, and drops the rest without an error. Define each key in Voucherify before you switch the
          destination on: under Project settings, Metadata schema for customers, Event schema for events.
        </p>
        {value && <State info={value} />}
        <Problem text={error} />
      </Card>
      {value && (
        <div class="columns">
          <Owner owner="customer" info={value} onChange={changed} />
          <Owner owner="event" info={value} onChange={changed} />
        </div>
      )}
    </div>
  )
}

function State({ info: { defined, canDefine, unread } }: { info: DefinitionsInfo }) {
  const number = (defined.customer?.length ?? 0) + (defined.event?.length ?? 0)
  if (unread) return <p>{unread} Start the workbench again to have them read once more.</p>
  if (!canDefine) {
    return (
      <p>
        {number
          ? `The real project defined ${count(number, 'key')} when the workbench started.`
          : 'The real project defined nothing when the workbench started, so Voucherify drops all metadata.'}
      </p>
    )
  }
  return (
    <p>
      {number
        ? `The sandbox defines ${count(number, 'key')}, and drops all others as Voucherify does.`
        : 'The sandbox defines nothing yet, so it keeps everything. Define keys to see what a project would drop.'}
    </p>
  )
}

interface OwnerProps {
  owner: MetadataOwner
  info: DefinitionsInfo
  onChange(): void
}

function Owner({ owner, info: { defined, seen, canDefine }, onChange }: OwnerProps) {
  const task = useTask()
  /** Types that were chosen for keys which are not defined yet. */
  const [picked, setPicked] = useState<ReadonlyMap<string, Definition>>(new Map())
  const { title, from, none } = owners[owner]
  const own = defined[owner] ?? []
  const came = seen[owner] ?? []
  // By name, so that no row moves away under the hand while calls come in.
  const names = [...new Set([...came, ...own].map(({ name }) => name))].sort((a, b) => a.localeCompare(b))
  const missing = came
    .filter((each) => canStay(owner, each) && own.every(({ name }) => name !== each.name))
    .map((each) => picked.get(each.name) ?? each)
  const isIgnorant = !(defined.customer?.length || defined.event?.length)
  const save = (definitions: Definition[], words: string) =>
    task.run(async () => {
      const next: Definitions = { ...defined, [owner]: definitions }
      await define(next)
      onChange()
      announce(words)
    })
  const put = (definition: Definition) =>
    save([...own.filter(({ name }) => name !== definition.name), definition], `Defined ${definition.name}.`)
  return (
    <Card
      title={title}
      actions={
        <>
          {came.length > 0 && (
            <CopyButton
              kind="quiet"
              text={() => came.map((each) => `${each.name}\t${nameType(each)}`).join('\n')}
              what={`the list of ${count(came.length, 'key')}, with their types`}
              label={`Copy the list of ${owner} keys`}
            >
              Copy the list
            </CopyButton>
          )}
          {canDefine && missing.length > 0 && (
            <Button
              busy={task.busy}
              label={`Define all ${owner} keys`}
              onPress={() => save([...own, ...missing], `Defined ${count(missing.length, 'key')}.`)}
            >
              Define all
            </Button>
          )}
        </>
      }
    >
      <p class="hint">From {from}.</p>
      <Problem text={task.error} />
      {names.length ? (
        <ul class="definitions">
          {names.map((name) => (
            <Key
              key={name}
              name={name}
              owner={owner}
              came={came.find((each) => each.name === name)}
              defined={own.find((each) => each.name === name)}
              picked={picked.get(name)}
              isIgnorant={isIgnorant}
              canDefine={canDefine}
              onPick={(definition) => setPicked(new Map([...picked, [name, definition]]))}
              onDefine={put}
              onRemove={() =>
                save(
                  own.filter((each) => each.name !== name),
                  `${name} is no longer defined.`
                )
              }
            />
          ))}
        </ul>
      ) : (
        <p class="hint">{none}</p>
      )}
    </Card>
  )
}

const nameType = ({ type, array }: Pick<Definition, 'type' | 'array'>) => (array ? `list of ${type}` : type)

/** Lists and objects never stay in the metadata of events, whatever is defined. */
const canStay = (owner: MetadataOwner, { type, array }: Pick<Definition, 'type' | 'array'>) =>
  owner === 'customer' || (!array && type !== 'object')

/** Whether a schema offers a type: addresses of images and points stand in that of customers alone. */
const canDefineAs = (owner: MetadataOwner, choice: Pick<Definition, 'type' | 'array'>) =>
  canStay(owner, choice) && (owner === 'customer' || !['image_url', 'geopoint'].includes(choice.type))

/** The types that can be defined, and `list of` each. */
const choices: Pick<Definition, 'type' | 'array'>[] = [false, true].flatMap((array) =>
  types.map((type) => ({ type, array }))
)

interface KeyProps {
  name: string
  owner: MetadataOwner
  came: Definition | undefined
  defined: Definition | undefined
  /** Chosen and not defined yet. */
  picked: Definition | undefined
  isIgnorant: boolean
  canDefine: boolean
  onPick(definition: Definition): void
  onDefine(definition: Definition): void
  onRemove(): void
}

function Key({ name, owner, came, defined, picked, isIgnorant, canDefine, onPick, onDefine, onRemove }: KeyProps) {
  const shown = defined ?? picked ?? came ?? { name, type: 'string', array: false }
  const choose = (type: string) => {
    const choice = choices.find((each) => nameType(each) === type)
    if (!choice) return
    onPick({ name, ...choice })
    if (defined) onDefine({ name, ...choice })
  }
  const offered = choices.filter((each) => canDefineAs(owner, each) || nameType(each) === nameType(shown))
  return (
    <li>
      <p class="definition-name">
        <strong>
          <LongText text={name} limit={60} />
        </strong>{' '}
        <span class="hint">{came ? `came as ${nameType(came)}` : 'has not come yet'}</span>
      </p>
      <Verdict owner={owner} came={came} defined={defined} isIgnorant={isIgnorant} />
      {canDefine && (defined || canStay(owner, shown)) && (
        <span class="definition-actions">
          <select
            aria-label={`Type of ${name}`}
            value={nameType(shown)}
            onChange={({ currentTarget }) => choose(currentTarget.value)}
          >
            {offered.map(nameType).map((type) => (
              <option key={type} value={type}>
                {type}
              </option>
            ))}
          </select>
          {defined ? (
            <Button label={`Remove the definition of ${name}`} onPress={onRemove}>
              Remove
            </Button>
          ) : (
            <Button label={`Define ${name}`} onPress={() => onDefine(shown)}>
              Define
            </Button>
          )}
        </span>
      )}
    </li>
  )
}

function Verdict({ owner, came, defined, isIgnorant }: Pick<KeyProps, 'owner' | 'came' | 'defined' | 'isIgnorant'>) {
  if (came && !canStay(owner, came)) {
    return <span class="outcome warned">⚠ dropped: events take no {came.array ? 'lists' : 'objects'}</span>
  }
  if (!defined && isIgnorant) return <span class="outcome warned">⚠ not defined</span>
  if (!defined) return <span class="outcome warned">⚠ dropped: not defined</span>
  if (came && isUnsure(came, defined)) {
    return <span class="outcome warned">⚠ kept only where it is a valid {defined.type}</span>
  }
  if (came && !isAlike(came, defined)) {
    return <span class="outcome warned">⚠ dropped: defined as {nameType(defined)}</span>
  }
  return <span class="outcome delivered">✓ kept as {nameType(defined)}</span>
}

/** Whether the values decide, one by one: a text may be the address of an image, or a point. */
const isUnsure = (came: Definition, defined: Definition) =>
  came.array === defined.array && came.type === 'string' && ['image_url', 'geopoint'].includes(defined.type)

/** Whether values that mostly had one type pass for another: dates and addresses of images are texts that say more. */
const isAlike = (came: Definition, defined: Definition) =>
  came.array === defined.array &&
  (came.type === defined.type || (['date', 'datetime', 'image_url'].includes(came.type) && defined.type === 'string'))
