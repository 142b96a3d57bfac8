/** Keeps the store in step with the workbench, by its server-sent events. */
import { sumOf } from '../shared/outcomes'
import type { Delivery, StreamEvents } from '../shared/types'
import { readDeliveries, readMappings, readRows, readStreamRefusal, readTarget, readTroubles } from './api'
import { directionOf, isSameFilter, mergeRows, readFilter, toListing, totalsIn, withArrived } from './listing'
import type { Filter } from './listing'
import { parseRoute } from './route'
import { getState, setState } from './store'

/** Pause before a connection that the browser gave up is opened anew, in milliseconds. */
const RECONNECT_MS = 1000
/** Pause before the counts are held against the list once more, in milliseconds: in a burst new counts come before. */
const REST_MS = 500
/** Rows of one answer: so many are read and drawn without holding up the page. */
const PAGE = 250
/** Rows that are read without being asked for, since most look no further. */
const FIRST_ROWS = 500
/** Whole deliveries that are held, for the choice of a call. */
const MAX_LATEST = 20

/**
 * Connects, and stays connected: the browser heals a broken stream by itself, and a stream that it gave up is opened
 * anew. After each time the page reads again what it may have missed. A page that nobody sees holds no stream, since a
 * browser has six connections for all its pages of one host: six open tabs would leave none for anything else.
 */
export function followServer(): void {
  let stream: EventSource | null = null
  let again: ReturnType<typeof setTimeout> | undefined

  function follow(): void {
    clearTimeout(again)
    if (document.hidden) {
      stream?.close()
      stream = null
      setState({ connection: 'connecting' })
    } else {
      stream ??= openStream(() => {
        stream = null
        again = setTimeout(follow, RECONNECT_MS)
      })
    }
  }
  document.addEventListener('visibilitychange', follow)
  follow()
}

/** @param onGivenUp called when the browser will not connect this stream again */
function openStream(onGivenUp: () => void): EventSource {
  const stream = new EventSource('/api/stream')

  const on = <Name extends keyof StreamEvents>(name: Name, take: (data: StreamEvents[Name]) => void) =>
    stream.addEventListener(name, (event: MessageEvent<string>) => take(JSON.parse(event.data)))

  on('overview', (overview) => {
    setState({ overview })
    list.catchUp()
  })
  on('deliveries', (ended) => {
    keepLatest(ended)
    list.arrived(ended)
  })
  on('cleared', () => {
    setState({ latest: [] })
    list.cleared()
  })
  on('mappings', () => void refresh(rereadMappings))
  on('sandbox', () => setState({ sandboxVersion: getState().sandboxVersion + 1 }))
  on('trouble', (troubles) => setState({ troubles }))

  stream.addEventListener('open', () => {
    setState({ connection: 'live', refusal: '', latest: [], sandboxVersion: getState().sandboxVersion + 1 })
    list.reread()
    void refresh(async () =>
      keepLatest((await readDeliveries({ limit: MAX_LATEST, direction: 'toVoucherify' })).deliveries)
    )
    void refresh(async () => setState({ target: await readTarget() }))
    void refresh(rereadMappings)
    void refresh(async () => setState({ troubles: await readTroubles() }))
  })
  stream.addEventListener('error', () => {
    setState({ connection: 'lost' })
    if (stream.readyState !== EventSource.CLOSED) return
    onGivenUp()
    // A stream does not tell the page what it was answered.
    void readStreamRefusal().then((refusal) => setState({ refusal }))
  })
  return stream
}

/** Holds the newest calls of these and of those that were held. */
function keepLatest(deliveries: Delivery[]): void {
  const ids = new Set(deliveries.map(({ id }) => id))
  const others = getState().latest.filter(({ id }) => !ids.has(id))
  const calls = [...deliveries, ...others].filter(({ direction }) => direction === 'toVoucherify')
  const latest = calls.sort((a, b) => b.order - a.order).slice(0, MAX_LATEST)
  setState({ latest })
}

/** The list of deliveries: read by its filter, so that none falls between the list and the stream. */
const list = createListReader()
export const showDeliveries = list.show
export const readOlderDeliveries = list.readOlder

function createListReader() {
  let filter: Filter = readFilter(parseRoute(location.hash).query)
  /** What the stream brought while the list is being read; null while it is not. */
  let meanwhile: Delivery[] | null = null
  /** Counts up with each reading; an answer that was overtaken is dropped. */
  let current = 0
  let isReadingOlder = false
  /** How many deliveries had ended in the direction of the filter when its list was last read because some were missing. */
  let caughtUpAt = 0

  const ask = (before = '') => readRows({ ...filter, direction: directionOf(filter), before, limit: PAGE })

  async function read(): Promise<void> {
    const mine = (current += 1)
    meanwhile = []
    const answer = await ask()
    if (mine !== current) return
    setState({ list: toListing(filter, answer, meanwhile) })
    meanwhile = null
    // The last counts may have come while it was read, and then nothing else would ask for what they say.
    setTimeout(catchUp, REST_MS)
    await readOlder(FIRST_ROWS)
  }

  /** In a burst the stream brings only the newest deliveries; what the counts say beyond them is read from the list. */
  function catchUp(): void {
    const { overview, list: listing } = getState()
    if (!overview || !listing || meanwhile) return
    const ended = sumOf(totalsIn(overview, filter))
    if (ended <= listing.total || ended === caughtUpAt) return
    caughtUpAt = ended
    void refresh(read)
  }

  /** Reads on from the oldest row, one answer at a time, until there are so many rows or no older ones. */
  async function readOlder(rows: number): Promise<void> {
    if (isReadingOlder) return
    isReadingOlder = true
    const mine = current
    try {
      for (;;) {
        const listing = getState().list
        const oldest = listing?.rows.at(-1)
        if (!listing || !oldest || listing.isWhole || listing.rows.length >= rows || mine !== current) return
        const { rows: older } = await ask(String(oldest.order))
        const latest = getState().list
        if (mine !== current || !latest) return
        const isWhole = older.length < PAGE
        setState({ list: { ...latest, rows: mergeRows(latest.rows, older), isWhole } })
      }
    } finally {
      isReadingOlder = false
    }
  }

  return {
    /** Shows what fits a filter, and begins to read it. */
    show(next: Filter): void {
      if (isSameFilter(filter, next)) return
      filter = next
      caughtUpAt = 0
      void refresh(read)
    },
    reread: () => void refresh(read),
    readOlder: (rows: number) => void readOlder(rows).catch(() => undefined),
    arrived(ended: Delivery[]): void {
      // Also before there is a list: its first answer may be older than these.
      meanwhile?.push(...ended)
      const listing = getState().list
      if (listing) setState({ list: withArrived(listing, ended) })
    },
    cleared(): void {
      current += 1
      meanwhile = null
      caughtUpAt = 0
      setState({ list: { filter, rows: [], matching: 0, total: 0, isWhole: true } })
    },
    catchUp
  }
}

/** The last reading of the mappings that was begun. */
let reading = Promise.resolve()

/** Reads the mappings after a change, so that what is shown and pressed next is what there is. */
export function rereadMappings(): Promise<void> {
  const mine: Promise<void> = readMappings().then((mappings) => {
    // The stream may have had them read once more meanwhile: then that one is waited for.
    return mine === reading ? setState({ mappings }) : reading
  })
  return (reading = mine)
}

/** A read that fails with its connection needs nothing: the next connection reads again. Else it is tried again. */
async function refresh(task: () => Promise<void>): Promise<void> {
  try {
    await task()
  } catch {
    if (getState().connection === 'live') setTimeout(() => void refresh(task), RECONNECT_MS)
  }
}
