import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'fs'
import { tmpdir } from 'os'
import { join } from 'path'
import { findChromium, missing } from './chromium'

const ADVICE = 'Install it (Debian: apt-get install chromium-headless-shell) or set CHROME_PATH to its program.'

describe('the browser tests', () => {
  it('say where they are skipped for want of a Chromium, and fail for it in CI', () => {
    if (!missing) return
    const sentence = `The tests of the workbench's page are skipped: ${missing}. ${ADVICE}`
    if (process.env.CI) throw new Error(sentence)
    process.stderr.write(`${sentence}\n`)
  })

  describe('find', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'voucherify-browser-'))
      writeFileSync(join(folder, 'google-chrome'), '#!/bin/sh\n')
      chmodSync(join(folder, 'google-chrome'), 0o755)
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    it.each([
      ['the program that CHROME_PATH names', () => ({ CHROME_PATH: ` ${folder}/google-chrome ` })],
      ['the first one on PATH', () => ({ PATH: `/nowhere:${folder}`, CHROME_PATH: '' })]
    ])('%s', (_name, environment) => {
      expect(findChromium(environment())).toEqual({ path: join(folder, 'google-chrome') })
    })

    it.each([
      ['CHROME_PATH leads to nothing', () => `${folder}/gone`],
      ['CHROME_PATH leads to a folder', () => folder]
    ])('none where %s, although PATH has one, and say so', (_name, path) => {
      const missing = `CHROME_PATH leads to no program: ${path()}`
      expect(findChromium({ CHROME_PATH: path(), PATH: folder })).toEqual({ missing })
    })

    it('none where PATH has none, and say so', () => {
      expect(findChromium({ PATH: '/nowhere' })).toEqual({ missing: 'there is no Chromium' })
    })
  })
})
