import { execFile } from 'child_process'
import { promisify } from 'util'
import { toCurl } from '../../../workbench/inspect/curl'

const request = {
  method: 'POST',
  url: 'http://127.0.0.1:3001/segmentio/event-processing',
  headers: { 'X-App-Id': '***', 'X-App-Token': '***', authorization: '***', 'secret-key': '***', 'X-Other': `it's` },
  body: { customer: { source_id: `'; touch pwned; echo '` }, event: '$(id) `id` "quoted" \\ \n', type: 'track' }
}

describe('the curl command', () => {
  it('gives a shell the same request, whatever the call holds, with the keys from the environment', async () => {
    // curl itself is replaced by a command that prints its words.
    const script = toCurl(request).replace(/^curl/, `printf '%s\\0'`)
    const env = { PATH: process.env.PATH, VOUCHERIFY_APPLICATION_ID: 'app id', VOUCHERIFY_SECRET_KEY: 'secret $1' }
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script], { env })
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    expect(stdout.split('\0').slice(0, -1)).toEqual([
      '-X',
      'POST',
      request.url,
      '-H',
      'X-App-Id: app id',
      '-H',
      'X-App-Token: secret $1',
      '-H',
      `authorization: Basic ${base64('app id')}`,
      '-H',
      `secret-key: ${base64('secret $1')}`,
      '-H',
      `X-Other: it's`,
      '--data-raw',
      JSON.stringify(request.body)
    ])
  })

  it('has no body where the request had none', () => {
    expect(toCurl({ ...request, headers: {}, body: null })).toBe(`curl -X POST '${request.url}'`)
  })
})
