import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a file whole or not at all, whatever happens meanwhile: beside it first, then in its place. */
export function writeWhole(path: string, text: string): void {
  const beside = `${path}.new`
  const file = openSync(beside, 'w')
  try {
    writeAll(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
  syncFolder(dirname(path))
}

/** Makes names that were given in a folder last. Not every system can, and then the system does so itself. */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {
    // Windows opens no folders.
  }
}

/** Writes all of a text: the system may take less than it was given. */
export function writeAll(file: number, text: string | Buffer): number {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
  return bytes.length
}
