/**
 * Puts the destination into a checkout of Segment's monorepo: `src/` byte for byte, and its tests with their imports
 * set for that place. Without an argument it writes the same layout into `export/`.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import intersection from 'lodash/intersection'
import { format } from 'prettier'
import { root, style } from './project'

/** Where the destinations are in a checkout, and ours among them. */
const DESTINATIONS = 'packages/destination-actions/src/destinations'
export const PLACE = `${DESTINATIONS}/voucherify`

/** Files of the destination that stood there before this one, which has no use for them. */
const PREDECESSORS = [
  'url-provider.ts',
  'url-validator.ts',
  '__tests__/customEvent.test.ts',
  '__tests__/customer.test.ts'
]

/** Outside the destination's folder, since nothing but the destination belongs there. */
const RECORD = join(root, 'export', '.written.json')

/** What an export did, as paths below the destination's folder. */
export interface ExportReport {
  /** The destination's folder in the checkout. */
  folder: string
  written: string[]
  /** Files of an earlier export that got another text. */
  replaced: string[]
  /** Files of an earlier export, or of the destination that stood there before, that are no longer part of it. */
  removed: string[]
  /** Files that no export wrote, such as the metadata.json of the monorepo's generator. */
  leftAlone: string[]
}

/** A reason for which nothing was written, in words for whoever runs the export. */
export class Refusal extends Error {}

/** Content of the files by their path below the destination's folder. */
export type Files = Map<string, Buffer>
/** Hash of each file that an export wrote, by its path below the destination's folder. */
type Written = Record<string, string>

/**
 * Exports the destination into a folder that is laid out as the monorepo.
 *
 * @param recordFile remembers what each export wrote, so that the next one replaces and removes that and nothing else
 * @throws Refusal when a file is in the way that no export wrote and that git could not bring back
 */
export function exportDestination(base: string, files: Files, recordFile: string): ExportReport {
  const folder = join(realpathSync(base), PLACE)
  requireNoLinks(folder, [...files.keys()])
  const records: Record<string, Written> = existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, 'utf8')) : {}
  const before = records[folder] ?? {}
  const present = listFiles(folder)
  const hashOnDisk = (name: string) => hash(readFileSync(join(folder, name)))

  const changed = [...files].filter(([name, content]) => present.includes(name) && hashOnDisk(name) !== hash(content))
  const unknown = changed.map(([name]) => name).filter((name) => hashOnDisk(name) !== before[name])
  const committed = committedFiles(folder, unknown)
  const foreign = unknown.filter((name) => !committed.includes(name))
  if (foreign.length) throw new Refusal(inTheWay(folder, foreign))

  const others = present.filter((name) => !files.has(name))
  const succeeded = committedFiles(folder, intersection(PREDECESSORS, others))
  const removed = others.filter((name) => hashOnDisk(name) === before[name] || succeeded.includes(name))
  for (const name of removed) removeFile(folder, name)
  for (const [name, content] of files) writeFile(join(folder, name), content)
  records[folder] = Object.fromEntries([...files].map(([name, content]) => [name, hash(content)]))
  writeFile(recordFile, Buffer.from(JSON.stringify(records, null, 2)))
  return {
    folder,
    written: [...files.keys()],
    replaced: changed.map(([name]) => name),
    removed,
    leftAlone: others.filter((name) => !removed.includes(name))
  }
}

/** @throws Refusal for a link on the way to a file, through which it would be written outside the checkout */
function requireNoLinks(folder: string, names: string[]): void {
  const parents = DESTINATIONS.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/'))
  const base = folder.slice(0, -PLACE.length)
  const inside = names.flatMap((name) => [dirname(name), name]).map((name) => join(folder, name))
  const link = [...parents.map((parent) => join(base, parent)), folder, ...inside].find(isLink)
  if (link === undefined) return
  throw new Refusal(
    `${link} is a link to another place, and an export only writes below the checkout. Remove the link, then run the export again.`
  )
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** Those of the files that the checkout's git can bring back as they are, such as those of an export from another clone. */
function committedFiles(folder: string, names: string[]): string[] {
  const git = (...args: string[]) => {
    const { status, stdout } = spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' })
    return status === 0 ? stdout : ''
  }
  return names.filter((name) => {
    const committed = git('rev-parse', '--verify', '--quiet', `HEAD:./${name}`).trim()
    return committed !== '' && committed === git('hash-object', '--no-filters', '--', name).trim()
  })
}

/**
 * The folder of a checkout.
 *
 * @throws Refusal when the path is no checkout of the monorepo
 */
export function requireCheckout(path: string): string {
  const manifest = join(path, 'packages/destination-actions/package.json')
  if (existsSync(manifest) && isSegments(readFileSync(manifest, 'utf8')) && isFolder(join(path, DESTINATIONS)))
    return path
  throw new Refusal(
    `${path} is no checkout of Segment's action-destinations, since it has no ${DESTINATIONS} in a package of Segment's. ` +
      'Name the top folder of a checkout.'
  )
}

function inTheWay(folder: string, names: string[]): string {
  return (
    `These files in ${folder} did not come from an export, or were changed since: ${names.join(', ')}. ` +
    'Commit, move or delete them, then run the export again.'
  )
}

/** Whether a package.json names a package of Segment's. */
function isSegments(manifest: string): boolean {
  try {
    return String(JSON.parse(manifest)?.name).startsWith('@segment/')
  } catch {
    return false
  }
}

/** Folders and single files that the export takes, and where each stands below the destination's folder. */
const TAKEN: Record<string, string> = {
  src: '.',
  '__tests__/destination': '__tests__',
  'tools/standIn.ts': '__tests__/__helpers__/standIn.ts'
}

/**
 * The sources as they are, and the tests and their helpers as they read beside them.
 *
 * @throws Refusal for a test that needs something that is not there
 */
export function filesToExport(): Files {
  const places = Object.entries(TAKEN).flatMap(([from, to]) =>
    listFiles(join(root, from)).map((name) => ({ source: join(root, from, name), name: join(to, name) }))
  )
  const files: Files = new Map()
  for (const { source, name } of places) {
    const content = readFileSync(source)
    const isMoved = name.startsWith('__tests__/') && name.endsWith('.ts')
    files.set(name, isMoved ? Buffer.from(toMonorepo(source, name, String(content))) : content)
  }
  return files
}

/** A test as it reads at its new place. */
function toMonorepo(source: string, name: string, text: string): string {
  const moved = text.replace(/(?<=\b(?:from '|import\('|mock\('))\.[^']*/g, (imported) => {
    const target = placeOf(relative(root, join(dirname(source), imported)))
    if (target === undefined)
      throw new Refusal(`The test ${name} imports ${imported}, which the monorepo does not have.`)
    const path = relative(dirname(name), target)
    return path.startsWith('.') ? path : `./${path}`
  })
  // A shorter path may let an import fit on one line.
  return moved.replace(/^import [^']* from '\.[^']*'$/gm, (statement) =>
    format(statement, { ...style, parser: 'typescript' }).trimEnd()
  )
}

/** Where a module of the project stands in the export, with its extension or without; undefined when it does not go there. */
function placeOf(module: string): string | undefined {
  const taken = Object.entries(TAKEN).find(([from]) => `${module}/`.startsWith(`${from.replace(/\.ts$/, '')}/`))
  return taken && join(taken[1].replace(/\.ts$/, ''), relative(taken[0].replace(/\.ts$/, ''), module))
}

/** The files below a folder, sorted; of a file, itself alone, as an empty path; none when there is neither. */
function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  if (!isFolder(folder)) return ['']
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => !isFolder(join(folder, name))).sort()
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

function writeFile(file: string, content: Buffer): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

/** Removes a file, and the folders below `folder` that it leaves empty. */
function removeFile(folder: string, name: string): void {
  rmSync(join(folder, name))
  for (let parent = dirname(name); parent !== '.'; parent = dirname(parent)) {
    if (readdirSync(join(folder, parent)).length) return
    rmdirSync(join(folder, parent))
  }
}

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function main(checkout: string | undefined): void {
  try {
    const base = checkout === undefined ? join(root, 'export') : requireCheckout(resolve(checkout))
    mkdirSync(base, { recursive: true })
    console.log(describeExport(exportDestination(base, filesToExport(), RECORD)))
  } catch (error) {
    process.exitCode = 1
    if (error instanceof Refusal) console.error(`${error.message} Nothing was written.`)
    else if (isSystemError(error))
      console.error(`The export broke off: ${error.message}. Mend that, then run it again.`)
    else throw error
  }
}

/** What the file system refuses, such as a missing permission or a file where a folder belongs. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** What an export did and what to do next, for whoever ran it. */
export function describeExport({ folder, written, replaced, removed, leftAlone }: ExportReport): string {
  const list = (label: string, names: string[]) => (names.length ? [`${label}: ${names.join(', ')}`] : [])
  return [
    `Wrote ${written.length} files to ${folder}`,
    ...list('Replaced from the export before', replaced),
    ...list('Removed, since the destination no longer has them', removed),
    ...list('Left alone, since no export wrote them', leftAlone),
    '',
    'Next, in the top folder of the checkout:',
    `  ./bin/run generate:types --path ${PLACE}/index.ts`,
    '  yarn build',
    `  ./bin/run generate:metadata-payload --path ${PLACE}`,
    'The first changes nothing. The last writes the metadata.json that its CI asks for; it reads the built dist, so build',
    'first. Then test it there:',
    `  TZ=UTC yarn cloud jest --testPathPattern=src/destinations/voucherify`
  ].join('\n')
}

if (require.main === module) main(process.argv[2])
