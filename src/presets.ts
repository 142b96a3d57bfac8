import { defaultValues } from '@segment/actions-core'
import type { Preset } from '@segment/actions-core'
import addCustomEvent from './addCustomEvent'
import assignCustomerToGroup from './assignCustomerToGroup'
import upsertCustomer from './upsertCustomer'

const eventPreset = (name: string, type: string, changes: object = {}): Preset => ({
  name,
  subscribe: `type = "${type}"`,
  partnerAction: 'addCustomEvent',
  mapping: { ...defaultValues(addCustomEvent.fields), ...changes },
  type: 'automatic'
})

/** The subscriptions that Quick Setup switches on: together they take every type of call but alias. */
export const presets: Preset[] = [
  eventPreset('Add Custom Event (Track Event)', 'track'),
  eventPreset('Add Custom Event (Page Event)', 'page', { event: { '@template': 'Viewed {{name}} Page' } }),
  eventPreset('Add Custom Event (Screen Event)', 'screen', { event: { '@template': 'Viewed {{name}} Screen' } }),
  {
    name: 'Create Or Update Customer',
    subscribe: 'type = "identify"',
    partnerAction: 'upsertCustomer',
    mapping: defaultValues(upsertCustomer.fields),
    type: 'automatic'
  },
  {
    name: 'Assign Customer To Group',
    subscribe: 'type = "group"',
    partnerAction: 'assignCustomerToGroup',
    mapping: defaultValues(assignCustomerToGroup.fields),
    type: 'automatic'
  }
]
