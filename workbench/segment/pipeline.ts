import type { SegmentEvent } from '@segment/actions-core'
import { costOf } from '../shared/cost'
import type { Mask } from '../shared/mask'
import { Refusal } from '../shared/refusal'
import type { Delivery, ErasureResult, Mapping, Outcome, Warning } from '../shared/types'
import { createBatches } from './batches'
import type { Deliverer } from './deliver'
import type { KeptDelivery } from './deliveries'
import { isCall, newDelivery } from './delivery'
import type { Call } from './delivery'
import { createLanes } from './lanes'
import type { Mappings } from './mappings'
import { complaintText } from './mappingChecks'
import { matchMappings } from './matching'
import { pauseAfter, RETRY_WINDOW_MS } from './retries'
import type { Clock } from './retries'

export interface PipelineLimits {
  /** How many users are served at a time. */
  concurrency: number
  /** Most calls that wait for their first try, and apart from them most that wait for another one. */
  maxCalls: number
  /** Most memory that each of the two takes, in bytes by `costOf`. */
  maxCost: number
  /** Longest time that a call waits for others of its batch, in milliseconds. */
  batchWaitMs: number
}

export interface PipelineOptions {
  deliverer: Deliverer
  mappings: Mappings
  mask: Mask
  /** The place of a call that arrives now; see Call. */
  nextOrder(): number
  clock: Clock
  /** What is lost of a call although its delivery went well. */
  warn(mapping: Mapping, event: SegmentEvent, sent: Pick<Delivery, 'request' | 'response'>): Warning[]
  /** Whether calls are tried again by themselves. */
  retries: boolean
  limits: PipelineLimits
  /**
   * Called for every delivery when it has ended, and again when it was tried again.
   *
   * @param before how it had ended until now; absent the first time, and after `forget`
   */
  onEnd(kept: KeptDelivery, before?: Outcome): void
}

/**
 * Takes calls and delivers them as Segment does: each through every enabled mapping that wants it, in order for each
 * user, several users at a time, and once more after growing pauses where that may help. A call that goes in a batch or
 * is tried again does not hold up the later calls of its user, so between those and the user's other calls there is no
 * order.
 */
export interface Pipeline {
  /** Takes calls, all or none. False: there is no room for them now. */
  take(calls: Omit<Call, 'order'>[]): boolean
  /** Delivers a call once more through one mapping, in turn with the other calls of its user. */
  again(delivery: Delivery, mapping: Mapping): Promise<Delivery>
  /** Goes on with a delivery that waited for its next try when the workbench ended. */
  resume(kept: KeptDelivery): void
  /** Erases a user at once, and says how many of the user's calls still wait. */
  erase(userId: string): Promise<ErasureResult>
  /** Calls that were taken and are not settled yet. */
  waiting(): number
  /** Deliveries that wait for their next try, or for its outcome. */
  retrying(): number
  /** The deliveries were emptied: what is tried again ends as a new one. */
  forget(): void
  /**
   * Delivers what waits, for so long at most, and begins nothing more after that, next tries least of all. Returns how
   * many calls are left, those that are sent again by hand and erasures among them.
   */
  close(withinMs: number): Promise<number>
}

/** A call on its way through one mapping, over all its tries. */
interface Journey {
  call: Call
  mapping: Mapping
  /** All mappings as they were at the first try. */
  mappings: readonly Mapping[]
  retryOf: string | null
  /** Its delivery after the last try. */
  delivery?: Delivery
  /** How that ended, as far as anybody was told. */
  before?: Outcome
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { deliverer, mappings, mask, nextOrder, clock, limits, onEnd } = options
  const lanes = createLanes(limits.concurrency)
  const batches = createBatches((mapping, calls) => deliverer.deliverBatch(mapping, calls), limits.batchWaitMs)
  /** How many calls of each user wait, for their first try or another. */
  const byUser = new Map<string, number>()
  const retrying = new Map<Journey, { cost: number; takeBack(): void }>()
  let retryingCost = 0
  let waiting = 0
  let waitingCost = 0
  /** Calls that are sent again by hand, and erasures. */
  let errands = 0
  let isClosing = false
  let onIdle: (() => void) | undefined

  const left = () => waiting + errands

  function countUser(event: SegmentEvent, change: 1 | -1): void {
    const key = userKey(event)
    const count = (byUser.get(key) ?? 0) + change
    if (count) byUser.set(key, count)
    else byUser.delete(key)
  }

  function settle({ event }: Call, cost: number): void {
    waiting--
    waitingCost -= cost
    countUser(event, -1)
    if (!left()) onIdle?.()
  }

  /** Lets the close wait for something that is no call of its own. */
  async function errand<Value>(work: Promise<Value>): Promise<Value> {
    errands++
    try {
      return await work
    } finally {
      errands--
      if (!left()) onIdle?.()
    }
  }

  /** Resolves when the next call of the same user may begin. */
  async function deliverCall(call: Call, cost: number): Promise<void> {
    const current = mappings.list()
    const batched: Promise<unknown>[] = []
    try {
      const matches = await matchMappings(deliverer.name, call.event, current)
      const wanted = current.filter((_, index) => matches[index].matched)
      if (!wanted.length) {
        const reasons = matches.map(({ reason }) => reason)
        onEnd({ delivery: unmatched(call, reasons, mask), mappings: current })
      }
      for (const [index, mapping] of wanted.entries()) {
        const journey = { call: { ...call, order: call.order + index }, mapping, mappings: current, retryOf: null }
        const ended = travel(journey)
        if (deliverer.batchSize(mapping) === undefined) await ended
        else batched.push(ended)
      }
    } catch (error) {
      onEnd({ delivery: failed(call, null, error, mask), mappings: current })
    }
    void Promise.all(batched).then(() => settle(call, cost))
  }

  /** One try, whose outcome is told. Where it may help, the next one is planned. Never rejects. */
  async function travel(journey: Journey): Promise<Delivery> {
    const { call, mapping, retryOf, delivery: former } = journey
    const tried = await attempt(call, mapping)
    release(journey)
    const delivery = {
      ...tried,
      warnings: tried.status === 'delivered' ? options.warn(mapping, call.event, tried) : [],
      id: former?.id ?? tried.id,
      retryOf,
      tries: [...(former?.tries ?? []), ...tried.tries]
    }
    journey.delivery = options.retries ? planned(journey, delivery) : delivery
    onEnd({ delivery: journey.delivery, mappings: journey.mappings }, journey.before)
    journey.before = journey.delivery.status
    return journey.delivery
  }

  async function attempt(call: Call, mapping: Mapping): Promise<Delivery> {
    try {
      const size = deliverer.batchSize(mapping)
      return await (size === undefined ? deliverer.deliver(mapping, call) : batches.add(mapping, call, size))
    } catch (error) {
      return failed(call, mapping, error, mask)
    }
  }

  /** The delivery with the time of its next try, which is planned; as it is where there is none. */
  function planned(journey: Journey, delivery: Delivery): Delivery {
    if (delivery.status !== 'retryable') return delivery
    const now = clock.now()
    const pause = pauseAfter(delivery.tries.length, delivery.response, now)
    const firstAt = Date.parse(delivery.tries[0].at)
    if (now + pause - firstAt > RETRY_WINDOW_MS) {
      return {
        ...delivery,
        reason: 'Not tried again here, where one hour is the limit; Segment goes on for four hours.'
      }
    }
    const isPlanned = plan(journey, pause)
    if (!isPlanned) return { ...delivery, reason: 'Not tried again here: too many calls wait for their next try.' }
    const last = delivery.tries[delivery.tries.length - 1]
    const nextAt = new Date(now + pause).toISOString()
    return { ...delivery, tries: [...delivery.tries.slice(0, -1), { ...last, nextAt }] }
  }

  /** Plans the next try. False where nothing more is begun, or too much waits for that already. */
  function plan(journey: Journey, pause: number): boolean {
    const { event } = journey.call
    const cost = costOf(event)
    if (isClosing || retrying.size >= limits.maxCalls || retryingCost + cost > limits.maxCost) return false
    const takeBack = clock.after(pause, () => {
      lanes.add(userKey(event), async () => {
        const ended = travel(journey).then(() => countUser(event, -1))
        if (deliverer.batchSize(journey.mapping) === undefined) await ended
      })
    })
    retrying.set(journey, { cost, takeBack })
    retryingCost += cost
    countUser(event, 1)
    return true
  }

  /** A planned try has ended. */
  function release(journey: Journey): void {
    retryingCost -= retrying.get(journey)?.cost ?? 0
    retrying.delete(journey)
  }

  /** Sends a call by hand, also through a mapping that is switched off by now. */
  async function travelAgain(call: Call, mapping: Mapping, retryOf: string): Promise<Delivery> {
    const current = mappings.list()
    const [{ matched, reason }] = await matchMappings(deliverer.name, call.event, [{ ...mapping, enabled: true }])
    if (matched) {
      const ended = travel({ call, mapping, mappings: current, retryOf })
      // Nobody waits for company who asked for one call.
      batches.flush()
      return ended
    }
    const delivery = { ...unmatched(call, [reason], mask), retryOf }
    onEnd({ delivery, mappings: current })
    return delivery
  }

  return {
    take(calls) {
      const costs = calls.map(({ event }) => costOf(event))
      const cost = costs.reduce((sum, each) => sum + each, 0)
      if (isClosing) return false
      if (waiting + calls.length > limits.maxCalls || waitingCost + cost > limits.maxCost) return false
      waiting += calls.length
      waitingCost += cost
      calls.forEach((taken, index) => {
        const call = { ...taken, order: nextOrder() }
        countUser(call.event, 1)
        lanes.add(userKey(call.event), () => deliverCall(call, costs[index]))
      })
      return true
    },
    again({ event, id, retryOf }, mapping) {
      if (!isCall(event)) return Promise.reject(new Refusal(409, 'There is no whole call to send again.'))
      const call = { event, receivedAt: new Date(clock.now()).toISOString(), order: nextOrder() }
      const ended = new Promise<Delivery>((resolve, reject) => {
        lanes.add(userKey(event), () => travelAgain(call, mapping, retryOf ?? id).then(resolve, reject))
      })
      return errand(ended)
    },
    resume({ delivery, mappings: known }) {
      const { event, preset, receivedAt, order, retryOf, status, tries } = delivery
      const mapping = known.find((each) => each.preset === preset)
      const nextAt = tries[tries.length - 1]?.nextAt
      if (!options.retries || !mapping || !nextAt || !isCall(event)) return
      const call = { event, receivedAt, order }
      const pause = Math.max(Date.parse(nextAt) - clock.now(), 0)
      plan({ call, mapping, mappings: known, retryOf, delivery, before: status }, pause)
    },
    async erase(userId) {
      const result = await errand(deliverer.erase(userId))
      const count = byUser.get(userKey({ type: 'delete', userId })) ?? 0
      if (!count) return { ...result, waiting: 0 }
      const waits = count === 1 ? '1 call of this user still waits' : `${count} calls of this user still wait`
      return { ...result, message: `${result.message} ${waits} and would bring the customer back.`, waiting: count }
    },
    waiting: () => waiting,
    retrying: () => retrying.size,
    forget() {
      for (const journey of retrying.keys()) journey.before = undefined
    },
    async close(withinMs) {
      isClosing = true
      for (const { takeBack } of retrying.values()) takeBack()
      batches.flush()
      if (left() && withinMs > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs)
          onIdle = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      lanes.stop()
      return left() + retrying.size
    }
  }
}

/** Whom a call belongs to. The two kinds of IDs are kept apart; spaces around an ID are no part of it. */
function userKey({ userId, anonymousId }: SegmentEvent): string {
  const user = String(userId ?? '').trim()
  return user ? `user:${user}` : `anonymous:${anonymousId}`
}

function unmatched(call: Call, reasons: string[], mask: Mask): Delivery {
  const { event } = call
  return { ...newDelivery(call), event: mask.event(event), status: 'unmatched', reason: summary(event, reasons) }
}

/** What became of a call on which the workbench itself failed: never the end of the process. */
function failed(call: Call, mapping: Mapping | null, error: unknown, mask: Mask): Delivery {
  const message = `The workbench failed on this call: ${mask.text(complaintText(error))}`
  const whatToDo = 'Nothing of it was lost for others. Report this call to whoever maintains the workbench.'
  return {
    ...newDelivery(call),
    event: mask.event(call.event),
    preset: mapping && mapping.preset,
    action: mapping && mapping.action,
    status: 'rejected',
    error: { message, status: null, whatToDo }
  }
}

/** One sentence for all presets: their common reason where they have one. */
function summary({ type }: SegmentEvent, reasons: string[]): string {
  const [first] = reasons
  if (first === undefined) return 'There is no mapping.'
  return reasons.every((reason) => reason === first) ? first : `No mapping that is switched on takes this ${type} call.`
}
