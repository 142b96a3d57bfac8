#!/usr/bin/env node
import { main as backfill } from '../backfill/main'
import { main as receive } from '../source/main'

type Environment = Record<string, string | undefined>

/** The commands of the package, by name: each takes its arguments and the environment and gives its exit code. */
const COMMANDS: Record<string, { about: string; run(args: string[], environment: Environment): Promise<number> }> = {
  backfill: { about: 'brings customers that you already have into Voucherify', run: backfill },
  receive: { about: "takes Voucherify's webhooks and sends them to Segment as calls", run: receive }
}

const USAGE_ERROR = 2

/** Runs the command that the first argument names. */
async function main([name, ...args]: string[]): Promise<number> {
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command) return command.run(args, process.env)
  const list = Object.entries(COMMANDS).map(([key, { about }]) => `  ${key.padEnd(10)}${about}`)
  process.stderr.write(`Usage: voucherify-actions-destination <command> ...\n\n${list.join('\n')}\n`)
  return name === undefined || name === '--help' || name === '-h' ? 0 : USAGE_ERROR
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? String(error.stack) : String(error)}\n`)
    process.exitCode = 7
  }
)
