import { readFileSync } from 'fs'
import type { Settings } from '../../src/generated-types'
import type { Config } from './config'
import { ConfigError } from './config'
import { readDefinitions } from '../shared/definitions'
import { errorCode } from '../shared/errorCode'
import type { Definitions } from '../shared/types'
import type { PageFiles } from './pageRoutes'
import { createSandbox } from '../sandbox'
import { SANDBOX_KEYS } from '../sandbox/keys'
import { readProjectDefinitions } from './projectDefinitions'
import { Refusal } from '../shared/refusal'
import { openStorage } from './storage'
import { createWorkbench } from './server'
import { WEBHOOK_KEYS, WEBHOOK_PATH } from './source'
import { deliveryLine } from './terminal'

export { SANDBOX_KEYS }

/** How long the end waits for deliveries that are on their way, in milliseconds. */
const CLOSING_MS = 5000

export interface Running {
  workbenchUrl: string
  sandboxUrl: string
  /** Ends both servers. Resolves with how many calls were not delivered. */
  close(): Promise<number>
}

/**
 * Starts sandbox and workbench, and prints where they are and what is delivered.
 *
 * @throws ConfigError for a port that can't be had, and for definitions that can't be read
 */
export async function startWorkbench(
  { port, sandboxPort, host, allowed, retries, data, definitionsFile, project }: Config,
  { page, print }: { page?: PageFiles; print(line: string): void }
): Promise<Running> {
  const definitions = definitionsFile ? readDefinitionsFile(definitionsFile) : undefined
  const storage = data === undefined ? undefined : openStorage(data)
  const sandbox = createSandbox({ ...SANDBOX_KEYS, definitions })
  await listen(sandbox, sandboxPort, 'SANDBOX_PORT')
  const settings = project ?? sandboxSettings(sandbox.url)
  const defined = project && (await readProjectDefinitions(project))
  const workbench = createWorkbench({
    settings,
    mode: project ? 'project' : 'sandbox',
    sandbox,
    page,
    allowed,
    retries,
    storage,
    ...(typeof defined === 'object' && { definitions: () => defined }),
    ...(typeof defined === 'string' && { unreadDefinitions: defined }),
    onDelivery: (delivery) => print(deliveryLine(delivery))
  })
  try {
    await listen({ listen: (number) => workbench.listen(number, host) }, port, 'PORT')
  } catch (error) {
    await sandbox.close()
    throw unreadable(error, data)
  }
  sandbox.webhooks.sendTo({ url: `${workbench.url}${WEBHOOK_PATH}`, secret: WEBHOOK_KEYS.signatureKey })
  print(`Workbench  ${workbench.url}`)
  print(`Sandbox    ${sandbox.url}`)
  // A file says what holds now, whatever an earlier run left.
  if (definitions) sandbox.metadata.define(definitions)
  if (typeof defined === 'string') print(defined)
  if (data !== undefined) print(`Kept in    ${data}`)
  for (const line of [...targetLines(project), ...allowedLines(host, allowed)]) print(line)
  return {
    workbenchUrl: workbench.url,
    sandboxUrl: sandbox.url,
    async close() {
      const left = await workbench.close(CLOSING_MS)
      await sandbox.close()
      return left
    }
  }
}

/** What can't be restored is said in a sentence, with where it lies. */
function unreadable(error: unknown, data: string | undefined): unknown {
  const isOfData = data !== undefined && (error instanceof RangeError || error instanceof Refusal)
  return isOfData
    ? new ConfigError(`What lies in ${data} can't be taken: ${error.message} Move it away to begin anew.`)
    : error
}

/** The settings with which deliveries go to the embedded sandbox. */
export function sandboxSettings(url: string): Settings {
  return { apiKey: SANDBOX_KEYS.applicationId, secretKey: SANDBOX_KEYS.secretKey, customURL: url }
}

function readDefinitionsFile(path: string): Definitions {
  try {
    return readDefinitions(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    const reason = errorCode(error) === 'ENOENT' ? 'There is no such file.' : words
    throw new ConfigError(`WORKBENCH_DEFINITIONS can't be used. ${reason}`)
  }
}

function targetLines(project: Settings | undefined): string[] {
  if (!project) return ['Deliveries go to the sandbox; nothing leaves this machine. Press Ctrl+C to end.']
  return [
    '*** REAL PROJECT: every call is delivered to Voucherify with the keys of the environment. ***',
    `Deliveries go to ${project.customURL}. Press Ctrl+C to end.`
  ]
}

function allowedLines(host: string, { hosts, origins }: Config['allowed']): string[] {
  const names = [...hosts, ...origins]
  return names.length ? [`Listens on ${host}, and also lets in ${names.join(', ')}.`] : []
}

async function listen(server: { listen(port: number): Promise<void> }, port: number, variable: string): Promise<void> {
  try {
    await server.listen(port)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EADDRINUSE') {
      throw new ConfigError(
        `Port ${port} is in use. End what uses it, or set ${variable} to another port; 0 takes a free one.`
      )
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new ConfigError('HOST is no address of this machine. Set it to one, or to 0.0.0.0 for all.')
    if (code === 'EACCES')
      throw new ConfigError(`Port ${port} may not be used. Set ${variable} to a port from 1024 on.`)
    throw error
  }
}
