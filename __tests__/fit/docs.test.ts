/** The documents: `npm run docs` writes their tables from the code, and their links lead somewhere. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { documentedFiles, fillRegions } from '../../tools/docs'
import { root, staleFiles } from '../../tools/project'

const region = (name: string, text: string) => `before\n<!-- docs:${name} -->${text}<!-- /docs:${name} -->\nafter`

describe('the tables', () => {
  it('are those of the code', () => {
    expect(staleFiles(documentedFiles())).toEqual([])
  })

  it('are all in a page', () => {
    const pages = [...documentedFiles().values()].join()
    const names = [...pages.matchAll(/<!-- docs:([\w-]+) -->/g)].map(([, name]) => name)
    expect(names.sort()).toEqual(['actions', 'presets', 'settings', 'source-calls', 'source-never', 'source-settings'])
  })

  it('replace what stood between their marks, and nothing around them', () => {
    const page = fillRegions(region('presets', '\nan older table\n'))

    expect(page).toMatch(/^before\n<!-- docs:presets -->\n\n\| Preset \| Trigger /)
    expect(page).toMatch(/\|\n\n<!-- \/docs:presets -->\nafter$/)
    expect(page).not.toContain('an older table')
    expect(fillRegions(page)).toBe(page)
  })

  it('name a preset with its trigger, its action and what differs from the defaults', () => {
    expect(fillRegions(region('presets', ''))).toContain(
      '| Add Custom Event (Page Event) | `type = "page"` | Add custom event | the defaults; Event Name: `Viewed {{name}} Page` |'
    )
  })

  it.each([
    ['a default with an alternative', '`$.traits.firstName`, else `$.traits.first_name`'],
    ['a field that takes null', '| Phone `phone` | string | | yes | `$.traits.phone` |'],
    ['a field inside an object', '| Source ID `customer.source_id` | string | yes | | `$.userId` |'],
    ['an object with free keys', '| Group Traits `traits` | object, free keys | | | `$.traits` |'],
    ['a plain default', '| Batch Customers `enable_batching` | boolean | | | `false` |']
  ])('put %s into words', (_name, words) => {
    expect(fillRegions(region('actions', ''))).toContain(words)
  })

  it('leave out the hidden fields', () => {
    expect(fillRegions(region('actions', ''))).not.toMatch(/batch_size|computation_key|personas/)
  })

  it('must have a known name and an end', () => {
    expect(() => fillRegions(region('setings', ''))).toThrow('No table is called setings')
    expect(() => fillRegions('<!-- docs:settings -->\nthe rest')).toThrow('The table settings has no end')
  })
})

/** The project's pages, as paths below its folder. */
const pages = ['.', 'docs'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
)

const read = (page: string) => readFileSync(join(root, page), 'utf8')
const withoutBlocks = (text: string) => text.replace(/^```[^]*?^```/gm, '')

/** The targets of a page's links and pictures that lead to no other host. */
function relativeLinks(text: string): string[] {
  const prose = withoutBlocks(text).replace(/`[^`\n]*`/g, '')
  const inMarkdown = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
  const inHtml = [...prose.matchAll(/\b(?:src|srcset|href)="([^"\s]+)"/g)].map(([, target]) => target)
  return [...inMarkdown, ...inHtml].filter((target) => !/^(https?|mailto):/.test(target))
}

/** The anchors of a page's headings, as GitHub and npm make them. */
function anchors(text: string): Set<string> {
  const found = new Set<string>()
  for (const [, heading] of withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-')
    let anchor = slug
    for (let count = 1; found.has(anchor); count++) anchor = `${slug}-${count}`
    found.add(anchor)
  }
  return found
}

/** Why a link leads nowhere; undefined for one that leads somewhere. */
function problemOf(page: string, target: string): string | undefined {
  const [path, anchor] = decodeURIComponent(target).split('#')
  const file = path ? join(dirname(page), path) : page
  if (!existsSync(join(root, file))) return `${page}: there is no ${file}`
  if (anchor === undefined) return undefined
  const isThere = statSync(join(root, file)).isFile() && anchors(read(file)).has(anchor)
  return isThere ? undefined : `${page}: ${file} has no heading #${anchor}`
}

describe('the links', () => {
  it('of every page lead to a file and a heading that are there', () => {
    const links = pages.flatMap((page) => relativeLinks(read(page)).map((target) => [page, target]))
    expect(links.length).toBeGreaterThan(50)
    expect(links.map(([page, target]) => problemOf(page, target)).filter(Boolean)).toEqual([])
  })

  it.each([
    ['a file that is not there', 'docs/nowhere.md', 'README.md: there is no docs/nowhere.md'],
    ['a heading that is not there', 'docs/bulk.md#nowhere', 'README.md: docs/bulk.md has no heading #nowhere'],
    ['a heading of the page itself', '#nowhere', 'README.md: README.md has no heading #nowhere']
  ])('are found wanting for %s', (_name, target, problem) => {
    expect(relativeLinks(`[a link](${target})`)).toEqual([target])
    expect(problemOf('README.md', target)).toBe(problem)
  })

  it('of a heading are made as GitHub makes them', () => {
    const text = "# A `code` word: it's here\n\n```sh\n# no heading\n```\n\n## Twice\n\n## Twice\n"
    expect([...anchors(text)]).toEqual(['a-code-word-its-here', 'twice', 'twice-1'])
  })

  it('lead to every page of docs/ from the README', () => {
    const linked = relativeLinks(read('README.md')).map((target) => target.split('#')[0])
    const docs = pages.filter((page) => page.startsWith('docs/'))
    expect(docs.filter((page) => !linked.includes(page))).toEqual([])
  })
})

describe('the README', () => {
  it('is short, and its first call waits until it was sent', () => {
    const lines = read('README.md').split('\n')
    expect(lines.length).toBeLessThanOrEqual(151)
    expect(lines).toContain('await analytics.closeAndFlush()')
  })
})
