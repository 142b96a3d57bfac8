/**
 * `npm run export`: it only writes into what is a checkout, replaces and removes only what it wrote itself, and says so.
 * That the export passes there is shown in monorepo.test.ts.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeExport, exportDestination, Refusal, requireCheckout } from '../../tools/export'
import { root } from '../../tools/project'
import { makeMonorepo, makeScratch, removeScratch, runNode, write } from './scratch'
import type { Monorepo } from './scratch'

let monorepo: Monorepo
let recordFile: string

beforeEach(() => {
  monorepo = makeMonorepo(makeScratch())
  recordFile = join(monorepo.folder, 'export-record.json')
})

afterEach(() => removeScratch(monorepo.folder))

const exportAgain = () => exportDestination(monorepo.folder, recordFile)
const read = (name: string) => readFileSync(join(monorepo.destination, name), 'utf8')
const plant = (name: string, text: string) => write(join(monorepo.destination, name), text)

/** Makes the record say that the export before wrote a file. */
function plantExported(name: string, text: string): void {
  plant(name, text)
  const records: Record<string, Record<string, string>> = JSON.parse(readFileSync(recordFile, 'utf8'))
  records[monorepo.destination][name] = createHash('sha256').update(text).digest('hex')
  write(recordFile, records)
}

describe('an export', () => {
  it('sets the imports of the tests for their place beside the sources', () => {
    expect(read('__tests__/helpers.ts')).toContain("import definition from '../index'")
    expect(read('__tests__/helpers.ts')).not.toContain('../../src')
  })

  it('says where it wrote, which commands come next and how to test there', () => {
    const text = describeExport(exportAgain())

    expect(text).toContain(`files to ${monorepo.destination}\n`)
    expect(text).toContain(
      './bin/run generate:types --path packages/destination-actions/src/destinations/voucherify/index.ts'
    )
    expect(text).toContain('./bin/run generate:metadata-payload --path')
    expect(text).toContain('TZ=UTC yarn cloud jest --testPathPattern=src/destinations/voucherify')
  })

  it('changes nothing when nothing has changed', () => {
    expect(exportAgain()).toMatchObject({ replaced: [], removed: [], leftAlone: [] })
  })

  it('replaces and removes what the export before wrote, and names it', () => {
    plantExported('index.ts', '// an older index')
    plantExported('old/gone.ts', '// no longer part of it')
    const report = exportAgain()

    expect(report).toMatchObject({ replaced: ['index.ts'], removed: ['old/gone.ts'], leftAlone: [] })
    expect(describeExport(report)).toContain('Removed from the export before: old/gone.ts')
    expect(read('index.ts')).toBe(readFileSync(join(root, 'src', 'index.ts'), 'utf8'))
    expect(existsSync(join(monorepo.destination, 'old'))).toBe(false)
  })

  it("leaves alone what it did not write, such as the monorepo's metadata.json", () => {
    plant('metadata.json', '{}')
    plantExported('old/gone.ts', '// as exported')
    plant('old/gone.ts', '// changed since')

    expect(exportAgain()).toMatchObject({ removed: [], leftAlone: ['metadata.json', 'old/gone.ts'] })
    expect(read('metadata.json')).toBe('{}')
  })

  it('refuses to overwrite a file that someone else wrote or changed, before it writes anything', () => {
    plant('utils.ts', '// mended by hand')
    rmSync(join(monorepo.destination, 'presets.ts'))

    expect(exportAgain).toThrow(Refusal)
    expect(exportAgain).toThrow('did not come from an export, or were changed since: utils.ts.')
    expect(read('utils.ts')).toBe('// mended by hand')
    expect(existsSync(join(monorepo.destination, 'presets.ts'))).toBe(false)
  })
})

describe('a checkout', () => {
  it('is known by the package of the destinations', () => {
    expect(requireCheckout(monorepo.folder)).toBe(monorepo.folder)
  })

  it.each([
    ['without that package', () => rmSync(join(monorepo.package, 'package.json'))],
    [
      'with a package of another owner',
      () => write(join(monorepo.package, 'package.json'), { name: 'destination-actions' })
    ],
    ['without destinations', () => rmSync(join(monorepo.package, 'src'), { recursive: true })]
  ])('is none %s', (_name, spoil) => {
    spoil()
    expect(() => requireCheckout(monorepo.folder)).toThrow(/is no checkout of Segment's action-destinations/)
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
