import { parse } from 'node:url'
import { resolveHosts } from '../../src/customUrl'

/** What the properties beside this file found, each as the smallest example. */
describe('found by properties', () => {
  describe('Custom Voucherify URL', () => {
    // Node's older parser, with which requests are sent, ends a host at these characters; URL takes them into it.
    it.each(["'", '"', '`', '{', '}', ';'])('refuses a host whose end another parser sees at %s', (character) => {
      const typed = `https://evil.com${character}.segmentio.voucherify.io`
      expect(parse(new URL(typed).toString()).hostname).toBe('evil.com')
      expect(() => resolveHosts(typed)).toThrow('The setting "Custom Voucherify URL"')
    })
  })
})
