import type { JSONObject } from '@segment/actions-core'
import { randomUUID } from 'crypto'
import { createWriteStream } from 'fs'
import { mkdtemp, rm } from 'fs/promises'
import type { Hono } from 'hono'
import { tmpdir } from 'os'
import { basename, extname, join } from 'path'
import { Readable } from 'stream'
import { pipeline } from 'stream/promises'
import { setTimeout as pause } from 'timers/promises'
import { Stop } from '../../backfill/stop'
import { takeIn } from '../segment/tracking'
import type { Intake } from '../segment/tracking'
import { Refusal } from '../shared/refusal'
import type { CallFile, Done, FileProgress } from '../shared/types'
import { openCallFile, UnreadableFile } from './callFile'
import type { OpenedFile } from './callFile'

/** Longest file, in bytes. What is larger is for the backfill. */
const MAX_FILE_BYTES = 512 * 1024 * 1024
const MAX_FILES = 5
/** Calls that are looked at before all are sent. */
const FIRST_CALLS = 5
/** Calls that are taken in together, and how long they wait where there is no room, in milliseconds. */
const CALLS_AT_ONCE = 100
const FULL_PAUSE_MS = 100

/** What the backfill says to who runs its command, and the words for who chose a file in a page. */
const PAGE_WORDS: [RegExp, string][] = [
  [/Give a CSV or NDJSON file,/, 'Choose an NDJSON, JSON, CSV or HAR file,'],
  [/Name the one that holds the ID, such as --column ".*=source_id"\.$/s, 'Call the one that holds the ID source_id.'],
  [/, or leave both out with --column ".*"\.$/s, '.'],
  [/Leave one out with --column ".*"\.$/s, 'Take one out of the file.'],
  [/, then run the same command\.$/, ', then choose it again.']
]

interface KeptFile {
  path: string
  opened: OpenedFile
  file: CallFile
  abort: AbortController
}

export interface FileRoutes {
  /** Stops what is sent and removes the files. */
  close(): Promise<void>
}

/** Own calls from a file: it is kept in a folder of its own, looked at, sent through the front door, and removed. */
export function addFileRoutes(app: Hono, intake: Intake): FileRoutes {
  const files = new Map<string, KeptFile>()
  let folder: Promise<string> | undefined

  const require = (id: string): KeptFile => {
    const kept = files.get(id)
    if (!kept) throw new Refusal(404, 'There is no such file any more. Choose it again.')
    return kept
  }

  async function forget(id: string): Promise<void> {
    const kept = files.get(id)
    files.delete(id)
    kept?.abort.abort()
    if (kept) await rm(kept.path, { force: true })
  }

  app.post('/api/files', async (context) => {
    const name = basename(context.req.query('name') ?? '')
    if (!name) throw new Refusal(400, 'Name the file: POST /api/files?name=calls.ndjson with the file as the body.')
    folder ??= mkdtemp(join(tmpdir(), 'workbench-files-'))
    const id = randomUUID()
    const path = join(await folder, `${id}${extname(name.replace(/\.gz(ip)?$/i, '')).replace(/[^.\w]/g, '')}`)
    try {
      await save(context.req.raw, path)
      const opened = await openCallFile(path, name)
      const file = await lookAt(opened, { id, name })
      files.set(id, { path, opened, file, abort: new AbortController() })
      const [oldest] = files.keys()
      if (files.size > MAX_FILES) await forget(oldest)
      return context.json(file)
    } catch (error) {
      await rm(path, { force: true })
      throw asRefusal(error, path, name)
    }
  })
  app.get('/api/files/:id', (context) => context.json(require(context.req.param('id')).file))
  app.post('/api/files/:id/send', (context) => {
    const kept = require(context.req.param('id'))
    if (kept.file.progress?.state === 'sending') throw new Refusal(409, 'The file is being sent already.')
    kept.abort = new AbortController()
    const progress: FileProgress = { state: 'sending', sent: 0, refused: 0, repeated: 0 }
    kept.file.progress = progress
    void send(kept.opened, intake, progress, kept.abort.signal)
    return context.json(kept.file)
  })
  app.post('/api/files/:id/stop', (context) => {
    const kept = require(context.req.param('id'))
    kept.abort.abort()
    return context.json(kept.file)
  })
  app.delete('/api/files/:id', async (context) => {
    await forget(context.req.param('id'))
    return context.json<Done>({ success: true })
  })

  return {
    async close() {
      for (const { abort } of files.values()) abort.abort()
      if (folder) await rm(await folder, { recursive: true, force: true })
    }
  }
}

async function save({ body }: Request, path: string): Promise<void> {
  let length = 0
  async function* counted() {
    if (!body) return
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength
      if (length > MAX_FILE_BYTES) {
        throw new Refusal(
          413,
          `The file is longer than ${MAX_FILE_BYTES} bytes. For customers by the million there is the backfill.`
        )
      }
      yield chunk
    }
  }
  await pipeline(Readable.from(counted()), createWriteStream(path))
}

/** Reads the file once, so that what it holds is known before anything is sent. */
async function lookAt(opened: OpenedFile, named: Pick<CallFile, 'id' | 'name'>): Promise<CallFile> {
  const types = new Map<string, number>()
  const first: JSONObject[] = []
  let refused = 0
  let firstRefused: string | undefined
  for await (const items of opened.items()) {
    for (const item of items) {
      if ('reason' in item) {
        refused += 1
        firstRefused ??= item.reason
        continue
      }
      const type = String(item.call.type)
      types.set(type, (types.get(type) ?? 0) + 1)
      if (first.length < FIRST_CALLS) first.push(item.call)
    }
  }
  const total = Array.from(types.values()).reduce((sum, each) => sum + each, 0)
  if (!total) throw new UnreadableFile(`The file holds no call. ${firstRefused ?? ''}`.trim())
  return {
    ...named,
    format: opened.format,
    types: Object.fromEntries(types),
    total,
    refused,
    ...(firstRefused !== undefined && { firstRefused }),
    first
  }
}

/** Sends the calls as an SDK would, as fast as there is room. Never throws: what went wrong stands in the progress. */
async function send({ items }: OpenedFile, intake: Intake, progress: FileProgress, signal: AbortSignal): Promise<void> {
  try {
    for await (const part of items()) {
      const calls = part.flatMap((item) => ('call' in item ? [item.call] : []))
      for (let at = 0; at < calls.length; at += CALLS_AT_ONCE) {
        await sendPart(calls.slice(at, at + CALLS_AT_ONCE), intake, progress, signal)
        if (signal.aborted) break
      }
      if (signal.aborted) break
    }
    progress.state = signal.aborted ? 'stopped' : 'done'
  } catch (error) {
    progress.state = signal.aborted ? 'stopped' : 'failed'
    if (!signal.aborted) progress.error = error instanceof Error ? error.message : String(error)
  }
}

async function sendPart(
  batch: JSONObject[],
  intake: Intake,
  progress: FileProgress,
  signal: AbortSignal
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { refused, repeated } = takeIn(intake, { batch }, 'batch')
      progress.sent += batch.length
      progress.refused += refused.length
      progress.repeated += repeated
      // Others get their turn.
      return await pause(0)
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 429)) throw error
      await pause(FULL_PAUSE_MS)
    }
  }
}

function asRefusal(error: unknown, path: string, name: string): unknown {
  if (error instanceof UnreadableFile) return new Refusal(422, error.message)
  if (!(error instanceof Stop)) return error
  // The reader names the file where it lies here, which is not where its owner has it.
  const message = error.message.split(path).join(name)
  return new Refusal(
    422,
    PAGE_WORDS.reduce((text, [command, page]) => text.replace(command, page), message)
  )
}
