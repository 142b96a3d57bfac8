import { build } from 'esbuild'
import { readFile } from 'fs/promises'
import { join } from 'path'

/** A file of the page as the server sends it. */
export interface PageFile {
  /** Value of the Content-Type header. */
  type: string
  body: Buffer
}

/**
 * Bundles the page in memory, so that `npm start` needs no step before it.
 *
 * @returns the files by their path on the server: `/`, `/app.js`, `/app.css`
 * @throws when a source of the page does not compile
 */
export async function bundlePage(): Promise<Map<string, PageFile>> {
  const [html, bundle] = await Promise.all([
    readFile(join(__dirname, 'index.html')),
    build({
      entryPoints: { app: join(__dirname, 'main.tsx') },
      tsconfig: join(__dirname, 'tsconfig.json'),
      outdir: __dirname,
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      charset: 'utf8',
      logLevel: 'silent'
    })
  ])
  const output = (extension: string) => {
    const file = bundle.outputFiles.find(({ path }) => path.endsWith(extension))
    if (!file) throw new Error(`The page's bundle has no ${extension} file.`)
    return Buffer.from(file.contents)
  }
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: html }],
    ['/app.js', { type: 'text/javascript; charset=utf-8', body: output('.js') }],
    ['/app.css', { type: 'text/css; charset=utf-8', body: output('.css') }]
  ])
}
