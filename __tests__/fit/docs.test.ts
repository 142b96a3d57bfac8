/** The documents: `npm run docs` writes their tables from the code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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

describe('the README', () => {
  it('is short, and its first call waits until it was sent', () => {
    const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n')
    expect(lines.length).toBeLessThanOrEqual(151)
    expect(lines).toContain('await analytics.closeAndFlush()')
  })
})
