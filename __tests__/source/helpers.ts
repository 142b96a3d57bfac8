import { webhookSamples } from '../../source/samples'
import type { Options } from '../../source/options'
import { ROWS } from '../../source/table'

/** What of a webhook the tests change. */
export interface Webhook {
  id: string
  project_id: string
  created_at: string
  type: string
  data: Record<string, any> // eslint-disable-line @typescript-eslint/no-explicit-any -- tests reach deep into samples
  source: Record<string, unknown>
  event: {
    id: string
    type: string
    created_at: string
    entity_id: string
    event_source: { api_key: { app_id: string } }
  }
}

/** A copy of a sample, to be changed at will. */
export function sample(label: string): Webhook {
  const found = webhookSamples.find((each) => each.label === label)
  if (!found) throw new Error(`There is no sample "${label}".`)
  return JSON.parse(JSON.stringify(found.webhook))
}

const offUntilNamed = Object.entries(ROWS).filter(([, { call, name, kinds }]) => call === 'track' && !name && !kinds)

/** Options under which every webhook that can become a call does. */
export const EVERYTHING: Options = {
  currency: 'EUR',
  customerUpdates: true,
  orders: true,
  events: {
    ...Object.fromEntries(offUntilNamed.map(([type]) => [type, `Named ${type}`])),
    'customer.redemption.succeeded': 'Named customer.redemption.succeeded',
    'customer.voucher.gift.balance_added': 'Named customer.voucher.gift.balance_added',
    'voucher.loyalty_card.transaction.created:POINTS_REDEMPTION': 'Named POINTS_REDEMPTION',
    'voucher.loyalty_card.transaction.created:POINTS_REFUND': 'Named POINTS_REFUND',
    'voucher.gift.transaction.created:CREDITS_REDEMPTION': 'Named CREDITS_REDEMPTION'
  }
}
