import { build } from 'esbuild'
import { join } from 'node:path'

const HEAD = `// Voucherify as a Segment source. Paste the whole of this as the code of a Source Function.
// Settings: secret (required), currency, names, events, customerUpdates, orders, ownApplicationId.
`

/** The Source Function as one script, without imports, for Segment's runtime (Node 20). */
export async function functionScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'function.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'voucherifySource',
    platform: 'neutral',
    target: 'node20',
    legalComments: 'inline',
    banner: { js: HEAD },
    footer: {
      js: 'async function onRequest(request, settings) {\n  return voucherifySource.onRequest(request, settings);\n}'
    }
  })
  return outputFiles[0].text
}
