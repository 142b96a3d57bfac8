import type { SegmentEvent } from '@segment/actions-core'

/** An identify call of a customer with a usual number of traits. */
export function identifyCall(index: number): SegmentEvent {
  const userId = `user-${index}`
  return {
    type: 'identify',
    messageId: `message-${index}`,
    userId,
    traits: {
      email: `${userId}@example.com`,
      firstName: 'Maria',
      lastName: 'Nowak',
      phone: '+1 212 555 0148',
      birthday: '1988-05-17',
      address: { street: '123 Main St', city: 'New York', state: 'NY', postalCode: '10001', country: 'USA' },
      metadata: { plan: 'premium', logins: index % 100, newsletter: index % 2 === 0, favourite_store: 'Fifth Avenue' },
      loyal: index % 3 === 0
    },
    context: {
      personas: { computation_class: 'audience', computation_key: 'loyal' },
      library: { name: 'bench', version: '1.0.0' }
    },
    timestamp: '2026-01-01T00:00:00.000Z'
  }
}
