import voucherify from '../../src'
import type { Settings } from '../../src/generated-types'
import { readSettings } from '../../src/requests'
import { standIn } from '../../tools/standIn'

/** The destination, whose requests reach a server on this machine where its setting names one. */
export const destination = standIn(voucherify)

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/

/**
 * Checks settings by the destination's own rules, a stand-in on this machine beside them, and says where the API is.
 *
 * @throws the destination's error for a setting that can't be used
 */
export function connectApi(settings: Settings): { api: string; id: string; secret: string } {
  if (!LOOPBACK.test(settings.customURL)) return readSettings(settings)
  const { id, secret } = readSettings({ ...settings, customURL: 'https://segmentio.voucherify.io' })
  return { api: settings.customURL.replace(/\/$/, ''), id, secret }
}
