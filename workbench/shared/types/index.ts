/**
 * What the workbench's API takes and gives: the contract between the server and the page. Times are ISO 8601 in UTC,
 * durations milliseconds. No value of it ever holds a key.
 */
export type * from './app'
export type * from './customers'
export type * from './definitions'
export type * from './delivery'
export type * from './explanation'
export type * from './files'
export type * from './mapping'
export type * from './rehearsal'
export type * from './sandbox'
export type * from './source'
