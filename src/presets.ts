import { defaultValues } from '@segment/actions-core'
import type { Preset } from '@segment/actions-core'
import addCustomEvent from './addCustomEvent'
import assignCustomerToGroup from './assignCustomerToGroup'
import upsertCustomer from './upsertCustomer'

/** The subscriptions that Quick Setup switches on: together they take every type of call but alias. */
export const presets: Preset[] = [
  {
    name: 'Add Custom Event (Track Event)',
    subscribe: 'type = "track"',
    partnerAction: 'addCustomEvent',
    mapping: defaultValues(addCustomEvent.fields),
    type: 'automatic'
  },
  {
    name: 'Add Custom Event (Page Event)',
    subscribe: 'type = "page"',
    partnerAction: 'addCustomEvent',
    mapping: { ...defaultValues(addCustomEvent.fields), event: { '@template': 'Viewed {{name}} Page' } },
    type: 'automatic'
  },
  {
    name: 'Add Custom Event (Screen Event)',
    subscribe: 'type = "screen"',
    partnerAction: 'addCustomEvent',
    mapping: { ...defaultValues(addCustomEvent.fields), event: { '@template': 'Viewed {{name}} Screen' } },
    type: 'automatic'
  },
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
