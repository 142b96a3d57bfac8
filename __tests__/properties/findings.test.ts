import { parse } from 'node:url'
import { Destination } from '@segment/actions-core'
import type { JSONObject, RequestClient, RequestOptions } from '@segment/actions-core'
import definition from '../../src'
import { resolveHosts } from '../../src/customUrl'
import { standIn } from '../../tools/standIn'
import { Gateway } from './gateway'

/** What the properties beside this file found, each as the smallest example. */
describe('found by properties', () => {
  describe('Custom Voucherify URL', () => {
    // Node's older parser, with which requests are sent, ends a host at these characters; URL takes them into it.
    it.each(["'", '"', '`', '{', '}', ';'])('refuses a host whose end another parser sees at %s', (character) => {
      const typed = `https://evil.com${character}.segmentio.voucherify.io`
      expect(parse(new URL(typed).toString()).hostname).toBe('evil.com')
      expect(() => resolveHosts(typed)).toThrow('The setting "Custom Voucherify URL"')
    })

    it.each(['segmentio.api', 'api.segmentio', 'us1.segmentio.segmentio'])(
      'refuses a host with both labels or one of them twice: %s',
      (labels) => {
        expect(() => resolveHosts(`https://${labels}.voucherify.io`)).toThrow('The setting "Custom Voucherify URL"')
      }
    )
  })

  describe('keys', () => {
    // The framework leaves out a header with this value, so the call would leave without a key.
    it.each(['apiKey', 'secretKey'])('refuses "undefined" as %s', async (setting) => {
      const keys = { apiKey: 'application-id', secretKey: 'secret-key', [setting]: ' undefined ' }
      const settings = { ...keys, customURL: 'https://us1.segmentio.voucherify.io' }
      const request = jest.fn()
      await expect(definition.authentication?.testAuthentication?.(request, { settings } as never)).rejects.toThrow(
        'is empty'
      )
      expect(request).not.toHaveBeenCalled()
    })
  })

  describe('a key named __proto__ in metadata', () => {
    let gateway: Gateway
    beforeAll(async () => {
      gateway = await Gateway.open()
    })
    afterAll(() => gateway.close())

    // JSON.parse makes it a key of the object; the framework's copy makes it the copy's prototype.
    const metadata = (json: string): JSONObject => JSON.parse(json) as JSONObject

    async function bodyOf(call: JSONObject): Promise<JSONObject> {
      const keys = { apiKey: 'application-id', secretKey: 'secret-key' }
      const settings = { ...keys, customURL: gateway.url, subscriptions: definition.presets }
      await new Destination(standIn(definition)).onEvent({ userId: 'user-1', ...call } as never, settings as never)
      return JSON.parse(gateway.take()[0].body) as JSONObject
    }

    it('does not leave empty metadata behind, which Voucherify might take for "clear everything"', async () => {
      const call = { type: 'track', event: 'Tried', properties: { metadata: metadata('{"__proto__":{}}') } }
      expect(await bodyOf(call)).not.toHaveProperty('metadata')
    })

    it('keeps the other metadata beside the trait of Engage', async () => {
      const traits = { vip: true, metadata: metadata('{"__proto__":{},"tier":"gold"}') }
      const context = { personas: { computation_class: 'audience', computation_key: 'vip' } }
      expect((await bodyOf({ type: 'identify', traits, context })).metadata).toEqual({ tier: 'gold', vip: true })
    })
  })

  describe('an object whose only values JSON leaves out', () => {
    it.each([[{ key: undefined }], [{ key: () => 'text' }]])('is no metadata: %p', async (metadata) => {
      expect(await eventBody({ ...EVENT, metadata })).toEqual(EVENT)
    })

    it('keeps what stands beside them, a blank text too', async () => {
      const metadata = { key: undefined, other: ' ' }
      expect(await eventBody({ ...EVENT, metadata })).toEqual({ ...EVENT, metadata: { other: ' ' } })
    })
  })
})

const EVENT = { customer: { source_id: 'user-1' }, event: 'Tried', type: 'track' }

/** What the action for events sends for a payload. */
async function eventBody(payload: object): Promise<unknown> {
  const bodies: unknown[] = []
  const request = ((_url: string, { json }: RequestOptions) => {
    bodies.push(json)
    return Promise.resolve({ status: 200, data: {}, content: '{}' })
  }) as unknown as RequestClient
  const settings = { apiKey: 'application-id', secretKey: 'secret-key', customURL: 'https://segmentio.voucherify.io' }
  await definition.actions.addCustomEvent.perform(request, { settings, payload } as never)
  return bodies[0]
}
