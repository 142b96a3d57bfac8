/**
 * Lets a server on this machine stand in for Voucherify. The destination sends to https hosts of voucherify.io and
 * nowhere else; where the setting names a loopback address, this turns its requests there, below its own request client.
 */
import mapValues from 'lodash/mapValues'
import type { ActionDefinition, DestinationDefinition, RequestClient, RequestOptions } from '@segment/actions-core'

interface Settings {
  customURL: string
}

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/
const VOUCHERIFY = /^https:\/\/([a-z\d-]+\.)*voucherify\.io(?=\/)/
const REGION = 'https://segmentio.voucherify.io'

/** The definition, with requests that go to the address in `customURL` where that is one of this machine. */
export function standIn<S extends Settings>(definition: DestinationDefinition<S>): DestinationDefinition<S> {
  const { authentication, onDelete, actions } = definition
  const test = authentication?.testAuthentication
  return {
    ...definition,
    authentication: authentication && { ...authentication, testAuthentication: test && turned(test) },
    onDelete: onDelete && turned(onDelete),
    actions: Object.fromEntries(Object.entries(actions).map(([key, action]) => [key, turnedAction(action)]))
  }
}

const BULK = /\/customers\/bulk\/async$/

/**
 * The definition, to which no answer names its bulk job: it would ask a second later what became of it, which is too
 * long where hundreds of batches are sent and the job is not the subject. What is recorded of the answer keeps the name.
 */
export function withoutQuestions<S>(definition: DestinationDefinition<S>): DestinationDefinition<S> {
  const { upsertCustomer } = definition.actions
  const performBatch: ActionDefinition<S>['performBatch'] = (request, data) => {
    const forgetting = async <Answer>(url: string, options?: RequestOptions) => {
      const answer = await request<Answer>(url, options)
      return BULK.test(url) ? Object.assign(answer, { data: {} }) : answer
    }
    return upsertCustomer.performBatch?.(forgetting as RequestClient, data)
  }
  return { ...definition, actions: { ...definition.actions, upsertCustomer: { ...upsertCustomer, performBatch } } }
}

function turnedAction<S extends Settings>(action: ActionDefinition<S>): ActionDefinition<S> {
  const { perform, performBatch, dynamicFields } = action
  return {
    ...action,
    perform: turned(perform),
    performBatch: performBatch && turned(performBatch),
    // The framework's type of what hangs below a field depends on the payload; all of it is asked in the same way.
    dynamicFields: mapValues(dynamicFields, (keys) => mapValues(keys, turned)) as object
  }
}

/** Something of a definition that makes requests. */
type Step<Data, Result> = (request: RequestClient, data: Data) => Result

function turned<S extends Settings, Data extends { settings: S }, Result>(
  step: Step<Data, Result>
): Step<Data, Result> {
  return (request, data) => {
    const address = data.settings.customURL
    if (!LOOPBACK.test(address)) return step(request, data)
    const turn = <Answer>(url: string, options?: RequestOptions) =>
      request<Answer>(url.replace(VOUCHERIFY, address.replace(/\/$/, '')), options)
    return step(turn, { ...data, settings: { ...data.settings, customURL: REGION } })
  }
}
