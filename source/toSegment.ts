/** The source: what happens in Voucherify becomes Segment calls. Pure; the shells around it receive and send. */
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex } from '@noble/hashes/utils'
import { readOptions } from './options'
import type { Options } from './options'
import { at, defined, isObject, object, text } from './read'
import type { Fields } from './read'
import { metadataTraits, neverBecause, redeemedKind, rowOf, spelt } from './table'
import type { Money, Row } from './table'

export type { Options } from './options'

interface CallBase {
  /** The customer's source_id. */
  userId: string
  /** The same for the same webhook, so that Segment drops a repeated one. At most 100 characters. */
  messageId: string
  /** When it happened, ISO 8601; absent where the webhook has no time. */
  timestamp?: string
  context?: { traits: { email: string } }
  /** Keeps the call from the destination of this project, which would send it back. */
  integrations: Readonly<Record<string, boolean>>
}

/** One of Segment's calls, as its Tracking API takes it in a batch. */
export type SegmentCall =
  | (CallBase & { type: 'track'; event: string; properties: Record<string, unknown> })
  | (CallBase & { type: 'identify'; traits: Record<string, unknown> })

export interface Mapped {
  calls: SegmentCall[]
  /** Why there is no call, in words; absent where there is one. Nothing of the payload's content stands in it. */
  reason?: string
}

/** The destination's name in Segment. */
const DESTINATION = 'Voucherify (Actions)'

/** Most bytes of one call. Segment says 32 KB, and not which kind of KB. */
const MAX_BYTES = 32_000

/** A webhook once it is known what it is. */
interface Webhook {
  type: string
  data: Fields
  /** Empty for a raw payload. */
  envelope: Fields
}

/**
 * Gives the calls that a webhook becomes: none or one.
 *
 * @param webhook the parsed body of a project's or a distribution's webhook, in its envelope or raw
 * @param options as in the source's settings; what can't be read of them counts as not set
 * @returns the calls, or the reason why there is none. It never throws.
 */
export function toSegment(webhook: unknown, options: Options = {}): Mapped {
  try {
    return map(webhook, readOptions(options).options)
  } catch {
    return none("The webhook can't be read: it is nested too deeply, or holds what JSON can't.")
  }
}

/** The source_id of whom a webhook is about, whether or not it becomes a call; undefined where it names nobody. */
export function customerOf(webhook: unknown, typeOfAddress?: string): string | undefined {
  const read = recognise(webhook, typeOfAddress)
  return typeof read === 'string' ? undefined : userIdOf(read.type, personOf(rowOf(read.type) ?? {}, read.data))
}

function none(reason: string): Mapped {
  return { calls: [], reason }
}

function map(body: unknown, options: Options): Mapped {
  const webhook = recognise(body, options.type)
  if (typeof webhook === 'string') return none(webhook)
  const { type, data } = webhook
  const row = rowOf(type)
  if (!row) return none(neverBecause(type) ? `${type} never becomes a call: ${neverBecause(type)}` : unknown(type))

  const event = row.call === 'track' ? eventName(type, row, data, options) : undefined
  const isWanted = row.call === 'track' ? event !== undefined : wantsIdentify(type, row, options)
  if (!isWanted) return none(whyOff(type, row, data, options))
  const left = whyLeft(webhook, options)
  if (left) return none(left)
  const person = personOf(row, data)
  const userId = userIdOf(type, person)
  if (!userId) return none(`The ${type} names no customer with a source_id, so there is nobody to send it for.`)

  const fields = defined(row.fields(data, moneyIn(options.currency)))
  const base = defined({
    userId,
    messageId: messageId(webhook, row.call),
    timestamp: timestampOf(webhook),
    integrations: { All: true, [DESTINATION]: false }
  }) as unknown as CallBase
  const call: SegmentCall =
    event === undefined
      ? { type: 'identify', ...base, traits: fields }
      : { type: 'track', event, ...base, ...emailContext(type, person), properties: fields }
  const fitting = fit(call)
  return fitting ? { calls: [fitting] } : none(`The ${type} is larger than the 32 KB that Segment takes.`)
}

function unknown(type: string): string {
  return `There is no webhook type "${type.slice(0, 100)}" that this source knows.`
}

/** What a body is, or why that can't be told. */
function recognise(body: unknown, typeOfAddress: string | undefined): Webhook | string {
  if (!isObject(body)) return 'The body is no JSON object, so it is no webhook.'
  if (isObject(body.data) && (isObject(body.event) || typeof body.type === 'string')) {
    // A distribution's own `type` is a name that somebody typed; one of `data.event` is an earning rule's.
    const named = text(at(body, 'event', 'type')) ?? (isKnown(body.type) ? text(body.type) : undefined)
    const type = named ?? typeOfAddress ?? text(body.type)
    return type
      ? { type: spelt(type), data: body.data, envelope: body }
      : 'The webhook has no type. Add ?type= with the type to its address.'
  }
  const type = typeOfAddress ?? typeByShape(body)
  if (type) return { type: spelt(type), data: body, envelope: {} }
  return (
    'This is neither a webhook with its envelope nor a raw payload whose shape says what it is. ' +
    'Add ?type= with the type to its address, such as ?type=customer.segment.entered.'
  )
}

function isKnown(type: unknown): boolean {
  return typeof type === 'string' && Boolean(rowOf(spelt(type)) ?? neverBecause(spelt(type)))
}

/** The type of a raw payload, where only one type has such a shape. */
function typeByShape(data: Fields): string | undefined {
  const ledger = text(at(data, 'transaction', 'type'))
  if (ledger === 'PENDING_POINTS_ACTIVATION' && isObject(data.pending_points) && isObject(data.customer))
    return 'voucher.loyalty_card.pending_points.activated'
  if (isObject(data.pending_points)) return undefined
  if (ledger && isObject(data.holder) && !isObject(data.customer))
    return ledger.startsWith('CREDITS_')
      ? 'voucher.gift.transaction.created'
      : 'voucher.loyalty_card.transaction.created'
  if (ledger) return undefined
  if (isObject(data.redemption_rollback)) {
    return byResult(data.redemption_rollback, 'redemption.rollback.succeeded', 'redemption.rollback.failed')
  }
  if (isObject(data.reward_redemption)) return undefined
  if (isObject(data.reward)) return isObject(data.customer) && 'referral_tier' in data ? 'customer.rewarded' : undefined
  if (isObject(data.redemption) && !('referrer' in data))
    return byResult(data.redemption, 'redemption.succeeded', 'redemption.failed')
  if (isObject(data.publication)) return byResult(data.publication, 'publication.succeeded')
  const isAlone = Object.keys(data).length === 1 && isObject(data.customer)
  return isAlone && DELETED.test(text(at(data, 'customer', 'source_id')) ?? '') ? 'customer.deleted' : undefined
}

function byResult(of: Fields, succeeded: string, failed?: string): string | undefined {
  if (of.result === 'SUCCESS') return succeeded
  return of.result === 'FAILURE' ? failed : undefined
}

function wantsIdentify(type: string, { option }: Row, options: Options): boolean {
  return options.events?.[type] !== false && (!option || options[option] === true)
}

/** The event's name; undefined when the webhook is off. */
function eventName(type: string, row: Row, data: Fields, { events = {}, names, ...options }: Options) {
  const kind = row.kindOf?.(data)
  const byKind = kind !== undefined && row.kinds ? chosen(events, `${type}:${kind}`) : undefined
  if (byKind !== undefined) return byKind || undefined
  const usual = row.kinds && kind !== undefined && Object.hasOwn(row.kinds, kind) ? row.kinds[kind] : row.name
  // Another webhook tells this: to name the whole type does not ask for it twice.
  if (usual === null) return undefined
  const byType = chosen(events, type)
  if (byType !== undefined) return byType || undefined
  if (row.isTwin || (row.option && !options[row.option])) return undefined
  return names === 'voucherify' && row.own ? row.own : usual
}

function chosen(events: Readonly<Record<string, string | false>>, key: string): string | false | undefined {
  return Object.hasOwn(events, key) ? events[key] : undefined
}

function whyOff(type: string, row: Row, data: Fields, { events = {} }: Options): string {
  const kind = row.kindOf?.(data)
  const keys = kind !== undefined && row.kinds ? [`${type}:${kind}`, type] : [type]
  const off = keys.find((key) => chosen(events, key) === false)
  if (off) return `The setting events switches ${off} off.`
  if (isStack(type, data)) return STACK
  if (row.option) return `${type} is off until the setting ${row.option} is true.`
  if (kind !== undefined && row.kinds && !row.isTwin) {
    const why = row.kinds[kind] === null ? 'another webhook tells the same' : 'this kind has no usual name'
    return `${type} is off for ${kind.slice(0, 100)}, since ${why}. The setting events can name it: "${keys[0].slice(
      0,
      200
    )}".`
  }
  return `${type} is off until the setting events gives it a name.`
}

const STACK = 'This is the redemption of a whole stack; each of its parts comes in a webhook of its own.'

/** A success that names neither voucher nor promotion tier. That such is the parent of a stack is not documented. */
function isStack(type: string, data: Fields): boolean {
  return type.endsWith('redemption.succeeded') && redeemedKind(data) === undefined
}

/** Why a webhook that is wanted gives no call all the same. */
function whyLeft({ type, data, envelope }: Webhook, { ownApplicationId }: Options): string | undefined {
  if (isStack(type, data)) return STACK
  const isCustomer = type === 'customer.created' || type === 'customer.updated'
  const applicationId = text(at(envelope, 'event', 'event_source', 'api_key', 'app_id'))
  return isCustomer && ownApplicationId && applicationId === ownApplicationId
    ? `The ${type} was caused by the destination's own key, so Segment knows it already.`
    : undefined
}

/** What Voucherify puts behind the source_id of a customer who was deleted. */
const DELETED = /_deleted\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z?$/

/** Whom the webhook is about. In a redemption `holder` is the referrer, so it stands in only in the ledger. */
function personOf({ takesHolder }: Pick<Row, 'takesHolder'>, data: Fields): Fields {
  const within = ['redemption', 'redemption_rollback', 'publication'].map((key) => at(data, key, 'customer'))
  return object([data.customer, ...(takesHolder ? [data.holder] : within)].find(isObject))
}

/** The source_id, never Voucherify's own id. */
function userIdOf(type: string, person: Fields): string | undefined {
  const sourceId = text(person.source_id)
  if (!sourceId || sourceId === person.id) return undefined
  return type === 'customer.deleted' ? text(sourceId.replace(DELETED, '')) : sourceId
}

/** The email beside a track, for destinations that know people by it; not of one who was deleted. */
function emailContext(type: string, person: Fields): Pick<CallBase, 'context'> {
  const email = text(person.email)
  return email && type !== 'customer.deleted' ? { context: { traits: { email } } } : {}
}

/** Currencies without minor units and with three of them. Source: ISO 4217, list one. */
const WITHOUT_MINOR_UNITS = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ')
const WITH_THREE_DIGITS = 'BHD IQD JOD KWD LYD OMR TND'.split(' ')

function moneyIn(currency: string | undefined): Money {
  const divisor = WITHOUT_MINOR_UNITS.includes(currency ?? '')
    ? 1
    : WITH_THREE_DIGITS.includes(currency ?? '')
    ? 1000
    : 100
  return {
    currency,
    of(...amounts) {
      const amount = amounts.find((each) => typeof each === 'number' && Number.isFinite(each))
      return typeof amount === 'number' ? amount / divisor : undefined
    }
  }
}

/** The event's time; of a raw payload the time of what it is about. */
function timestampOf({ envelope, data }: Webhook): string | undefined {
  const about = ['redemption_rollback', 'redemption', 'transaction', 'publication'].map((key) => object(data[key]))
  const times = [
    at(envelope, 'event', 'created_at'),
    envelope.created_at,
    data.created_at,
    ...about.flatMap(({ date, created_at }) => [date, created_at])
  ]
  return times.find((time): time is string => typeof time === 'string' && isTime(time))
}

function isTime(time: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\S+$/.test(time) && !Number.isNaN(Date.parse(time))
}

/**
 * Segment drops a messageId that it saw within a day, in any workspace, so it names the project, too. Voucherify may send
 * an event again under another id of its webhook, but with the same id of the event. A raw payload has none.
 */
function messageId({ type, data, envelope }: Webhook, call: Row['call']): string {
  const id = text(at(envelope, 'event', 'id'))
  const parts = id
    ? [envelope.project_id, id, type, at(envelope, 'event', 'entity_id'), call]
    : [envelope.project_id, sorted(data), type, call]
  // Without TextEncoder and crypto, which not every place that runs this has.
  const bytes = Uint8Array.from(unescape(encodeURIComponent(JSON.stringify(parts))), (char) => char.charCodeAt(0))
  return `vcf-${bytesToHex(sha256(bytes))}`
}

/** The value with the keys of every object in order, since a Source Function gets them so. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  return Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key])])
}

/** The call within Segment's limit: first without line items, then without metadata, then without its largest fields. */
function fit(call: SegmentCall): SegmentCall | undefined {
  if (bytesOf(call) <= MAX_BYTES) return call
  const key = call.type === 'track' ? 'properties' : 'traits'
  const fields: Record<string, unknown> = call.type === 'track' ? call.properties : call.traits
  const metadata = call.type === 'track' ? ['metadata'] : metadataTraits(fields)
  const steps = [
    { lost: 'products', keys: ['products'] },
    { lost: 'metadata', keys: metadata },
    ...bySize(fields).map((lost) => ({ lost, keys: [lost] }))
  ]
  const truncated: string[] = []
  let kept = fields
  for (const { lost, keys } of steps) {
    const fewer = Object.fromEntries(Object.entries(kept).filter(([name]) => !keys.includes(name)))
    if (Object.keys(fewer).length === Object.keys(kept).length) continue
    kept = fewer
    truncated.push(lost)
    const fitting = { ...call, [key]: { ...kept, truncated } } as SegmentCall
    if (bytesOf(fitting) <= MAX_BYTES) return fitting
  }
  return undefined
}

/** The names of the fields, the largest first. */
function bySize(fields: Fields): string[] {
  return Object.keys(fields).sort((one, other) => bytesOf(fields[other]) - bytesOf(fields[one]))
}

/** Length of a value's JSON in UTF-8. */
function bytesOf(value: unknown): number {
  return encodeURIComponent(JSON.stringify(value) ?? '').replace(/%../g, '_').length
}
