/** Bytes that each value takes beside what it holds, as Node 20 was measured to lay it out. */
const OBJECT = 64
const ENTRY = 24
const TEXT = 24
const ITEM = 16
/** Characters that take two bytes each, and make all others of their text do so too. */
const WIDE = /[^\0-\xff]/

/**
 * Bytes of memory that a parsed JSON value takes: roughly, and rather too many. Its characters say little of it: `{}`
 * is 2 characters and 66 bytes. Walks without recursion, so that no depth of nesting ends it.
 */
export function costOf(value: unknown): number {
  const waiting: object[] = []
  let cost = 0
  const add = (item: unknown) => {
    if (typeof item === 'string') cost += TEXT + item.length * (WIDE.test(item) ? 2 : 1)
    else if (typeof item === 'object' && item !== null) waiting.push(item)
    else cost += ITEM
  }
  add(value)
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    cost += OBJECT
    if (Array.isArray(next)) {
      cost += ITEM * next.length
      next.forEach(add)
      continue
    }
    for (const key in next) {
      cost += ENTRY + key.length
      add(next[key as keyof typeof next])
    }
  }
  return cost
}
