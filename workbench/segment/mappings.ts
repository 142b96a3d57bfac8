import { defaultValues } from '@segment/actions-core'
import type { ActionDefinition, DestinationDefinition, InputField, JSONObject, JSONValue } from '@segment/actions-core'
import isEqual from 'lodash/isEqual'
import omit from 'lodash/omit'
import type { Settings } from '../../src/generated-types'
import { isJsonObject } from '../shared/json'
import {
  requireBatchSettings,
  requireKnownFields,
  requirePlaces,
  requireRequiredFields,
  requireTrigger,
  requireWorkingDirectives
} from './mappingChecks'
import { Refusal } from '../shared/refusal'
import { triggerWarnings } from './triggerWarnings'
import type { FieldInfo, Mapping, MappingChange, MappingList } from '../shared/types'

/** Most mappings that one destination can have. Source: Segment's catalog page of the destination. */
export const MAX_MAPPINGS = 50
const MAX_NAME_LENGTH = 100
/** Longest mapping, in characters of JSON. */
const MAX_MAPPING_LENGTH = 32_768

/** The mappings of this workbench. What it returns is never changed later: a change puts new objects in their place. */
export interface Mappings {
  list(): readonly Mapping[]
  get(preset: string): Mapping | undefined
  /** A new mapping with the defaults of an action, not saved. Throws Refusal 422 for an action that does not exist. */
  draft(preset: string, action: string): Mapping
  /**
   * A mapping with changes, not saved and not checked. Its fields are replaced whole, unless the change names none of
   * the required ones: then it changes only the fields that it names.
   */
  changed(base: Mapping, change: MappingChange): Mapping
  describe(): MappingList
  /**
   * Changes or adds a mapping.
   *
   * @throws Refusal 422 with the reason, in the framework's words where it has some
   */
  put(preset: string, change: JSONObject): Promise<Mapping>
  /**
   * Puts mappings in the place of all that there are; see MappingSet.
   *
   * @param set a MappingSet or a list of MappingFiles
   * @throws Refusal 422 that names the mapping; then nothing has changed
   */
  putAll(set: unknown): Promise<void>
  /** Puts a preset back to its defaults, or removes a mapping that was added. Throws Refusal 404. */
  reset(preset: string): void
  resetAll(): void
}

/** Starts with the presets of the definition, each switched on. */
export function createMappings(definition: DestinationDefinition<Settings>): Mappings {
  const presets = presetMappings(definition)
  let mappings: readonly Mapping[] = presets

  const get = (preset: string) => mappings.find((mapping) => mapping.preset === preset)

  /** Where a change starts from: the mapping as it is, or a new one with the action's defaults. */
  function baseFor(preset: string, actionKey: string | undefined): Mapping {
    const current = get(preset)
    if (current) {
      if (actionKey !== undefined && actionKey !== current.action) {
        throw otherAction(current)
      }
      return current
    }
    if (actionKey === undefined) throw unprocessable(`There is no mapping "${preset}". To add it, name its action.`)
    requireName(preset)
    if (mappings.length >= MAX_MAPPINGS) {
      throw unprocessable(`There are ${MAX_MAPPINGS} mappings already, and Segment allows no more for one destination.`)
    }
    return draft(preset, actionKey)
  }

  function draft(preset: string, actionKey: string): Mapping {
    const { defaultSubscription = '', fields } = actionOf(definition, actionKey)
    return {
      preset,
      action: actionKey,
      enabled: true,
      trigger: defaultSubscription,
      mapping: defaultValues(fields),
      changed: false,
      isPreset: false,
      warnings: []
    }
  }

  function changed(base: Mapping, change: MappingChange): Mapping {
    const { fields } = actionOf(definition, base.action)
    const isWhole = Object.keys(change.mapping ?? {}).some((key) => fields[key]?.required === true)
    const mapping = change.mapping && (isWhole ? change.mapping : { ...base.mapping, ...change.mapping })
    const warnings = change.trigger === undefined ? base.warnings : triggerWarnings(change.trigger)
    return { ...base, ...change, mapping: mapping ?? base.mapping, warnings }
  }

  /** A mapping as it is kept: with what is said of it. */
  function finished(mapping: Mapping): Mapping {
    const own = presets.find(({ preset }) => preset === mapping.preset)
    const changed = own !== undefined && !(isEqual(own.mapping, mapping.mapping) && own.trigger === mapping.trigger)
    return { ...mapping, changed }
  }

  /** Reads a mapping of a set. It starts from the defaults, whatever there is now. */
  async function readFile(file: unknown): Promise<Mapping> {
    if (!isJsonObject(file) || typeof file.preset !== 'string') {
      throw unprocessable('it must be an object with the name of the mapping as "preset".')
    }
    const { preset } = file
    const { action, ...changes } = readChange(file, preset)
    const own = presets.find((mapping) => mapping.preset === preset)
    if (own && action !== undefined && action !== own.action) throw otherAction(own)
    if (!own && action === undefined) throw unprocessable('it needs the key of its action as "action".')
    if (!own) requireName(preset)
    const mapping = changed(own ?? draft(preset, action ?? ''), changes)
    await checkMapping(actionOf(definition, mapping.action), mapping)
    return finished(mapping)
  }

  function save(next: Mapping): void {
    const exists = get(next.preset) !== undefined
    mappings = exists
      ? mappings.map((mapping) => (mapping.preset === next.preset ? next : mapping))
      : [...mappings, next]
  }

  return {
    list: () => mappings,
    get,
    draft,
    changed,
    describe: () => ({
      mappings: [...mappings],
      limit: MAX_MAPPINGS,
      defaults: presets.map(({ preset, action, trigger, enabled, mapping }) => ({
        preset,
        action,
        trigger,
        enabled,
        mapping
      })),
      actions: describeActions(definition)
    }),
    async put(preset, change) {
      const { action, ...changes } = readChange(change, preset)
      const tried = changed(baseFor(preset, action), changes)
      await checkMapping(actionOf(definition, tried.action), tried)
      // Another change may have come meanwhile, so the base is read again.
      const saved = finished(changed(baseFor(preset, action), changes))
      save(saved)
      return saved
    },
    async putAll(set) {
      const files = Array.isArray(set) ? set : isJsonObject(set) ? set.mappings : undefined
      if (!Array.isArray(files)) throw unprocessable('Send { "mappings": [ … ] }, as GET /api/mappings gives it.')
      const read: Mapping[] = []
      for (const [index, file] of files.entries()) {
        try {
          read.push(await readFile(file))
        } catch (error) {
          throw error instanceof Refusal ? unprocessable(`mappings[${index}]: ${error.message}`) : error
        }
      }
      const named = new Map(read.map((mapping) => [mapping.preset, mapping]))
      if (named.size < read.length) throw unprocessable('Two of the mappings have the same name.')
      const kept = presets.map((own) => named.get(own.preset) ?? own)
      const all = [...kept, ...read.filter(({ isPreset }) => !isPreset)]
      if (all.length > MAX_MAPPINGS) {
        throw unprocessable(`With the presets these are ${all.length} mappings; Segment allows ${MAX_MAPPINGS}.`)
      }
      mappings = all
    },
    reset(preset) {
      if (!get(preset)) throw new Refusal(404, `There is no mapping "${preset}".`)
      const own = presets.find((mapping) => mapping.preset === preset)
      if (own) save(own)
      else mappings = mappings.filter((mapping) => mapping.preset !== preset)
    },
    resetAll() {
      mappings = presets
    }
  }
}

/**
 * Checks a trigger and a mapping for an action, as far as that can be done without a call.
 *
 * @throws Refusal 422
 */
async function checkMapping(
  action: ActionDefinition<Settings>,
  { trigger, mapping }: Pick<Mapping, 'trigger' | 'mapping'>
): Promise<void> {
  await requireTrigger(trigger)
  if (JSON.stringify(mapping).length > MAX_MAPPING_LENGTH) {
    throw unprocessable(`The mapping is longer than ${MAX_MAPPING_LENGTH} characters.`)
  }
  requireKnownFields(action, mapping)
  requirePlaces(mapping)
  requireBatchSettings(mapping)
  requireWorkingDirectives(mapping)
  requireRequiredFields(action, mapping)
}

function presetMappings({ presets = [] }: DestinationDefinition<Settings>): Mapping[] {
  return presets.flatMap((preset) =>
    preset.type === 'automatic'
      ? {
          preset: preset.name ?? preset.partnerAction,
          action: preset.partnerAction,
          enabled: true,
          trigger: preset.subscribe,
          mapping: preset.mapping ?? {},
          changed: false,
          isPreset: true,
          warnings: []
        }
      : []
  )
}

/** The definition's action of that key. Throws Refusal 422 that lists the keys. */
export function actionOf(definition: DestinationDefinition<Settings>, key: string): ActionDefinition<Settings> {
  const action = Object.entries(definition.actions).find(([name]) => name === key)?.[1]
  if (action) return action
  throw unprocessable(`There is no action "${key}". Take one of ${Object.keys(definition.actions).join(', ')}.`)
}

/** What GET says of a mapping beside what PUT changes; it may stay in a file. */
const SAID_OF_MAPPINGS = ['changed', 'isPreset', 'warnings']

/** Reads what PUT sent, with nothing in it but what a change may hold. */
function readChange(body: JSONObject, name: string): MappingChange {
  const { preset, mapping, enabled, trigger, action, ...others } = body
  const unknown = omit(others, SAID_OF_MAPPINGS)
  if (preset !== undefined && preset !== name)
    throw unprocessable(`This is the mapping "${name}", and "preset" says another name.`)
  const [stranger] = Object.keys(unknown)
  if (stranger !== undefined)
    throw unprocessable(`A change has no "${stranger}", only mapping, enabled, trigger and action.`)
  if (mapping !== undefined && !isJsonObject(mapping)) throw unprocessable('"mapping" must be an object.')
  if (enabled !== undefined && typeof enabled !== 'boolean') throw unprocessable('"enabled" must be true or false.')
  if (trigger !== undefined && typeof trigger !== 'string') throw unprocessable('"trigger" must be a text.')
  if (action !== undefined && typeof action !== 'string') throw unprocessable('"action" must be a text.')
  return {
    ...(mapping !== undefined && { mapping }),
    ...(enabled !== undefined && { enabled }),
    ...(trigger !== undefined && { trigger }),
    ...(action !== undefined && { action })
  }
}

function describeActions(definition: DestinationDefinition<Settings>): MappingList['actions'] {
  return Object.entries(definition.actions).map(([key, action]) => ({
    key,
    title: action.title,
    fields: describeFields(action.fields)
  }))
}

function describeFields(fields: Record<string, FieldLike>): FieldInfo[] {
  return Object.entries(fields).map(([key, field]) => ({
    key,
    label: field.label,
    description: field.description ?? '',
    type: field.type,
    required: field.required === true,
    hidden: field.unsafe_hidden === true,
    allowNull: field.allowNull === true,
    // Defaults are directives, which are JSON.
    default: (field.default ?? null) as JSONValue,
    properties: field.properties ? describeFields(field.properties) : null
  }))
}

/** Properties of a field may lack a description. */
type FieldLike = Omit<InputField, 'description'> & { description?: string }

/** A name stands as a key in files and programs, where these would be taken for something else. */
const RESERVED_NAMES = Object.getOwnPropertyNames(Object.prototype)

function requireName(preset: string): void {
  if (!preset.trim() || preset.length > MAX_NAME_LENGTH) {
    throw unprocessable(`A mapping needs a name of 1 to ${MAX_NAME_LENGTH} characters.`)
  }
  if (RESERVED_NAMES.includes(preset)) {
    throw unprocessable(`"${preset}" means something else to programs that read it as a key. Take another name.`)
  }
}

function otherAction({ preset, action }: Mapping): Refusal {
  return unprocessable(`"${preset}" is a mapping of the action ${action}. Add a new mapping for another action.`)
}

function unprocessable(message: string): Refusal {
  return new Refusal(422, message)
}
