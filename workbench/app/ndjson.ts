/** How many lines are written at once. */
const LINES = 100

/** Answers with a file of one JSON value a line, written as fast as its reader takes it. */
export function ndjson(name: string, values: readonly unknown[]): Response {
  const encoder = new TextEncoder()
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const lines = values.slice(at, (at += LINES)).map((value) => `${JSON.stringify(value)}\n`)
      if (lines.length) controller.enqueue(encoder.encode(lines.join('')))
      else controller.close()
    }
  })
  return new Response(body, {
    headers: { 'Content-Type': 'application/x-ndjson', 'Content-Disposition': `attachment; filename="${name}"` }
  })
}
