import type { Hono } from 'hono'

/** The files of the page by their path, with the value of their Content-Type. */
export type PageFiles = ReadonlyMap<string, { type: string; body: Buffer }>

/** The page needs nothing but its own files, and nobody may show it inside another page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'"
].join('; ')

/** Serves the page's files under a strict Content-Security-Policy. */
export function addPageRoutes(app: Hono, files: PageFiles = new Map()): void {
  for (const [path, { type, body }] of files) {
    app.get(path, (context) =>
      context.body(new Uint8Array(body), 200, {
        'Content-Type': type,
        'Content-Security-Policy': POLICY,
        'Referrer-Policy': 'no-referrer'
      })
    )
  }
}
