import { errorCode } from '../workbench/shared/errorCode'

/** What the command's exit code says. */
export const EXIT = {
  /** Everything was delivered. */
  delivered: 0,
  /** The run is over, and some rows were refused. */
  rejected: 1,
  /** The command or what it was given can't be used. */
  usage: 2,
  /** Stopped for now: the same command goes on. */
  resumable: 5,
  /** Can't go on until somebody changes something. */
  blocked: 7,
  /** Ended by Ctrl+C: the same command goes on. */
  interrupted: 130
} as const

/** Ends the run with an exit code. The message says what happened and what to do next, and holds no secret. */
export class Stop extends Error {
  constructor(readonly exitCode: number, message: string) {
    super(message)
    this.name = 'Stop'
  }
}

/** What was given can't be used (exit code 2). */
export const unusable = (message: string): Stop => new Stop(EXIT.usage, message)
/** Nothing more can be done now, and the same command goes on later (exit code 5). */
export const resumable = (message: string): Stop => new Stop(EXIT.resumable, message)
/** Somebody has to change something first (exit code 7). */
export const blocked = (message: string): Stop => new Stop(EXIT.blocked, message)

/**
 * What an error means for the run: a Stop as it is, a full disk or a folder that can't be written in words, everything
 * else unchanged.
 */
export function asStop(error: unknown): unknown {
  const path = hasPath(error) ? ` (${error.path})` : ''
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return resumable(
        `The disk is full${path}. Nothing that was sent is lost: make room, or move the work folder and name it with --work, then run the same command again.`
      )
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return blocked(`The folder can't be written${path}. Give a folder that can be with --work.`)
    case 'EIO':
      return resumable(`The disk failed${path}. Run the same command again when it works.`)
    default:
      return error
  }
}

function hasPath(error: unknown): error is { path: string } {
  return typeof error === 'object' && error !== null && 'path' in error && typeof error.path === 'string'
}
