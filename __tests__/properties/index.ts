import { createSandbox } from '../../workbench/sandbox'
import { answerProperties } from './answers'
import { birthdateProperties } from './birthdate'
import { customerProperties } from './customers'
import { customUrlProperties } from './customUrl'
import { deliveryProperties } from './delivery'
import { erasureProperties } from './erasure'
import { Gateway } from './gateway'
import { jobProperties } from './jobs'
import { SANDBOX_KEYS } from './property'
import type { Property, World } from './property'

export type { Property, World }

/** Everything that holds for every input: `npm test` tries some, `npm run fuzz` many. */
export const properties: Property[] = [
  ...deliveryProperties,
  ...customerProperties,
  ...jobProperties,
  ...answerProperties,
  ...customUrlProperties,
  ...erasureProperties,
  ...birthdateProperties
]

/** Starts the servers that the properties send to. */
export async function openWorld(): Promise<World & { close(): Promise<void> }> {
  const gateway = await Gateway.open()
  const { apiKey: applicationId, secretKey } = SANDBOX_KEYS
  const sandbox = createSandbox({ applicationId, secretKey, bulkDelayMs: 0 })
  await sandbox.listen(0)
  return {
    gateway,
    sandbox,
    async close() {
      await Promise.all([gateway.close(), sandbox.close()])
    }
  }
}
