import { readFileSync } from 'node:fs'
import { transform } from '@segment/actions-core'
import type { JSONObject } from '@segment/actions-core'
import { presetOf } from './destination'
import type { Subscription } from './destination'
import { isObject } from './records'
import { unusable } from './stop'

/** The mappings of a run, one for each kind of call. */
export interface Mappings {
  customers: Subscription
  groups: Subscription
}

/** Calls that hold nothing but what every such call has. */
const EXAMPLES: Record<Subscription['action'], JSONObject> = {
  upsertCustomer: { type: 'identify', userId: 'example', traits: {} },
  assignCustomerToGroup: { type: 'group', userId: 'example', groupId: 'example', traits: {} }
}

/**
 * The presets' mappings, or what a file says in their place: `{ preset, action, trigger, enabled, mapping }` as the
 * workbench exports it, a list of such, or the mapping alone, which is then one of Upsert Customer.
 *
 * @throws Stop (2) for a file that holds no mapping that can be used
 */
export function readMappings(path: string | undefined): Mappings {
  const mappings = { customers: presetOf('upsertCustomer'), groups: presetOf('assignCustomerToGroup') }
  if (path === undefined) return mappings
  const exported = readJson(path)
  for (const one of Array.isArray(exported) ? exported : [exported]) {
    const own = readSubscription(path, one)
    if (own.action === 'upsertCustomer') mappings.customers = own
    else mappings.groups = own
  }
  return mappings
}

function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw unusable(`The mapping ${path} can't be read.`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw unusable(`The mapping ${path} is not valid JSON. Export it from the workbench.`)
  }
}

function readSubscription(path: string, value: unknown): Subscription {
  if (!isObject(value)) throw unusable(`The mapping ${path} is not an object. Export it from the workbench.`)
  const { action, trigger, enabled } = value
  const isBare = !isObject(value.mapping) || action === undefined
  const mapping = isBare ? value : (value.mapping as JSONObject)
  if (!isBare && action !== 'upsertCustomer' && action !== 'assignCustomerToGroup') {
    throw unusable(
      `The mapping ${path} is one of the action ${String(
        action
      )}. A backfill takes upsertCustomer and assignCustomerToGroup.`
    )
  }
  if (enabled === false)
    throw unusable(`The mapping ${path} is switched off. Switch it on in the workbench and export it again.`)
  const own = isBare || action === 'upsertCustomer' ? 'upsertCustomer' : 'assignCustomerToGroup'
  const subscription = {
    action: own,
    trigger: typeof trigger === 'string' ? trigger : presetOf(own).trigger,
    mapping
  } as const
  requireUsable(path, subscription)
  return subscription
}

function requireUsable(path: string, { action, mapping }: Subscription): void {
  const id = action === 'upsertCustomer' ? 'source_id' : 'customer'
  if (mapping[id] === undefined)
    throw unusable(`The mapping ${path} says nothing of ${id}. Export it whole from the workbench.`)
  try {
    transform(mapping, EXAMPLES[action] as never)
  } catch (error) {
    throw unusable(`The mapping ${path} can't be used: ${error instanceof Error ? error.message : String(error)}`)
  }
}
