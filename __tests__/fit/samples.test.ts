/** The samples that the exported tests carry are those of the workbench: what is changed in one place only is found. */
import omit from 'lodash/omit'
import pick from 'lodash/pick'
import { samples as inWorkbench } from '../../workbench/segment/samples'
import { samples } from '../destination/__helpers__/samples'

/** What no mapping reads. */
const LEFT_OFF = ['timestamp', 'originalTimestamp', 'sentAt', 'receivedAt', 'integrations', 'version', 'channel']
const KEPT_OF_CONTEXT = ['traits', 'personas']

describe('the samples of the exported tests', () => {
  it("are the workbench's, without what no mapping reads", () => {
    const expected = inWorkbench.map(({ label, event }) => {
      const context = pick(event.context, KEPT_OF_CONTEXT)
      const kept = omit(event, [...LEFT_OFF, 'context'])
      return { label, event: Object.keys(context).length ? { ...kept, context } : kept }
    })
    expect(samples).toHaveLength(25)
    expect(samples).toEqual(expected)
  })
})
