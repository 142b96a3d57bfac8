import assert from 'node:assert/strict'
import { Destination, PayloadValidationError } from '@segment/actions-core'
import fc from 'fast-check'
import definition from '../../src'
import { standIn } from '../../tools/standIn'
import { anyText } from './arbitraries'
import { endOf, property } from './property'
import type { Property } from './property'

const destination = new Destination(standIn(definition))

const misleading = fc.constantFrom(
  ...['..', '.', '../..', './a', '%2e%2e', '..%2f', '/', '//evil.com', 'a/b c@d.e?x=1', '?', '#', '\\', '%', '%zz'],
  ...['a;b', "a'b", 'a"b', '{a}', 'a\u0000b', '\ud800', 'ü', '😀', ' a ', 'a+b', 'a&b=c', 'cust_1:x', '|', '^', '`']
)

const escaped = property(
  'any text as a user ID erases exactly that customer or nobody',
  500,
  fc.oneof(
    { weight: 3, arbitrary: anyText },
    misleading,
    fc.tuple(misleading, anyText).map((parts) => parts.join(''))
  ),
  async (userId, { gateway }) => {
    const settings = { apiKey: 'application-id', secretKey: 'secret-key', customURL: gateway.url }
    const request = { type: 'delete', userId } as never
    const end = await endOf(Promise.resolve(destination.onDelete?.(request, settings as never)))
    const received = gateway.take()
    const id = userId.trim()
    if (!id) return assert.ok(end.ok && received.length === 0)
    if (!end.ok) {
      assert.ok(end.error instanceof PayloadValidationError, end.error.stack)
      assert.ok(['.', '..'].includes(id) || /\p{Surrogate}/u.test(id), `${JSON.stringify(id)} could have been erased`)
      return assert.equal(received.length, 0)
    }
    assert.equal(received.length, 1)
    const segments = /^\/v1\/customers\/([^/?#]+)\/permanent-deletion$/.exec(received[0].path)
    assert.ok(segments, `the request went to ${received[0].path}`)
    assert.equal(decodeURIComponent(segments[1]), id)
    assert.deepEqual([received[0].method, received[0].body], ['POST', ''])
  }
)

export const erasureProperties: Property[] = [escaped]
