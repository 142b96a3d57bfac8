/**
 * Writes every `generated-types.ts` from the definition, as the generator of Segment's monorepo does, so that running
 * theirs changes nothing. With `--check` it writes nothing and fails when a file is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fieldsToJsonSchema } from '@segment/actions-core'
import type { MinimalInputField } from '@segment/actions-core'
import { compile } from 'json-schema-to-typescript'
import destination from '../src'

const root = join(__dirname, '..')
const style = { semi: false, singleQuote: true, printWidth: 120, trailingComma: 'none' } as const

type Schema = ReturnType<typeof fieldsToJsonSchema>

async function main(): Promise<void> {
  const check = process.argv.includes('--check')
  const stale: string[] = []
  for (const [file, text] of await generate()) {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    if (check) stale.push(relative(root, file))
    else writeFileSync(file, text)
  }
  if (!stale.length) return
  console.error(`Stale: ${stale.join(', ')}. Run "npm run generate" and commit the result.`)
  process.exitCode = 1
}

async function generate(): Promise<[string, string][]> {
  const src = join(root, 'src')
  const files: [string, string][] = [
    [join(src, 'generated-types.ts'), await typesOf(destination.authentication?.fields ?? {}, 'Settings')]
  ]
  for (const [key, action] of Object.entries(destination.actions)) {
    files.push([join(src, key, 'generated-types.ts'), await typesOf(action.fields, 'Payload')])
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

void main()
