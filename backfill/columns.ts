import type { JSONObject, JSONValue } from '@segment/actions-core'
import { isObject } from './records'
import type { Schema } from './schema'
import { unusable } from './stop'

/**
 * Where a column goes in the identify call that a row is made into. Traits that the destination reads under two names
 * are set under both, so that a mapping finds them and a null passes.
 */
type Target =
  | { to: 'id' | 'timestamp' | 'line2' | 'merged' | 'nowhere' | 'metadata whole' }
  | { to: 'traits' | 'address'; keys: string[] }
  | { to: 'metadata'; key: string }

export interface Column {
  name: string
  /** What it becomes, in words for a table. */
  became: string
  target: Target
}

export interface ColumnOptions {
  columns: Record<string, string>
  emptyClears: boolean
  schema: Schema
}

/** The field's name in the destination, and in small letters without separators all names by which a column says it. */
const FIELDS: [field: string, target: Target, names: string[]][] = [
  ['source_id', { to: 'id' }, ['sourceid', 'userid']],
  ['name', traits('name'), ['name']],
  ['first_name', traits('firstName', 'first_name'), ['firstname']],
  ['last_name', traits('lastName', 'last_name'), ['lastname']],
  ['description', traits('description'), ['description']],
  ['email', traits('email'), ['email']],
  ['phone', traits('phone'), ['phone']],
  ['birthdate', traits('birthday', 'birthdate'), ['birthdate', 'birthday']],
  ['address.city', address('city'), ['addresscity']],
  ['address.state', address('state'), ['addressstate']],
  ['address.postal_code', address('postalCode', 'postal_code'), ['addresspostalcode']],
  ['address.street', address('street'), ['addressstreet', 'addressline1']],
  ['address.line_2', { to: 'line2' }, ['addressline2', 'line2', 'addressstreet2']],
  ['address.country', address('country'), ['addresscountry']],
  ['timestamp', { to: 'timestamp' }, ['timestamp']]
]
const BY_NAME = new Map(FIELDS.flatMap(([field, target, names]) => names.map((name) => [name, { field, target }])))

/** Segment's own ID of a profile: no ID of the customer, and the sign of an export of Profiles Sync. */
const CANONICAL_ID = 'canonicalsegmentid'
/** What Profiles Sync says of its own rows and not of the customer. */
const SYNC_COLUMNS = new Set([CANONICAL_ID, 'segmentid', 'seq', 'uuidts', 'receivedat', 'loadedat'])

function traits(...keys: string[]): Target {
  return { to: 'traits', keys }
}

function address(...keys: string[]): Target {
  return { to: 'address', keys }
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]/g, '')
}

/**
 * Says where each column of a file goes: as `--column` decides, else by its name, else to the metadata.
 *
 * @throws Stop (2) when none holds the ID, or two go to the same place
 */
export function readHeader(file: string, names: string[], options: ColumnOptions): Column[] {
  const isSync = names.some((name) => plain(name) === CANONICAL_ID)
  const columns = names.map((name) => readColumn(name.trim(), isSync, options))
  if (!columns.some(({ target }) => target.to === 'id')) {
    const id =
      names.find((name) => /id$|^id|number|code/i.test(plain(name)) && plain(name) !== CANONICAL_ID) ?? names[0]
    throw unusable(
      `${file} has no column for the source_id, which tells customers apart. Its columns are ${names
        .map((name) => `"${name}"`)
        .join(', ')}. Name the one that holds the ID, such as --column "${id}=source_id".`
    )
  }
  const places = new Map<string, string>()
  for (const { name, became, target } of columns) {
    if (target.to === 'nowhere' || target.to === 'merged') continue
    const other = places.get(became)
    if (other !== undefined) {
      throw unusable(
        other === name
          ? `${file} has the column "${name}" twice. Rename one in the file, or leave both out with --column "${name}=".`
          : `${file}: the columns "${other}" and "${name}" both become ${became}. Leave one out with --column "${name}=".`
      )
    }
    places.set(became, name)
  }
  return columns
}

function readColumn(name: string, isSync: boolean, { columns }: ColumnOptions): Column {
  const own = Object.hasOwn(columns, name) ? columns[name] : undefined
  if (own !== undefined) return { name, ...readTarget(name, own) }
  if (!name) return { name, became: 'left out: it has no name', target: { to: 'nowhere' } }
  if (isSync && plain(name) === 'mergedto')
    return { name, became: 'rows with it are left: merged', target: { to: 'merged' } }
  if (isSync && SYNC_COLUMNS.has(plain(name)))
    return { name, became: "left out: Segment's own", target: { to: 'nowhere' } }
  return { name, ...(findTarget(name) ?? toMetadata(name)) }
}

/** The place that a name says, with its path in the way of the destination or of a call. */
function findTarget(name: string): Omit<Column, 'name'> | undefined {
  const inMetadata = /^(?:traits\.)?metadata\.(.+)$/i.exec(name)
  if (inMetadata) return toMetadata(inMetadata[1])
  if (/^(traits\.)?metadata$/i.test(name)) return { became: 'metadata', target: { to: 'metadata whole' } }
  const inTraits = /^traits\.(.+)$/i.exec(name)
  const known = BY_NAME.get(plain(inTraits ? inTraits[1] : name))
  if (known) return { became: known.field, target: known.target }
  return inTraits ? { became: name, target: traits(inTraits[1]) } : undefined
}

function toMetadata(key: string): Omit<Column, 'name'> {
  return { became: `metadata.${key}`, target: { to: 'metadata', key } }
}

function readTarget(name: string, place: string): Omit<Column, 'name'> {
  if (!place) return { became: 'left out, as asked', target: { to: 'nowhere' } }
  const found = findTarget(place)
  if (found) return found
  throw unusable(
    `--column "${name}=${place}": there is no "${place}". A column goes to ${FIELDS.map(([field]) => field).join(
      ', '
    )}, ` + 'metadata.<key>, traits.<name>, or nowhere when nothing stands behind the equals sign.'
  )
}

/** The call of a row; undefined for one that Profiles Sync says was merged into another profile. */
export function toCall(
  columns: Column[],
  cells: readonly JSONValue[],
  { emptyClears, schema }: ColumnOptions
): { call: JSONObject; line2?: string | null } | undefined {
  const ofTraits: JSONObject = {}
  const ofMetadata: JSONObject = {}
  const ofAddress: JSONObject = {}
  const call: JSONObject = { type: 'identify', traits: ofTraits }
  let line2: string | null | undefined
  for (let index = 0; index < columns.length; index += 1) {
    const { target } = columns[index]
    const cell = cells[index]
    if (cell === undefined || target.to === 'nowhere') continue
    const isEmpty = cell === '' || cell === null
    if (isEmpty && (!emptyClears || target.to === 'merged' || target.to === 'timestamp')) continue
    const value = isEmpty ? null : cell
    switch (target.to) {
      case 'traits':
        for (const key of target.keys) ofTraits[key] = value
        break
      case 'address':
        for (const key of target.keys) ofAddress[key] = value
        ofTraits.address = ofAddress
        break
      case 'metadata':
        ofMetadata[target.key] = typeof value === 'string' ? schema.convert(target.key, value) : value
        ofTraits.metadata = ofMetadata
        break
      case 'metadata whole':
        Object.assign(ofMetadata, readObject(value))
        ofTraits.metadata = ofMetadata
        break
      case 'id':
        call.userId = value
        break
      case 'timestamp':
        call.timestamp = value
        break
      case 'line2':
        line2 = value === null ? null : String(value)
        break
      case 'merged':
        return undefined
    }
  }
  return { call, line2 }
}

/** Metadata that came in one cell: JSON, as warehouses write objects. */
function readObject(value: JSONValue): JSONObject {
  if (typeof value !== 'string') return isObject(value) ? value : {}
  try {
    const parsed: unknown = JSON.parse(value)
    return isObject(parsed) ? parsed : { metadata: value }
  } catch {
    return { metadata: value }
  }
}

/** A row of NDJSON as columns and cells: `address`, `metadata` and `traits` are opened, since their parts are columns. */
export function flatten(row: JSONObject): [name: string, value: JSONValue][] {
  return Object.entries(row).flatMap(([name, value]): [string, JSONValue][] =>
    isObject(value) && ['address', 'metadata', 'traits'].includes(name.toLowerCase())
      ? flattenInto(name, value)
      : [[name, value ?? null]]
  )
}

function flattenInto(name: string, values: JSONObject): [name: string, value: JSONValue][] {
  if (name.toLowerCase() === 'traits') return flatten(values)
  return Object.entries(values).map(([key, value]) => [`${name}.${key}`, value ?? null])
}
