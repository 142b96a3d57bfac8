import type { Settings } from '../../src/generated-types'
import type { Allowed } from './guard'
import { connectApi } from '../segment/destination'

/** What the environment says. */
export interface Config {
  /** 0 takes a free port. */
  port: number
  sandboxPort: number
  /** Address to listen on. */
  host: string
  /** Hosts and origins that are let in beside this machine's own. */
  allowed: Allowed
  /** Whether calls are tried again by themselves. */
  retries: boolean
  /** File of what the sandbox's project defines of its metadata; nothing is defined unless given. */
  definitionsFile?: string
  /** Folder in which all that is held outlives the workbench; undefined keeps it in memory alone. */
  data?: string
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

const LOOPBACK = '127.0.0.1'

type Environment = Record<string, string | undefined>

/** Reads the configuration. Throws ConfigError, which never quotes a value. */
export function readConfig(environment: Environment): Config {
  const port = readPort(environment, 'PORT') ?? DEFAULT_PORT
  const sandboxPort = readPort(environment, 'SANDBOX_PORT') ?? (port === 0 ? 0 : port + 1)
  if (sandboxPort > MAX_PORT) throw new ConfigError('Set SANDBOX_PORT too: there is no port after this PORT.')
  if (port !== 0 && port === sandboxPort) throw new ConfigError('PORT and SANDBOX_PORT must not be the same.')
  const project = readProject(environment)
  const allowed = readAllowed(environment)
  const isAllowing = allowed.hosts.length + allowed.origins.length > 0
  if (project && isAllowing) {
    throw new ConfigError(
      'WORKBENCH_ALLOW lets others in, who could write into your Voucherify project. Unset it, or use the sandbox.'
    )
  }
  // Some shells set HOST to the name of the machine, so by itself it means nothing.
  const host = (isAllowing && environment.HOST?.trim()) || LOOPBACK
  const definitionsFile = environment.WORKBENCH_DEFINITIONS?.trim()
  return {
    port,
    sandboxPort,
    host,
    allowed,
    retries: readSwitch(environment, 'WORKBENCH_RETRIES'),
    data: environment.WORKBENCH_DATA?.trim() || undefined,
    project,
    ...(definitionsFile && { definitionsFile })
  }
}

function readPort(environment: Environment, name: string): number | undefined {
  const text = environment[name]?.trim()
  if (!text) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT) return Number(text)
  throw new ConfigError(`${name} must be a port number from 0 to ${MAX_PORT}; 0 takes a free one.`)
}

/** A name or address without a port, or an origin. No pattern: each host is named on purpose. */
const ALLOWED_HOST = /^(\[[\da-f:.]+\]|[a-z\d]([a-z\d.-]*[a-z\d])?)$/
const ALLOWED_ORIGIN = /^https?:\/\/(\[[\da-f:.]+\]|[a-z\d]([a-z\d.-]*[a-z\d])?)(:\d{1,5})?$/

function readAllowed({ WORKBENCH_ALLOW: text = '' }: Environment): Allowed {
  const names = text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean)
  if (!names.every((name) => ALLOWED_HOST.test(name) || ALLOWED_ORIGIN.test(name))) {
    throw new ConfigError(
      'WORKBENCH_ALLOW takes hosts without a port and origins, with commas between, such as host.docker.internal,http://shop.test; no * and no path.'
    )
  }
  return {
    hosts: names.filter((name) => ALLOWED_HOST.test(name)),
    origins: names.filter((name) => ALLOWED_ORIGIN.test(name))
  }
}

/** On unless it says 0. */
function readSwitch(environment: Environment, name: string): boolean {
  const text = environment[name]?.trim()
  if (!text || text === '1') return true
  if (text === '0') return false
  throw new ConfigError(`${name} must be 0 or 1.`)
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
    connectApi(settings)
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error))
  }
  return settings
}
