import type { JSONValue } from '@segment/actions-core'
import type { Hono } from 'hono'
import type { Sandbox } from '../sandbox'
import { nameType, readDefinitions, typeOf } from '../shared/definitions'
import { isJsonObject, readJsonObject } from '../shared/json'
import { Refusal } from '../shared/refusal'
import type { Definition, Definitions, DefinitionsInfo, Target } from '../shared/types'
import type { People } from './people'

/** Most keys that are listed of customers or of events, as many as a project defines. */
const MAX_KEYS = 100

export interface DefinitionParts {
  sandbox: Sandbox
  people: People
  mode: Target['mode']
  /** What deliveries are judged by. */
  definitions(): Definitions
  /** Why nobody knows what the real project defines; empty when it was read. */
  unread: string
}

/** What is defined of the metadata, and what came. */
export function addDefinitionRoutes(app: Hono, { sandbox, people, mode, definitions, unread }: DefinitionParts): void {
  const info = (): DefinitionsInfo => ({
    defined: definitions(),
    seen: mode === 'sandbox' ? sandbox.metadata.seenKeys() : seenBy(people),
    canDefine: mode === 'sandbox',
    unread
  })

  app.get('/api/definitions', (context) => context.json(info()))
  app.put('/api/definitions', async (context) => {
    if (mode === 'project') {
      throw new Refusal(
        409,
        'The metadata of a real project is defined in Voucherify, under Project settings, Metadata schema.'
      )
    }
    const body = await readJsonObject(context.req.raw)
    try {
      sandbox.metadata.define(readDefinitions(body))
    } catch (error) {
      throw error instanceof RangeError ? new Refusal(422, error.message) : error
    }
    return context.json(info())
  })
}

/** The metadata of the delivered calls, where no sandbox sees it. */
function seenBy(people: People): Definitions {
  const customer = createTally()
  const event = createTally()
  for (const { values, events } of people.list()) {
    for (const [key, value] of values) {
      const [, name] = /^metadata\.(.+)$/s.exec(key) ?? []
      if (name !== undefined) customer.add(name, value)
    }
    for (const { metadata } of events) {
      if (isJsonObject(metadata)) Object.entries(metadata).forEach(([name, value]) => event.add(name, value))
    }
  }
  return { customer: customer.list(), event: event.list() }
}

/** Counts the types of values by their key. */
function createTally() {
  const counts = new Map<string, { definition: Definition; times: number }>()
  return {
    add(name: string, value: JSONValue): void {
      if (value === null) return
      const definition = { name, ...typeOf(value) }
      const key = JSON.stringify([name, nameType(definition)])
      const known = counts.get(key) ?? { definition, times: 0 }
      counts.set(key, { definition, times: known.times + 1 })
    },
    list(): Definition[] {
      const sorted = Array.from(counts.values()).sort((a, b) => b.times - a.times)
      const byName = new Map<string, Definition>()
      for (const { definition } of sorted) if (!byName.has(definition.name)) byName.set(definition.name, definition)
      return Array.from(byName.values()).slice(0, MAX_KEYS)
    }
  }
}
