/**
 * The first call of a process, before any settings were checked: settings that are not there are refused by name. It has
 * a file of its own, since each file starts with the modules as a new process does.
 */
import { IntegrationError } from '@segment/actions-core'
import definition from '../../src/index'
import { failureOf, requestsOf } from './__helpers__/helpers'

describe('the first call of a process', () => {
  it('without settings names the setting that is missing', async () => {
    // A host without the framework checks no settings.
    const none: object = {}
    const { perform } = definition.actions.upsertCustomer
    const sent = requestsOf((request) => perform(request, { settings: none as never, payload: { source_id: 'u' } }))
    expect(await failureOf(sent)).toMatchObject({
      type: IntegrationError,
      status: 400,
      message: expect.stringMatching(/^The setting "Custom Voucherify URL" is empty\./)
    })
  })
})
