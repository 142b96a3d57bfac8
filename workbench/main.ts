import { ConfigError, readConfig } from './app/config'
import { bundlePage } from './page/bundle'
import { startWorkbench } from './app/start'
import { createPrinter, lossLine } from './app/terminal'
import { createMask } from './shared/mask'

/** `npm start`. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  const print = createPrinter(process.stdout)
  const mask = createMask(config.project ?? { apiKey: '', secretKey: '' })
  const complain = createPrinter(process.stderr)
  // Whatever a call or an answer brought about, the other calls are not lost for it.
  process.on('uncaughtException', (error) =>
    complain(mask.text(`Nobody expected this, and the workbench goes on: ${error.stack}`))
  )
  const running = await startWorkbench(config, { page: await bundlePage(), print })

  let isEnding = false
  const end = () => {
    // The second Ctrl+C ends at once.
    if (isEnding) process.exit(130)
    isEnding = true
    print('Ending…')
    running
      .close()
      .then((left) => {
        if (left) print(lossLine(left))
        process.exit(0)
      })
      .catch(fail)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
}

/** A wrong configuration is said in a sentence; everything else with its stack. */
function fail(error: unknown): never {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
}

main().catch(fail)
