import { once } from 'events'
import type { AddressInfo } from 'net'
import type { SandboxCustomerHistory, SandboxState, Trouble } from '../shared/types'
import { apiRoutes } from './api'
import { createAsyncActions } from './asyncActions'
import { readCustomer } from './customer'
import { gatewayRoutes } from './gateway'
import { createLimits, planLimits } from './limits'
import type { LimitOptions } from './limits'
import { createReports } from './reports'
import { createRouter } from './routes'
import { createSandboxServer } from './server'
import { createStore } from './store'
import { createTroubles, isPlan } from './trouble'

const DEFAULT_BULK_DELAY_MS = 5

/** An Application ID and its Secret Key. */
export interface Keys {
  applicationId: string
  secretKey: string
}

/** The keys that the sandbox takes, and how it plays. */
export interface SandboxOptions extends Keys {
  /** More keys that are taken, such as those of another integration in the same project. */
  moreKeys?: Keys[]
  /** Milliseconds until accepted bulk rows are applied, 5 unless given. */
  bulkDelayMs?: number
  /** Limits to play; none unless given. A plan among the troubles takes their place. */
  limits?: LimitOptions
  /** Milliseconds since 1970; the machine's clock unless given. Limits, jobs and reports run on it. */
  now?: () => number
}

/** A server on this machine that plays Voucherify's Segment gateway and API, and holds in memory what it was sent. */
export interface Sandbox {
  /** Starts to listen on 127.0.0.1; 0 takes a free port. Rejects with Node's EADDRINUSE error when taken. */
  listen(port: number): Promise<void>
  /** Such as http://127.0.0.1:3001. Throws while the sandbox has not begun to listen. */
  readonly url: string
  /** Ends all connections, also those that wait for a slow answer, and forgets bulk rows that are still to be applied. */
  close(): Promise<void>
  /** The newest of each kind, at most `limit` (100 unless given), whose values contain `search`, and the totals of all. */
  state(query?: { search?: string; limit?: number }): SandboxState
  /** One customer with the last 50 changes; undefined when there is none. */
  customer(sourceId: string): SandboxCustomerHistory | undefined
  /** Empties everything it holds, the counts and the bulk rows that are still to be applied; troubles stay. */
  clear(): void
  readonly trouble: {
    list(): Trouble[]
    /** Throws a RangeError that says which value of the trouble can't be. */
    add(trouble: Trouble): void
    clear(): void
  }
  /** Calls the listener after each change of what it holds or of the troubles; returns the function that ends it. */
  onChange(listener: () => void): () => void
}

/** Makes a sandbox. It holds what it is sent also after it was closed, until it is emptied. */
export function createSandbox({
  applicationId,
  secretKey,
  moreKeys = [],
  bulkDelayMs = DEFAULT_BULK_DELAY_MS,
  limits: ownLimits = {},
  now = Date.now
}: SandboxOptions): Sandbox {
  const listeners = new Set<() => void>()
  const changed = () => listeners.forEach((listener) => listener())
  const store = createStore()
  const troubles = createTroubles()
  const limits = createLimits(ownLimits, now)
  const reports = createReports(now)
  const actions = createAsyncActions({
    delayMs: bulkDelayMs,
    now,
    apply: (row) => store.upsertCustomer(readCustomer(row, 'api'), 'bulk'),
    reports,
    addressOf: (path) => `${url}${path}`,
    onProgress: changed
  })
  const keys = [{ applicationId, secretKey }, ...moreKeys]
  const server = createSandboxServer({
    keys: new Map(keys.map((pair) => [pair.applicationId, pair.secretKey])),
    findRoute: createRouter([...gatewayRoutes(store), ...apiRoutes(store, actions, troubles), reports.route]),
    takeFromLimit: limits.take,
    takeTrouble: troubles.take,
    now,
    countCall: store.countCall,
    onCall: changed
  })
  let url = ''

  return {
    async listen(port) {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    get url() {
      if (!url) throw new Error('The sandbox has no address before it listens.')
      return url
    },
    async close() {
      actions.clear()
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    state: store.state,
    customer: store.customer,
    clear() {
      actions.clear()
      reports.clear()
      store.clear()
      changed()
    },
    trouble: {
      list: troubles.list,
      add(trouble) {
        troubles.add(trouble)
        if (isPlan(trouble)) limits.play(planLimits(trouble.kind, trouble.bulkPerHour))
        changed()
      },
      clear() {
        if (troubles.list().some(isPlan)) limits.play(ownLimits)
        troubles.clear()
        changed()
      }
    },
    onChange(listener) {
      // A listener of its own, so that one that was given twice is called twice and ended once.
      const own = () => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    }
  }
}
