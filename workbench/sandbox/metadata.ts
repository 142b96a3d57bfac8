import type { JSONObject, JSONValue } from '@segment/actions-core'
import { createMetadataJudge, fits, nameType, typeOf } from '../shared/definitions'
import type { Definition, Definitions, MetadataOwner } from '../shared/types'
import { invalidPayload } from './errors'

/** Most keys of each owner whose types are noted, and the longest that is. */
const MAX_SEEN = 1_000
const MAX_SEEN_LENGTH = 200
/** Most keys that Voucherify lets a project define for customers or for events. */
const MAX_DEFINED = 100
const OWNERS: readonly MetadataOwner[] = ['customer', 'event']
const NOTHING: Definitions = { customer: null, event: null }

/** What metadata is kept of what comes, by what the project defines. */
export interface MetadataRules {
  /** What stays of metadata that came through the gateway: the rest is left out without an error. */
  atGateway(owner: MetadataOwner, metadata: Metadata): Metadata
  /**
   * What stays of metadata that came by the API: a key that is not defined is kept as text, or refused where only
   * defined ones are allowed.
   *
   * @param at where the metadata stands in the body, such as `.metadata`
   * @throws Refusal 400 that names the key
   */
  atApi(owner: MetadataOwner, metadata: Metadata, at: string): Metadata
  definitions(): Definitions
  define(definitions: Definitions): void
  /** The keys that came so far, the most frequent first, each with the type that it mostly had: ready to be defined. */
  seen(): Definitions
  /** The definitions as `GET /v1/metadata-schemas` gives them. */
  schemas(): JSONObject[]
  /** Goes on from keys that came before a restart, each counted once. */
  restoreSeen(definitions: Definitions): void
  /** Forgets the keys that came; the definitions stay. */
  clear(): void
}

type Metadata = JSONObject | null | undefined

/** Makes rules without any definition, which keep everything but the lists and objects of events. */
export function createMetadataRules(now: () => number): MetadataRules {
  let definitions = NOTHING
  let judge = createMetadataJudge(definitions)
  let definedAt = now()
  const seen = { customer: new Map<string, Map<string, SeenType>>(), event: new Map<string, Map<string, SeenType>>() }

  const note = (owner: MetadataOwner, metadata: JSONObject) => {
    for (const [key, value] of Object.entries(metadata)) {
      if (value !== null) noteType(seen[owner], key, typeOf(value))
    }
  }

  const toApiValue = (owner: MetadataOwner, key: string, value: JSONValue, at: string): JSONValue => {
    const definition = judge.definitionOf(owner, key)
    if (value === null || (definition && fits(value, definition))) return value
    if (definition) throw invalidPayload(`Property ${at}.${key} should be of the type ${nameType(definition)}`)
    if (definitions.definedOnly?.includes(owner)) {
      throw invalidPayload(
        `Property ${at}.${key} is not defined in the metadata schema, which allows only defined keys`
      )
    }
    return typeof value === 'string' ? value : JSON.stringify(value)
  }

  const clear = () => OWNERS.forEach((owner) => seen[owner].clear())

  return {
    atGateway(owner, metadata) {
      if (!metadata) return metadata
      note(owner, metadata)
      const lost = new Set(judge.lost(owner, metadata).map(({ key }) => key))
      if (!lost.size) return metadata
      const kept = Object.entries(metadata).filter(([key]) => !lost.has(key))
      return kept.length ? Object.fromEntries(kept) : undefined
    },
    atApi(owner, metadata, at) {
      if (!metadata) return metadata
      note(owner, metadata)
      if (judge.isIgnorant) return metadata
      return Object.fromEntries(
        Object.entries(metadata).map(([key, value]) => [key, toApiValue(owner, key, value, at)])
      )
    },
    definitions: () => definitions,
    define(defined) {
      definitions = defined
      judge = createMetadataJudge(defined)
      definedAt = now()
    },
    seen: () => ({ customer: mostSeen(seen.customer), event: mostSeen(seen.event) }),
    schemas: () => OWNERS.map((owner) => toSchema(owner, definitions, definedAt)),
    restoreSeen(definitions) {
      clear()
      for (const owner of OWNERS) definitions[owner]?.forEach(({ name, ...type }) => noteType(seen[owner], name, type))
    },
    clear
  }
}

interface SeenType extends Pick<Definition, 'type' | 'array'> {
  times: number
}

function noteType(
  seen: Map<string, Map<string, SeenType>>,
  key: string,
  type: Pick<Definition, 'type' | 'array'>
): void {
  const types = seen.get(key) ?? new Map<string, SeenType>()
  if (!seen.has(key)) {
    if (seen.size >= MAX_SEEN || key.length > MAX_SEEN_LENGTH) return
    seen.set(key, types)
  }
  const name = nameType(type)
  const known = types.get(name)
  if (known) known.times += 1
  else types.set(name, { ...type, times: 1 })
}

function mostSeen(seen: Map<string, Map<string, SeenType>>): Definition[] {
  return Array.from(seen, ([name, types]) => {
    const [{ type, array }] = Array.from(types.values()).sort((a, b) => b.times - a.times)
    const times = Array.from(types.values()).reduce((sum, each) => sum + each.times, 0)
    return { times, definition: { name, type, array } }
  })
    .sort((a, b) => b.times - a.times)
    .slice(0, MAX_DEFINED)
    .map(({ definition }) => definition)
}

function toSchema(owner: MetadataOwner, definitions: Definitions, definedAt: number): JSONObject {
  const properties = (definitions[owner] ?? []).map(({ name, type, array }) => [
    name,
    { type, array, optional: true, deleted: false }
  ])
  const at = new Date(definedAt).toISOString()
  return {
    id: `ms_sandbox_${owner}`,
    related_object: owner,
    properties: Object.fromEntries(properties) as JSONObject,
    allow_defined_only: definitions.definedOnly?.includes(owner) ?? false,
    created_at: at,
    updated_at: at,
    object: 'metadata_schema'
  }
}
