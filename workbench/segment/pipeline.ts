import type { SegmentEvent } from '@segment/actions-core'
import { createBatches } from './batches'
import type { Deliverer } from './deliver'
import { isCall, newDelivery } from './delivery'
import type { Call } from './delivery'
import type { KeptDelivery } from './deliveries'
import { createLanes } from './lanes'
import type { Mappings } from './mappings'
import type { Mask } from '../shared/mask'
import { Refusal } from '../shared/refusal'
import { matchMappings } from './matching'
import type { Delivery, ErasureResult, Mapping } from '../shared/types'

export interface PipelineLimits {
  /** How many users are served at a time. */
  concurrency: number
  /** Most calls that wait. */
  maxCalls: number
  /** Most characters of JSON that wait. */
  maxLength: number
  /** Longest time that a call waits for others of its batch, in milliseconds. */
  batchWaitMs: number
}

export interface PipelineOptions {
  deliverer: Deliverer
  mappings: Mappings
  mask: Mask
  /** The place of a call that arrives now; see Call. */
  nextOrder(): number
  limits: PipelineLimits
  /** Called for every delivery when it has ended. */
  onEnd(kept: KeptDelivery): void
}

/**
 * Takes calls and delivers them as Segment does: each through every enabled mapping that wants it, in order for each
 * user, several users at a time. A call that goes in a batch does not hold up the later calls of its user, so between
 * a batched customer and the same user's single events there is no order.
 */
export interface Pipeline {
  /** Takes calls, all or none. False: there is no room for them now. */
  take(calls: Omit<Call, 'order'>[]): boolean
  /** Delivers a call once more through one mapping, in turn with the other calls of its user. */
  again(delivery: Delivery, mapping: Mapping): Promise<Delivery>
  /** Erases a user at once. */
  erase(userId: string): Promise<ErasureResult>
  /** Calls that were taken and are not settled yet. */
  waiting(): number
  /**
   * Delivers what waits, for so long at most, and begins nothing more after that. Returns how many calls are left, those
   * that are sent again and erasures among them.
   */
  close(withinMs: number): Promise<number>
}

export function createPipeline({ deliverer, mappings, mask, nextOrder, limits, onEnd }: PipelineOptions): Pipeline {
  const lanes = createLanes(limits.concurrency)
  const batches = createBatches((mapping, calls) => deliverer.deliverBatch(mapping, calls), limits.batchWaitMs)
  let waiting = 0
  let waitingLength = 0
  /** Calls that are sent again, and erasures. */
  let errands = 0
  let isClosing = false
  let onIdle: (() => void) | undefined

  const left = () => waiting + errands

  function settle(length: number): void {
    waiting--
    waitingLength -= length
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
  async function deliverCall(call: Call, length: number): Promise<void> {
    const current = mappings.list()
    const end = (delivery: Delivery) => onEnd({ delivery, mappings: current })
    const matches = await matchMappings(deliverer.name, call.event, current)
    const wanted = current.filter((_, index) => matches[index].matched)
    if (!wanted.length)
      end(
        unmatched(
          call,
          matches.map(({ reason }) => reason),
          mask
        )
      )
    const batched: Promise<void>[] = []
    for (const [index, mapping] of wanted.entries()) {
      const own = { ...call, order: call.order + index }
      const size = deliverer.batchSize(mapping)
      if (size === undefined) end(await deliverer.deliver(mapping, own))
      else batched.push(batches.add(mapping, own, size).then(end))
    }
    void Promise.all(batched).then(() => settle(length))
  }

  /** Sends a call alone, or as a batch of one, also through a mapping that is switched off by now. */
  async function deliverAgain(call: Call, mapping: Mapping): Promise<Delivery> {
    const [{ matched, reason }] = await matchMappings(deliverer.name, call.event, [{ ...mapping, enabled: true }])
    if (!matched) return unmatched(call, [reason], mask)
    if (deliverer.batchSize(mapping) === undefined) return deliverer.deliver(mapping, call)
    const [delivery] = await deliverer.deliverBatch(mapping, [call])
    return delivery
  }

  return {
    take(calls) {
      const lengths = calls.map(({ event }) => JSON.stringify(event).length)
      const length = lengths.reduce((sum, each) => sum + each, 0)
      if (isClosing) return false
      if (waiting + calls.length > limits.maxCalls || waitingLength + length > limits.maxLength) return false
      waiting += calls.length
      waitingLength += length
      calls.forEach((taken, index) => {
        const call = { ...taken, order: nextOrder() }
        lanes.add(userKey(call.event), () => deliverCall(call, lengths[index]))
      })
      return true
    },
    again({ event, id, retryOf }, mapping) {
      if (!isCall(event)) return Promise.reject(new Refusal(409, 'There is no whole call to send again.'))
      const call = { event, receivedAt: new Date().toISOString(), order: nextOrder() }
      const ended = new Promise<Delivery>((resolve) => {
        lanes.add(userKey(event), async () => {
          const delivery = { ...(await deliverAgain(call, mapping)), retryOf: retryOf ?? id }
          onEnd({ delivery, mappings: mappings.list() })
          resolve(delivery)
        })
      })
      return errand(ended)
    },
    erase: async (userId) => ({ ...(await errand(deliverer.erase(userId))), waiting: 0 }),
    waiting: () => waiting,
    async close(withinMs) {
      isClosing = true
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
      return left()
    }
  }
}

/** Whom a call belongs to. The two kinds of IDs are kept apart. */
function userKey({ userId, anonymousId }: SegmentEvent): string {
  return userId ? `user:${userId}` : `anonymous:${anonymousId}`
}

function unmatched(call: Call, reasons: string[], mask: Mask): Delivery {
  const { event } = call
  return {
    ...newDelivery(call),
    event: mask.event(event),
    status: 'unmatched',
    reason: summary(event, reasons)
  }
}

/** One sentence for all presets: their common reason where they have one. */
function summary({ type }: SegmentEvent, reasons: string[]): string {
  const [first] = reasons
  if (first === undefined) return 'There is no mapping.'
  return reasons.every((reason) => reason === first) ? first : `No preset that is switched on takes this ${type} call.`
}
