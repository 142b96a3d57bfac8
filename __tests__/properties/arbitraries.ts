import fc from 'fast-check'
import type { JSONObject, JSONValue } from '@segment/actions-core'

/** Texts that have broken parsers, templates, prototypes or lookups before. */
const NASTY_TEXTS = [
  ...['', ' ', '\t', '\n', '\u0000', '\u00a0', '\ufeff', '\u2028', '\ud800', '\udfff', '\u0130', 'e\u0301', '\u202e'],
  ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'toJSON', 'then', 'length'],
  ...['undefined', 'null', 'NaN', '-0', '1e999', '0x1f', 'true', '[object Object]', '.', '..', '*', '***', '%', '%00'],
  ...['$.userId', '$', '@path', '@template', '{{userId}}', '{{{', '{{}}', '{{constructor}}', '<script>', "' OR 1=1 --"],
  ...['2000-02-30', '20000229', '1700000000', '-86400000', 'Viewed  Page', 'Viewed  Screen', 'Viewed Page']
]

const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))

/** Any character but a lone half of one: what fast-check names binary, which takes it a second to prepare. */
export const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code))

/** Any text that a JSON value can hold, lone surrogates and control characters among it. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: anyCharacter, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: codeUnit, maxLength: 6 }) },
  { weight: 3, arbitrary: fc.constantFrom(...NASTY_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) }
)

/** Numbers as JSON has them: finite, without a negative zero. */
const anyNumber = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 1e21, 2 ** 53, 1e-7))
  .map((value) => value || 0)

const anyScalar: fc.Arbitrary<JSONValue> = fc.oneof(
  { weight: 4, arbitrary: anyText },
  { weight: 2, arbitrary: anyNumber },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) }
)

/** An object with any keys, `__proto__` as a key of its own among them, as `JSON.parse` gives it. */
function objectOf(value: fc.Arbitrary<JSONValue>, key: fc.Arbitrary<string> = anyText): fc.Arbitrary<JSONObject> {
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries): JSONObject => Object.fromEntries(entries))
}

function jsonOf(key: fc.Arbitrary<string>): { value: fc.Arbitrary<JSONValue>; object: fc.Arbitrary<JSONObject> } {
  return fc.letrec<{ value: JSONValue; object: JSONObject }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: anyScalar },
      { weight: 2, arbitrary: tie('object') },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) }
    ),
    object: objectOf(tie('value'), key)
  }))
}

const anyName = fc.oneof(
  { weight: 8, arbitrary: anyText },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor') }
)
const json = jsonOf(anyName)
export const anyJson = json.value
export const anyJsonObject = json.object

/** Metadata as it reaches our code: the framework's copy loses a key named `__proto__`. */
export const metadata = jsonOf(anyName.filter((name) => name !== '__proto__')).object

/** A value that is what the place expects, or any JSON, or nothing. */
const maybe = (expected: fc.Arbitrary<JSONValue>): fc.Arbitrary<JSONValue> =>
  fc.oneof({ weight: 24, arbitrary: expected }, { weight: 2, arbitrary: fc.constant(null) }, anyJson)

/** An object that has some of these keys. */
export function some(model: Record<string, fc.Arbitrary<JSONValue>>): fc.Arbitrary<JSONObject> {
  const entries = Object.entries(model).map(([key, value]) => fc.option(value.map((given) => [[key, given] as const])))
  return fc.tuple(...entries).map((given): JSONObject => Object.fromEntries(given.flatMap((entry) => entry ?? [])))
}

/** A date as people and systems write it, or nearly. */
export const nearlyDate: fc.Arbitrary<string> = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => {
    return date.toISOString().slice(0, 10).replace(/-/g, '')
  }),
  fc.integer({ min: 0, max: 99_999_999 }).map((digits) => String(digits).padStart(8, '0')),
  fc.integer({ min: -5_000_000_000, max: 5_000_000_000 }).map(String),
  fc.maxSafeInteger().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.stringMatching(/^[-+ ]?\d{1,17}([.,]\d{0,4})?[ Z]?$/),
  fc.stringMatching(/^\d{4}-?\d{2}-?\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})?)?$/),
  anyText
)

const address = some({
  street: maybe(anyText),
  city: maybe(anyText),
  state: maybe(anyText),
  postalCode: maybe(anyText),
  postal_code: maybe(anyText),
  country: maybe(anyText)
})

/** Keys that Engage computes and that metadata may hold as well. */
const computedKey = fc.oneof(fc.constantFrom('vip', 'score', 'email', '__proto__', 'constructor'), anyText)

const traits = fc
  .tuple(
    some({
      email: maybe(anyText),
      name: maybe(anyText),
      firstName: maybe(anyText),
      first_name: maybe(anyText),
      lastName: maybe(anyText),
      last_name: maybe(anyText),
      description: maybe(anyText),
      phone: maybe(anyText),
      birthday: maybe(nearlyDate),
      birthdate: maybe(nearlyDate),
      address: maybe(address),
      metadata: maybe(anyJsonObject)
    }),
    fc.array(fc.tuple(computedKey, anyJson), { maxLength: 2 })
  )
  .map(([known, computed]): JSONObject => Object.fromEntries([...Object.entries(known), ...computed]))

const properties = some({
  email: maybe(anyText),
  metadata: maybe(anyJsonObject),
  referral: maybe(some({ code: maybe(anyText), referrer_id: maybe(anyText), other: anyJson })),
  loyalty: maybe(some({ code: maybe(anyText), other: anyJson }))
})

const context = some({
  traits: maybe(some({ email: maybe(anyText) })),
  personas: maybe(
    some({
      computation_key: maybe(computedKey),
      computation_class: maybe(fc.constantFrom('audience', 'computed_trait', 'sql_trait'))
    })
  )
})

/** What a broken app sends as everybody's ID. */
export const NOBODY = ['undefined', 'null', 'NaN', 'Infinity', '-Infinity', '[object Object]']

/** The same few again and again, so that calls of one customer meet in a batch; now and then anything. */
const identifier: fc.Arbitrary<JSONValue> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('user-1', 'user-2', ' user-1 ') },
  { weight: 3, arbitrary: anyText },
  { weight: 1, arbitrary: fc.constantFrom(...NOBODY, ' null ', 'null-1', 'undefined undefined') },
  { weight: 1, arbitrary: anyJson }
)

/** A name of an event, now and then one about as long as Voucherify takes, in characters of one or two UTF-16 units. */
const eventName = fc.oneof(
  { weight: 8, arbitrary: anyText },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('e', '\u{1f389}'), fc.integer({ min: 298, max: 302 })).map(([one, length]) => {
      return one.repeat(length)
    })
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 310 }).map((length) => `Viewed${' '.repeat(length)}Page`) }
)

/** A call that has the shape of a Segment call, more or less. */
export const nearlyCall = (type: fc.Arbitrary<string>): fc.Arbitrary<JSONObject> =>
  fc
    .tuple(
      fc.record({ type, userId: identifier, groupId: identifier }, { noNullPrototype: true }),
      some({
        event: maybe(eventName),
        name: maybe(anyText),
        email: maybe(anyText),
        traits: maybe(traits),
        properties: maybe(properties),
        context: maybe(context)
      })
    )
    .map(([head, rest]): JSONObject => ({ ...rest, ...head }))

export const callType = fc.constantFrom('track', 'page', 'screen', 'identify', 'group')

const place = fc.oneof(
  fc.constantFrom('$.userId', '$.traits', '$.traits.email', '$.properties.metadata', '$.context', '$.', '$.event'),
  fc.constantFrom(
    '$.traits.address.city',
    '$.traits[0]',
    '$.__proto__',
    '$.toString.name',
    '$.userId.length',
    '$.nope'
  ),
  anyText.map((text) => `$.${text}`)
)

const path = place.map((text): JSONObject => ({ '@path': text }))

/** Every directive of the mapping kit, well formed or not. */
const directive: fc.Arbitrary<JSONObject> = fc.oneof(
  { weight: 4, arbitrary: path },
  fc.oneof(fc.constantFrom('{{userId}}', 'Viewed {{name}} Page', '{{{traits}}}'), anyText).map((text) => ({
    '@template': text
  })),
  some({ exists: fc.oneof(path, anyJson), then: fc.oneof(path, anyJson), else: fc.oneof(path, anyJson) }).map(
    (opts) => ({
      '@if': opts
    })
  ),
  some({ blank: path, then: anyJson, else: path }).map((opts) => ({ '@if': opts })),
  some({ operator: fc.constantFrom('lower', 'upper', 'x'), value: path }).map((opts) => ({ '@case': opts })),
  some({ pattern: anyText, replacement: anyText, value: path, global: anyJson }).map((opts) => ({ '@replace': opts })),
  fc.tuple(path, anyJsonObject).map((opts): JSONObject => ({ '@arrayPath': opts })),
  some({ separator: fc.constantFrom('.', '_', ''), value: path, omitArrays: anyJson }).map((opts) => ({
    '@flatten': opts
  })),
  some({ mode: fc.constantFrom('encode', 'decode', 'x'), value: fc.oneof(path, anyJson) }).map((opts) => ({
    '@json': opts
  })),
  some({
    direction: fc.constantFrom('left', 'right'),
    objects: fc.array(fc.oneof(path, anyJson), { maxLength: 3 })
  }).map((opts) => ({ '@merge': opts })),
  some({ apply: anyJsonObject, mapping: fc.oneof(path, anyJsonObject) }).map((opts) => ({ '@transform': opts })),
  fc.oneof(path, anyJson).map((value) => ({ '@excludeWhenNull': value })),
  fc.oneof(path, anyJson).map((value) => ({ '@literal': value })),
  fc.oneof(fc.constantFrom('{{ traits.email | upcase }}', '{% if userId %}x{% endif %}'), anyText).map((text) => ({
    '@liquid': text
  }))
)

const mappingValue = fc.oneof(
  { weight: 3, arbitrary: anyJson },
  { weight: 4, arbitrary: directive },
  objectOf(directive)
)

/** What is different from a preset's mapping: some fields, or all of it. */
export type MappingChange = { fields: JSONObject } | { instead: JSONValue }

/** Any JSON or directive at some of these fields of a mapping; now and then any JSON in place of the mapping. */
export function anyMappingChange(fields: string[]): fc.Arbitrary<MappingChange> {
  const key = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...fields) }, { weight: 1, arbitrary: anyText })
  return fc.oneof(
    { weight: 10, arbitrary: fc.constant({ fields: {} }) },
    { weight: 10, arbitrary: fc.tuple(key, mappingValue).map(([name, value]) => ({ fields: { [name]: value } })) },
    { weight: 3, arbitrary: fc.record({ fields: objectOf(mappingValue, key) }) },
    { weight: 1, arbitrary: fc.record({ instead: anyJson }) },
    { weight: 1, arbitrary: directive.map((root) => ({ fields: { __segment_internal_directive: root } })) }
  )
}

export function changeMapping(mapping: JSONObject, change: MappingChange): JSONValue {
  if ('instead' in change) return change.instead
  return Object.fromEntries([...Object.entries(mapping), ...Object.entries(change.fields)])
}

/** Characters that a header's value can hold: what a key may consist of. */
const headerCharacter = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...'0123456789abcdefABCDEFxyzXYZ-_') },
  { weight: 1, arbitrary: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) },
  { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)) }
)

/** A key long enough to be told from any other text; it may look like anything that a header can carry. */
export const plausibleKey: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 1, arbitrary: fc.uuid() },
    { weight: 2, arbitrary: fc.string({ unit: headerCharacter, minLength: 12, maxLength: 48 }) }
  )
  .filter((key) => key.trim().length >= 12)

/** What is typed as a key: a good one, or anything. */
export const anyKey: fc.Arbitrary<string> = fc.oneof({ weight: 24, arbitrary: plausibleKey }, anyText)
