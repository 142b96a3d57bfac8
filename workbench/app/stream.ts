import { Refusal } from '../shared/refusal'
import type { Delivery, Overview, StreamEvents, Trouble } from '../shared/types'

export interface StreamLimits {
  maxClients: number
  /** Most deliveries that wait for a client, and most characters of JSON in them; the oldest give way. */
  maxDeliveries: number
  maxLength: number
  /** Shortest time between two messages to a client, in milliseconds. */
  intervalMs: number
  /** Longest silence, in milliseconds, so that both sides notice a dead connection. */
  heartbeatMs: number
}

/** What the stream reads whenever it has something to say. */
export interface StreamSources {
  overview(): Overview
  trouble(): Trouble[]
}

/** Tells the open pages what happens, as server-sent events, a few times a second at most. */
export interface Stream {
  /** Answers with a stream of events. Throws Refusal 503 when too many pages are open. */
  connect(): Response
  deliver(delivery: Delivery, length: number): void
  /** The deliveries were emptied. */
  cleared(): void
  /** Something changed that the page reads again, or that comes along whole. */
  changed(what: 'mappings' | 'sandbox' | 'trouble'): void
  close(): void
}

interface Client {
  controller: ReadableStreamDefaultController<Uint8Array>
  deliveries: { delivery: Delivery; length: number }[]
  length: number
  signals: Set<'cleared' | 'mappings' | 'sandbox' | 'trouble'>
  lastOverview: string
  lastSentAt: number
}

/** How soon a page tries again after its connection broke, in milliseconds. */
const RETRY_MS = 1000

export function createStream(sources: StreamSources, limits: StreamLimits): Stream {
  const clients = new Set<Client>()
  const encoder = new TextEncoder()
  let timer: NodeJS.Timeout | undefined

  function remove(client: Client): void {
    clients.delete(client)
    if (clients.size) return
    clearInterval(timer)
    timer = undefined
  }

  function open(client: Client): void {
    clients.add(client)
    client.controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`))
    timer ??= setInterval(() => clients.forEach(tell), limits.intervalMs)
    tell(client)
  }

  /** Sends a client what waits for it, unless it has not yet taken what was sent before. */
  function tell(client: Client): void {
    if ((client.controller.desiredSize ?? 0) <= 0) return
    const now = performance.now()
    const text = pendingText(client, sources)
    if (!text && now - client.lastSentAt < limits.heartbeatMs) return
    client.lastSentAt = now
    client.controller.enqueue(encoder.encode(text || ': still here\n\n'))
  }

  return {
    connect() {
      if (clients.size >= limits.maxClients) {
        throw new Refusal(503, `${limits.maxClients} pages are open already. Close one of them.`)
      }
      let client: Client
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            client = {
              controller,
              deliveries: [],
              length: 0,
              signals: new Set(['trouble'] as const),
              lastOverview: '',
              lastSentAt: performance.now()
            }
            open(client)
          },
          cancel: () => remove(client)
        },
        // Room for the greeting and one message; the next waits until a client has taken it.
        { highWaterMark: 2 }
      )
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' } })
    },
    deliver(delivery, length) {
      for (const client of clients) {
        client.deliveries.push({ delivery, length })
        client.length += length
        while (
          client.deliveries.length > limits.maxDeliveries ||
          (client.length > limits.maxLength && client.deliveries.length > 1)
        ) {
          client.length -= client.deliveries.shift()?.length ?? 0
        }
      }
    },
    cleared() {
      for (const client of clients) {
        client.deliveries = []
        client.length = 0
        client.signals.add('cleared')
      }
    },
    changed(what) {
      for (const client of clients) client.signals.add(what)
    },
    close() {
      for (const client of clients) {
        client.controller.close()
        remove(client)
      }
    }
  }
}

/** Takes what waits for a client, as text of the stream; empty when nothing does. */
function pendingText(client: Client, sources: StreamSources): string {
  const { signals, deliveries } = client
  const parts: string[] = []
  if (signals.has('cleared')) parts.push(message('cleared', {}))
  if (deliveries.length)
    parts.push(
      message(
        'deliveries',
        deliveries.map(({ delivery }) => delivery)
      )
    )
  const overview = message('overview', sources.overview())
  if (overview !== client.lastOverview) parts.push(overview)
  if (signals.has('mappings')) parts.push(message('mappings', {}))
  if (signals.has('sandbox')) parts.push(message('sandbox', {}))
  if (signals.has('trouble')) parts.push(message('trouble', sources.trouble()))
  client.lastOverview = overview
  client.deliveries = []
  client.length = 0
  signals.clear()
  return parts.join('')
}

/** JSON has no line ends, so one line of data holds it. */
function message<Name extends keyof StreamEvents>(name: Name, data: StreamEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
