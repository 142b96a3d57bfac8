/** The workbench's API as functions. Every one throws an `ApiFailure` whose message can be shown as it is. */
import type { JSONObject, JSONValue } from '@segment/actions-core'
import type {
  ApiError,
  AudienceList,
  CallFile,
  CallsTaken,
  ConnectionTest,
  CustomerList,
  CustomerView,
  Definitions,
  DefinitionsInfo,
  Delivery,
  DeliveryList,
  ErasureResult,
  Explanation,
  Mapping,
  MappingChange,
  MappingList,
  PreviewRequest,
  PreviewResult,
  Rehearsal,
  RowList,
  Sample,
  SamplesSent,
  SandboxState,
  Scenario,
  SourceChange,
  SourceInfo,
  SourcePreview,
  SourcePreviewRequest,
  Target,
  Trouble
} from '../shared/types'
import type { Filter } from './listing'

/** The workbench refused a request, or did not answer. `status` is 0 when there was no answer. */
export class ApiFailure extends Error {
  constructor(message: string, readonly status: number) {
    super(message)
  }
}

async function ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      signal,
      headers: body === undefined || body instanceof File ? {} : { 'content-type': 'application/json' },
      body: body === undefined || body instanceof File ? body : JSON.stringify(body)
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiFailure('The workbench does not answer. Check that it still runs in your terminal.', 0)
  }
  if (!response.ok) throw new ApiFailure(await reasonOf(response), response.status)
  return response
}

async function reasonOf(response: Response): Promise<string> {
  try {
    const { error }: ApiError = await response.json()
    if (error) return error
  } catch {
    // not the workbench's own answer: the status says what there is to say
  }
  return `The workbench answered ${response.status}.`
}

async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask('GET', path, undefined, signal)).json()
}

async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return (await ask('POST', path, body, signal)).json()
}

const segment = encodeURIComponent

/** Why the workbench gives no stream of events, in its own words; empty when it does, or does not answer. */
export async function readStreamRefusal(): Promise<string> {
  const controller = new AbortController()
  try {
    await ask('GET', '/api/stream', undefined, controller.signal)
    return ''
  } catch (error) {
    return error instanceof ApiFailure && error.status === 503 ? error.message : ''
  } finally {
    controller.abort()
  }
}

export const readTarget = () => read<Target>('/api/target')
export const testConnection = () => post<ConnectionTest>('/api/test-connection', {})

/** The part of an address that asks for it. */
export function searchOf(query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
}

export const readRows = (query: Partial<Filter> & { before?: string; limit: number }) =>
  read<RowList>(`/api/rows?${searchOf(query)}`)
export const readDeliveries = (query: Partial<Filter> & { limit: number }) =>
  read<DeliveryList>(`/api/deliveries?${searchOf(query)}`)
export const explainDelivery = (id: string) => read<Explanation>(`/api/deliveries/${segment(id)}`)
export const retryDelivery = (id: string) => post<Delivery>(`/api/deliveries/${segment(id)}/retry`, {})
export const emptyDeliveries = () => ask('DELETE', '/api/deliveries')

export const readSamples = () => read<Sample[]>('/api/samples')
export const sendSamples = () => post<SamplesSent>('/api/samples', {})

/** Write key of the calls that the page sends. The workbench takes any. */
const WRITE_KEY = 'workbench-page'

/** Sends a call through the same door as an SDK: `/v1/track` and its like. */
export const sendCall = (type: string, event: object) =>
  post<CallsTaken>(`/v1/${segment(type)}`, { writeKey: WRITE_KEY, ...event })
export const sendBatch = (batch: JSONValue[] | object[]) =>
  post<CallsTaken>('/v1/batch', { writeKey: WRITE_KEY, batch })

export const previewCall = (request: PreviewRequest, signal: AbortSignal) =>
  post<PreviewResult>('/api/preview', request, signal)

export const readMappings = () => read<MappingList>('/api/mappings')
export const changeMapping = async (preset: string, change: MappingChange): Promise<Mapping> =>
  (await ask('PUT', `/api/mappings/${segment(preset)}`, change)).json()
/** Takes a mapping from a file: its `preset` is its name. */
export const importMapping = (preset: string, file: JSONObject) => ask('PUT', `/api/mappings/${segment(preset)}`, file)
/** Puts mappings in the place of all. */
export const changeMappings = (mappings: JSONValue[]) => ask('PUT', '/api/mappings', { mappings })
/** Puts a preset back to its defaults; removes a mapping that was added. */
export const resetMapping = (preset: string) => ask('DELETE', `/api/mappings/${segment(preset)}`)

export const readDefinitions = (signal: AbortSignal) => read<DefinitionsInfo>('/api/definitions', signal)
/** Takes them for the sandbox's own. */
export const define = async (definitions: Definitions): Promise<DefinitionsInfo> =>
  (await ask('PUT', '/api/definitions', definitions)).json()

/** Gives a file to the workbench, which looks at it. Nothing is sent. */
export const openFile = async (file: File): Promise<CallFile> =>
  (await ask('POST', `/api/files?${searchOf({ name: file.name })}`, file)).json()
export const readFileProgress = (id: string) => read<CallFile>(`/api/files/${segment(id)}`)
export const sendFile = (id: string) => post<CallFile>(`/api/files/${segment(id)}/send`, {})
export const stopFile = (id: string) => post<CallFile>(`/api/files/${segment(id)}/stop`, {})
export const forgetFile = (id: string) => ask('DELETE', `/api/files/${segment(id)}`)

export const readSource = () => read<SourceInfo>('/api/source')
export const changeSource = (options: SourceChange) => ask('PUT', '/api/source', options)
export const previewSource = (request: SourcePreviewRequest, signal: AbortSignal) =>
  post<SourcePreview>('/api/source/preview', request, signal)
/** The script to paste into Segment. */
export const readSourceFunction = async (): Promise<string> => (await ask('GET', '/api/source/function')).text()

export const rehearse = (scenario: Scenario) => post<Rehearsal>('/api/rehearsals', { scenario })

export const readTroubles = () => read<Trouble[]>('/api/trouble')
export const startTrouble = (trouble: Trouble) => ask('POST', '/api/trouble', trouble)
export const endTroubles = () => ask('DELETE', '/api/trouble')

export const readSandbox = (search: string, limit: number, signal: AbortSignal) =>
  read<SandboxState>(`/api/sandbox?search=${segment(search)}&limit=${limit}`, signal)
export const readCustomers = (search: string, limit: number, signal: AbortSignal) =>
  read<CustomerList>(`/api/customers?${searchOf({ search, limit })}`, signal)
export const readCustomer = (sourceId: string, signal: AbortSignal) =>
  read<CustomerView>(`/api/customers/${segment(sourceId)}`, signal)
export const readCustomerCalls = (user: string, limit: number, signal: AbortSignal) =>
  read<DeliveryList>(`/api/deliveries?${searchOf({ user, limit, direction: 'toVoucherify' })}`, signal)
export const readAudiences = (signal: AbortSignal) => read<AudienceList>('/api/audiences', signal)
export const emptySandbox = () => ask('DELETE', '/api/sandbox')
export const eraseCustomer = (userId: string) => post<ErasureResult>('/api/delete', { userId })
