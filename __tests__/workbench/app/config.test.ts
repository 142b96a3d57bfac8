import { readConfig } from '../../../workbench/app/config'

const project = {
  VOUCHERIFY_APPLICATION_ID: 'app-id-1',
  VOUCHERIFY_SECRET_KEY: 'secret-key-1',
  VOUCHERIFY_CUSTOM_URL: 'https://us1.segmentio.voucherify.io'
}

describe('the environment', () => {
  it('gives the sandbox on ports 3000 and 3001 when nothing is set', () => {
    expect(readConfig({})).toEqual({
      port: 3000,
      sandboxPort: 3001,
      host: '127.0.0.1',
      allowed: { hosts: [], origins: [] },
      retries: true,
      project: undefined
    })
  })

  it('sets the ports, the sandbox next to the workbench', () => {
    expect(readConfig({ PORT: '8080' })).toMatchObject({ port: 8080, sandboxPort: 8081 })
    expect(readConfig({ PORT: '0' })).toMatchObject({ port: 0, sandboxPort: 0 })
    expect(readConfig({ PORT: '8080', SANDBOX_PORT: '0' })).toMatchObject({ port: 8080, sandboxPort: 0 })
  })

  it('names a file of definitions, spaces around it removed', () => {
    expect(readConfig({ WORKBENCH_DEFINITIONS: ' defs.json ' }).definitionsFile).toBe('defs.json')
    expect(readConfig({ WORKBENCH_DEFINITIONS: ' ' })).not.toHaveProperty('definitionsFile')
  })

  it('sets a real project, with spaces around the values removed', () => {
    const environment = { ...project, VOUCHERIFY_SECRET_KEY: ' secret-key-1 ' }
    expect(readConfig(environment).project).toEqual({
      apiKey: 'app-id-1',
      secretKey: 'secret-key-1',
      customURL: 'https://us1.segmentio.voucherify.io'
    })
  })

  it.each([
    ['a port that is none', { PORT: 'http' }, 'PORT must be a port number from 0 to 65535'],
    ['a port that is too high', { PORT: '70000' }, 'PORT must be a port number'],
    ['a sandbox port that is none', { SANDBOX_PORT: '-1' }, 'SANDBOX_PORT must be a port number'],
    ['no port after the last', { PORT: '65535' }, 'Set SANDBOX_PORT too'],
    ['one port for both', { PORT: '8080', SANDBOX_PORT: '8080' }, 'must not be the same'],
    ['two of three', { ...project, VOUCHERIFY_SECRET_KEY: '' }, 'VOUCHERIFY_SECRET_KEY is not set.'],
    [
      'one of three',
      { VOUCHERIFY_APPLICATION_ID: 'x' },
      'VOUCHERIFY_SECRET_KEY and VOUCHERIFY_CUSTOM_URL are not set. To deliver to a real project set all of'
    ],
    [
      'an address of somebody else',
      { ...project, VOUCHERIFY_CUSTOM_URL: 'https://evil.example.com' },
      'The setting "Custom Voucherify URL" must be a host of voucherify.io'
    ],
    [
      'a key that no header can carry',
      { ...project, VOUCHERIFY_SECRET_KEY: 'kéy☃' },
      'The setting "Secret Key" holds characters that no HTTP header can carry'
    ],
    ['a pattern of hosts', { WORKBENCH_ALLOW: '*' }, 'no * and no path'],
    ['a pattern in a host', { WORKBENCH_ALLOW: 'shop.test,*.test' }, 'no * and no path'],
    ['a host with a port', { WORKBENCH_ALLOW: 'shop.test:80' }, 'hosts without a port'],
    ['an origin with a path', { WORKBENCH_ALLOW: 'http://shop.test/' }, 'no * and no path'],
    [
      'others let in to a real project',
      { ...project, WORKBENCH_ALLOW: 'shop.test' },
      'could write into your Voucherify'
    ],
    ['retries that are neither on nor off', { WORKBENCH_RETRIES: 'no' }, 'WORKBENCH_RETRIES must be 0 or 1']
  ])('is refused with %s', (_, environment, reason) => {
    expect(() => readConfig(environment)).toThrow(expect.objectContaining({ message: expect.stringContaining(reason) }))
  })

  it('lets hosts and origins in, and listens elsewhere only together with them', () => {
    const environment = { HOST: '0.0.0.0', WORKBENCH_ALLOW: ' host.docker.internal, http://Shop.test,[fe80::1] ' }
    expect(readConfig(environment)).toMatchObject({
      host: '0.0.0.0',
      allowed: { hosts: ['host.docker.internal', '[fe80::1]'], origins: ['http://shop.test'] }
    })
    expect(readConfig({ HOST: 'my-machine' }).host).toBe('127.0.0.1')
  })

  it('switches retries off', () => {
    expect(readConfig({ WORKBENCH_RETRIES: '0' }).retries).toBe(false)
  })

  it('is refused without quoting a value', () => {
    const environment = { ...project, VOUCHERIFY_SECRET_KEY: 'kéy☃', VOUCHERIFY_CUSTOM_URL: 'https://hunter2.example' }
    expect(() => readConfig(environment)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/kéy|hunter2/) })
    )
  })
})
