/** The calls that Segment's SDKs make. */
export const CALL_TYPES = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const
export type CallType = typeof CALL_TYPES[number]

export const toCallType = (type: unknown): CallType | undefined => CALL_TYPES.find((name) => name === type)
