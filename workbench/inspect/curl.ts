import type { RecordedRequest } from '../shared/types'

/** Headers that carry a key, and how a shell writes them from the environment of the workbench. */
const KEY_HEADERS: Record<string, string> = {
  'x-app-id': '$VOUCHERIFY_APPLICATION_ID',
  'x-app-token': '$VOUCHERIFY_SECRET_KEY',
  authorization: 'Basic $(printf %s "$VOUCHERIFY_APPLICATION_ID" | base64)',
  'secret-key': '$(printf %s "$VOUCHERIFY_SECRET_KEY" | base64)'
}

/**
 * A curl command that sends the same request. In the place of the keys it has variables of the shell, so it can be
 * shared; whatever a call brought with it is quoted and can't become a command.
 */
export function toCurl({ method, url, headers, body }: RecordedRequest): string {
  const headerLines = Object.entries(headers).map(([name, value]) => {
    const variable = KEY_HEADERS[name.toLowerCase()]
    return variable === undefined ? `-H ${quote(`${name}: ${value}`)}` : `-H "${name}: ${variable}"`
  })
  const bodyLines = body === null ? [] : [`--data-raw ${quote(JSON.stringify(body))}`]
  return [`curl -X ${method} ${quote(url)}`, ...headerLines, ...bodyLines].join(' \\\n  ')
}

/** One word of a POSIX shell, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`
}
