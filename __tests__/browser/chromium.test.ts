import { chromiumPath } from './chromium'

const ADVICE = 'Install it (Debian: apt-get install chromium) or set CHROME_PATH to its program.'

describe('the browser tests', () => {
  it('find a Chromium, say that they are skipped where there is none, and fail for it in CI', () => {
    if (chromiumPath) return expect(chromiumPath).not.toBe('')
    if (process.env.CI) throw new Error(`CI must run the tests of the page, and there is no Chromium. ${ADVICE}`)
    process.stderr.write(`The tests of the workbench's page are skipped: there is no Chromium. ${ADVICE}\n`)
  })
})
