/** The one table from webhook type to call. */
import { at, defined, list, number, object, text } from './read'
import type { Fields } from './read'

/** How amounts of the project are turned into a currency's own unit. */
export interface Money {
  currency: string | undefined
  /** The amount in the currency's unit; undefined for what is no number. */
  of(...amounts: unknown[]): number | undefined
}

export interface Row {
  call: 'track' | 'identify'
  /**
   * The event's name, where the type has one; absent for an identify, and for what is off until `events` names it.
   */
  name?: string
  /** The names by kind, where the type has several; null for a kind that is off because another webhook tells it. */
  kinds?: Readonly<Record<string, string | null>>
  kindOf?(data: Fields): string | undefined
  /** The name that Voucherify's own source gives it. */
  own?: string
  /** The option that switches it on; absent where it is on, or off until named. */
  option?: 'customerUpdates' | 'orders'
  /** Whether the ledger's `holder` is the person, where there is no customer. */
  takesHolder?: boolean
  /** Whether it is off until `events` names it, although it has names. */
  isTwin?: true
  /** No documented payload was at hand when the row was written. */
  undocumented?: true
  /** Properties of a track, traits of an identify. */
  fields(data: Fields, money: Money): Fields
}

const REDEEMED = {
  DISCOUNT_VOUCHER: 'Coupon Applied',
  PROMOTION_TIER: 'Coupon Applied',
  GIFT_VOUCHER: 'Gift Card Redeemed',
  LOYALTY_CARD: 'Loyalty Points Redeemed',
  REWARD: 'Reward Redeemed'
}

const ROLLED_BACK = {
  DISCOUNT_VOUCHER: 'Coupon Removed',
  PROMOTION_TIER: 'Coupon Removed',
  GIFT_VOUCHER: 'Gift Card Redemption Rolled Back',
  LOYALTY_CARD: 'Loyalty Points Redemption Rolled Back',
  REWARD: 'Reward Redemption Rolled Back'
}

/** The ledger's own types. REDEMPTION, REFUND and ACTIVATION are told by redemption, rollback and activation. */
const POINTS = {
  POINTS_ACCRUAL: 'Loyalty Points Earned',
  POINTS_ADDITION: 'Loyalty Points Adjusted',
  POINTS_REMOVAL: 'Loyalty Points Adjusted',
  POINTS_EXPIRATION: 'Loyalty Points Expired',
  POINTS_TRANSFER_IN: 'Loyalty Points Transferred',
  POINTS_TRANSFER_OUT: 'Loyalty Points Transferred',
  POINTS_REDEMPTION: null,
  POINTS_REFUND: null,
  PENDING_POINTS_ACTIVATION: null
}

const CREDITS = {
  CREDITS_ADDITION: 'Gift Card Credited',
  CREDITS_REMOVAL: 'Gift Card Debited',
  CREDITS_REDEMPTION: null,
  CREDITS_REFUND: null
}

const LEDGER = {
  call: 'track',
  kindOf: (data: Fields) => text(at(data, 'transaction', 'type')),
  takesHolder: true
} as const

/** What webhooks become. Those that the table does not hold are in NEVER, or are not known. */
export const ROWS: Readonly<Record<string, Row>> = {
  'redemption.succeeded': {
    call: 'track',
    kinds: REDEEMED,
    kindOf: redeemedKind,
    own: 'Customer Redemption Succeeded',
    fields: redemptionFields
  },
  'redemption.failed': {
    call: 'track',
    name: 'Coupon Denied',
    own: 'Customer Redemption Failed',
    fields: deniedFields
  },
  'redemption.rollback.succeeded': {
    call: 'track',
    kinds: ROLLED_BACK,
    kindOf: redeemedKind,
    own: 'Customer Redemption Rollback Succeeded',
    fields: rollbackFields
  },
  'redemption.rollback.failed': {
    call: 'track',
    own: 'Customer Redemption Rollback Failed',
    fields: (data, money) => ({ ...rollbackFields(data, money), ...failure(data.redemption_rollback) })
  },
  'publication.succeeded': {
    call: 'track',
    name: 'Coupon Received',
    own: 'Customer Publication Succeeded',
    fields: publicationFields
  },
  'customer.rewarded': { call: 'track', name: 'Reward Received', own: 'Customer Rewarded', fields: rewardFields },
  'voucher.loyalty_card.transaction.created': { ...LEDGER, kinds: POINTS, fields: pointsFields },
  'voucher.gift.transaction.created': { ...LEDGER, kinds: CREDITS, fields: creditFields },
  'voucher.loyalty_card.pending_points.added': {
    call: 'track',
    name: 'Loyalty Points Pending',
    fields: pendingPointsFields
  },
  'voucher.loyalty_card.pending_points.activated': {
    call: 'track',
    name: 'Loyalty Points Activated',
    fields: pendingPointsFields
  },
  'voucher.loyalty_card.pending_points.canceled': {
    call: 'track',
    name: 'Loyalty Points Cancelled',
    fields: pendingPointsFields
  },
  'customer.created': { call: 'identify', fields: customerTraits },
  'customer.updated': { call: 'identify', option: 'customerUpdates', fields: customerTraits },
  'customer.deleted': { call: 'track', name: 'Customer Deleted', fields: customerFields },
  'customer.segment.entered': { call: 'track', name: 'Segment Entered', fields: segmentFields },
  'customer.segment.left': { call: 'track', name: 'Segment Left', fields: segmentFields },
  'customer.loyalty.tier.joined': {
    call: 'track',
    name: 'Loyalty Tier Joined',
    undocumented: true,
    fields: tierFields
  },
  'customer.loyalty.tier.left': { call: 'track', name: 'Loyalty Tier Left', undocumented: true, fields: tierFields },
  'customer.loyalty.tier.upgraded': {
    call: 'track',
    name: 'Loyalty Tier Upgraded',
    undocumented: true,
    fields: tierFields
  },
  'customer.loyalty.tier.downgraded': { call: 'track', name: 'Loyalty Tier Downgraded', fields: tierFields },
  'customer.loyalty.tier.prolonged': { call: 'track', name: 'Loyalty Tier Prolonged', fields: tierFields },
  'customer.order.paid': { call: 'track', name: 'Order Completed', option: 'orders', fields: orderFields },

  'customer.order.created': { call: 'track', fields: orderFields },
  'customer.order.updated': { call: 'track', fields: orderFields },
  'customer.order.canceled': { call: 'track', undocumented: true, fields: orderFields },
  'customer.confirmed': { call: 'track', undocumented: true, fields: customerFields },
  'customer.referred': { call: 'track', undocumented: true, fields: redemptionFields },
  'customer.rewarded.loyalty_points': {
    call: 'track',
    own: 'Customer Rewarded Loyalty Points',
    undocumented: true,
    fields: rewardFields
  },
  'customer.reward_redemptions.created': {
    call: 'track',
    own: 'Customer Reward Redemptions Created',
    fields: rewardFields
  },
  'customer.reward_redemptions.pending': { call: 'track', fields: rewardFields },
  'customer.reward_redemptions.completed': {
    call: 'track',
    own: 'Customer Reward Redemptions Completed',
    fields: rewardFields
  },
  'customer.holder.assignment.created': { call: 'track', fields: assignmentFields },
  'customer.holder.assignment.deleted': { call: 'track', undocumented: true, fields: assignmentFields },
  'voucher.published': { call: 'track', fields: publicationFields },
  'voucher.gift.balance_added': { ...LEDGER, fields: creditFields },
  'voucher.loyalty_card.points_added': { ...LEDGER, fields: pointsFields },
  'voucher.loyalty_card.points_expired': { ...LEDGER, fields: pointsFields },
  'voucher.loyalty_card.pending_points.updated': { call: 'track', undocumented: true, fields: pendingPointsFields }
}

const NOBODY = 'it is about no person.'

/** Why these never become a call, to be read after "it never becomes a call:". */
export const NEVER: Readonly<Record<string, string>> = {
  'customer.custom_event': 'it echoes a custom event, most of which the destination itself sent.',
  ...never(
    'voucher',
    ['created', 'updated', 'deleted', 'enabled', 'disabled'],
    'it is about a code, and names no person by a source_id.'
  ),
  ...never('campaign', ['created', 'updated', 'deleted', 'enabled', 'disabled'], NOBODY),
  ...never('campaign.earning_rule', ['assigned', 'updated', 'deleted', 'enabled', 'disabled'], NOBODY),
  ...never('campaign.loyalty_tier', ['created', 'updated', 'deleted'], NOBODY),
  ...never('campaign.promotion_stack', ['created', 'updated'], NOBODY),
  ...never('campaign.promotion_tier', ['created', 'updated', 'deleted', 'enabled', 'disabled'], NOBODY),
  ...never('campaign.referral_tier', ['created', 'updated', 'deleted'], NOBODY),
  ...never('campaign.reward.assignment', ['created', 'updated', 'deleted'], NOBODY),
  ...never('campaign.vouchers', ['added', 'generation.started', 'generation.completed', 'generation.failed'], NOBODY),
  ...never(
    'business_validation_rule',
    ['created', 'updated', 'deleted', 'assignment.created', 'assignment.deleted'],
    NOBODY
  )
}

function never(prefix: string, endings: string[], why: string): Record<string, string> {
  return Object.fromEntries(endings.map((ending) => [`${prefix}.${ending}`, why]))
}

/** Spellings of the Management API's list, which may be a slip there or what it really sends. */
const MISSPELT: Readonly<Record<string, string>> = {
  'campaign.vouchers.aded': 'campaign.vouchers.added',
  'voucher.gift.balance_aded': 'voucher.gift.balance_added',
  'voucher.loyalty_card.points_aded': 'voucher.loyalty_card.points_added',
  'voucher.loyalty_card.pending_points.aded': 'voucher.loyalty_card.pending_points.added'
}

/** The type as this table spells it. */
export function spelt(type: string): string {
  return Object.hasOwn(MISSPELT, type) ? MISSPELT[type] : type
}

/** The row of a type. A distribution's twin of a project's webhook (`customer.redemption.succeeded`) has that one's, off. */
export function rowOf(type: string): Row | undefined {
  if (Object.hasOwn(ROWS, type)) return ROWS[type]
  const base = twinOf(type)
  if (!base || !Object.hasOwn(ROWS, base)) return undefined
  return { ...ROWS[base], isTwin: true }
}

/** The project's type of which a distribution's type is the twin. */
function twinOf(type: string): string | undefined {
  return /^customer\.((?:redemption|publication|voucher)\..+)$/.exec(type)?.[1]
}

/** What is known of a type before any webhook of it is seen; nothing for an unknown one. */
export function describeType(type: string): { call?: Row['call']; hasKinds: boolean; never?: string } {
  const row = rowOf(spelt(type))
  return { call: row?.call, hasKinds: Boolean(row?.kinds), never: neverBecause(spelt(type)) }
}

/** Why a type never becomes a call; undefined when it can. */
export function neverBecause(type: string): string | undefined {
  if (Object.hasOwn(NEVER, type)) return NEVER[type]
  const base = twinOf(type)
  return base && Object.hasOwn(NEVER, base) ? NEVER[base] : undefined
}

/** What was redeemed. A reward on a loyalty card is a reward. Undefined for the parent of a stack, which names neither. */
export function redeemedKind(data: Fields): string | undefined {
  const { voucher, tier, reward } = redeemed(data)
  if (Object.keys(reward).length) return 'REWARD'
  if (Object.keys(voucher).length) return text(voucher.type) ?? kindByBody(voucher)
  return Object.keys(tier).length ? 'PROMOTION_TIER' : undefined
}

function kindByBody(voucher: Fields): string {
  if (voucher.gift) return 'GIFT_VOUCHER'
  return voucher.loyalty_card ? 'LOYALTY_CARD' : 'DISCOUNT_VOUCHER'
}

/** The redemption that this one is a part of, in a stack. */
export function parentOf(data: Fields): string | undefined {
  const parent = at(data, 'redemption', 'redemption')
  return text(parent, at(parent, 'id'))
}

function redeemed(data: Fields) {
  const redemption = object(data.redemption)
  const rollback = object(data.redemption_rollback)
  const anywhere = (key: string) => ({ ...object(redemption[key]), ...object(rollback[key]), ...object(data[key]) })
  return {
    redemption,
    voucher: anywhere('voucher'),
    tier: anywhere('promotion_tier'),
    order: anywhere('order'),
    reward: { ...object(redemption.reward), ...object(rollback.reward) }
  }
}

/** A redemption, and a rollback of one: what was redeemed, for how much, in which order. */
function redemptionFields(data: Fields, money: Money): Fields {
  return { ...redeemedFields(data, money), ...aboutRedemption(data, money) }
}

function deniedFields(data: Fields, money: Money): Fields {
  return { ...couponOf(data), ...failure(data.redemption), ...aboutRedemption(data, money) }
}

function aboutRedemption(data: Fields, money: Money): Fields {
  const { redemption, voucher, tier, order } = redeemed(data)
  return {
    ...orderId(order),
    currency: money.currency,
    redemption_id: text(redemption.id),
    parent_redemption_id: parentOf(data),
    ...campaignOf(data),
    voucher_type: text(voucher.type),
    promotion_tier_id: text(tier.id),
    products: products(order, money),
    metadata: metadataOf(redemption)
  }
}

function redeemedFields(data: Fields, money: Money): Fields {
  const { redemption, voucher, reward } = redeemed(data)
  const kind = redeemedKind(data)
  const amount = number(at(data, 'redemption_rollback', 'amount'), redemption.amount)
  const code = text(voucher.code)
  if (kind === 'GIFT_VOUCHER')
    return { code, amount: money.of(amount), balance: money.of(at(voucher, 'gift', 'balance')) }
  if (kind === 'LOYALTY_CARD' || kind === 'REWARD') {
    const isCard = kind === 'LOYALTY_CARD' || voucher.type === 'LOYALTY_CARD' || Boolean(voucher.loyalty_card)
    return {
      code,
      points: isCard ? amount : undefined,
      balance: number(at(voucher, 'loyalty_card', 'balance')),
      ...(kind === 'REWARD' ? rewardOf(reward) : {})
    }
  }
  return { ...couponOf(data), ...discount(data, money) }
}

function couponOf(data: Fields): Fields {
  const { voucher, tier } = redeemed(data)
  return {
    coupon_id: text(voucher.code, tier.id),
    coupon_name: text(at(data, 'campaign', 'name'), voucher.campaign, tier.name)
  }
}

/** In a part of a stack the figures may be the whole order's, so they have another name there. */
function discount(data: Fields, money: Money): Fields {
  // After a rollback the order's own figures are those without the discount, so those of the redemption come first.
  const orders = [at(data, 'redemption', 'order'), data.order]
  const given = orders.flatMap((order) => [
    at(order, 'total_applied_discount_amount'),
    at(order, 'total_discount_amount')
  ])
  return { [parentOf(data) ? 'order_discount' : 'discount']: money.of(...given) }
}

function rollbackFields(data: Fields, money: Money): Fields {
  const rollback = object(data.redemption_rollback)
  const { metadata, ...fields } = redemptionFields(data, money)
  return {
    ...fields,
    redemption_id: text(fields.redemption_id, rollback.redemption),
    rollback_id: text(rollback.id),
    reason: text(rollback.reason),
    metadata: metadataOf(rollback) ?? metadata
  }
}

function failure(of: unknown): Fields {
  return { reason: text(at(of, 'failure_message')), failure_code: text(at(of, 'failure_code')) }
}

function publicationFields(data: Fields): Fields {
  const publication = object(data.publication)
  const vouchers = [data.voucher, ...list(data.vouchers), publication.voucher, ...list(publication.vouchers)]
  const codes = [...new Set(vouchers.map((voucher) => text(at(voucher, 'code'), voucher)).filter(Boolean))]
  return {
    coupon_id: codes.length === 1 ? codes[0] : undefined,
    coupon_ids: codes.length > 1 ? codes : undefined,
    voucher_ids: codes.length ? undefined : list(publication.vouchers_id),
    coupon_name: campaignOf(data).campaign_name,
    channel: text(publication.channel),
    publication_id: text(publication.id),
    publication_source_id: text(publication.source_id),
    ...campaignOf(data),
    voucher_type: text(...vouchers.map((voucher) => at(voucher, 'type'))),
    metadata: metadataOf(publication)
  }
}

/** A reward that was earned, and one that is being redeemed. A balance is points, or money on a gift card. */
function rewardFields(data: Fields, money: Money): Fields {
  const balance = object(data.balance)
  const isMoney = balance.type === 'gift_voucher' || number(balance.amount) !== undefined
  const left = number(balance.balance, balance.total)
  return {
    ...rewardOf(object(data.reward)),
    reward_assignment_id: text(at(data, 'reward_assignment', 'id'), at(data, 'reward', 'assignment_id')),
    reward_redemption_id: text(at(data, 'reward_redemption', 'id')),
    state: text(at(data, 'reward_redemption', 'state')),
    code: text(at(data, 'voucher', 'code')),
    amount: isMoney ? money.of(balance.amount) : undefined,
    points: isMoney ? undefined : number(balance.points),
    balance: isMoney ? money.of(left) : left,
    currency: isMoney ? money.currency : undefined,
    redemption_id: text(at(data, 'redemption', 'id')),
    ...campaignOf(data),
    voucher_type: text(at(data, 'voucher', 'type'))
  }
}

function rewardOf(reward: Fields): Fields {
  return {
    reward_id: text(reward.id),
    reward_name: text(reward.name),
    reward_type: text(reward.type),
    product_id: text(at(reward, 'product', 'source_id'), at(reward, 'product', 'id')),
    product_name: text(at(reward, 'product', 'name')),
    coupon_id: text(at(reward, 'voucher', 'code'))
  }
}

function pointsFields(data: Fields): Fields {
  const balance = balanceOf(data)
  return {
    points: signed(number(balance.points, data.points), transactionType(data)),
    balance: number(balance.balance, balance.total),
    ...ledgerFields(data),
    loyalty_tier: text(at(data, 'holder_loyalty_tier', 'name')),
    custom_event: text(at(data, 'custom_event', 'event'), at(data, 'custom_event', 'type')),
    source_code: text(at(data, 'source_voucher', 'code')),
    destination_code: text(at(data, 'destination_voucher', 'code'))
  }
}

function creditFields(data: Fields, money: Money): Fields {
  const balance = balanceOf(data)
  const amount = money.of(balance.amount)
  return {
    amount: amount === undefined ? undefined : Math.abs(amount),
    balance: money.of(balance.balance, balance.total),
    currency: money.currency,
    ...ledgerFields(data)
  }
}

function ledgerFields(data: Fields): Fields {
  const transaction = object(data.transaction)
  return {
    code: text(at(data, 'voucher', 'code')),
    transaction_id: text(transaction.id),
    transaction_type: transactionType(data),
    related_transaction_id: text(transaction.related_transaction_id),
    source: text(transaction.source),
    reason: text(transaction.reason),
    ...orderId({ ...object(at(transaction, 'details', 'order')), ...object(data.order) }),
    ...earningRule(data.earning_rule, at(transaction, 'details', 'earning_rule')),
    ...campaignOf(data)
  }
}

function transactionType(data: Fields): string | undefined {
  return text(at(data, 'transaction', 'type'))
}

function balanceOf(data: Fields): Fields {
  return { ...object(at(data, 'transaction', 'details', 'balance')), ...object(data.balance) }
}

/** Expired points are a number of points. What one name tells in both directions has the sign of its direction. */
function signed(points: number | undefined, type: string | undefined): number | undefined {
  // A zero has no sign: JSON would drop that of -0.
  if (!points) return points === undefined ? undefined : 0
  if (type === 'POINTS_REMOVAL' || type === 'POINTS_TRANSFER_OUT') return -Math.abs(points)
  if (type === 'POINTS_ADDITION' || type === 'POINTS_TRANSFER_IN' || type === 'POINTS_EXPIRATION')
    return Math.abs(points)
  return points
}

function pendingPointsFields(data: Fields): Fields {
  const pending = object(data.pending_points)
  const change = number(at(data, 'voucher_pending_points_balance', 'points'), at(data, 'balance', 'points'))
  return {
    points: number(pending.points) ?? (change === undefined ? undefined : Math.abs(change)),
    pending_balance: number(
      at(data, 'voucher_pending_points_balance', 'total'),
      at(data, 'voucher', 'loyalty_card', 'pending_points')
    ),
    balance: number(at(data, 'balance', 'balance'), at(data, 'voucher', 'loyalty_card', 'balance')),
    code: text(at(data, 'voucher', 'code')),
    pending_points_id: text(pending.id),
    activates_at: text(pending.activates_at),
    transaction_id: text(at(data, 'transaction', 'id')),
    ...orderId({ ...object(at(pending, 'details', 'order')), ...object(data.order) }),
    ...earningRule(at(pending, 'details', 'earning_rule')),
    ...campaignOf(data)
  }
}

function earningRule(...rules: unknown[]): Fields {
  return {
    earning_rule_id: text(...rules.map((rule) => at(rule, 'id'))),
    earning_rule: text(...rules.flatMap((rule) => [at(rule, 'source', 'banner'), at(rule, 'parameters', 'banner')]))
  }
}

/** Segment's reserved traits. Source: Segment's documentation, "Spec: Identify", reserved traits. */
const RESERVED_TRAITS = new Set(
  (
    'address age avatar birthday company createdAt description email firstName gender id lastName name phone title ' +
    'username website'
  ).split(' ')
)

/** Traits of an identify. A field that is null in Voucherify stays null: it was cleared there. */
function customerTraits(data: Fields): Fields {
  const customer = object(data.customer)
  const metadata = Object.entries(object(customer.metadata)).filter(([key]) => !RESERVED_TRAITS.has(key))
  return {
    ...Object.fromEntries(metadata),
    name: textOrNull(customer.name),
    email: textOrNull(customer.email),
    phone: textOrNull(customer.phone),
    birthday: textOrNull(customer.birthdate, customer.birthday),
    description: textOrNull(customer.description),
    address: customer.address === null ? null : address(customer.address),
    createdAt: text(customer.created_at)
  }
}

/** The metadata keys among an identify's traits. */
export function metadataTraits(traits: Fields): string[] {
  return Object.keys(traits).filter((key) => !RESERVED_TRAITS.has(key))
}

function address(value: unknown): Fields | undefined {
  const { line_1, line_2, city, state, postal_code, country } = object(value)
  const parts = defined({
    street: textOrNull(line_1),
    street2: textOrNull(line_2),
    city: textOrNull(city),
    state: textOrNull(state),
    postalCode: textOrNull(postal_code),
    country: textOrNull(country)
  })
  return Object.keys(parts).length ? parts : undefined
}

function textOrNull(...values: unknown[]): string | null | undefined {
  return values.find((value): value is string | null => value === null || typeof value === 'string')
}

function customerFields(data: Fields): Fields {
  return { customer_id: text(at(data, 'customer', 'id')) }
}

function segmentFields(data: Fields): Fields {
  return { segment_id: text(at(data, 'segment', 'id')), segment_name: text(at(data, 'segment', 'name')) }
}

function tierFields(data: Fields): Fields {
  const tier = { ...object(data.loyalty_tier), ...object(data.loyalty_tier_to) }
  return {
    tier_id: text(tier.id),
    tier_name: text(tier.name),
    previous_tier_id: text(at(data, 'loyalty_tier_from', 'id')),
    previous_tier_name: text(at(data, 'loyalty_tier_from', 'name')),
    ...campaignOf(data)
  }
}

function assignmentFields(data: Fields): Fields {
  return {
    assignment_id: text(at(data, 'holder', 'id')),
    holder_role: text(at(data, 'holder', 'holder_role')),
    code: text(at(data, 'voucher', 'code')),
    voucher_type: text(at(data, 'voucher', 'type')),
    ...campaignOf(data)
  }
}

/** An order in the words of Segment's ecommerce spec. Voucherify knows nothing of tax and shipping. */
function orderFields(data: Fields, money: Money): Fields {
  const order = object(data.order)
  const total = money.of(order.total_amount, order.amount)
  return {
    ...orderId(order),
    status: text(order.status),
    subtotal: money.of(order.amount),
    discount: money.of(order.total_applied_discount_amount, order.total_discount_amount),
    total,
    revenue: total,
    currency: money.currency,
    products: products(order, money),
    metadata: metadataOf(order)
  }
}

function orderId(order: Fields): Fields {
  return { order_id: text(order.source_id, order.id) }
}

function products(order: Fields, money: Money): Fields[] | undefined {
  const items = list(order.items).map(object)
  return items.length ? items.map((item) => product(item, money)) : undefined
}

function product(item: Fields, money: Money): Fields {
  const own = (related: string) => (item.related_object === related ? item.source_id : undefined)
  return defined({
    product_id: text(at(item, 'product', 'source_id'), own('product'), item.product_id),
    sku: text(at(item, 'sku', 'source_id'), own('sku'), item.sku_id),
    name: text(at(item, 'product', 'name'), at(item, 'sku', 'sku')),
    price: money.of(item.price),
    quantity: number(item.quantity),
    discount: money.of(item.applied_discount_amount, item.discount_amount)
  })
}

function campaignOf(data: Fields): Fields {
  const tier = at(data, 'promotion_tier', 'campaign')
  return {
    campaign_id: text(at(data, 'campaign', 'id'), at(data, 'voucher', 'campaign_id'), at(tier, 'id')),
    campaign_name: text(at(data, 'campaign', 'name'), at(data, 'voucher', 'campaign'), at(tier, 'name'))
  }
}

/** Metadata that holds anything. */
function metadataOf(of: Fields): Fields | undefined {
  const metadata = object(of.metadata)
  return Object.keys(metadata).length ? metadata : undefined
}
