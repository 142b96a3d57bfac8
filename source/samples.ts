/**
 * Webhooks to try the source with: our own, in the shapes that Voucherify documents. Where no payload is documented the
 * shape is that of the nearest type, and the sample says so.
 */
import { ROWS } from './table'
import type { Fields } from './read'

export interface WebhookSample {
  /** The type, and what is special in it: "redemption.succeeded, gift card". */
  label: string
  type: string
  /** Voucherify documents no payload of this type; the shape is taken from the nearest one. */
  isAssumed: boolean
  webhook: Fields
}

const AT = '2026-11-02T09:30:00.000Z'

const ada = {
  id: 'cust_SAmpLeAda0000000000000001',
  name: 'Ada Example',
  email: 'ada@example.com',
  source_id: 'user-1042',
  metadata: { plan: 'gold' },
  object: 'customer'
}
const bob = { ...ada, id: 'cust_SAmpLeBob0000000000000002', name: 'Bob Example', email: null, source_id: 'user-2077' }

const profile = {
  ...ada,
  phone: '+48 600 100 200',
  birthdate: '1990-05-17',
  description: 'Reads the newsletter',
  address: {
    line_1: '1 Market Square',
    line_2: null,
    city: 'Katowice',
    state: 'Silesia',
    postal_code: '40-001',
    country: 'Poland'
  },
  metadata: { plan: 'gold', sizes: ['M', 'L'], newsletter: true, title: 'kept by Segment for itself' },
  summary: { orders: { total_count: 0, total_amount: 0 } },
  loyalty: { points: 0, referred_customers: 0, campaigns: {} },
  referrals: { total: 0, campaigns: [] },
  system_metadata: {},
  created_at: '2026-11-02T09:29:59.900Z'
}

const campaigns = {
  coupons: { id: 'camp_SAmpLeCoupons', name: 'Autumn sale', campaign_type: 'DISCOUNT_COUPONS', object: 'campaign' },
  gifts: { id: 'camp_SAmpLeGifts', name: 'Gift cards', campaign_type: 'GIFT_VOUCHERS', object: 'campaign' },
  loyalty: {
    id: 'camp_SAmpLeLoyalty',
    name: 'Friends of the house',
    campaign_type: 'LOYALTY_PROGRAM',
    object: 'campaign'
  }
}

const vouchers = {
  coupon: {
    id: 'v_SAmpLeCoupon',
    code: 'AUTUMN-10',
    type: 'DISCOUNT_VOUCHER',
    discount: { type: 'PERCENT', percent_off: 10, effect: 'APPLY_TO_ORDER' },
    campaign: 'Autumn sale',
    campaign_id: campaigns.coupons.id,
    active: true,
    object: 'voucher'
  },
  gift: {
    id: 'v_SAmpLeGift',
    code: 'GIFT-7Q2K',
    type: 'GIFT_VOUCHER',
    gift: { amount: 10000, balance: 7500, effect: 'APPLY_TO_ORDER' },
    campaign: 'Gift cards',
    campaign_id: campaigns.gifts.id,
    active: true,
    object: 'voucher'
  },
  card: {
    id: 'v_SAmpLeCard',
    code: 'L-1042',
    type: 'LOYALTY_CARD',
    loyalty_card: { points: 900, balance: 650, pending_points: 40 },
    campaign: 'Friends of the house',
    campaign_id: campaigns.loyalty.id,
    holder_id: ada.id,
    active: true,
    object: 'voucher'
  }
}

const order = {
  id: 'ord_SAmpLeOrder',
  source_id: 'shop-5001',
  status: 'PAID',
  customer_id: ada.id,
  referrer_id: null,
  amount: 7000,
  total_discount_amount: 700,
  total_applied_discount_amount: 700,
  total_amount: 6300,
  items: [
    {
      object: 'order_item',
      source_id: 'mug',
      related_object: 'product',
      quantity: 2,
      amount: 2000,
      price: 1000,
      product: { name: 'Mug', price: 1000 }
    },
    {
      object: 'order_item',
      product_id: 'prod_SAmpLeKettle',
      sku_id: 'sku_SAmpLeKettleRed',
      quantity: 1,
      amount: 5000,
      discount_amount: 700,
      applied_discount_amount: 700,
      price: 5000,
      product: { source_id: 'kettle', name: 'Kettle' },
      sku: { source_id: 'kettle-red', sku: 'Red' }
    }
  ],
  metadata: { channel: 'web' },
  created_at: AT,
  object: 'order'
}

const reward = {
  id: 'rew_SAmpLeBottle',
  name: 'Thermal bottle',
  type: 'MATERIAL',
  assignment_id: 'rewa_SAmpLeBottle',
  product: { id: 'prod_SAmpLeBottle', source_id: 'bottle', name: 'Thermal bottle' },
  object: 'reward'
}

function redemption(of: Fields, more: Fields = {}): Fields {
  const { voucher = null, promotion_tier = null, campaign = null, ...own } = of
  return {
    customer: ada,
    order,
    campaign,
    voucher,
    holder: null,
    promotion_tier,
    redemption: {
      id: 'r_SAmpLe',
      customer_id: ada.id,
      tracking_id: 'track_SAmpLe',
      date: AT,
      order,
      customer: ada,
      result: 'SUCCESS',
      status: 'SUCCEEDED',
      metadata: { till: 7 },
      object: 'redemption',
      ...own
    },
    created_at: AT,
    ...more
  }
}

const coupon = { voucher: vouchers.coupon, campaign: campaigns.coupons }
const gift = { voucher: vouchers.gift, campaign: campaigns.gifts, amount: 2500 }
const points = { voucher: vouchers.card, campaign: campaigns.loyalty, amount: 250 }
const tier = {
  promotion_tier: {
    id: 'promo_SAmpLeTier',
    name: 'Ten off fifty',
    campaign: { id: 'camp_SAmpLePromotion', name: 'Basket promotion' },
    object: 'promotion_tier'
  }
}

function rollback(of: Fields, more: Fields = {}): Fields {
  const { voucher, ...data } = redemption(of)
  const { redemption: rolledBack } = data
  return {
    ...data,
    voucher,
    order: { id: order.id, source_id: order.source_id, status: 'CANCELED', items: [], metadata: {}, object: 'order' },
    redemption: rolledBack,
    redemption_rollback: {
      id: 'rr_SAmpLe',
      date: AT,
      reason: 'Order was returned',
      result: 'SUCCESS',
      status: 'SUCCEEDED',
      redemption: 'r_SAmpLe',
      customer_id: ada.id,
      metadata: null,
      object: 'redemption_rollback',
      ...more
    }
  }
}

const publication = {
  id: 'pub_SAmpLe',
  object: 'publication',
  result: 'SUCCESS',
  channel: 'API',
  source_id: 'letter-12',
  tracking_id: ada.source_id,
  customer_id: ada.id,
  customer: ada,
  vouchers_id: [vouchers.coupon.id],
  metadata: { letter: 'autumn' },
  created_at: AT
}

function ledger(type: string, balance: Fields, of: Fields): Fields {
  const order = { id: 'ord_SAmpLeOrder', source_id: 'shop-5001' }
  return {
    transaction: {
      id: 'vtx_SAmpLe',
      source_id: null,
      type,
      source: 'API',
      reason: null,
      details: { balance, order },
      related_transaction_id: null,
      created_at: AT
    },
    holder: ada,
    balance,
    order: null,
    redemption: null,
    rollback: null,
    ...of
  }
}

function pointsLedger(type: string, change: number, more: Fields = {}): Fields {
  const balance = { type: 'loyalty_card', points: change, total: 900, balance: 650, object: 'balance' }
  return ledger(type, balance, {
    voucher: vouchers.card,
    campaign: campaigns.loyalty,
    holder_loyalty_tier: { id: 'ltr_SAmpLeSilver', name: 'Silver', object: 'loyalty_tier' },
    event: { id: 'evcus_SAmpLeCause', type: 'customer.order.paid', category: 'EFFECT' },
    earning_rule: { id: 'ern_SAmpLe', parameters: { event: 'order.paid', banner: 'One point per euro' } },
    segment: null,
    loyalty_tier: null,
    reward: null,
    custom_event: null,
    source_voucher: null,
    destination_voucher: null,
    ...more
  })
}

function creditLedger(type: string, change: number): Fields {
  const balance = { type: 'gift_voucher', amount: change, total: 10000, balance: 7500, object: 'balance' }
  return ledger(type, balance, { voucher: vouchers.gift, campaign: campaigns.gifts })
}

function pendingPoints(change: number): Fields {
  return {
    customer: ada,
    campaign: campaigns.loyalty,
    voucher: vouchers.card,
    voucher_pending_points_balance: { points: change, total: 40, object: 'balance', operation_type: 'AUTOMATIC' },
    order,
    pending_points: {
      id: 'lopp_SAmpLe',
      voucher_id: vouchers.card.id,
      customer_id: ada.id,
      order_id: order.id,
      points: 40,
      activates_at: '2026-11-16',
      details: {
        event: { id: 'evcus_SAmpLeCause', type: 'customer.order.paid' },
        earning_rule: { id: 'ern_SAmpLe', source: { banner: 'One point per euro' } },
        order: { id: order.id, source_id: order.source_id }
      },
      created_at: AT
    }
  }
}

const { transaction: activation } = pointsLedger('PENDING_POINTS_ACTIVATION', 40)
const { voucher_pending_points_balance: _pending, ...activated } = pendingPoints(40)

function rewardRedemption(state: string): Fields {
  return {
    customer: ada,
    holder: ada,
    voucher: vouchers.card,
    campaign: campaigns.loyalty,
    reward,
    reward_assignment: { id: 'rewa_SAmpLeBottle', reward_id: reward.id, parameters: { loyalty: { points: 250 } } },
    reward_redemption: { id: 'rewr_SAmpLe', state, source_type: 'redemption', source_id: 'r_SAmpLe', created_at: AT },
    source: { id: 'r_SAmpLe', type: 'redemption' },
    balance: null
  }
}

const rewarded = {
  customer: ada,
  holder: ada,
  voucher: vouchers.card,
  campaign: campaigns.loyalty,
  redemption: redemption({ ...points, reward }).redemption,
  reward,
  referral_tier: null,
  balance: null,
  custom_event: null,
  customer_event: null
}

const silver = { id: 'ltr_SAmpLeSilver', name: 'Silver', points: { from: 500, to: 999 }, object: 'loyalty_tier' }
const gold = { id: 'ltr_SAmpLeGold', name: 'Gold', points: { from: 1000 }, object: 'loyalty_tier' }

function inTier(tiers: Fields): Fields {
  return { customer: ada, campaign: campaigns.loyalty, ...tiers, created_at: AT }
}

function orderData(status: string): Fields {
  return { customer: ada, referrer: null, order: { ...order, status }, redemption: null }
}

const segment = { customer: profile, segment: { id: 'seg_SAmpLe', name: 'Big spenders', object: 'segment' } }

const assignment = {
  holder: { id: 'rh_SAmpLe', object: 'redeemable_holder', holder_role: 'REFEREE', customer_id: ada.id, created_at: AT },
  voucher: { ...vouchers.coupon, is_referral_code: true, referrer_id: bob.id },
  campaign: campaigns.coupons,
  customer: ada
}

/** The data of each sample, by type, and by type and what is special in it. */
const DATA: Readonly<Record<string, Fields>> = {
  'customer.created': { customer: profile },
  'customer.updated': { customer: { ...profile, phone: null, updated_at: AT } },
  'customer.deleted': { customer: { ...profile, source_id: `${ada.source_id}_deleted${AT}`, updated_at: AT } },
  'redemption.succeeded': redemption(coupon),
  'redemption.succeeded, promotion tier': redemption(tier),
  'redemption.succeeded, gift card': redemption(gift),
  'redemption.succeeded, loyalty card': redemption(points),
  'redemption.succeeded, reward': redemption({ ...points, reward }),
  'redemption.succeeded, a referral': redemption(coupon, { holder: bob }),
  'redemption.succeeded, a stack': redemption({ related_redemptions: { rollbacks: [], redemptions: [] } }),
  'redemption.succeeded, part of a stack': redemption({ ...coupon, redemption: 'r_SAmpLeStack' }),
  'redemption.failed': redemption({
    ...coupon,
    result: 'FAILURE',
    status: 'FAILED',
    failure_code: 'quantity_exceeded',
    failure_message: 'Quantity exceeded'
  }),
  'redemption.rollback.succeeded': rollback(coupon),
  'redemption.rollback.succeeded, promotion tier': rollback(tier),
  'redemption.rollback.succeeded, gift card': rollback(gift),
  'redemption.rollback.succeeded, loyalty card': rollback(points),
  'redemption.rollback.succeeded, reward': rollback({ ...points, reward }),
  'redemption.rollback.failed': rollback(coupon, {
    result: 'FAILURE',
    status: 'FAILED',
    reason: null,
    failure_code: 'already_rolled_back',
    failure_message: 'Already rolled back'
  }),
  'publication.succeeded': { customer: ada, campaign: campaigns.coupons, vouchers: [vouchers.coupon], publication },
  'publication.succeeded, several codes': {
    customer: ada,
    campaign: campaigns.coupons,
    vouchers: [vouchers.coupon, { ...vouchers.coupon, id: 'v_SAmpLeCoupon2', code: 'AUTUMN-11' }],
    publication
  },
  'customer.rewarded': rewarded,
  'voucher.loyalty_card.transaction.created': pointsLedger('POINTS_ACCRUAL', 40),
  'voucher.loyalty_card.transaction.created, added': pointsLedger('POINTS_ADDITION', 15),
  'voucher.loyalty_card.transaction.created, removed': pointsLedger('POINTS_REMOVAL', -15),
  'voucher.loyalty_card.transaction.created, expired': pointsLedger('POINTS_EXPIRATION', -70),
  'voucher.loyalty_card.transaction.created, transferred in': pointsLedger('POINTS_TRANSFER_IN', 20, {
    source_voucher: { ...vouchers.card, id: 'v_SAmpLeCard2', code: 'L-2077' }
  }),
  'voucher.loyalty_card.transaction.created, transferred out': pointsLedger('POINTS_TRANSFER_OUT', -20, {
    destination_voucher: { ...vouchers.card, id: 'v_SAmpLeCard2', code: 'L-2077' }
  }),
  'voucher.loyalty_card.transaction.created, redeemed': pointsLedger('POINTS_REDEMPTION', -250),
  'voucher.loyalty_card.transaction.created, refunded': pointsLedger('POINTS_REFUND', 250),
  'voucher.loyalty_card.transaction.created, activated': pointsLedger('PENDING_POINTS_ACTIVATION', 40),
  'voucher.gift.transaction.created': creditLedger('CREDITS_ADDITION', 1000),
  'voucher.gift.transaction.created, removed': creditLedger('CREDITS_REMOVAL', -1000),
  'voucher.gift.transaction.created, redeemed': creditLedger('CREDITS_REDEMPTION', -2500),
  'voucher.gift.transaction.created, refunded': creditLedger('CREDITS_REFUND', 2500),
  'voucher.loyalty_card.pending_points.added': pendingPoints(40),
  'voucher.loyalty_card.pending_points.activated': {
    ...activated,
    balance: { type: 'loyalty_card', points: 40, total: 940, balance: 690, object: 'balance' },
    transaction: activation
  },
  'voucher.loyalty_card.pending_points.canceled': { ...pendingPoints(-40), redemption: null },
  'customer.segment.entered': segment,
  'customer.segment.left': segment,
  'customer.loyalty.tier.joined': inTier({ loyalty_tier: silver }),
  'customer.loyalty.tier.left': inTier({ loyalty_tier: silver }),
  'customer.loyalty.tier.upgraded': inTier({ loyalty_tier_from: silver, loyalty_tier_to: gold }),
  'customer.loyalty.tier.downgraded': inTier({ loyalty_tier_from: gold, loyalty_tier_to: silver }),
  'customer.loyalty.tier.prolonged': inTier({ loyalty_tier: silver }),
  'customer.order.paid': orderData('PAID'),
  'customer.order.created': orderData('CREATED'),
  'customer.order.updated': orderData('PAID'),
  'customer.order.canceled': orderData('CANCELED'),
  'customer.confirmed': { customer: ada },
  'customer.referred': redemption(coupon, { holder: bob }),
  'customer.rewarded.loyalty_points': {
    ...rewarded,
    redemption: null,
    reward: null,
    balance: { type: 'loyalty_card', points: 40, total: 900, balance: 650, object: 'balance' }
  },
  'customer.reward_redemptions.created': rewardRedemption('PENDING'),
  'customer.reward_redemptions.pending': rewardRedemption('PENDING'),
  'customer.reward_redemptions.completed': rewardRedemption('COMPLETED'),
  'customer.holder.assignment.created': assignment,
  'customer.holder.assignment.deleted': assignment,
  'voucher.published': {
    customer: ada,
    campaign: campaigns.coupons,
    publication,
    voucher: vouchers.coupon,
    created_at: AT
  },
  'voucher.gift.balance_added': { voucher: { ...vouchers.gift, holder_id: ada.id }, campaign: campaigns.gifts },
  'voucher.loyalty_card.points_added': { ...pointsLedger('POINTS_ADDITION', 15), holder: undefined, customer: ada },
  'voucher.loyalty_card.points_expired': {
    customer: ada,
    campaign: campaigns.loyalty,
    voucher: vouchers.card,
    points: 70,
    buckets: [{ id: 'lopb_SAmpLe', bucket: { total_points: 70 }, expires_at: '2026-11-01' }],
    transaction: { ...(pointsLedger('POINTS_EXPIRATION', -70).transaction as Fields) }
  },
  'voucher.loyalty_card.pending_points.updated': pendingPoints(5),
  'customer.redemption.succeeded': redemption(coupon),
  'customer.voucher.gift.balance_added': {
    customer: ada,
    ...creditLedger('CREDITS_ADDITION', 1000),
    holder: undefined
  },
  'customer.custom_event': { customer: ada, custom_event: { event: 'Cart Viewed' } },
  'voucher.created': { voucher: vouchers.coupon, campaign: campaigns.coupons },
  'campaign.created': { campaign: campaigns.coupons }
}

/** Types that only distributions send; their envelope's `type` is a name that somebody typed. */
const DISTRIBUTED =
  /^customer\.(order|segment|loyalty|custom_event|referred|reward_redemptions|redemption|holder|voucher)\b/

export const webhookSamples: readonly WebhookSample[] = Object.entries(DATA).map(([label, data], index) => {
  const [type] = label.split(',')
  const isDistribution = DISTRIBUTED.test(type)
  return {
    label,
    type,
    isAssumed: ROWS[type]?.undocumented ?? false,
    webhook: {
      id: `whs_SAmpLe${index}`,
      project_id: 'proj_SAmpLe',
      created_at: '2026-11-02T09:30:00.250Z',
      type: isDistribution ? 'To Segment' : type,
      // Without what is absent, as it comes from JSON.
      data: JSON.parse(JSON.stringify(data)) as Fields,
      source: {
        id: isDistribution ? 'distr_SAmpLe' : 'wh_SAmpLe',
        object: isDistribution ? 'distribution' : 'webhook',
        target_url: 'https://example.com/voucherify'
      },
      event: {
        id: `ev_SAmpLe${index}`,
        type,
        created_at: AT,
        entity_id: `entity_SAmpLe${index}`,
        group_id: 'v-SAmpLe',
        event_source: { channel: 'API', api_key: { name: 'Shop', app_id: 'app-of-the-shop' } }
      }
    }
  }
})
