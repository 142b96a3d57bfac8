/**
 * Writes every `generated-types.ts` from the definition, as the generator of Segment's monorepo does, so that running
 * theirs changes nothing. With `--check` it writes nothing and fails when a file is stale.
 */
import { join } from 'node:path'
import { fieldsToJsonSchema } from '@segment/actions-core'
import type { MinimalInputField } from '@segment/actions-core'
import { compile } from 'json-schema-to-typescript'
import destination from '../src'
import { root, style, writeOrCheck } from './project'
import type { GeneratedFiles } from './project'

type Schema = ReturnType<typeof fieldsToJsonSchema>

/** The types of the settings and of each action's payload, by the file that holds them. */
export async function generateTypes(): Promise<GeneratedFiles> {
  const src = join(root, 'src')
  const files: GeneratedFiles = new Map([
    [join(src, 'generated-types.ts'), await typesOf(destination.authentication?.fields ?? {}, 'Settings')]
  ])
  for (const [key, action] of Object.entries(destination.actions)) {
    files.set(join(src, key, 'generated-types.ts'), await typesOf(action.fields, 'Payload'))
  }
  return files
}

function typesOf(fields: Record<string, MinimalInputField>, name: string): Promise<string> {
  const schema = withoutTitles(fieldsToJsonSchema(fields, { tsType: true }))
  return compile(schema, name, { bannerComment: '// Generated file. DO NOT MODIFY IT BY HAND.', style })
}

/** Titles and enums would become types of their own. */
function withoutTitles({ title: _title, enum: _enum, ...schema }: Schema): Schema {
  if (schema.properties) {
    schema.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, property]) => [key, withoutTitles(property)])
    )
  }
  if (schema.items && !Array.isArray(schema.items)) schema.items = withoutTitles(schema.items)
  return schema
}

if (require.main === module) void generateTypes().then((files) => writeOrCheck(files, 'generate'))
