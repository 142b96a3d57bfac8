import type { DestinationDefinition } from '@segment/actions-core'
import addCustomEvent from './addCustomEvent'
import assignCustomerToGroup from './assignCustomerToGroup'
import { authentication } from './authentication'
import { eraseCustomer } from './erasure'
import type { Settings } from './generated-types'
import { presets } from './presets'
import upsertCustomer from './upsertCustomer'

/** Voucherify (Actions): delivers Segment's calls to Voucherify as custom events, customers and groups. */
const destination: DestinationDefinition<Settings> = {
  name: 'Voucherify (Actions)',
  slug: 'voucherify-actions',
  mode: 'cloud',
  description: 'Sends customers, custom events, groups and audiences from Segment to Voucherify.',
  authentication,
  presets,
  actions: { addCustomEvent, assignCustomerToGroup, upsertCustomer },
  onDelete: eraseCustomer
}

export default destination
