/**
 * The metadata keys that the mapping editor offers: what is asked, which choices come of an answer, and which words of
 * everything else. It never throws, and no other host is asked.
 */
import { Destination } from '@segment/actions-core'
import nock from 'nock'
import definition from '../../src/index'
import { API, API_HEADERS, gatewayAnswers, json, settings, withoutNetwork } from './__helpers__/helpers'

const SCHEMA = {
  id: 'ms_1',
  related_object: 'customer',
  properties: {
    tags: { type: 'string', array: true },
    Zone: { type: 'geopoint' },
    age: { type: 'number', array: false, optional: true },
    gone: { type: 'string', deleted: true },
    birthday_gift: { type: 'date', array: false, deleted: false }
  },
  allow_defined_only: true,
  object: 'metadata_schema'
}

const fields: [string, string][] = [
  ['upsertCustomer', 'metadata'],
  ['assignCustomerToGroup', 'traits']
]

/** Asks as the mapping editor does. */
async function choicesOf(action: string, field: string, changes: object = {}) {
  const destination = new Destination(definition)
  const data = { settings: { ...settings, ...changes }, payload: {} }
  const response = await destination.executeDynamicField(action, `${field}.__keys__`, data)
  if (!('choices' in response)) throw new Error('There is no such field')
  return response
}

describe.each(fields)('the keys that %s offers for %s', (action, field) => {
  withoutNetwork()

  it('belong to a field that asks for them', () => {
    expect(definition.actions[action].fields[field]).toMatchObject({
      type: 'object',
      dynamic: true,
      defaultObjectUI: 'keyvalue',
      additionalProperties: true
    })
  })

  it('are those that the project defines, in order of the alphabet, with their types', async () => {
    const sent = gatewayAnswers(json(200, SCHEMA), API)
    expect(await choicesOf(action, field)).toEqual({
      choices: [
        { value: 'age', label: 'age (number)' },
        { value: 'birthday_gift', label: 'birthday_gift (date)' },
        { value: 'tags', label: 'tags (list of string)' },
        { value: 'Zone', label: 'Zone (geopoint)' }
      ]
    })
    expect(sent).toEqual([
      { method: 'GET', url: `${API}/v1/metadata-schemas/customer`, headers: API_HEADERS, body: '' }
    ])
  })

  it.each([{}, { properties: null }, { properties: {} }, [], null, { properties: { odd: 'text' } }])(
    'are none for the answer %j',
    async (answer) => {
      gatewayAnswers(json(200, answer), API)
      expect(await choicesOf(action, field)).toEqual({ choices: [] })
    }
  )

  it.each<[number, object | string, string]>([
    [
      401,
      { key: 'unauthorized', message: 'No such keys' },
      'Voucherify answered 401 (unauthorized): No such keys. Check the settings "Application ID" and "Secret Key".'
    ],
    [
      403,
      { message: 'No access' },
      'Voucherify answered 403: No access. Give the key in the setting "Secret Key" the right to do this, in Voucherify\'s project settings.'
    ],
    [
      429,
      { message: 'Too many' },
      'Voucherify answered 429: Too many. Type the keys by hand, or open the mapping again later.'
    ],
    [400, { message: `No ${settings.secretKey}` }, 'Voucherify answered 400. Type the keys by hand']
  ])('are none where Voucherify answers %d, with its reason', async (status, body, words) => {
    gatewayAnswers(json(status, body), API)
    const { choices, error } = await choicesOf(action, field)
    expect({ choices, code: error?.code }).toEqual({ choices: [], code: String(status) })
    expect(error?.message).toContain(words)
  })

  it('are none where a page answers', async () => {
    gatewayAnswers({ status: 200, body: '<html></html>' }, API)
    expect(await choicesOf(action, field)).toMatchObject({ choices: [], error: { code: '200' } })
  })

  it('are none where nothing answers, and where a setting is unusable', async () => {
    nock(API)
      .get(/.*/)
      .replyWithError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    expect(await choicesOf(action, field)).toMatchObject({
      choices: [],
      error: {
        code: '500',
        message: expect.stringMatching(
          /^The metadata definitions could not be read: .*reason: read ECONNRESET\. Type the keys by hand, or open the mapping again later\.$/
        )
      }
    })
    expect(await choicesOf(action, field, { customURL: 'https://example.com' })).toMatchObject({
      choices: [],
      error: { code: '400', message: expect.stringContaining('The setting "Custom Voucherify URL" must be a host') }
    })
  })
})
