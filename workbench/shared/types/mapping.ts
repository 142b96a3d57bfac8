import type { JSONObject, JSONValue } from '@segment/actions-core'
import type { Warning } from './delivery'

/** A preset as a mapping of this workbench: what Segment calls a subscription. */
export interface Mapping {
  preset: string
  action: string
  enabled: boolean
  /** The trigger in Segment's query language, such as `type = "track"`. */
  trigger: string
  mapping: JSONObject
  /** Whether trigger or mapping differ from the preset's own. */
  changed: boolean
  /** False for mappings that were added beside the five presets. */
  isPreset: boolean
  /** What Segment reads otherwise than it looks. */
  warnings: Warning[]
}

/**
 * A mapping as a file: what GET /api/mappings/:preset gives beyond it may stay in it. `backfill --mapping` reads it too.
 */
export type MappingFile = Pick<Mapping, 'preset' | 'action' | 'trigger' | 'enabled' | 'mapping'>

/**
 * PUT /api/mappings/:preset. A name that does not exist yet needs `action` and creates a mapping. `mapping` takes the
 * place of the whole mapping, unless it names none of the required fields: then only the fields that it names change.
 * Takes a MappingFile too, and what GET gives; its `preset` must be the name in the address. Answers the Mapping, or
 * 422 with the reason.
 */
export interface MappingChange {
  mapping?: JSONObject
  enabled?: boolean
  trigger?: string
  action?: string
}

/** What the editor needs to know of an action's field. */
export interface FieldInfo {
  key: string
  label: string
  description: string
  type: string
  required: boolean
  hidden: boolean
  allowNull: boolean
  default: JSONValue
  properties: FieldInfo[] | null
}

/** GET /api/mappings. PUT takes it back. */
export interface MappingList {
  mappings: Mapping[]
  /** Most mappings that one destination can have on Segment. */
  limit: number
  /** The presets as they are without a change. */
  defaults: MappingFile[]
  actions: { key: string; title: string; fields: FieldInfo[] }[]
}

/**
 * PUT /api/mappings: takes the place of all mappings, or of none (422). Presets that it does not name go back to their
 * defaults, and added mappings that it does not name are removed. Takes what GET gives, or a list of files. Answers the
 * MappingList.
 */
export interface MappingSet {
  mappings: MappingFile[]
}
