import { ConfigError, readConfig } from './app/config'
import { bundlePage } from './page/bundle'
import { startWorkbench } from './app/start'
import { lossLine } from './app/terminal'

/** `npm start`. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  const running = await startWorkbench(config, { page: await bundlePage(), print: (line) => console.log(line) })

  let isEnding = false
  const end = () => {
    // The second Ctrl+C ends at once.
    if (isEnding) process.exit(130)
    isEnding = true
    console.log('Ending…')
    running
      .close()
      .then((left) => {
        if (left) console.log(lossLine(left))
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
