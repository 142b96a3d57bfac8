import type { JSONObject } from '@segment/actions-core'

/** A file of the reader's own calls, as it was looked at. POST /api/files?name= with the file as the body. */
export interface CallFile {
  id: string
  name: string
  /** What it is, in words, such as "NDJSON". */
  format: string
  /** How many calls it holds, by their type. */
  types: Record<string, number>
  total: number
  /** Rows that make no call, and the first reason. */
  refused: number
  firstRefused?: string
  /** The first calls, to be looked at. */
  first: JSONObject[]
  /** How far it was sent; absent before. */
  progress?: FileProgress
}

/** GET /api/files/:id. POST /api/files/:id/send begins, DELETE /api/files/:id stops and forgets the file. */
export interface FileProgress {
  state: 'sending' | 'done' | 'stopped' | 'failed'
  sent: number
  /** Calls of it that the intake did not take, and those whose messageId was taken before. */
  refused: number
  repeated: number
  /** Why it failed. */
  error?: string
}
