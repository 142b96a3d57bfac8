/**
 * The backfill's only way into the destination: the framework maps and validates each call as it would in Segment, and
 * the destination's own code makes the customer's row of it.
 */
import { Destination, MultiStatusResponse } from '@segment/actions-core'
import type { ActionDefinition, DestinationDefinition, JSONObject } from '@segment/actions-core'
import definition from '../src'
import type { Settings } from '../src/generated-types'
import type { Values } from '../src/payload'

export type { Settings, Values }
export { readCustomer } from '../src/upsertCustomer/customer'
export { mergeCustomers, toBulkRow } from '../src/upsertCustomer/rows'

/** One mapping as Segment saves it and the workbench exports it. */
export interface Subscription {
  action: 'upsertCustomer' | 'assignCustomerToGroup'
  /** Which calls it takes, such as `type = "identify"`. */
  trigger: string
  mapping: JSONObject
}

/** What became of one call: the values of its fields, or why there are none. `left` means that the trigger takes no such call. */
export type Mapped = { payload: Values } | { reason: string } | { left: true }

/** The settings that the framework asks for before it maps a call. Nothing is sent with them. */
const UNUSED_SETTINGS: Settings = {
  apiKey: 'unused',
  secretKey: 'unused',
  customURL: 'https://segmentio.voucherify.io'
}
/** How the framework says that the trigger does not take a call. Its other refusals have other words. */
const NOT_SUBSCRIBED = 'Payload is either invalid or does not match the subscription'

/** The mapping that Quick Setup gives an action. */
export function presetOf(action: Subscription['action']): Subscription {
  const preset = definition.presets?.find((one) => one.type === 'automatic' && one.partnerAction === action)
  if (preset?.type !== 'automatic') throw new Error(`There is no preset of ${action}.`)
  return { action, trigger: preset.subscribe, mapping: (preset.mapping ?? {}) as JSONObject }
}

/**
 * Makes the function that maps many calls by one mapping, each in its own place, through the framework itself.
 *
 * @throws the framework's error when the mapping can't be used for any call
 */
export function createMapper({ action, trigger, mapping }: Subscription): (calls: JSONObject[]) => Promise<Mapped[]> {
  const own = definition.actions[action]
  const destination = new Destination<Settings>({
    ...definition,
    actions: { [action]: { ...own, performBatch: returnPayloads } }
  } as DestinationDefinition<Settings>)
  const settings = { ...UNUSED_SETTINGS, subscription: { partnerAction: action, subscribe: trigger, mapping } }

  const mapAll = async (calls: JSONObject[]): Promise<Mapped[]> => {
    const [{ multistatus }] = await destination.onBatch(calls as never, settings)
    destination.responses.length = 0
    return multistatus ? multistatus.map(readOutcome) : calls.map(() => ({ left: true }))
  }
  const mapOne = (call: JSONObject): Promise<Mapped[]> =>
    mapAll([call]).catch((error: unknown): Mapped[] => [
      { reason: `The call can't be mapped: ${error instanceof Error ? error.message : String(error)}` }
    ])
  return async (calls) => {
    if (!calls.length) return []
    try {
      return await mapAll(calls)
    } catch {
      // One call that the mapping can't read, such as one with `context: null`, ends the whole batch in the framework.
      const outcomes: Mapped[] = []
      for (const call of calls) outcomes.push(...(await mapOne(call)))
      return outcomes
    }
  }
}

const returnPayloads: ActionDefinition<Settings, Values>['performBatch'] = (_request, { payload }) => {
  const results = new MultiStatusResponse()
  payload.forEach((one, index) =>
    results.setSuccessResponseAtIndex(index, { status: 200, sent: one as never, body: {} })
  )
  return results
}

function readOutcome(outcome: { status: number; sent?: unknown; errormessage?: string }): Mapped {
  if (outcome.status === 200) return { payload: outcome.sent as Values }
  const reason = outcome.errormessage ?? 'The framework refused the call.'
  return reason === NOT_SUBSCRIBED ? { left: true } : { reason }
}

/** A request as the destination would send it. */
export interface CapturedRequest {
  url: string
  headers: Record<string, string>
  body: Values
}

/**
 * The request that an action makes of a payload.
 *
 * @throws PayloadValidationError for an ID that is none, IntegrationError for a setting
 */
export async function captureGroupRequest(payload: Values, settings = UNUSED_SETTINGS): Promise<CapturedRequest> {
  let captured: CapturedRequest | undefined
  const request = (url: string, { headers, json }: { headers: Record<string, string>; json: Values }) => {
    captured = { url, headers, body: json }
    return Promise.resolve({ status: 200, ok: true, data: { status: 'queued' }, content: '', headers: new Headers() })
  }
  await definition.actions.assignCustomerToGroup.perform(request as never, { payload, settings } as never)
  if (!captured) throw new Error('The action made no request.')
  return captured
}
