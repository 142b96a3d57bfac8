import type { AsyncActions } from './asyncActions'
import { parseJson, parseObject, requireObject } from './body'
import { invalidPayload, notFound } from './errors'
import type { Answer } from './errors'
import { readLimit, readTime } from './query'
import type { Route } from './routes'
import type { Store } from './store'
import type { Troubles } from './trouble'

/** The calls of Voucherify's API, version 1, that concern customers in bulk and their erasure. */
export function apiRoutes(store: Store, actions: AsyncActions, troubles: Troubles): Route[] {
  return [
    {
      kind: 'bulk',
      method: 'POST',
      path: '/v1/customers/bulk/async',
      bucket: 'bulk_api_calls',
      handle({ text }) {
        const rows = parseJson(text)
        if (!Array.isArray(rows)) throw invalidPayload('Property . should be an array')
        troubles.refuseBadRow(rows)
        return accepted(actions.accept('CUSTOMERS.BULK_UPDATE', rows, troubles.takeJob()))
      }
    },
    {
      kind: 'bulk-metadata',
      method: 'POST',
      path: '/v1/customers/metadata/async',
      bucket: 'bulk_api_calls',
      handle({ text }) {
        const { source_ids: sourceIds, metadata } = parseObject(text)
        if (!Array.isArray(sourceIds)) throw invalidPayload('Property .source_ids should be an array')
        requireObject(metadata, '.metadata')
        const rows = sourceIds.map((source_id) => ({ source_id, metadata }))
        return accepted(actions.accept('CUSTOMERS.METADATA_UPDATE', rows, troubles.takeJob()))
      }
    },
    {
      kind: 'async-actions',
      method: 'GET',
      path: '/v1/async-actions',
      bucket: 'api_calls',
      handle({ query }) {
        const { actions: found, hasMore } = actions.list(readTime(query, 'end_date') ?? Infinity, readLimit(query))
        return {
          status: 200,
          body: { object: 'list', data_ref: 'async_actions', async_actions: found, has_more: hasMore }
        }
      }
    },
    {
      kind: 'async-actions',
      method: 'GET',
      path: '/v1/async-actions/:id',
      bucket: 'api_calls',
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

function accepted(id: string): Answer {
  return { status: 202, body: { async_action_id: id } }
}
