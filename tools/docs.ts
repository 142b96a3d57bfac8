/**
 * Writes the tables of the docs from the code, between `<!-- docs:NAME -->` and `<!-- /docs:NAME -->`. With `--check` it
 * writes nothing and fails when a table is stale.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ActionDefinition, GlobalSetting, InputField, Preset } from '@segment/actions-core'
import isEqual from 'lodash/isEqual'
import isPlainObject from 'lodash/isPlainObject'
import destination from '../src'
import type { Settings } from '../src/generated-types'
import { root, writeOrCheck } from './project'
import type { GeneratedFiles } from './project'
import { sourceRegions } from './sourceDocs'
import { code, table } from './table'

type Field = InputField | NonNullable<InputField['properties']>[string]

/** A visible field, or one inside an object, with what its mapping holds at first. */
interface DocumentedField {
  key: string
  field: Field
  default: unknown
}

const settings = Object.values(destination.authentication?.fields ?? {})
const presets = destination.presets ?? []
const actions = Object.entries(destination.actions)

/** The text of each region. */
const REGIONS: Record<string, () => string> = {
  settings: () => table(['Setting', 'Type', 'Required', 'What it is'], settings.map(settingRow)),
  presets: () => table(['Preset', 'Trigger', 'Action', 'Mapping'], presets.map(presetRow)),
  actions: () => actions.map(([key, action]) => actionSection(key, action)).join('\n\n'),
  ...sourceRegions
}

/** The pages with tables, as they should read. */
export function documentedFiles(): GeneratedFiles {
  const files = ['docs/catalog.md', 'docs/source.md'].map((name) => join(root, name))
  return new Map(files.map((file) => [file, fillRegions(readFileSync(file, 'utf8'))]))
}

/**
 * Puts the current text into every region of a page.
 *
 * @throws Error for a region that has no text, or no end
 */
export function fillRegions(page: string): string {
  return page.replace(/<!-- docs:([\w-]+) -->[^]*?(?:<!-- \/docs:\1 -->|$)/g, (region, name: string) => {
    const text = REGIONS[name]
    if (!text) throw new Error(`No table is called ${name}; there are ${Object.keys(REGIONS).join(', ')}.`)
    const end = `<!-- /docs:${name} -->`
    if (!region.endsWith(end)) throw new Error(`The table ${name} has no end: add ${end}.`)
    return `<!-- docs:${name} -->\n\n${text()}\n\n${end}`
  })
}

function settingRow({ label, type, required, description }: GlobalSetting): string[] {
  return [label, type, yesOrNo(required), description]
}

function presetRow(preset: Preset): string[] {
  const { title, fields } = destination.actions[preset.partnerAction]
  const mapping = preset.type === 'automatic' ? preset.mapping ?? {} : {}
  const changes = Object.entries(mapping).filter(([key, value]) => !isEqual(value, fields[key].default))
  const words = ['the defaults', ...changes.map(([key, value]) => `${fields[key].label}: ${inWords(value)}`)]
  return [preset.name ?? '', triggerOf(preset), title, words.join('; ')]
}

function actionSection(key: string, action: ActionDefinition<Settings>): string {
  const { title, description, defaultSubscription = '', fields } = action
  const rows = documented(fields).map((entry) => [
    `${entry.field.label} \`${entry.key}\``,
    typeOf(entry.field),
    yesOrNo(entry.field.required),
    yesOrNo(entry.field.allowNull),
    inWords(entry.default),
    entry.field.description ?? ''
  ])
  return [
    `### ${title}`,
    `${description} It runs in the cloud. Its key is ${code(key)}, its default trigger ${code(defaultSubscription)}.`,
    table(['Field', 'Type', 'Required', 'Takes null', 'Default', 'What it is'], rows)
  ].join('\n\n')
}

/** The visible fields of an action, each followed by those inside it. */
function documented(fields: Record<string, InputField>): DocumentedField[] {
  return Object.entries(fields)
    .filter(([, field]) => !field.unsafe_hidden)
    .flatMap(([key, field]) => {
      const inner = Object.entries(field.properties ?? {}).map(([name, property]) => ({
        key: `${key}.${name}`,
        field: property,
        default: isPlainObject(field.default) ? (field.default as Record<string, unknown>)[name] : undefined
      }))
      return [{ key, field, default: inner.length ? undefined : field.default }, ...inner]
    })
}

/** A mapping's value as a person would say it. */
function inWords(value: unknown): string {
  if (value === undefined) return ''
  if (!isDirective(value)) return code(String(value))
  if (value['@path'] !== undefined) return code(value['@path'])
  if (value['@template'] !== undefined) return code(value['@template'])
  const { then, else: otherwise } = value['@if'] ?? {}
  return `${inWords(then)}, else ${inWords(otherwise)}`
}

interface Directive {
  '@path'?: string
  '@template'?: string
  '@if'?: { then?: unknown; else?: unknown }
}

function isDirective(value: unknown): value is Directive {
  return isPlainObject(value)
}

function typeOf({ type, properties }: Field): string {
  return type === 'object' && !properties ? 'object, free keys' : type
}

function triggerOf(preset: Preset): string {
  return preset.type === 'automatic' ? code(preset.subscribe) : ''
}

function yesOrNo(value: unknown): string {
  return value ? 'yes' : ''
}

if (require.main === module) writeOrCheck(documentedFiles(), 'docs')
