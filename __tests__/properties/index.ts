import { birthdateProperties } from './birthdate'
import { customUrlProperties } from './customUrl'
import { deliveryProperties } from './delivery'
import { Gateway } from './gateway'
import type { Property, World } from './property'

export type { Property, World }

/** Everything that holds for every input: `npm test` tries some, `npm run fuzz` many. */
export const properties: Property[] = [...deliveryProperties, ...customUrlProperties, ...birthdateProperties]

/** Starts the servers that the properties send to. */
export async function openWorld(): Promise<World & { close(): Promise<void> }> {
  const gateway = await Gateway.open()
  return { gateway, close: () => gateway.close() }
}
