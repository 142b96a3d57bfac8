import { accessSync, constants } from 'fs'
import { delimiter, join } from 'path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** Path of a Chromium: CHROME_PATH, or the first one on PATH; undefined where there is none. */
export const chromiumPath: string | undefined = process.env.CHROME_PATH?.trim() || findOnPath()

function findOnPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(canRun)
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Describes tests that need a browser. Where there is none they are skipped; chromium.test.ts says so. */
export const describeInBrowser: typeof describe.skip = chromiumPath ? describe : describe.skip
