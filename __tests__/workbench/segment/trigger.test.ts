import type { PreviewResult } from '../../../workbench/shared/types'
import { triggerWarnings } from '../../../workbench/segment/triggerWarnings'
import { closeAll, start, TRACK, TRACK_PRESET } from '../helpers'
import { matchTrigger } from '../../../workbench/segment/trigger'

afterEach(closeAll)

const problemOf = async (trigger: string) => (await matchTrigger(trigger, { type: 'track' })).problem

describe('a trigger', () => {
  it.each([
    'type = "track"',
    '  type="track"  ',
    'type != "track"',
    'type = "track" or type = "page" or type = "screen"',
    'type = "track" and event = "Order Completed"',
    'type = "track" and (event = "Paid" or event = "Refunded")',
    '(type = "track" and event = "Paid") or (type = "identify" and traits.vip = true)',
    '( type = "track" ) and ( event = "Paid" )',
    'type = "track"\n  and event = "Paid"\n',
    'event = ""',
    'event = "(a) and b = \'c\'"',
    'event = "50 % off, und Käse für 5 €"',
    'event = "C:\\" and name != "D:\\"',
    'name = null or name != null',
    'userId = "usr_1" and userId != null',
    'userId = true or userId = false',
    'properties.total > 5',
    'properties.total >= 5.25 and properties.total < 100 and properties.total <= 99.5',
    'properties.total = -5 or properties.total != +5',
    'properties.total > "5"',
    'properties.order.items.first-one_2 = "x"',
    'properties.order\\ number = "x"',
    'properties.a\\.b\\"c = "x"',
    'traits.plan = "gold" and traits.address.city != "Paris"',
    'traits.vip = true and traits.blocked = false and traits.left = null',
    'context.personas.computation_class = "audience"',
    'context.library.name != "analytics.js"',
    'contains(event, "Order")',
    'contains( properties.title , "Order" ) and !contains(traits.email, "@example.com")',
    'contains(properties.number, 5)',
    'match(event, "Order*") or match(event, "*Completed")',
    '!match(properties.url, "*.pdf") and !match(context.page.path, "/private*")',
    'type = "track" and (contains(event, "a") or !match(name, "b*"))',
    'event contains "Order"',
    'event not_contains "Order" or event starts_with "a" or event not_ends_with "b"'
  ])('stays valid: %s', async (trigger) => {
    expect(await problemOf(trigger)).toBeUndefined()
  })

  it.each([
    ['', 'it is empty'],
    ['type', '"type" is not a condition'],
    ['type =', '"type =" is not a condition'],
    ['type = track', '"type = track" is not a condition'],
    ['type == "track"', '"type == "track"" is not a condition'],
    ["type = 'identify'", 'texts stand in double quotes here'],
    ['type = “track”', '"type = “track”" is not a condition'],
    ['type = "track', '"type = "track" is not a condition'],
    ['type "track"', '"type "track"" is not a condition'],
    ['= "track"', '"= "track"" is not a condition'],
    ['type = "track" and event = Paid', '"event = Paid" is not a condition'],
    ['type = "track" and and event = "Paid"', '"and event = "Paid"" is not a condition'],
    ['event in ["a", "b"]', '"event in ["a", "b"]" is not a condition'],
    ['event is "a"', '"event is "a"" is not a condition'],
    ['type = ()', '"type = ()" is not a condition'],
    ['properties.total = .5', '"properties.total = .5" is not a condition'],
    ['contains(event)', '"contains(event)" is not a condition'],
    ['contains(event "a")', '"contains(event "a")" is not a condition'],
    ['match(event, )', '"match(event, )" is not a condition'],
    ['type = "track" or !(event = "Paid")', '"!(event = "Paid")" is not a condition'],
    ['type = "identify" and', 'a condition is missing at its end'],
    ['(', 'a condition is missing at its end'],
    ['type = "identify")', '")" stands where "and", "or" or the end should be'],
    ['type = "a") and (event = "b"', '") and (event = "b"" stands where "and", "or" or the end should be'],
    ['type = "track" event = "Paid"', '"event = "Paid"" stands where'],
    ['type = "track" AND event = "Paid"', '"AND event = "Paid"" stands where'],
    ['type = "track" && event = "Paid"', '"&& event = "Paid"" stands where'],
    ['type = "track" "page"', '""page"" stands where'],
    ['type = "track" and (event = "Paid"', 'a bracket is not closed'],
    ['type = "track" and event = "Paid" or event = "Refunded"', 'it joins by "and" as well as by "or"'],
    ['type = "track" and (event = "a" or event = "b" and name = "c")', 'it joins by "and" as well as by "or"'],
    ['event = "Say \\"hi\\"" and type = "track"', '"event = "Say \\"hi\\"" and'],
    ['type="track"and event="Paid"', '"type="track"and event="Paid"" is not a condition'],
    ['(type = "track")or(type = "page")', '"or(type = "page")" stands where'],
    ['((type = "track"))', 'it has brackets inside brackets'],
    ['type = "a" or (event = "b" and (name = "c"))', 'it has brackets inside brackets'],
    ['anonymousId = "anon_1"', 'it asks for nothing of a call that Segment knows'],
    [`type = ${'x'.repeat(1000)}`, `xxx…" is not a condition`]
  ])('is refused with the reason: %s', async (trigger, reason) => {
    const problem = await problemOf(trigger)
    expect(problem).toContain(reason)
    expect(problem?.length).toBeLessThan(150)
  })
})

describe('a trigger that Segment reads otherwise than it looks', () => {
  const warned = (trigger: string) => triggerWarnings(trigger).map(({ message, whatToDo }) => `${message} ${whatToDo}`)

  it.each([
    ['properties.vip != true', 'holds for true as well as for false. Write properties.vip = false.'],
    ['type = "track" and traits.vip!=false', 'Write traits.vip = true.'],
    [
      'match(event, "Order")',
      'drops the first letter of "Order" and looks whether event ends so. Write event = "Order"'
    ],
    ['!match(properties.sku, "HB-*-KG")', 'hardly ever matches. Write match(properties.sku, "HB-*")'],
    ['match(event, "*rder*")', 'hardly ever matches. Write match(event, "rder*")'],
    ['contains(properties.tags, "new")', 'Where properties.tags is a list, it never holds'],
    ['traits.tags not_contains "new"', 'Where traits.tags is a list, it never holds']
  ])('is warned of, with the form that works: %s', (trigger, text) => {
    expect(warned(trigger)).toEqual([expect.stringContaining(text)])
  })

  it.each([
    'type = "track"',
    'properties.vip = true',
    'properties.vip = false',
    'properties.vip != null',
    'properties.total != 5',
    'event = "properties.vip != true"',
    'match(event, "Order*")',
    'match(event, "*Completed")',
    'contains(event, "Order")'
  ])('is not warned of where it is as it looks: %s', (trigger) => {
    expect(warned(trigger)).toEqual([])
  })

  it('is what the framework makes of it', async () => {
    const event = { type: 'track' as const, event: 'Border', properties: { vip: true, tags: ['new'] } }
    for (const trigger of ['properties.vip != true', 'properties.vip != false', 'match(event, "Xorder")']) {
      expect([trigger, await matchTrigger(trigger, event)]).toEqual([trigger, { matched: true }])
    }
    for (const trigger of [
      'match(event, "*ord*")',
      'contains(properties.tags, "new")',
      '!contains(properties.tags, "x")'
    ]) {
      expect([trigger, await matchTrigger(trigger, event)]).toEqual([trigger, { matched: false }])
    }
    expect((await matchTrigger("event = 'Border'", event)).problem).toContain('double quotes')
    expect((await matchTrigger("match(event, 'B*')", event)).problem).toContain('double quotes')
  })
})

it('a mapping and a preview say so', async () => {
  const { send, get } = await start()
  const trigger = 'type = "track" and properties.vip != true'
  const warnings = [expect.objectContaining({ code: 'trigger', field: 'properties.vip' })]
  const preview = await send('POST', '/api/preview', { event: TRACK, preset: TRACK_PRESET, trigger })
  expect((preview.body as PreviewResult).presets).toMatchObject([{ warnings }])
  const at = `/api/mappings/${encodeURIComponent(TRACK_PRESET)}`
  expect((await send('PUT', at, { trigger })).body).toMatchObject({ warnings })
  expect(await get(at)).toMatchObject({ warnings })
  expect((await send('PUT', at, { trigger: 'type = "track"' })).body).toMatchObject({ warnings: [] })
})
