// Dates must not depend on where the tests run. Set here, since workers inherit it and every way to start jest reads it.
process.env.TZ = 'UTC'

const { availableParallelism } = require('node:os')

const here = __dirname.replace(/[^\w/]/g, '\\$&')

/** Leaves the types out; `npm run typecheck` checks them. The compiler itself needs half as long again for a fresh run. */
const compiled = (target) => [
  '@swc/jest',
  { jsc: { target, parser: { syntax: 'typescript' } }, module: { type: 'commonjs' }, sourceMaps: 'inline' }
]

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  // As jest 27 of Segment's monorepo writes and reads snapshots, since those of the destination go there.
  snapshotFormat: { escapeString: true, printBasicPrototype: true },
  // As the type check does: what goes to Segment's monorepo for its target, the rest for a newer one.
  transform: { [`^${here}/(src|__tests__/destination)/.+\\.ts$`]: compiled('es2020'), '\\.ts$': compiled('es2022') },
  // More than the cores, since a third of the time goes into waiting: for servers, for bulk jobs, for the browser. As a
  // number, since jest takes more than 100 percent for so many workers.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  testTimeout: 30_000
}
