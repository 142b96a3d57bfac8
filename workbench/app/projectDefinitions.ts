import type { Settings } from '../../src/generated-types'
import { connectApi } from '../segment/destination'
import { VOUCHERIFY_API_VERSION } from '../../src/versioning-info'
import { readDefinitions } from '../shared/definitions'
import type { Definitions } from '../shared/types'

const TIMEOUT_MS = 10_000

/**
 * Asks a project once what it defines of its metadata. It may fail: then nobody knows, and the workbench says so.
 *
 * @returns the definitions, or why there are none, in a sentence without keys
 */
export async function readProjectDefinitions(settings: Settings): Promise<Definitions | string> {
  const { api, id, secret } = connectApi(settings)
  try {
    const response = await fetch(`${api}/${VOUCHERIFY_API_VERSION}/metadata-schemas`, {
      headers: { 'X-App-Id': id, 'X-App-Token': secret },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
    if (response.ok) return readDefinitions(await response.json())
    return `The project's metadata definitions can't be read (Voucherify answered ${response.status}), so no warning can name what is not defined.`
  } catch {
    return "The project's metadata definitions can't be read (no answer that could be understood), so no warning can name what is not defined."
  }
}
