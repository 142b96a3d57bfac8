import { isObject, object, text } from './read'
import { describeType, spelt } from './table'

/** How webhooks become calls. */
export interface Options {
  /** ISO 4217 code of the project's money. Without it amounts are divided by 100 and carry no currency. */
  currency?: string
  /** `spec`: names in the style of Segment's ecommerce spec. `voucherify`: those of Voucherify's own source. */
  names?: 'spec' | 'voucherify'
  /** Own names, or false to switch off, by webhook type or by `type:KIND`. */
  events?: Readonly<Record<string, string | false>>
  /** Also an identify for `customer.updated`. */
  customerUpdates?: boolean
  /** Also an Order Completed for `customer.order.paid`. */
  orders?: boolean
  /** Application ID of the key that the destination uses: customers written with it are left. */
  ownApplicationId?: string
  /** The type from the webhook's address (`?type=`), for raw payloads that do not say what they are. */
  type?: string
}

/** A setting of the source, for every place where one can be entered. */
export interface SettingInfo {
  key: 'secret' | Exclude<keyof Options, 'type'>
  /** What it does, in one sentence. */
  meaning: string
  /** What holds without it, in words. */
  usual: string
}

export const SETTINGS: readonly SettingInfo[] = [
  {
    key: 'secret',
    meaning: "What the webhook's custom header `x-webhook-secret` must hold.",
    usual: 'required by the function'
  },
  {
    key: 'currency',
    meaning: "ISO 4217 code of the project's money, such as `EUR`. Webhooks carry none.",
    usual: 'none: amounts are divided by 100, and no `currency` is sent'
  },
  {
    key: 'names',
    meaning: "`spec` for the names in the table, `voucherify` for those of Voucherify's own source.",
    usual: '`spec`'
  },
  {
    key: 'events',
    meaning:
      'JSON that gives a webhook type, or `type:KIND`, another name, switches it on by a name, or off by `false`.',
    usual: '`{}`'
  },
  {
    key: 'customerUpdates',
    meaning: 'Whether `customer.updated` becomes an identify, too.',
    usual: '`false`'
  },
  { key: 'orders', meaning: 'Whether a paid order becomes an Order Completed.', usual: '`false`' },
  {
    key: 'ownApplicationId',
    meaning: 'Application ID of the key that the destination uses. Customers written with it are left.',
    usual: 'none'
  }
]

/**
 * Reads settings as people enter them: texts from a form or an environment, or values of their own type.
 *
 * @returns the options, and a sentence for each setting that can't be read; such a one counts as not set
 */
export function readOptions(given: unknown): { options: Options; problems: string[] } {
  const settings = object(given)
  const problems: string[] = []
  const read = <Value>(key: SettingInfo['key'], reader: (value: unknown) => Value): Value | undefined => {
    const value = settings[key]
    if (value === undefined || value === null || value === '') return undefined
    try {
      return reader(value)
    } catch (error) {
      problems.push(`The setting ${key} ${error instanceof Unreadable ? error.message : "can't be read."}`)
      return undefined
    }
  }
  const options: Options = {
    currency: read('currency', readCurrency),
    names: read('names', readNames) ?? 'spec',
    events: read('events', readEvents) ?? {},
    customerUpdates: read('customerUpdates', readBoolean) ?? false,
    orders: read('orders', readBoolean) ?? false,
    ownApplicationId: read('ownApplicationId', (value) => text(value)?.trim()),
    type: text(settings.type)
  }
  return { options, problems }
}

/** What is wrong with a setting, to be read after its name. */
class Unreadable extends Error {}

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'))

function readCurrency(value: unknown): string {
  const code = String(value).trim().toUpperCase()
  if (CURRENCIES.has(code)) return code
  throw new Unreadable('must be the ISO 4217 code of a currency, such as EUR.')
}

function readNames(value: unknown): 'spec' | 'voucherify' {
  const names = String(value).trim()
  if (names === 'spec' || names === 'voucherify') return names
  throw new Unreadable('must be spec or voucherify.')
}

function readBoolean(value: unknown): boolean {
  const word = String(value).trim().toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['', 'false', '0', 'no', 'off'].includes(word)) return false
  throw new Unreadable('must be true or false.')
}

function readEvents(value: unknown): Record<string, string | false> {
  const events = typeof value === 'string' ? parse(value) : value
  if (!isObject(events)) throw new Unreadable('must be a JSON object, such as {"customer.rewarded": false}.')
  return Object.fromEntries(Object.entries(events).map(([key, name]) => [speltKey(key), readName(key, name)]))
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new Unreadable('is no JSON. Write an object, such as {"customer.rewarded": false}.')
  }
}

function speltKey(key: string): string {
  const [type, ...kind] = key.split(':')
  return [spelt(type), ...kind].join(':')
}

function readName(key: string, name: unknown): string | false {
  const [type, kind, ...rest] = key.split(':')
  const { call, hasKinds, never } = describeType(type)
  if (!call && !never) throw new Unreadable(`names "${type}", which is no webhook type that is known here.`)
  if (rest.length || (kind !== undefined && !(hasKinds && /^[A-Z_]+$/.test(kind))))
    throw new Unreadable(
      `names "${key}". Only types with several names take a kind, as in redemption.succeeded:GIFT_VOUCHER.`
    )
  if (name === false) return false
  if (never) throw new Unreadable(`gives "${type}" a name, but it never becomes a call: ${never}`)
  if (call === 'identify')
    throw new Unreadable(`gives "${type}" a name, but it becomes an identify, which has none. It takes only false.`)
  if (typeof name === 'string' && name.trim()) return name
  throw new Unreadable(`gives "${key}" neither a name nor false.`)
}
