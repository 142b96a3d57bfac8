import type { AsyncActions } from './asyncActions'
import { parseJson } from './body'
import { invalidPayload, notFound } from './errors'
import type { Route } from './routes'
import type { Store } from './store'

/** The calls of Voucherify's API, version 1, that concern customers in bulk and their erasure. */
export function apiRoutes(store: Store, actions: AsyncActions): Route[] {
  return [
    {
      kind: 'bulk',
      method: 'POST',
      path: '/v1/customers/bulk/async',
      bucket: 'bulk',
      handle({ text }) {
        const rows = parseJson(text)
        if (!Array.isArray(rows)) throw invalidPayload('Property . should be an array')
        return { status: 202, body: { async_action_id: actions.accept(rows) } }
      }
    },
    {
      kind: 'async-actions',
      method: 'GET',
      path: '/v1/async-actions/:id',
      handle({ id }) {
        const action = actions.find(id)
        if (!action) throw notFound(`Cannot find async action with id ${id}`)
        return { status: 200, body: action }
      }
    },
    {
      kind: 'customers',
      method: 'GET',
      path: '/v1/customers/:id',
      handle({ id }) {
        const found = store.customer(id)
        if (!found) throw notFound(`Cannot find customer with id ${id}`)
        return { status: 200, body: found.customer }
      }
    },
    {
      kind: 'permanent-deletion',
      method: 'POST',
      path: '/v1/customers/:id/permanent-deletion',
      handle({ id }) {
        const counts = store.erase(id)
        if (!counts) throw notFound(`Cannot find customer with id ${id}`)
        // Which counters Voucherify gives is not documented; these are the sandbox's own.
        return { status: 200, body: { status: 'DONE', related_object_id: id, data_json: { customer: 1, ...counts } } }
      }
    }
  ]
}
