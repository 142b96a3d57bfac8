import { execFile } from 'child_process'
import { build } from 'esbuild'
import { mkdtemp, rm, writeFile } from 'fs/promises'
import { createServer } from 'http'
import type { AddressInfo } from 'net'
import { tmpdir } from 'os'
import { join } from 'path'
import type { Page } from 'playwright-core'
import { promisify } from 'util'
import { clipboard, describeInBrowser, eventually, goTo, rowsOf, TEST_MS, useBrowser } from './helpers'
import type { Running } from './helpers'

jest.setTimeout(TEST_MS)

const ROOT = join(__dirname, '..', '..')
const PROGRAM_MS = 20_000

describeInBrowser('the snippets as they are copied', () => {
  const browser = useBrowser()
  let running: Running
  let page: Page

  beforeEach(async () => {
    ;({ running, page } = await browser.open())
  })

  const copy = async (title: string): Promise<string> => {
    await goTo(page, 'Connect an app')
    await page.getByRole('button', { name: `Copy the ${title} snippet` }).click()
    await page.getByRole('status').getByText(`Copied the ${title} snippet.`).waitFor()
    await goTo(page, 'Deliveries')
    return clipboard(page)
  }
  const row = (text: string) => rowsOf(page).filter({ hasText: text }).filter({ hasText: 'Delivered' })

  it('make analytics.js in a page of another origin send identify, page and track to the sandbox', async () => {
    const script = await bundle(await copy('analytics.js in a page'), 'browser')
    const app = await serve(script)
    const other = await browser.visit(app.url)
    try {
      await row('identify ada@example.com').waitFor()
      await row('page Pricing').waitFor()
      await row('track Order Completed').waitFor()
      await eventually(() => {
        const { customers, events } = running.sandbox.state()
        expect(customers).toMatchObject([{ source_id: 'user-1', email: 'ada@example.com', metadata: { plan: 'gold' } }])
        expect(events.map(({ event }) => event).sort()).toEqual(['Order Completed', 'Viewed Pricing Page'])
      })
      const sdk = (await running.deliveries())[0].event.context?.library?.name
      expect(sdk).toBe('analytics.js')
      expect(other.complaints).toEqual([])
      const hosts = new Set(other.requests.map((address) => new URL(address).host))
      expect([...hosts].sort()).toEqual([new URL(app.url).host, new URL(running.url).host].sort())
    } finally {
      await other.context.close()
      await app.close()
    }
  })

  it('make analytics-node send identify and track to the sandbox', async () => {
    const program = await bundle(await copy('analytics-node'), 'node')
    const folder = await mkdtemp(join(tmpdir(), 'snippet-'))
    try {
      const file = join(folder, 'snippet.mjs')
      await writeFile(file, program)
      await promisify(execFile)(process.execPath, [file], { timeout: PROGRAM_MS })
    } finally {
      await rm(folder, { recursive: true })
    }
    await row('identify ada@example.com').waitFor()
    await row('track Order Completed').waitFor()
    expect(running.sandbox.state()).toMatchObject({
      customers: [{ source_id: 'user-1', metadata: { plan: 'gold' } }],
      events: [{ event: 'Order Completed', metadata: { total: 49.9 } }]
    })
  })
})

/** A snippet with the packages that it imports, as one module. */
async function bundle(contents: string, platform: 'browser' | 'node'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: 'esm',
    platform,
    logLevel: 'silent',
    // Packages of CommonJS inside a module still ask for Node's own parts by require.
    ...(platform === 'node' && {
      banner: { js: "import { createRequire } from 'module'; const require = createRequire(import.meta.url)" }
    })
  })
  return outputFiles[0].text
}

/** Serves a page that runs a script, as an app of one's own would be served. */
async function serve(script: string) {
  const server = createServer((request, response) => {
    const isScript = request.url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript
        ? script
        : '<!DOCTYPE html><title>An app</title><link rel="icon" href="data:,"><script type="module" src="/app.js"></script>'
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
  }
}
