import fc from 'fast-check'
import type { IdentifyParams, TrackParams } from '@segment/analytics-node'
import { webhookSamples } from '../../source/samples'
import { NEVER, ROWS } from '../../source/table'
import { toSegment } from '../../source/toSegment'
import type { Options, SegmentCall } from '../../source/toSegment'
import { SEED } from '../properties/property'
import expectedCalls from './expectedCalls.json'
import { EVERYTHING, sample } from './helpers'

/** The types of projects' webhooks, as Voucherify lists them. */
const PROJECT_TYPES = `
redemption.succeeded redemption.failed redemption.rollback.succeeded redemption.rollback.failed publication.succeeded
customer.created customer.updated customer.deleted customer.confirmed customer.rewarded customer.rewarded.loyalty_points
voucher.created voucher.updated voucher.deleted voucher.enabled voucher.disabled voucher.published
voucher.gift.balance_added voucher.gift.transaction.created voucher.loyalty_card.points_added
voucher.loyalty_card.points_expired voucher.loyalty_card.transaction.created voucher.loyalty_card.pending_points.added
voucher.loyalty_card.pending_points.updated voucher.loyalty_card.pending_points.activated
voucher.loyalty_card.pending_points.canceled
campaign.created campaign.updated campaign.deleted campaign.enabled campaign.disabled campaign.earning_rule.assigned
campaign.earning_rule.updated campaign.earning_rule.deleted campaign.earning_rule.enabled
campaign.earning_rule.disabled campaign.loyalty_tier.created campaign.loyalty_tier.updated
campaign.loyalty_tier.deleted campaign.promotion_stack.created campaign.promotion_stack.updated
campaign.promotion_tier.created campaign.promotion_tier.updated campaign.promotion_tier.deleted
campaign.promotion_tier.enabled campaign.promotion_tier.disabled campaign.referral_tier.created
campaign.referral_tier.updated campaign.referral_tier.deleted campaign.reward.assignment.created
campaign.reward.assignment.updated campaign.reward.assignment.deleted campaign.vouchers.added
campaign.vouchers.generation.started campaign.vouchers.generation.completed campaign.vouchers.generation.failed
business_validation_rule.created business_validation_rule.updated business_validation_rule.deleted
business_validation_rule.assignment.created business_validation_rule.assignment.deleted`
  .trim()
  .split(/\s+/)

/** Types that only distributions send, their twins of projects' types left out. */
const DISTRIBUTION_TYPES = `
customer.order.created customer.order.updated customer.order.paid customer.order.canceled customer.segment.entered
customer.segment.left customer.loyalty.tier.joined customer.loyalty.tier.left customer.loyalty.tier.upgraded
customer.loyalty.tier.downgraded customer.loyalty.tier.prolonged customer.custom_event customer.referred
customer.reward_redemptions.created customer.reward_redemptions.pending customer.reward_redemptions.completed
customer.holder.assignment.created customer.holder.assignment.deleted`
  .trim()
  .split(/\s+/)

/** The only call, whatever its type. */
function call(webhook: unknown, options?: Options) {
  const { calls, reason } = toSegment(webhook, options)
  expect({ count: calls.length, reason }).toEqual({ count: 1, reason: undefined })
  const [only] = calls
  return only.type === 'track'
    ? { ...only, fields: only.properties }
    : { ...only, fields: only.traits, event: undefined }
}

function reason(webhook: unknown, options?: Options): string | undefined {
  const { calls, reason } = toSegment(webhook, options)
  expect(calls).toEqual([])
  return reason
}

/** A minimal webhook of a type, whose customer has a source_id. */
const of = (type: string) => ({
  type,
  data: { customer: { id: 'cust_1', source_id: 'u1' } },
  event: { id: 'ev_1', type }
})

describe('every type', () => {
  test.each(webhookSamples.map(({ label, webhook }) => [label, webhook]))(
    '%s becomes its whole call',
    (label, webhook) => {
      const { calls, reason } = toSegment(webhook, EVERYTHING)
      expect(reason ?? calls[0]).toEqual((expectedCalls as Record<string, unknown>)[label as string])
    }
  )

  test('there is an expected call for each sample, and a sample for each row', () => {
    expect(Object.keys(expectedCalls)).toEqual(webhookSamples.map(({ label }) => label))
    expect(Object.keys(ROWS).filter((type) => !webhookSamples.some((each) => each.type === type))).toEqual([])
  })

  test('is in the table, or in the list of those that never become a call', () => {
    expect(PROJECT_TYPES).toHaveLength(61)
    const known = [...Object.keys(ROWS), ...Object.keys(NEVER)]
    expect([...PROJECT_TYPES, ...DISTRIBUTION_TYPES].sort()).toEqual(known.sort())
  })

  test.each(Object.keys(NEVER))('%s never becomes a call, and says why', (type) => {
    expect(reason(of(type), EVERYTHING)).toBe(`${type} never becomes a call: ${NEVER[type]}`)
    expect(toSegment(of(type), { events: { [type]: 'Asked For' } }).calls).toEqual([])
  })

  test('what is on without options is this, and nothing else', () => {
    const on = webhookSamples.filter(({ webhook }) => toSegment(webhook).calls.length).map(({ type }) => type)
    expect([...new Set(on)]).toEqual([
      'customer.created',
      'customer.deleted',
      'redemption.succeeded',
      'redemption.failed',
      'redemption.rollback.succeeded',
      'publication.succeeded',
      'customer.rewarded',
      'voucher.loyalty_card.transaction.created',
      'voucher.gift.transaction.created',
      'voucher.loyalty_card.pending_points.added',
      'voucher.loyalty_card.pending_points.activated',
      'voucher.loyalty_card.pending_points.canceled',
      'customer.segment.entered',
      'customer.segment.left',
      'customer.loyalty.tier.joined',
      'customer.loyalty.tier.left',
      'customer.loyalty.tier.upgraded',
      'customer.loyalty.tier.downgraded',
      'customer.loyalty.tier.prolonged'
    ])
  })

  test('a type that nobody knows gives none', () => {
    expect(reason(of('customer.cloned'))).toBe('There is no webhook type "customer.cloned" that this source knows.')
    expect(reason(of('constructor'))).toContain('There is no webhook type')
  })

  test('every call is one that a Segment SDK takes', () => {
    const track = (_: TrackParams) => 'track'
    const identify = (_: IdentifyParams) => 'identify'
    const send = (each: SegmentCall) => (each.type === 'track' ? track(each) : identify(each))
    for (const { webhook } of webhookSamples)
      for (const each of toSegment(webhook, EVERYTHING).calls) expect(send(each)).toBe(each.type)
  })
})

describe('who is meant', () => {
  test.each([null, undefined, '', '  ', 7, {}])('a customer whose source_id is %p gives no call', (source_id) => {
    const webhook = sample('customer.created')
    webhook.data.customer.source_id = source_id
    expect(reason(webhook)).toBe(
      'The customer.created names no customer with a source_id, so there is nobody to send it for.'
    )
  })

  test("Voucherify's own id is no userId", () => {
    const webhook = sample('customer.created')
    webhook.data.customer.source_id = webhook.data.customer.id
    expect(reason(webhook)).toContain('names no customer with a source_id')
  })

  test('in a referral the referrer never stands in for the one who acted', () => {
    const webhook = sample('redemption.succeeded, a referral')
    expect(call(webhook).userId).toBe('user-1042')
    webhook.data.customer = null
    webhook.data.redemption.customer = null
    expect(webhook.data.holder.source_id).toBe('user-2077')
    expect(reason(webhook)).toContain('names no customer with a source_id')
  })

  test("the ledger's holder is meant, unless there is a customer", () => {
    const webhook = sample('voucher.loyalty_card.transaction.created')
    expect(call(webhook).userId).toBe('user-1042')
    webhook.data.customer = { id: 'cust_2', source_id: 'user-3' }
    expect(call(webhook).userId).toBe('user-3')
  })

  test('who was deleted has the id that Segment knows, and leaves no email', () => {
    const webhook = sample('customer.deleted')
    expect(webhook.data.customer.source_id).toBe('user-1042_deleted2026-11-02T09:30:00.000Z')
    expect(call(webhook)).toMatchObject({ event: 'Customer Deleted', userId: 'user-1042' })
    expect(JSON.stringify(call(webhook))).not.toContain('ada@example.com')
    webhook.data.customer.source_id = 'kept_deleted_by_hand'
    expect(call(webhook).userId).toBe('kept_deleted_by_hand')
    webhook.data.customer.source_id = '_deleted2026-11-02T09:30:00.000Z'
    expect(reason(webhook)).toContain('nobody to send it for')
  })

  test('no call has an anonymousId', () => {
    for (const { webhook } of webhookSamples)
      for (const each of toSegment(webhook, EVERYTHING).calls) expect(each).not.toHaveProperty('anonymousId')
  })
})

describe('ids and times', () => {
  test('the same event twice is the same id, whatever the id of the send-out', () => {
    const first = sample('redemption.succeeded')
    const again = { ...sample('redemption.succeeded'), id: 'whs_another', created_at: '2026-11-03T00:00:00Z' }
    expect(call(again).messageId).toBe(call(first).messageId)
    expect(call(first).messageId).toMatch(/^vcf-[0-9a-f]{64}$/)
  })

  test.each([
    ['project', { project_id: 'proj_other' }],
    ['event', { event: { ...sample('redemption.succeeded').event, id: 'ev_other' } }],
    ['entity', { event: { ...sample('redemption.succeeded').event, entity_id: 'r_other' } }]
  ])('another %s is another id', (_, change) => {
    const webhook = sample('redemption.succeeded')
    expect(call({ ...webhook, ...change }).messageId).not.toBe(call(webhook).messageId)
  })

  test("the parts of an id can't run into each other", () => {
    const webhook = sample('redemption.succeeded')
    const one = { ...webhook, project_id: 'proj_a', event: { ...webhook.event, id: 'bc' } }
    const other = { ...webhook, project_id: 'proj_ab', event: { ...webhook.event, id: 'c' } }
    expect(call(one).messageId).not.toBe(call(other).messageId)
  })

  test("the time is the event's own, then the webhook's, and none where there is none", () => {
    const webhook = sample('redemption.succeeded')
    webhook.event.created_at = '2026-01-02T03:04:05.678901Z'
    expect(call(webhook).timestamp).toBe('2026-01-02T03:04:05.678901Z')
    webhook.event.created_at = '2026-01-02T03: 04: 05Z'
    expect(call(webhook).timestamp).toBe(webhook.created_at)
    expect(call({ data: of('').data, type: 'customer.created' })).not.toHaveProperty('timestamp')
  })
})

describe('redemptions', () => {
  test('a stack of two is two calls', () => {
    const parent = sample('redemption.succeeded, a stack')
    const part = sample('redemption.succeeded, part of a stack')
    const other = { ...sample('redemption.succeeded, part of a stack'), event: { ...part.event, id: 'ev_other' } }
    expect([parent, part, other].flatMap((each) => toSegment(each).calls)).toHaveLength(2)
    expect(reason(parent)).toBe(
      'This is the redemption of a whole stack; each of its parts comes in a webhook of its own.'
    )
    expect(reason(parent, { names: 'voucherify' })).toContain('whole stack')
    expect(reason(parent, { events: { 'redemption.succeeded': 'Anything' } })).toContain('whole stack')
  })

  test('a part does not claim the discount of the whole order', () => {
    const { fields } = call(sample('redemption.succeeded, part of a stack'))
    expect(fields).toMatchObject({ order_discount: 7, parent_redemption_id: 'r_SAmpLeStack' })
    expect(fields).not.toHaveProperty('discount')
    expect(call(sample('redemption.succeeded')).fields).toMatchObject({ discount: 7 })
  })

  test('what a rollback names is no parent', () => {
    const webhook = sample('redemption.rollback.succeeded')
    expect(webhook.data.redemption_rollback.redemption).toBe('r_SAmpLe')
    expect(call(webhook).fields).toMatchObject({ discount: 7 })
    expect(call(webhook).fields).not.toHaveProperty('parent_redemption_id')
  })

  test('a denied coupon has its reason and no discount, also where nothing was redeemable', () => {
    const webhook = sample('redemption.failed')
    expect(call(webhook).fields).not.toHaveProperty('discount')
    Object.assign(webhook.data, { voucher: null, campaign: null, order: null })
    Object.assign(webhook.data.redemption, { voucher: null, order: null })
    expect(call(webhook)).toMatchObject({ event: 'Coupon Denied', fields: { reason: 'Quantity exceeded' } })
  })

  test('a kind that has no name is off, and says how to name it', () => {
    const webhook = sample('redemption.succeeded')
    webhook.data.voucher.type = 'LUCKY_DRAW'
    expect(reason(webhook)).toContain('"redemption.succeeded:LUCKY_DRAW"')
    expect(call(webhook, { events: { 'redemption.succeeded:LUCKY_DRAW': 'Draw Entered' } }).event).toBe('Draw Entered')
  })
})

describe('money and points', () => {
  test.each([
    [undefined, 25, undefined],
    ['EUR', 25, 'EUR'],
    ['jpy', 2500, 'JPY'],
    ['KWD', 2.5, 'KWD']
  ])('in %s an amount of 2500 is %p', (currency, amount, sent) => {
    const { fields } = call(sample('redemption.succeeded, gift card'), { currency })
    expect(fields.amount).toBe(amount)
    expect(fields.currency).toBe(sent)
  })

  test.each(['EUR', 'JPY', 'KWD'])('points are never divided, in %s neither', (currency) => {
    const points = (label: string) => call(sample(label), { currency }).fields.points
    expect(points('redemption.succeeded, loyalty card')).toBe(250)
    expect(points('redemption.succeeded, reward')).toBe(250)
    expect(points('redemption.rollback.succeeded, loyalty card')).toBe(250)
    expect(points('voucher.loyalty_card.transaction.created')).toBe(40)
    expect(points('voucher.loyalty_card.pending_points.canceled')).toBe(40)
  })

  test('adjusted and transferred points have the sign of their direction, expired ones are a number of points', () => {
    const ledger = (of: string) => call(sample(`voucher.loyalty_card.transaction.created, ${of}`)).fields.points
    expect(['added', 'removed', 'transferred in', 'transferred out', 'expired'].map(ledger)).toEqual([
      15, -15, 20, -20, 70
    ])
  })

  test.each(['removed', 'transferred out'])('no points that were %s are 0, and not -0, as in JSON', (of) => {
    const webhook = sample(`voucher.loyalty_card.transaction.created, ${of}`)
    webhook.data.balance.points = 0
    webhook.data.transaction.details.balance.points = 0
    expect(call(webhook).fields.points).toBe(0)
  })

  test.each(['voucher.loyalty_card.transaction.created, redeemed', 'voucher.gift.transaction.created, redeemed'])(
    '%s is told by the redemption',
    (label) => expect(reason(sample(label))).toContain('another webhook tells the same')
  )
})

describe('people', () => {
  test('null stays null, and what is absent stays absent', () => {
    const webhook = sample('customer.created')
    webhook.data.customer = { source_id: 'u1', email: null, address: null, metadata: { plan: null } }
    expect(call(webhook).fields).toEqual({ email: null, address: null, plan: null })
  })

  test('metadata never takes the place of a reserved trait', () => {
    const webhook = sample('customer.created')
    webhook.data.customer.metadata = { email: 'other@example.com', createdAt: 'x', lastName: 'y', plan: 'gold' }
    const { fields } = call(webhook)
    expect(fields).toMatchObject({ email: 'ada@example.com', createdAt: '2026-11-02T09:29:59.900Z', plan: 'gold' })
    expect(fields).not.toHaveProperty('lastName')
  })

  test("metadata with the name of a prototype's key is an ordinary trait", () => {
    const webhook = JSON.parse(JSON.stringify(sample('customer.created')).replace('"plan":', '"__proto__":'))
    expect(Object.keys(call(webhook).fields)).toContain('__proto__')
  })

  test('customer.updated is an identify when asked for', () => {
    expect(reason(sample('customer.updated'))).toBe(
      'customer.updated is off until the setting customerUpdates is true.'
    )
    expect(call(sample('customer.updated'), { customerUpdates: true }).type).toBe('identify')
  })
})

describe('names and events', () => {
  test("the names of Voucherify's own source are these nine", () => {
    const sent = webhookSamples.flatMap(({ webhook }) => toSegment(webhook, { names: 'voucherify' }).calls)
    const names = sent
      .map((each) => (each.type === 'track' ? each.event : ''))
      .filter((name) => name.startsWith('Customer '))
    expect([...new Set(names)].sort()).toEqual([
      'Customer Deleted',
      'Customer Publication Succeeded',
      'Customer Redemption Failed',
      'Customer Redemption Rollback Failed',
      'Customer Redemption Rollback Succeeded',
      'Customer Redemption Succeeded',
      'Customer Reward Redemptions Completed',
      'Customer Reward Redemptions Created',
      'Customer Rewarded',
      'Customer Rewarded Loyalty Points'
    ])
  })

  test("a name renames, also in the names of Voucherify's own source", () => {
    const events = { 'customer.rewarded': 'Present Received' }
    expect(call(sample('customer.rewarded'), { events }).event).toBe('Present Received')
    expect(call(sample('customer.rewarded'), { events, names: 'voucherify' }).event).toBe('Present Received')
  })

  test("a kind's name goes before the type's", () => {
    const events = { 'redemption.succeeded': 'Redeemed', 'redemption.succeeded:GIFT_VOUCHER': 'Gift Spent' }
    expect(call(sample('redemption.succeeded'), { events }).event).toBe('Redeemed')
    expect(call(sample('redemption.succeeded, gift card'), { events }).event).toBe('Gift Spent')
  })

  test('false switches off: a type, or a kind', () => {
    const off = { 'redemption.succeeded:GIFT_VOUCHER': false, 'customer.created': false } as const
    expect(reason(sample('redemption.succeeded, gift card'), { events: off })).toBe(
      'The setting events switches redemption.succeeded:GIFT_VOUCHER off.'
    )
    expect(call(sample('redemption.succeeded'), { events: off }).event).toBe('Coupon Applied')
    expect(reason(sample('customer.created'), { events: off })).toBe(
      'The setting events switches customer.created off.'
    )
  })

  test('a name switches on what is off', () => {
    const events = {
      'customer.order.paid': 'Paid',
      'voucher.published': 'Published',
      'customer.redemption.succeeded': 'Used'
    }
    expect(call(sample('customer.order.paid'), { events }).event).toBe('Paid')
    expect(call(sample('voucher.published'), { events }).event).toBe('Published')
    expect(call(sample('customer.redemption.succeeded'), { events }).event).toBe('Used')
  })

  test('to name a ledger does not tell redemptions twice', () => {
    const events = { 'voucher.loyalty_card.transaction.created': 'Points Moved' }
    expect(call(sample('voucher.loyalty_card.transaction.created'), { events }).event).toBe('Points Moved')
    expect(reason(sample('voucher.loyalty_card.transaction.created, redeemed'), { events })).toContain('is off for')
  })

  test('settings may be the texts of a form', () => {
    const settings = {
      events: '{"customer.rewarded":"Present"}',
      orders: 'true',
      currency: 'usd'
    } as unknown as Options
    expect(call(sample('customer.rewarded'), settings).event).toBe('Present')
    expect(call(sample('customer.order.paid'), settings)).toMatchObject({
      event: 'Order Completed',
      fields: { revenue: 63, currency: 'USD' }
    })
  })
})

describe('envelopes', () => {
  test("a distribution's type is a name that somebody typed, so the event's type decides", () => {
    const webhook = sample('customer.segment.entered')
    expect(webhook.type).toBe('To Segment')
    expect(call(webhook).event).toBe('Segment Entered')
    expect(call({ ...webhook, type: 'customer.created' }).event).toBe('Segment Entered')
  })

  test("an earning rule's event inside the data is not the webhook's", () => {
    const webhook = sample('voucher.loyalty_card.transaction.created')
    expect(webhook.data.event.type).toBe('customer.order.paid')
    expect(call(webhook).event).toBe('Loyalty Points Earned')
    expect(call(webhook.data).event).toBe('Loyalty Points Earned')
  })

  test.each([
    'redemption.succeeded',
    'redemption.failed',
    'redemption.rollback.succeeded',
    'publication.succeeded',
    'customer.rewarded',
    'customer.deleted',
    'voucher.loyalty_card.transaction.created',
    'voucher.gift.transaction.created',
    'voucher.loyalty_card.pending_points.activated'
  ])('a raw %s is known by its shape', (label) => {
    const webhook = sample(label)
    expect(call(webhook.data).event).toBe(call(webhook).event)
    expect(call(webhook.data).fields).toEqual(call(webhook).fields)
  })

  test.each([
    'customer.created',
    'customer.segment.entered',
    'customer.loyalty.tier.upgraded',
    'customer.order.paid',
    'voucher.loyalty_card.pending_points.added',
    'customer.reward_redemptions.created',
    'customer.holder.assignment.created'
  ])('a raw %s could be another, so it needs its type in the address', (label) => {
    const { data, event } = sample(label)
    expect(reason(data, EVERYTHING)).toContain('Add ?type=')
    expect(toSegment(data, { ...EVERYTHING, type: event.type }).calls).toHaveLength(1)
  })

  test("a raw payload's id is that of its content, in whatever order", () => {
    const { data } = sample('redemption.succeeded')
    const turned = Object.fromEntries(Object.entries(data).reverse())
    expect(call(turned).messageId).toBe(call(data).messageId)
    expect(call({ ...data, created_at: '2026-11-02T09:30:00.001Z' }).messageId).not.toBe(call(data).messageId)
  })

  test.each([
    ['voucher.gift.balance_aded', 'voucher.gift.balance_added'],
    ['voucher.loyalty_card.points_aded', 'voucher.loyalty_card.points_added'],
    ['voucher.loyalty_card.pending_points.aded', 'voucher.loyalty_card.pending_points.added'],
    ['campaign.vouchers.aded', 'campaign.vouchers.added']
  ])('%s is %s', (misspelt, type) => {
    expect(toSegment(of(misspelt), EVERYTHING)).toEqual(toSegment(of(type), EVERYTHING))
  })

  test('no other type is corrected', () => {
    expect(reason(of('publication.succeded'))).toContain('There is no webhook type')
    expect(reason(of('voucher.aded'))).toContain('There is no webhook type')
  })

  test('fields that nobody knows change nothing', () => {
    const webhook = sample('redemption.succeeded')
    const more = { ...webhook, later: 1, data: { ...webhook.data, novelty: { a: [1] } } }
    expect(call(more)).toEqual(call(webhook))
  })
})

describe('size', () => {
  const items = Array.from({ length: 400 }, (_, index) => ({
    source_id: `item-${index}`,
    price: 100,
    product: { name: 'ä'.repeat(40) }
  }))
  const large = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`key${index}`, 'ü'.repeat(60)]))

  test('line items go first', () => {
    const webhook = sample('redemption.succeeded')
    webhook.data.order.items = items
    const { fields } = call(webhook)
    expect(fields).toMatchObject({ coupon_id: 'AUTUMN-10', metadata: { till: 7 }, truncated: ['products'] })
    expect(fields).not.toHaveProperty('products')
  })

  test('then metadata', () => {
    const webhook = sample('redemption.succeeded')
    webhook.data.order.items = items
    webhook.data.redemption.metadata = large
    const { fields } = call(webhook)
    expect(fields).toMatchObject({ coupon_id: 'AUTUMN-10', truncated: ['products', 'metadata'] })
    expect(fields).not.toHaveProperty('metadata')
  })

  test('of a person the metadata goes, and the profile stays', () => {
    const webhook = sample('customer.created')
    webhook.data.customer.metadata = large
    expect(call(webhook).fields).toMatchObject({ name: 'Ada Example', truncated: ['metadata'] })
    expect(call(webhook).fields).not.toHaveProperty('key0')
  })

  test('what is still too large loses its largest fields, and says which', () => {
    const webhook = sample('redemption.failed')
    webhook.data.redemption.failure_message = 'x'.repeat(40_000)
    expect(call(webhook).fields).toMatchObject({
      coupon_id: 'AUTUMN-10',
      truncated: ['products', 'metadata', 'reason']
    })
  })

  test('a call is at most 32,000 bytes of UTF-8, and nothing is lost below', () => {
    const sizes = [100, 200, 300, 400].map((count) => {
      const webhook = sample('redemption.succeeded')
      webhook.data.redemption.metadata = Object.fromEntries(Object.entries(large).slice(0, count))
      const [sent] = toSegment(webhook).calls
      return { bytes: Buffer.byteLength(JSON.stringify(sent)), isWhole: !JSON.stringify(sent).includes('truncated') }
    })
    expect(sizes.every(({ bytes }) => bytes <= 32_000)).toBe(true)
    expect(sizes.map(({ isWhole }) => isWhole)).toEqual([true, true, false, false])
  })

  test("a person whose id alone is too large can't be sent", () => {
    const webhook = sample('customer.created')
    webhook.data.customer.source_id = 'x'.repeat(40_000)
    expect(reason(webhook)).toBe('The customer.created is larger than the 32 KB that Segment takes.')
  })
})

describe('never throws', () => {
  test('whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), fc.anything(), (webhook, options) => {
        const { calls, reason } = toSegment(webhook, options as Options)
        return calls.length ? reason === undefined : typeof reason === 'string'
      }),
      { numRuns: 500, seed: SEED }
    )
  })

  test('a circle, a bottomless nesting, and a getter that throws', () => {
    const circle = sample('redemption.succeeded')
    circle.data.redemption.metadata.circle = circle.data.redemption.metadata
    expect(reason(circle)).toContain("can't be read")
    const deep = sample('redemption.succeeded')
    deep.data.redemption.metadata = JSON.parse('{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000))
    expect(reason(deep)).toContain("can't be read")
    expect(reason({ get data() { throw new Error('no') } })).toContain("can't be read") // prettier-ignore
  })
})
