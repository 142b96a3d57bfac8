/** Keeps the store in step with the workbench, by its server-sent events. */
import type { Delivery, Overview, StreamEvents } from '../shared/types'
import { readDeliveries, readMappings, readStreamRefusal, readTarget, readTroubles } from './api'
import { outcomeNames } from './format'
import { addDeliveries, getState, MAX_DELIVERIES, mergeNewestFirst, setState } from './store'

/** Pause before a connection that the browser gave up is opened anew, in milliseconds. */
const RECONNECT_MS = 1000

/**
 * Connects, and stays connected: the browser heals a broken stream by itself, and a stream that it gave up is opened
 * anew. After each time the page reads again what it may have missed. A page that nobody sees holds no stream, since a
 * browser has six connections for all its pages of one host: six open tabs would leave none for anything else.
 */
export function followServer(): void {
  const list = createListReader()
  let stream: EventSource | null = null
  let again: ReturnType<typeof setTimeout> | undefined

  function follow(): void {
    clearTimeout(again)
    if (document.hidden) {
      stream?.close()
      stream = null
      setState({ connection: 'connecting' })
    } else {
      stream ??= openStream(list, () => {
        stream = null
        again = setTimeout(follow, RECONNECT_MS)
      })
    }
  }
  document.addEventListener('visibilitychange', follow)
  follow()
}

/** @param onGivenUp called when the browser will not connect this stream again */
function openStream(list: ListReader, onGivenUp: () => void): EventSource {
  const stream = new EventSource('/api/stream')

  const on = <Name extends keyof StreamEvents>(name: Name, take: (data: StreamEvents[Name]) => void) =>
    stream.addEventListener(name, (event: MessageEvent<string>) => take(JSON.parse(event.data)))

  on('overview', (overview) => {
    setState({ overview })
    void refresh(() => list.catchUp(overview))
  })
  on('deliveries', list.arrived)
  on('cleared', list.cleared)
  on('mappings', () => void refresh(rereadMappings))
  on('sandbox', () => setState({ sandboxVersion: getState().sandboxVersion + 1 }))
  on('trouble', (troubles) => setState({ troubles }))

  stream.addEventListener('open', () => {
    setState({ connection: 'live', refusal: '', sandboxVersion: getState().sandboxVersion + 1 })
    void refresh(list.read)
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

type ListReader = ReturnType<typeof createListReader>

/** Reads the list of deliveries, so that none falls between the list and the stream. */
function createListReader() {
  /** What the stream brought while the list is being read, newest first; null while it is not. */
  let meanwhile: Delivery[] | null = null
  /** Counts up with each reading; an answer that was overtaken is dropped. */
  let current = 0
  /** How many deliveries there were in all when the list was last read because some were missing. */
  let caughtUpAt = 0

  async function read(): Promise<void> {
    const mine = (current += 1)
    meanwhile = []
    const { deliveries } = await readDeliveries(MAX_DELIVERIES)
    if (mine !== current) return
    setState({ deliveries: mergeNewestFirst(meanwhile, deliveries) })
    meanwhile = null
  }

  return {
    read,
    arrived(ended: Delivery[]) {
      if (meanwhile) meanwhile = mergeNewestFirst([...ended].reverse(), meanwhile)
      addDeliveries(ended)
    },
    cleared() {
      current += 1
      meanwhile = null
      caughtUpAt = 0
      setState({ deliveries: [] })
    },
    /** In a burst the stream brings only the newest deliveries; what the counts say beyond them is read from the list. */
    async catchUp({ counts }: Overview): Promise<void> {
      const known = getState().deliveries
      const total = Object.values(counts).reduce(
        (sum, preset) => outcomeNames.reduce((part, outcome) => part + preset[outcome], sum),
        0
      )
      if (!known || meanwhile || known.length >= MAX_DELIVERIES || total <= known.length || total === caughtUpAt) return
      caughtUpAt = total
      await read()
    }
  }
}

let mappingReads = 0

/** Reads the mappings after a change, so that what is shown and pressed next is what there is. */
export async function rereadMappings(): Promise<void> {
  const mine = (mappingReads += 1)
  const mappings = await readMappings()
  if (mine === mappingReads) setState({ mappings })
}

/** A read that fails with its connection needs nothing: the next connection reads again. Else it is tried again. */
async function refresh(task: () => Promise<void>): Promise<void> {
  try {
    await task()
  } catch {
    if (getState().connection === 'live') setTimeout(() => void refresh(task), RECONNECT_MS)
  }
}
