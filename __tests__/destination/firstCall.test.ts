/**
 * The first call of a process, before any settings were checked: settings that are not there are refused by name. It has
 * a file of its own, since each file starts with the modules as a new process does.
 */
import { IntegrationError } from '@segment/actions-core'
import type { Settings } from '../../src/generated-types'
import { buildTestRequest } from '../../src/utils'
import { failureOf } from './__helpers__/helpers'

describe('the first call of a process', () => {
  const environment = process.env.NODE_ENV
  beforeEach(() => delete process.env.NODE_ENV)
  afterEach(() => {
    process.env.NODE_ENV = environment
  })

  it('without settings and without NODE_ENV names the setting that is missing', async () => {
    // A host without the framework checks no settings.
    const none = {} as Settings
    expect(await failureOf(() => buildTestRequest(none))).toMatchObject({
      type: IntegrationError,
      status: 400,
      message: expect.stringMatching(/^The setting "Custom Voucherify URL" is empty\./)
    })
  })
})
