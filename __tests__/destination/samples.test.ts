/**
 * The 25 sample calls through the five presets, as Segment delivers them: the whole request that each becomes, and the
 * exact error of those that can't be delivered.
 */
import type { JSONValue } from '@segment/actions-core'
import { deliver, failureOf, GATEWAY_HEADERS, gatewayAnswers, withoutNetwork } from './__helpers__/helpers'
import { samples } from './__helpers__/samples'

const CUSTOMER = 'https://us1.segmentio.voucherify.io/segmentio/customer-processing'
const EVENT = 'https://us1.segmentio.voucherify.io/segmentio/event-processing'
const GROUP = 'https://us1.segmentio.voucherify.io/segmentio/group-processing'

/** What each sample becomes: the address and the body. */
const delivered: Record<string, [string, JSONValue]> = {
  'identify-full-reserved-camelcase': [
    CUSTOMER,
    {
      source_id: 'usr_10482',
      name: 'Maria Nowak',
      first_name: 'Maria',
      last_name: 'Nowak',
      description: 'Founding member, prefers e-mail',
      email: 'maria.nowak@example.com',
      phone: '+1 212 555 0148',
      birthdate: '1988-05-17',
      address: { street: '123 Main St', city: 'New York', state: 'NY', postal_code: '10001', country: 'USA' },
      type: 'identify'
    }
  ],
  'identify-snake-case-ruby': [
    CUSTOMER,
    {
      source_id: '20931',
      name: 'Tom Becker',
      first_name: 'Tom',
      last_name: 'Becker',
      email: 'tom.becker@example.org',
      phone: '004930555017',
      birthdate: '1979-12-01',
      address: { street: 'Torstr. 140', city: 'Berlin', state: 'BE', postal_code: '10119', country: 'DE' },
      type: 'identify'
    }
  ],
  'identify-birthday-datetime-and-voucherify-metadata': [
    CUSTOMER,
    {
      source_id: 'usr_55310',
      name: 'Aiko Tanaka',
      email: 'aiko.tanaka@example.jp',
      birthdate: '1994-02-09T15:00:00.000Z',
      address: { city: 'Osaka', country: 'Japan' },
      metadata: {
        code: 'osaka-042',
        location_number: 7,
        vip: true,
        favourite_brands: ['Nike', 'Fenty'],
        signup_date: '2024-06-01',
        billing_information: { billing_city: 'Osaka', billing_country: 'Japan' }
      },
      type: 'identify'
    }
  ],
  // The framework looks past a null at the first of two places and finds nothing at the second, so the nulls of
  // birthday and postalCode are lost on the way; those with a single place arrive.
  'identify-nulls-clear-attributes': [
    CUSTOMER,
    {
      source_id: 'usr_10482',
      phone: null,
      address: { street: null, city: 'Boston', state: 'MA', country: 'USA' },
      metadata: { vip: null, newsletter: false },
      type: 'identify'
    }
  ],
  'identify-odd-values': [
    CUSTOMER,
    {
      source_id: "Sam.O'Neil+promo@Example.COM",
      name: 'Sam O’Neil 🎉',
      email: " Sam.O'Neil+promo@Example.COM ",
      phone: '12125550199',
      birthdate: '7/4/1990',
      type: 'identify'
    }
  ],
  'identify-engage-audience-entered': [
    CUSTOMER,
    {
      source_id: 'usr_10482',
      email: 'maria.nowak@example.com',
      metadata: { first_time_shopper: true },
      type: 'identify'
    }
  ],
  'identify-engage-audience-exited': [
    CUSTOMER,
    { source_id: 'usr_20931', metadata: { first_time_shopper: false }, type: 'identify' }
  ],
  'identify-engage-computed-trait-number': [
    CUSTOMER,
    { source_id: 'usr_10482', metadata: { total_revenue_180_days: 450 }, type: 'identify' }
  ],
  'identify-engage-computed-trait-list': [
    CUSTOMER,
    { source_id: 'usr_55310', metadata: { categories_bought: ['coffee', 'tea', 'accessories'] }, type: 'identify' }
  ],
  'identify-engage-journey': [
    CUSTOMER,
    { source_id: 'usr_30777', metadata: { j_o_winback_step_2: true }, type: 'identify' }
  ],
  'track-order-completed': [
    EVENT,
    {
      customer: { source_id: 'usr_10482', email: 'maria.nowak@example.com' },
      event: 'Order Completed',
      type: 'track'
    }
  ],
  'track-referral-conversion': [
    EVENT,
    {
      customer: { source_id: 'usr_40021', email: 'bob.lee@example.com' },
      referral: { code: 'REF-9TQ4ZK', referrer_id: 'usr_10482' },
      event: 'user_subscribed',
      type: 'track'
    }
  ],
  'track-loyalty-earning-event': [
    EVENT,
    {
      customer: { source_id: 'usr_10482', email: 'maria.nowak@example.com' },
      loyalty: { code: 'LOY-5RM8XD' },
      event: 'review_submitted',
      type: 'track'
    }
  ],
  'track-no-properties': [EVENT, { customer: { source_id: 'usr_55310' }, event: 'Application Opened', type: 'track' }],
  'track-engage-audience-entered': [
    EVENT,
    { customer: { source_id: 'usr_10482' }, event: 'Audience Entered', type: 'track' }
  ],
  'track-engage-trait-computed': [
    EVENT,
    { customer: { source_id: 'usr_10482' }, event: 'Trait Computed', type: 'track' }
  ],
  'page-named-with-category': [
    EVENT,
    { customer: { source_id: 'usr_10482' }, event: 'Viewed Product List Page', type: 'page' }
  ],
  'screen-home': [EVENT, { customer: { source_id: 'usr_55310' }, event: 'Viewed Home Screen', type: 'screen' }],
  'group-full-company': [
    GROUP,
    {
      customer: { source_id: 'usr_10482', email: 'maria.nowak@example.com' },
      group_id: 'org_3f9a61c0',
      traits: {
        id: 'org_3f9a61c0',
        name: 'Northwind Roasters',
        email: 'office@northwind.example',
        industry: 'Food and beverage',
        employees: 140,
        plan: 'enterprise',
        phone: '+1 512 555 0100',
        website: 'https://northwind.example',
        avatar: 'https://cdn.example.com/logos/northwind.png',
        description: 'Coffee roaster and cafe chain',
        createdAt: '2015-01-12T00:00:00Z',
        address: { street: '88 Harbor Rd', city: 'Austin', state: 'TX', postalCode: '78744', country: 'USA' },
        'total billed': 1280
      },
      type: 'group'
    }
  ],
  'group-minimal-no-traits': [GROUP, { customer: { source_id: '20931' }, group_id: '12345', type: 'group' }]
}

/** The samples that are refused before anything is sent: by the framework without a userId, by ours for the name. */
const refused: Record<string, string> = {
  'identify-anonymous-only': "The root value is missing the required field 'source_id'.",
  'track-anonymous-cart-abandoned': "Customer Object is missing the required field 'source_id'.",
  'page-unnamed-anonymous': "Customer Object is missing the required field 'source_id'.",
  'track-long-event-name':
    'The field event is longer than the 300 characters that Voucherify takes. Send a shorter name, and the rest as metadata.',
  'group-anonymous': "Customer Object is missing the required field 'source_id'."
}

describe('the samples', () => {
  withoutNetwork()

  it('are all compared below', () => {
    expect(samples.map(({ label }) => label).sort()).toEqual(
      [...Object.keys(delivered), ...Object.keys(refused)].sort()
    )
    expect(samples).toHaveLength(25)
  })

  it.each(samples.filter(({ label }) => label in delivered))('$label', async ({ label, event }) => {
    const sent = gatewayAnswers({ status: 200 })
    await deliver(event)
    const [url, body] = delivered[label]
    expect(sent).toEqual([
      { method: 'POST', url, headers: { ...GATEWAY_HEADERS, 'content-type': 'application/json' }, body }
    ])
  })

  it.each(samples.filter(({ label }) => label in refused))('$label is refused', async ({ label, event }) => {
    const sent = gatewayAnswers({ status: 200 })
    expect(await failureOf(deliver(event))).toMatchObject({ status: 400, message: refused[label] })
    expect(sent).toEqual([])
  })
})
