import type { JSONObject } from '@segment/actions-core'
import { isJsonObject } from '../shared/json'
import type { Mappings } from '../segment/mappings'
import { Refusal } from '../shared/refusal'
import type { Mapping } from '../shared/types'

/**
 * The mappings that a preview tries: all as they are, or one preset as if it were switched on, with changes that are
 * not saved. Changes are not checked here, since the preview shows what the framework says of them.
 *
 * @param changes what a PreviewRequest holds beside the event
 * @throws Refusal 400, or 404 for a preset that neither exists nor names its action
 */
export function previewMappings(mappings: Mappings, changes: JSONObject): readonly Mapping[] {
  const { preset, action, trigger, mapping } = changes
  if (preset === undefined) return mappings.list()
  if (typeof preset !== 'string') throw new Refusal(400, '"preset" must be a text.')
  if (trigger !== undefined && typeof trigger !== 'string') throw new Refusal(400, '"trigger" must be a text.')
  if (mapping !== undefined && !isJsonObject(mapping)) throw new Refusal(400, '"mapping" must be an object.')
  if (action !== undefined && typeof action !== 'string') throw new Refusal(400, '"action" must be a text.')
  const base = mappings.get(preset) ?? (action === undefined ? undefined : mappings.draft(preset, action))
  if (!base) throw new Refusal(404, `There is no mapping "${preset}". To try a new one, name its action.`)
  return [
    mappings.changed(base, { enabled: true, ...(trigger !== undefined && { trigger }), ...(mapping && { mapping }) })
  ]
}
