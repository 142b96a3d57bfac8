import { once } from 'events'
import type { AddressInfo } from 'net'
import type { JSONValue } from '@segment/actions-core'
import type { Definitions, SandboxCustomerHistory, SandboxState, Trouble, WebhookDelivery } from '../shared/types'
import { createAsyncActions } from './asyncActions'
import { bulkRoutes } from './bulkApi'
import { readCustomer } from './customer'
import { customerRoutes } from './customersApi'
import { gatewayRoutes } from './gateway'
import { createLimits, planLimits } from './limits'
import type { LimitOptions } from './limits'
import { createMetadataRules } from './metadata'
import { createReports } from './reports'
import { createRouter } from './routes'
import { createSandboxServer } from './server'
import { readSnapshot, toSnapshot } from './snapshot'
import type { SandboxSnapshot } from './snapshot'
import { createStore } from './store'
import type { StoreLimits } from './store'
import { createTroubles, isPlan } from './trouble'
import { createWebhooks } from './webhooks'
import type { Schedule, SendWebhook, Tell, WebhookTarget } from './webhooks'

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
  /** How much it holds. What is not named has the limits of a workbench. */
  room?: Partial<StoreLimits>
  /** Milliseconds since 1970; the machine's clock unless given. Limits, jobs, reports and webhooks run on it. */
  now?: () => number
  /** What the project defines of its metadata; nothing unless given, and then everything is kept. */
  definitions?: Definitions
  /** Where webhooks go; nowhere unless given. */
  webhooks?: WebhookTarget
  /** How webhooks are sent, and sent again; over the network, and by timers, unless given. */
  sendWebhook?: SendWebhook
  schedule?: Schedule
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
  readonly metadata: {
    definitions(): Definitions
    /** From now on; what is held already stays. `readDefinitions` makes them of a file's or a call's content. */
    define(definitions: Definitions): void
    /** The keys that came so far, the most frequent first, with the type that each mostly had: a ready list to define. */
    seenKeys(): Definitions
  }
  /** `customer.created`, `.updated` and `.deleted` for what comes by gateway and API, but not in bulk, as documented. */
  readonly webhooks: {
    /** Sends them there from now on, or with null nowhere. Throws a RangeError that says what is wrong. */
    sendTo(target: WebhookTarget | null): void
    /** Where they go; undefined when nowhere. */
    target(): string | undefined
    /** The last ones and what became of them, the newest first. */
    list(): WebhookDelivery[]
  }
  /** What it holds, to be written down. Take it before `close`, which forgets the bulk rows that wait. */
  snapshot(): SandboxSnapshot
  /**
   * Holds what a snapshot held, in place of everything.
   *
   * @param snapshot as it was read back, checked here
   * @throws RangeError that says what of it can't be read; then nothing has changed
   */
  restore(snapshot: unknown): void
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
  room,
  now = Date.now,
  definitions,
  webhooks: webhookTarget,
  sendWebhook,
  schedule
}: SandboxOptions): Sandbox {
  const listeners = new Set<() => void>()
  const changed = () => listeners.forEach((listener) => listener())
  const store = createStore(room, now)
  const rules = createMetadataRules(now)
  const webhooks = createWebhooks({ now, onChange: changed, send: sendWebhook, schedule })
  const troubles = createTroubles()
  const limits = createLimits(ownLimits, now)
  const reports = createReports(now)
  // Bulk calls tell nobody, as documented.
  const applyRow = (row: JSONValue) => store.upsertCustomer(readCustomer(row, 'api', rules), 'bulk').what !== 'created'
  const tell: Tell = ({ what, held }, caller) => {
    if (what !== 'unchanged') webhooks.tell(`customer.${what}`, held, caller)
  }
  const actions = createAsyncActions({
    delayMs: bulkDelayMs,
    now,
    apply: applyRow,
    reports,
    addressOf: (path) => `${url}${path}`,
    onProgress: changed
  })
  const keys = [{ applicationId, secretKey }, ...moreKeys]
  const server = createSandboxServer({
    keys: new Map(keys.map((pair) => [pair.applicationId, pair.secretKey])),
    findRoute: createRouter([
      ...gatewayRoutes(store, rules, tell),
      ...bulkRoutes(actions, troubles, rules),
      ...customerRoutes(store, rules, tell, webhooks, now),
      reports.route
    ]),
    takeFromLimit: limits.take,
    takeTrouble: troubles.take,
    now,
    countCall: store.countCall,
    onCall: changed
  })
  let url = ''
  if (definitions) rules.define(definitions)
  if (webhookTarget) webhooks.sendTo(webhookTarget)

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
      webhooks.clear()
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
      rules.clear()
      webhooks.clear()
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
    metadata: {
      definitions: rules.definitions,
      define(defined) {
        rules.define(defined)
        changed()
      },
      seenKeys: rules.seen
    },
    webhooks: {
      sendTo(target) {
        webhooks.sendTo(target)
        changed()
      },
      target: webhooks.target,
      list: webhooks.list
    },
    snapshot: () =>
      toSnapshot({
        store: store.snapshot(),
        actions: actions.snapshot(),
        definitions: rules.definitions(),
        seen: rules.seen()
      }),
    restore(value) {
      const snapshot = readSnapshot(value)
      reports.clear()
      store.restore(snapshot.store)
      actions.restore(snapshot.actions)
      rules.define(snapshot.definitions)
      rules.restoreSeen(snapshot.seen)
      changed()
    },
    onChange(listener) {
      // A listener of its own, so that one that was given twice is called twice and ended once.
      const own = () => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    }
  }
}
