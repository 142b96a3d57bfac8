/** Reads values of unknown shape. Nothing here throws; what has another type than asked for counts as absent. */

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object, or one without fields. */
export function object(value: unknown): Fields {
  return isObject(value) ? value : {}
}

/** The value at a path of keys. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value
  )
}

/** The first of the values that is a text with more than blanks in it. */
export function text(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value.trim() !== '')
}

/** The first of the values that is a finite number. */
export function number(...values: unknown[]): number | undefined {
  return values.find((value): value is number => typeof value === 'number' && Number.isFinite(value))
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** The fields that have a value; null is one. */
export function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
