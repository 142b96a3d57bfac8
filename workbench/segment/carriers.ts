import { isJsonObject } from '../shared/json'
import type { Exchange } from './recorder'

/** The request that carried one call of a batch. */
export interface Carrier {
  exchange: Exchange
  /** The part of its body that is this call's: a list of one row of a bulk request, or the whole body. */
  body: unknown
  /** How many calls of the batch the request carried. */
  shared: number
}

/** One call of a batch, as far as its request is found by it. */
interface Member {
  sourceId: string
  /** Refused before anything was sent for it. */
  isRefused: boolean
}

/**
 * Finds the request that carried each call of a batch, in its place; undefined for calls that never left. A customer
 * goes as a row of a bulk request or, where that was refused, in single requests, one for each call and in order.
 */
export function findCarriers(exchanges: Exchange[], members: Member[]): (Carrier | undefined)[] {
  const bulks = new Map<string, Carrier>()
  const singles = new Map<string, Carrier[]>()
  for (const exchange of exchanges) {
    if (Array.isArray(exchange.body)) {
      for (const row of exchange.body) bulks.set(sourceIdOf(row), { exchange, body: [row], shared: 1 })
    } else {
      const id = sourceIdOf(exchange.body)
      const carrier = { exchange, body: exchange.body, shared: 1 }
      singles.set(id, [...(singles.get(id) ?? []), carrier])
    }
  }

  const carriers = members.map(({ sourceId, isRefused }) => {
    if (isRefused) return undefined
    const own = singles.get(sourceId)
    return own ? own.shift() : bulks.get(sourceId)
  })
  const counts = new Map<Exchange, number>()
  for (const carrier of carriers) {
    if (carrier) counts.set(carrier.exchange, (counts.get(carrier.exchange) ?? 0) + 1)
  }
  return carriers.map((carrier) => carrier && { ...carrier, shared: counts.get(carrier.exchange) ?? 1 })
}

function sourceIdOf(value: unknown): string {
  return isJsonObject(value) ? String(value.source_id) : ''
}
