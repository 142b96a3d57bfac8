import { accessSync, constants, statSync } from 'fs'
import { delimiter, join } from 'path'

/** The shell first: it has no windows to draw, so that the tests take a quarter less time of the processor. */
const NAMES = [
  'chromium-headless-shell',
  'chrome-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome'
]

/** Where a Chromium is, or why there is none, as a sentence. */
export type Found = { path: string; missing?: undefined } | { path?: undefined; missing: string }

/** Looks for the program that CHROME_PATH names, or for the first one on PATH. */
export function findChromium({ CHROME_PATH = '', PATH = '' }: NodeJS.ProcessEnv): Found {
  const named = CHROME_PATH.trim()
  if (named) return canRun(named) ? { path: named } : { missing: `CHROME_PATH leads to no program: ${named}` }
  const folders = PATH.split(delimiter).filter(Boolean)
  const path = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(canRun)
  return path ? { path } : { missing: 'there is no Chromium' }
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

export const { path: chromiumPath, missing } = findChromium(process.env)
