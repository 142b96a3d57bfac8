/** JSON as people write and read it: where it is broken, and how its lines look. */
import type { JSONValue } from '@segment/actions-core'

/** Where a text stops being JSON. Lines and columns count from 1, the offset from 0. */
export interface JsonError {
  line: number
  column: number
  offset: number
  /** One sentence. */
  message: string
}

/** Parses a text, or says where and why it is no JSON, in the same words in every browser. */
export function parseJson(text: string): { value: JSONValue; error: null } | { error: JsonError } {
  try {
    return { value: JSON.parse(text), error: null }
  } catch {
    const { offset, message } = findFault(text)
    const before = text.slice(0, offset).split('\n')
    return { error: { line: before.length, column: (before.at(-1) ?? '').length + 1, offset, message } }
  }
}

/** The first place at which a text breaks the grammar of JSON. */
class Fault extends Error {
  constructor(message: string, readonly offset: number) {
    super(message)
  }
}

function findFault(text: string): { offset: number; message: string } {
  let at = 0
  const fail = (message: string, offset = at): never => {
    throw new Fault(message, offset)
  }
  const skipSpace = () => {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at += 1
  }
  const string = (what: string) => {
    const start = at
    if (text[at] === "'") fail(`${what} needs double quotes, not single ones.`)
    if (text[at] !== '"') fail(`${what} in double quotes is missing here.`)
    for (at += 1; text[at] !== '"'; at += 1) {
      const character = text[at]
      if (character === undefined || character === '\n')
        fail('The text that starts here is not closed with a quote.', start)
      if (character < ' ') fail('This character must be written as an escape, such as \\t.')
      if (character === '\\' && !/^\\(["\\/bfnrt]|u[\dA-Fa-f]{4})/.test(text.slice(at, at + 6))) {
        fail('This escape is not known in JSON; a backslash is written as \\\\.')
      }
      if (character === '\\') at += 1
    }
    at += 1
  }
  const list = (close: string, item: () => void) => {
    const start = at
    at += 1
    skipSpace()
    if (text[at] === close) return void (at += 1)
    for (;;) {
      item()
      skipSpace()
      if (text[at] === close) return void (at += 1)
      if (at >= text.length) fail(`The ${close === '}' ? 'brace' : 'bracket'} that opens here is not closed.`, start)
      if (text[at] !== ',') fail(`A comma or ${close} is missing before this.`)
      const comma = at
      at += 1
      skipSpace()
      if (text[at] === close) fail(`This comma has nothing after it; remove it.`, comma)
    }
  }
  const pair = () => {
    string('A name')
    skipSpace()
    if (text[at] !== ':') fail('A colon is missing between this name and its value.')
    at += 1
    value()
  }
  const value = () => {
    skipSpace()
    const character = text[at]
    if (character === undefined) fail('The text ends where a value is expected.')
    if (character === '{') return list('}', pair)
    if (character === '[') return list(']', value)
    if (character === '"' || character === "'") return string('A text')
    const word = /^[^\s,:{}[\]"]+/.exec(text.slice(at))?.[0] ?? ''
    if (!word) fail('A value is missing here.')
    if (!/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/.test(word)) {
      fail('This is no value of JSON: a text needs double quotes.')
    }
    at += word.length
  }
  try {
    value()
    skipSpace()
    if (at < text.length) fail('Nothing may follow the end of the value.')
  } catch (error) {
    if (error instanceof Fault) return error
    return { offset: at, message: 'The values are nested too deeply.' }
  }
  return { offset: at, message: 'This is no JSON.' }
}

/** One line of printed JSON. */
export interface JsonLine {
  depth: number
  /** The name in quotes with its colon, or nothing. */
  name: string
  /** A bracket or the value as JSON writes it. */
  token: string
  kind: 'bracket' | 'text' | 'other'
  /** The comma, where one follows. */
  end: string
}

/** Deeper values stand in one line, since nobody can read them by their indent. */
const MAX_DEPTH = 60

/** Characters that turn the direction of writing, and with it the quotes and commas after them. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A value as JSON, with what would turn the line written as escapes. */
const write = (value: JSONValue) =>
  JSON.stringify(value).replace(TURNING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A value as the lines of its indented JSON. */
export function toLines(value: JSONValue, depth = 0, name = '', end = '', lines: JsonLine[] = []): JsonLine[] {
  const print = (token: string, kind: JsonLine['kind'], label = name, tail = end) =>
    lines.push({ depth, name: label, token, kind, end: tail })
  if (value === null || typeof value !== 'object' || depth >= MAX_DEPTH) {
    print(write(value), typeof value === 'string' ? 'text' : 'other')
    return lines
  }
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const entries = Array.isArray(value)
    ? value.map((item): [string, JSONValue] => ['', item])
    : Object.entries(value).map(([key, item]): [string, JSONValue] => [`${write(key)}: `, item])
  if (!entries.length) {
    print(open + close, 'bracket')
    return lines
  }
  print(open, 'bracket', name, '')
  entries.forEach(([label, item], index) =>
    toLines(item, depth + 1, label, index < entries.length - 1 ? ',' : '', lines)
  )
  print(close, 'bracket', '')
  return lines
}
