/** What SECURITY.md says of the pinned fast-uri: nothing reaches it but the names under which the framework keeps schemas. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastUri from 'fast-uri'
import definition from '../../src'
import { root } from '../../tools/project'
import {
  API,
  callOf,
  deliver,
  deliverBatch,
  erase,
  GATEWAY,
  gatewayAnswers,
  withoutNetwork
} from '../destination/__helpers__/helpers'

describe('fast-uri', () => {
  withoutNetwork()

  it('only reads names of schemas, whatever a call and an answer hold', async () => {
    const methods = ['parse', 'serialize', 'resolve', 'normalize', 'equal'] as const
    const spies = methods.map((method) => jest.spyOn(fastUri, method))
    const link = 'https://evil.example.com/a?b#c'
    for (const origin of [GATEWAY, API]) gatewayAnswers({ status: 200, body: link }, origin)
    const traits = { name: link, email: link, $id: link, $ref: link, address: { street: link }, [link]: link }
    await deliver(callOf('identify', { userId: link, traits }))
    await deliver(callOf('track', { event: link, properties: traits }))
    await deliver(callOf('group', { groupId: link, traits }))
    await deliverBatch([callOf('identify', { userId: link, traits })])
    await erase(link)

    const reached = spies.flatMap(({ mock }) => mock.calls.flat()).filter((value) => typeof value === 'string')
    const keys = ['settings', ...Object.values(definition.actions).map(({ title }) => title)]
    const isOfJsonSchema = (text: string) =>
      /^(http:\/\/json-schema\.org\/draft-07\/schema)?(#\/definitions\/\w+)?$/.test(text)
    const names = reached.filter((text) => !isOfJsonSchema(text))
    expect(new Set(names)).toEqual(new Set(keys.map((key) => `${definition.name}:${key}`)))
  })

  it('is named with its advisories in SECURITY.md, and pinned', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')
    expect(dependencies['fast-uri']).toBe('3.1.5')
    for (const advisory of ['GHSA-jqff-g426-hqxp', 'GHSA-5jgf-p345-68v8']) expect(text).toContain(advisory)
  })
})
