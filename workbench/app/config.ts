import type { Settings } from '../../src/generated-types'
import { buildTestRequest } from '../../src/utils'

/** What the environment says. */
export interface Config {
  /** 0 takes a free port. */
  port: number
  sandboxPort: number
  /** The real project that deliveries go to; undefined sends them to the sandbox. */
  project?: Settings
}

/** An environment that can't be used. The message is one sentence or two that say what to change. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}

/** The settings of the destination by the variables that hold them. */
const SETTINGS = {
  VOUCHERIFY_APPLICATION_ID: 'apiKey',
  VOUCHERIFY_SECRET_KEY: 'secretKey',
  VOUCHERIFY_CUSTOM_URL: 'customURL'
} as const

const DEFAULT_PORT = 3000
const MAX_PORT = 65_535

type Environment = Record<string, string | undefined>

/** Reads the configuration. Throws ConfigError, which never quotes a value. */
export function readConfig(environment: Environment): Config {
  const port = readPort(environment, 'PORT') ?? DEFAULT_PORT
  const sandboxPort = readPort(environment, 'SANDBOX_PORT') ?? (port === 0 ? 0 : port + 1)
  if (sandboxPort > MAX_PORT) throw new ConfigError('Set SANDBOX_PORT too: there is no port after this PORT.')
  if (port !== 0 && port === sandboxPort) throw new ConfigError('PORT and SANDBOX_PORT must not be the same.')
  const project = readProject(environment)
  if (!project && environment.NODE_ENV === 'production') {
    throw new ConfigError(
      'NODE_ENV is "production", where the destination refuses addresses on this machine, the sandbox among them. Unset it.'
    )
  }
  return { port, sandboxPort, project }
}

function readPort(environment: Environment, name: string): number | undefined {
  const text = environment[name]?.trim()
  if (!text) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT) return Number(text)
  throw new ConfigError(`${name} must be a port number from 0 to ${MAX_PORT}; 0 takes a free one.`)
}

function readProject(environment: Environment): Settings | undefined {
  const settings: Settings = { apiKey: '', secretKey: '', customURL: '' }
  const missing: string[] = []
  for (const [name, key] of Object.entries(SETTINGS)) {
    const value = environment[name]?.trim()
    if (value) settings[key] = value
    else missing.push(name)
  }
  if (missing.length === Object.keys(SETTINGS).length) return undefined
  if (missing.length) {
    throw new ConfigError(
      `${missing.join(' and ')} ${
        missing.length > 1 ? 'are' : 'is'
      } not set. To deliver to a real project set all of ` +
        `${Object.keys(SETTINGS).join(', ')}; to use the sandbox set none.`
    )
  }
  try {
    // The destination's own check of all three.
    buildTestRequest(settings)
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error))
  }
  return settings
}
