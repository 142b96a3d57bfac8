import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived. */
export interface Received {
  method: string
  /** Path and query as they stood on the wire. */
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface Answer {
  status: number
  headers: Record<string, string | string[]>
  body: string
}

/** Takes everything. It names no bulk job: the destination would ask a second later what became of it. */
const ACCEPTED: Answer = {
  status: 202,
  headers: { 'content-type': 'application/json' },
  body: '{"status":"queued"}'
}

/** A server on 127.0.0.1 in Voucherify's place: it keeps what arrives and answers what it is told. */
export class Gateway {
  answer = ACCEPTED
  private received: Received[] = []

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        this.received.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
        response.writeHead(this.answer.status, this.answer.headers).end(this.answer.body)
      })
    })
  }

  static async open(): Promise<Gateway> {
    const server = createServer()
    // A connection that this end gives up while the other reuses it is a network error, and no finding.
    server.keepAliveTimeout = 600_000
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Gateway(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** What arrived since the last time; the gateway forgets it and accepts everything again. */
  take(): Received[] {
    const received = this.received
    this.received = []
    this.answer = ACCEPTED
    return received
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }
}
