import { defaultValues } from '@segment/actions-core'
import type { Preset } from '@segment/actions-core'
import addCustomEvent from './addCustomEvent'
import assignCustomerToGroup from './assignCustomerToGroup'
import upsertCustomer from './upsertCustomer'

const actions = { addCustomEvent, assignCustomerToGroup, upsertCustomer }

const preset = (name: string, type: string, partnerAction: keyof typeof actions, changes: object = {}): Preset => ({
  name,
  subscribe: `type = "${type}"`,
  partnerAction,
  mapping: { ...defaultValues(actions[partnerAction].fields), ...changes },
  type: 'automatic'
})

const viewed = (what: string) => ({ event: { '@template': `Viewed {{name}} ${what}` } })

/** The subscriptions that Quick Setup switches on: together they take every type of call but alias. */
export const presets: Preset[] = [
  preset('Add Custom Event (Track Event)', 'track', 'addCustomEvent'),
  preset('Add Custom Event (Page Event)', 'page', 'addCustomEvent', viewed('Page')),
  preset('Add Custom Event (Screen Event)', 'screen', 'addCustomEvent', viewed('Screen')),
  preset('Create Or Update Customer', 'identify', 'upsertCustomer'),
  preset('Assign Customer To Group', 'group', 'assignCustomerToGroup')
]
