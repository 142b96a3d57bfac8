import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** A request that the workbench does not carry out. The message is the answer: what is wrong and what to do. */
export class Refusal extends Error {
  constructor(readonly status: ContentfulStatusCode, message: string, readonly headers: Record<string, string> = {}) {
    super(message)
    this.name = 'Refusal'
  }
}
