/** Code that connects an app to a workbench. */

export interface Snippet {
  title: string
  /** What to know before it is used, in a sentence or two. */
  text: string
  code: string
}

/** @param address the workbench's, such as `http://127.0.0.1:3000` */
export function snippetsFor(address: string): Snippet[] {
  const host = address.replace(/^https?:\/\//, '')
  return [
    {
      title: 'curl',
      text: 'For a first try, and for all that has no SDK: the HTTP API as Segment documents it.',
      code: `curl ${address}/v1/track \\
  -H 'Content-Type: application/json' \\
  -d '{
    "writeKey": "workbench",
    "userId": "user-1",
    "event": "Order Completed",
    "properties": { "metadata": { "total": 49.9 } }
  }'`
    },
    {
      title: 'analytics-node',
      text: 'For servers: npm install @segment/analytics-node. Any write key will do.',
      code: `import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({
  writeKey: 'workbench',
  host: '${address}'
})

analytics.identify({
  userId: 'user-1',
  traits: {
    email: 'ada@example.com',
    firstName: 'Ada',
    metadata: { plan: 'gold' }
  }
})
analytics.track({
  userId: 'user-1',
  event: 'Order Completed',
  properties: { metadata: { total: 49.9 } }
})

await analytics.closeAndFlush()`
    },
    {
      title: 'analytics.js in a page',
      text: 'For browsers: npm install @segment/analytics-next. Serve the page from localhost; the workbench takes calls from no other site.',
      code: `import { AnalyticsBrowser } from '@segment/analytics-next'

const analytics = AnalyticsBrowser.load(
  {
    writeKey: 'workbench',
    cdnURL: '${address}'
  },
  {
    integrations: {
      'Segment.io': {
        apiHost: '${host}/v1',
        protocol: 'http'
      }
    }
  }
)

analytics.identify('user-1', {
  email: 'ada@example.com',
  metadata: { plan: 'gold' }
})
analytics.page('Pricing')
analytics.track('Order Completed', {
  metadata: { total: 49.9 }
})`
    }
  ]
}
