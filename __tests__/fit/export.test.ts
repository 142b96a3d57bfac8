/**
 * `npm run export`: it only writes into what is a checkout, replaces and removes only what it wrote itself, and says so.
 * That the export passes there is shown in monorepo.test.ts.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describeExport, exportDestination, filesToExport, Refusal, requireCheckout } from '../../tools/export'
import { root } from '../../tools/project'
import { layOutMonorepo, makeScratch, removeScratch, run, runNode, write } from './scratch'
import type { Monorepo } from './scratch'

let monorepo: Monorepo

beforeEach(() => {
  monorepo = layOutMonorepo(makeScratch())
})

afterEach(() => removeScratch(monorepo.folder))

/** Exports files that stand for the destination's. */
function exportFiles(files: Record<string, string>) {
  const contents = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const)
  return exportDestination(monorepo.folder, new Map(contents), join(monorepo.folder, 'record.json'))
}

const place = (name: string) => join(monorepo.destination, name)
const read = (name: string) => readFileSync(place(name), 'utf8')

/** Commits what lies in the checkout, as a release before this one was. */
async function commitAll(): Promise<void> {
  const who = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.com']
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    [...who, 'commit', '-qm', 'Export']
  ]) {
    const { code, output } = await run('git', args, { cwd: monorepo.folder })
    expect({ code, output }).toEqual({ code: 0, output: '' })
  }
}

describe('the files of an export', () => {
  it('are the sources as they are, and the tests with imports for their place beside them', () => {
    const files = filesToExport()
    const test = String(files.get('__tests__/batch.test.ts'))
    const helpers = String(files.get('__tests__/__helpers__/helpers.ts'))

    expect(files.get('index.ts')).toEqual(readFileSync(join(root, 'src', 'index.ts')))
    expect(test).toContain("import definition from '../index'")
    expect(test).toContain("from './__helpers__/helpers'")
    expect(helpers).toContain("import voucherify from '../../index'")
    expect(helpers).toContain("import { standIn } from './standIn'")
    expect(helpers).not.toContain('/src')
  })
})

describe('an export', () => {
  it('says where it wrote, which commands come next and how to test there', () => {
    const text = describeExport(exportFiles({ 'index.ts': '1', 'presets.ts': '1' }))

    expect(text).toContain(`Wrote 2 files to ${monorepo.destination}\n`)
    expect(text).toContain(
      './bin/run generate:types --path packages/destination-actions/src/destinations/voucherify/index.ts'
    )
    expect(text).toContain(
      '\n  yarn build\n  ./bin/run generate:metadata-payload --path packages/destination-actions/src/destinations/voucherify\n'
    )
    expect(text).toContain('it reads the built dist, so build\nfirst')
    expect(text).toContain('TZ=UTC yarn cloud jest --testPathPattern=src/destinations/voucherify')
  })

  it('changes nothing when nothing has changed', () => {
    exportFiles({ 'index.ts': '1' })
    expect(exportFiles({ 'index.ts': '1' })).toMatchObject({ replaced: [], removed: [], leftAlone: [] })
  })

  it('replaces and removes what the export before wrote, and names it', () => {
    exportFiles({ 'index.ts': '1', 'old/gone.ts': '1' })
    const report = exportFiles({ 'index.ts': '2' })

    expect(report).toMatchObject({ replaced: ['index.ts'], removed: ['old/gone.ts'], leftAlone: [] })
    expect(describeExport(report)).toContain('Removed, since the destination no longer has them: old/gone.ts\n')
    expect(read('index.ts')).toBe('2')
    expect(existsSync(place('old'))).toBe(false)
  })

  it("leaves alone what it did not write or what was changed since, such as the monorepo's metadata.json", () => {
    exportFiles({ 'index.ts': '1', 'old/changed.ts': '1' })
    write(place('metadata.json'), '{}')
    write(place('old/changed.ts'), 'changed')

    const report = exportFiles({ 'index.ts': '2' })
    expect(report).toMatchObject({ removed: [], leftAlone: ['metadata.json', 'old/changed.ts'] })
    expect(read('metadata.json')).toBe('{}')
    expect(read('old/changed.ts')).toBe('changed')
  })

  it.each([
    ['wrote', () => undefined],
    ['changed since', () => exportFiles({ 'utils.ts': '1', 'presets.ts': '1' })]
  ])('refuses to overwrite a file that someone else %s, before it writes anything', (_what, prepare) => {
    prepare()
    write(place('utils.ts'), 'by hand')
    const again = () => exportFiles({ 'added.ts': '1', 'utils.ts': '2' })

    expect(again).toThrow(Refusal)
    expect(again).toThrow('did not come from an export, or were changed since: utils.ts.')
    expect(read('utils.ts')).toBe('by hand')
    expect(existsSync(place('added.ts'))).toBe(false)
  })
})

describe('an export over what git holds', () => {
  it('may replace what the checkout has committed, since git brings it back', async () => {
    write(place('utils.ts'), 'the release before')
    await commitAll()

    expect(exportFiles({ 'utils.ts': 'this release' })).toMatchObject({ replaced: ['utils.ts'] })
    expect(read('utils.ts')).toBe('this release')
  })

  it('still refuses to overwrite what was changed since, or never committed', async () => {
    write(place('utils.ts'), 'the release before')
    await commitAll()
    write(place('utils.ts'), 'by hand')
    write(place('added.ts'), 'by hand')

    expect(() => exportFiles({ 'utils.ts': '2', 'added.ts': '2' })).toThrow('changed since: utils.ts, added.ts.')
    expect([read('utils.ts'), read('added.ts')]).toEqual(['by hand', 'by hand'])
  })
})

describe('the files of the destination that stood there before', () => {
  const PREDECESSORS = [
    '__tests__/customEvent.test.ts',
    '__tests__/customer.test.ts',
    'url-provider.ts',
    'url-validator.ts'
  ]

  it('are removed when git holds them, and named', async () => {
    for (const name of [...PREDECESSORS, 'metadata.json']) write(place(name), 'before')
    await commitAll()
    const report = exportFiles({ 'index.ts': '1' })

    expect(report).toMatchObject({ removed: PREDECESSORS, leftAlone: ['metadata.json'] })
    expect(describeExport(report)).toContain(`no longer has them: ${PREDECESSORS.join(', ')}\n`)
    expect(readdirSync(monorepo.destination)).toEqual(['index.ts', 'metadata.json'])
  })

  it('are replaced when the export has a file of that name', async () => {
    write(place('__tests__/customer.test.ts'), 'before')
    await commitAll()

    expect(exportFiles({ '__tests__/customer.test.ts': '1' })).toMatchObject({
      replaced: ['__tests__/customer.test.ts'],
      removed: []
    })
    expect(read('__tests__/customer.test.ts')).toBe('1')
  })

  it('stay when git could not bring them back as they are, and are named too', async () => {
    write(place('url-provider.ts'), 'before')
    await commitAll()
    write(place('url-provider.ts'), 'by hand')
    write(place('url-validator.ts'), 'never committed')

    expect(exportFiles({ 'index.ts': '1' })).toMatchObject({
      removed: [],
      leftAlone: ['url-provider.ts', 'url-validator.ts']
    })
    expect([read('url-provider.ts'), read('url-validator.ts')]).toEqual(['by hand', 'never committed'])
  })
})

describe('a link to another place', () => {
  it.each([
    ['the folder of the destination', (outside: string) => symlinkSync(outside, monorepo.destination)],
    [
      'the folder of all destinations',
      (outside: string) => {
        rmSync(dirname(monorepo.destination), { recursive: true })
        symlinkSync(outside, dirname(monorepo.destination))
      }
    ],
    [
      'a folder in it',
      (outside: string) => {
        mkdirSync(monorepo.destination)
        symlinkSync(outside, place('__tests__'))
      }
    ],
    [
      'a file',
      (outside: string) => {
        mkdirSync(monorepo.destination)
        symlinkSync(join(outside, 'gone.ts'), place('index.ts'))
      }
    ]
  ])('is refused in place of %s', (_what, link) => {
    const outside = join(monorepo.folder, 'outside')
    mkdirSync(outside)
    link(outside)

    expect(() => exportFiles({ 'index.ts': '1', '__tests__/a.test.ts': '1' })).toThrow(/ is a link to another place/)
    expect(readdirSync(outside)).toEqual([])
  })
})

describe('a checkout', () => {
  it('is known by the package of the destinations', () => {
    expect(requireCheckout(monorepo.folder)).toBe(monorepo.folder)
  })

  it.each([
    ['without that package', () => rmSync(join(monorepo.package, 'package.json'))],
    ['with a broken package', () => write(join(monorepo.package, 'package.json'), '{')],
    [
      'with another package by Segment',
      () => write(join(monorepo.package, 'package.json'), { name: 'other', author: { name: '@segment/x' } })
    ],
    ['with another package', () => write(join(monorepo.package, 'package.json'), { name: 'destination-actions' })],
    ['without destinations', () => rmSync(join(monorepo.package, 'src'), { recursive: true })]
  ])('is none %s', (_name, spoil) => {
    spoil()
    expect(() => requireCheckout(monorepo.folder)).toThrow(/is no checkout of Segment's action-destinations/)
  })

  it('in which a file stands where a folder belongs is told so in a sentence', async () => {
    write(monorepo.destination, 'a file')
    const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs')
    const { code, output } = await runNode([tsx, join(root, 'tools', 'export.ts'), monorepo.folder], { cwd: root })

    expect(code).toBe(1)
    expect(output).toMatch(/^The export broke off: \w+: .+\. Mend that, then run it again\.\n$/)
  })

  it('that is none gets nothing, and the command fails with a sentence', async () => {
    const folder = join(monorepo.folder, 'elsewhere')
    write(join(folder, 'package.json'), { name: 'something-else' })
    const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs')
    const { code, output } = await runNode([tsx, join(root, 'tools', 'export.ts'), folder], { cwd: root })

    expect(code).toBe(1)
    expect(output).toMatch(/^.*elsewhere is no checkout of Segment's action-destinations.* Nothing was written\.\n$/)
    expect(existsSync(join(folder, 'packages'))).toBe(false)
  })
})
