import type { ActionDefinition } from '@segment/actions-core'
import type { Settings } from '../generated-types'
import { listMetadataKeys } from '../metadataKeys'
import { send } from '../requests'
import { upsertBatch } from './batch'
import { readCustomer, toGatewayBody } from './customer'
import { batchingFields, customerFields } from './fields'
import type { Payload } from './generated-types'

const action: ActionDefinition<Settings, Payload> = {
  title: 'Upsert Customer',
  description: 'Creates or updates the customer of an identify call in Voucherify.',
  defaultSubscription: 'type = "identify"',
  fields: { ...customerFields, ...batchingFields },
  // A cast, since the framework's type knows no keys of an object that takes null.
  dynamicFields: { metadata: { __keys__: listMetadataKeys } } as object,
  perform: async (request, { settings, payload }) =>
    send(request, settings, 'customer-processing', toGatewayBody(readCustomer(payload))),
  performBatch: upsertBatch
}

export default action
