import { randomUUID } from 'crypto'

/** An ID such as `aa_0a875d56c805df6601`. */
export function newId(prefix: string): string {
  return `${prefix}_${randomHex(18)}`
}

/** An ID such as Voucherify gives each request. */
export function newRequestId(): string {
  return `v-${randomHex(18)}`
}

/** An ID such as `cust_nk0N1uNQ1YnupAoJGOgvsODC`. */
export function newCustomerId(): string {
  return `cust_${randomHex(24)}`
}

/** Node keeps random values for UUIDs in store, which makes them much cheaper than `randomBytes`. */
function randomHex(length: number): string {
  return randomUUID().replaceAll('-', '').slice(0, length)
}
