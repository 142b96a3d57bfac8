import { once } from 'node:events'
import { readOptions, SETTINGS } from './options'
import { createReceiver } from './receiver'
import type { Receiver, ReceiverOptions } from './receiver'

type Environment = Readonly<Record<string, string | undefined>>

const ENDPOINTS: Readonly<Record<string, string>> = {
  us: 'https://api.segment.io',
  eu: 'https://events.eu1.segmentapis.com'
}

const DEFAULT_PORT = 3002
const MAX_PORT = 65_535

/** A problem that is said again within this time is only counted. In milliseconds. */
const QUIET_MS = 10_000

const USAGE = `Usage: voucherify-actions-destination receive

Takes Voucherify's webhooks and sends them to Segment as calls, until it is ended (SIGTERM, Ctrl+C).
All that it needs stands in the environment:

  WRITE_KEY           Write key of the Segment source. Required.
  REGION              us or eu, the region of the Segment workspace. us by default.
  SIGNATURE_KEY       Voucherify's secret key for webhook signatures (Project settings, Webhooks).
  SECRET              What the webhook's custom header x-webhook-secret must hold.
                      SIGNATURE_KEY, SECRET or both are required; with both, both must hold.
  PORT                Port to listen on; 0 takes a free one. ${DEFAULT_PORT} by default.
  HOST                Address to listen on. 127.0.0.1 by default; 0.0.0.0 for a container.
  CURRENCY, NAMES, EVENTS, CUSTOMER_UPDATES, ORDERS, OWN_APPLICATION_ID
                      How webhooks become calls; docs/source.md says what they do.
  ENDPOINT            Another address instead of Segment's, such as a workbench: http://127.0.0.1:3000.
`

/** An environment that can't be used. The message says what to change, and quotes no value. */
class ConfigError extends Error {}

/**
 * The command `receive`.
 *
 * @param argv the arguments after the command's name
 * @param env the environment; docs/source.md and `--help` say what it holds
 * @returns the exit code: 0 after an orderly end, 1 for a port that can't be had, 2 for a wrong configuration
 */
export async function main(argv: readonly string[], env: Environment): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(USAGE)
    return 0
  }
  try {
    if (argv.length) throw new ConfigError(`"receive" takes no arguments.\n\n${USAGE}`)
    const receiver = createReceiver({ ...readEnvironment(env), report: quietly((line) => console.error(line)) })
    return await run(receiver, readPort(env.PORT), env.HOST?.trim() || '127.0.0.1')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

async function run(receiver: Receiver, port: number, host: string): Promise<number> {
  try {
    console.log(`Voucherify's webhooks are taken at ${await receiver.listen(port, host)}.`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    process.stderr.write(`Port ${port} can't be had (${code}). Set PORT, or HOST, to another one.\n`)
    return 1
  }
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  // The second signal ends at once.
  process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1))
  console.log('Ending: what is held goes to Segment first.')
  await receiver.close()
  return 0
}

function readEnvironment(env: Environment): ReceiverOptions {
  const { options, problems } = readOptions(
    Object.fromEntries(SETTINGS.map(({ key }) => [key, env[variableOf(key)]?.trim()]))
  )
  const [problem] = problems
  if (problem)
    throw new ConfigError(
      SETTINGS.reduce((text, { key }) => text.replace(`setting ${key} `, `variable ${variableOf(key)} `), problem)
    )
  const secret = env.SECRET?.trim() || undefined
  const signatureKey = env.SIGNATURE_KEY?.trim() || undefined
  if (!secret && !signatureKey)
    throw new ConfigError(
      "Set SIGNATURE_KEY to Voucherify's secret key for webhooks, or SECRET to what the custom header x-webhook-secret " +
        'holds, or both. Without them anybody could send webhooks.'
    )
  const writeKey = env.WRITE_KEY?.trim()
  if (!writeKey) throw new ConfigError('Set WRITE_KEY to the write key of the Segment source.')
  return { options, secret, signatureKey, writeKey, endpoint: readEndpoint(env) }
}

/** The environment's variable for a setting: `customerUpdates` is CUSTOMER_UPDATES. */
export function variableOf(key: string): string {
  return key.replace(/[A-Z]/g, '_$&').toUpperCase()
}

function readEndpoint({ ENDPOINT, REGION }: Environment): string {
  if (!ENDPOINT?.trim()) {
    const region = REGION?.trim().toLowerCase() || 'us'
    if (Object.hasOwn(ENDPOINTS, region)) return ENDPOINTS[region]
    throw new ConfigError('REGION must be us or eu.')
  }
  const url = URL.canParse(ENDPOINT.trim()) ? new URL(ENDPOINT.trim()) : undefined
  const isHere = url && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url && !url.username && (url.protocol === 'https:' || (url.protocol === 'http:' && isHere)))
    return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '')
  throw new ConfigError('ENDPOINT must be an https address, or an http address on this machine.')
}

function readPort(text: string | undefined): number {
  if (!text?.trim()) return DEFAULT_PORT
  if (/^\d{1,5}$/.test(text.trim()) && Number(text) <= MAX_PORT) return Number(text)
  throw new ConfigError(`PORT must be a port number from 0 to ${MAX_PORT}; 0 takes a free one.`)
}

/** Says a problem once in a while, and how often it came up in between. */
function quietly(print: (line: string) => void): (problem: string) => void {
  const said = new Map<string, { at: number; more: number }>()
  return (problem) => {
    const last = said.get(problem)
    if (last && performance.now() - last.at < QUIET_MS) {
      last.more++
      return
    }
    said.set(problem, { at: performance.now(), more: 0 })
    print(last?.more ? `${problem} ${last.more} times more since it was last said.` : problem)
  }
}
