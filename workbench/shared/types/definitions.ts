import type { Definitions } from './sandbox'

/** GET /api/definitions. PUT takes Definitions, and takes them for the sandbox's own; 409 in a real project. */
export interface DefinitionsInfo {
  /** What the sandbox, or the real project, defines. */
  defined: Definitions
  /** The metadata that came so far, the most frequent first, with the type that each mostly had. */
  seen: Definitions
  /** Whether they can be defined here: a real project's are defined in Voucherify's dashboard. */
  canDefine: boolean
  /** Why nobody knows what the real project defines, in a sentence; empty when it was read, and of the sandbox. */
  unread: string
}
