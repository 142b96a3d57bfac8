import { captureGroupRequest } from './destination'
import type { Settings, Values } from './destination'
import { resolveHosts } from '../src/customUrl'
import { SANDBOX_KEYS } from '../workbench/sandbox/keys'
import { blocked, unusable } from './stop'

/** Where a run delivers to, and with which keys. The keys are in no file and no line. */
export interface Target {
  kind: 'voucherify' | 'sandbox'
  /** Origins. */
  api: string
  gateway: string
  /** Headers of the API's calls. */
  headers: Record<string, string>
  applicationId: string
  /** The body of a group call with the headers of the gateway. */
  groupHeaders(body: Values): Promise<Record<string, string>>
}

export type Environment = Record<string, string | undefined>

const VARIABLES = {
  apiKey: 'VOUCHERIFY_APPLICATION_ID',
  secretKey: 'VOUCHERIFY_SECRET_KEY',
  customURL: 'VOUCHERIFY_CUSTOM_URL'
} as const

/**
 * The project that the environment names; undefined when it names none.
 *
 * @throws Stop (2) for variables that are missing or can't be used; it never quotes a value
 */
export function readProject(environment: Environment): Target | undefined {
  const settings: Settings = { apiKey: '', secretKey: '', customURL: '' }
  const missing: string[] = []
  for (const [key, variable] of Object.entries(VARIABLES) as [keyof typeof VARIABLES, string][]) {
    settings[key] = environment[variable]?.trim() ?? ''
    if (!settings[key]) missing.push(variable)
  }
  if (missing.length === Object.keys(VARIABLES).length) return undefined
  if (missing.length) {
    throw unusable(
      `${missing.join(' and ')} ${
        missing.length > 1 ? 'are' : 'is'
      } not set. Set all three variables, or none for a rehearsal.`
    )
  }
  try {
    const hosts = resolveHosts(settings.customURL)
    return { kind: 'voucherify', ...hosts, ...keysOf(settings) }
  } catch (error) {
    throw unusable(error instanceof Error ? error.message : String(error))
  }
}

/** The project that the environment names. Throws Stop (2) when it names none. */
export function requireProject(environment: Environment): Target {
  const project = readProject(environment)
  if (project) return project
  throw unusable(
    `Set ${Object.values(VARIABLES).join(
      ', '
    )} to deliver to a project, or rehearse with --sandbox or --dry-run, which need no keys.`
  )
}

/** A sandbox on this machine. It takes keys of its own, so no real one is ever sent to it. */
export function sandboxAt(url: string): Target {
  const { applicationId, secretKey } = SANDBOX_KEYS
  const settings = { apiKey: applicationId, secretKey, customURL: 'https://segmentio.voucherify.io' }
  return { kind: 'sandbox', api: url, gateway: url, ...keysOf(settings) }
}

function keysOf(settings: Settings): Pick<Target, 'headers' | 'applicationId' | 'groupHeaders'> {
  const { apiKey, secretKey } = settings
  if (NOT_IN_HEADERS.test(apiKey + secretKey))
    throw blocked('The keys hold characters that no HTTP header can carry. Copy them again.')
  return {
    applicationId: apiKey,
    headers: { 'X-App-Id': apiKey, 'X-App-Token': secretKey },
    groupHeaders: async (body) => (await captureGroupRequest(body, settings)).headers
  }
}

/** Everything outside a header's field value: RFC 9110, section 5.5. */
const NOT_IN_HEADERS = /[^\t\x20-\x7e\x80-\xff]/
