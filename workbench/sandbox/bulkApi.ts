import type { AsyncActions } from './asyncActions'
import { parseJson, parseObject, requireObject } from './body'
import { invalidPayload, notFound } from './errors'
import type { Answer } from './errors'
import type { MetadataRules } from './metadata'
import { readLimit, readTime, requireKnown } from './query'
import type { Route } from './routes'
import type { Troubles } from './trouble'

/** The calls of Voucherify's API, version 1, that concern customers in bulk, the jobs that apply them, and metadata. */
export function bulkRoutes(actions: AsyncActions, troubles: Troubles, rules: MetadataRules): Route[] {
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
        requireKnown(query, ['limit', 'end_date'])
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
      kind: 'metadata-schemas',
      method: 'GET',
      path: '/v1/metadata-schemas',
      bucket: 'api_calls',
      handle() {
        const schemas = rules.schemas()
        return { status: 200, body: { object: 'list', data_ref: 'schemas', schemas, total: schemas.length } }
      }
    },
    {
      kind: 'metadata-schemas',
      method: 'GET',
      path: '/v1/metadata-schemas/:id',
      bucket: 'api_calls',
      handle({ id }) {
        const schema = rules.schemas().find((each) => each.related_object === id || each.id === id)
        if (!schema)
          throw notFound(`Cannot find metadata schema with id ${id}. The sandbox has those of customer and event`)
        return { status: 200, body: schema }
      }
    }
  ]
}

function accepted(id: string): Answer {
  return { status: 202, body: { async_action_id: id } }
}
