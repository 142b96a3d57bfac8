import { IntegrationError, InvalidAuthenticationError, RetryableError } from '@segment/actions-core'
import type { DestinationDefinition, RequestClient } from '@segment/actions-core'
import { adviceFor, describe, isPage, isRetryable, redirectTarget } from './errors'
import type { Answer } from './errors'
import type { Settings } from './generated-types'
import { askGateway } from './requests'

const CHECK_KEYS =
  'Copy "Application ID" and "Secret Key" again from your Voucherify project\'s settings; Custom Voucherify URL must name the same project\'s region.'
const CHECK_URL =
  'Check the setting "Custom Voucherify URL": it is the API endpoint of your project with "api" replaced by "segmentio", such as https://us1.segmentio.voucherify.io.'
const TRY_LATER = 'The settings may be right; try again in a few minutes.'

/** Codes of errors that say: there is no such host, or nothing of Voucherify's listens there. */
const WRONG_HOST =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ERR_TLS_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/

export const authentication: DestinationDefinition<Settings>['authentication'] = {
  scheme: 'custom',
  fields: {
    apiKey: {
      label: 'Application ID',
      description:
        'This is the Application ID of your Voucherify project. Create an Integration key for Segment under Project settings in the [Voucherify dashboard](https://app.voucherify.io), or use an Application key.',
      type: 'string',
      required: true
    },
    secretKey: {
      label: 'Secret Key',
      description:
        'The Secret Key belongs to the Application ID. Voucherify shows the secret of an Integration key only for 15 minutes, so copy it at once.',
      type: 'password',
      required: true
    },
    customURL: {
      label: 'Custom Voucherify URL',
      description:
        "This is the address of Voucherify's Segment gateway for your region. Take the API endpoint from Project settings in Voucherify and replace `api` with `segmentio`: `https://us1.api.voucherify.io` becomes `https://us1.segmentio.voucherify.io`. Dedicated URLs work the same way.",
      type: 'string',
      required: true
    }
  },
  testAuthentication
}

/**
 * Asks the gateway whether it knows the keys.
 *
 * @throws InvalidAuthenticationError that tells refused keys from a wrong address from a gateway in trouble, since the
 * framework keeps nothing but the message; IntegrationError for a setting that can't be used
 */
async function testAuthentication(request: RequestClient, { settings }: { settings: Settings }): Promise<void> {
  const problem = await askGateway(request, settings, 'test-authentication').then(
    (answer) => explain(answer, settings),
    explainSilence
  )
  if (problem) throw new InvalidAuthenticationError(problem)
}

/** What an answer says against the settings; undefined where the gateway took the keys. */
function explain(answer: Answer, settings: Settings): string | undefined {
  const { status } = answer
  if (status === 401 || status === 403) return describe(answer, CHECK_KEYS, settings)
  if (status >= 300 && status < 400) {
    return `The address answered with a redirect (${status}) to ${redirectTarget(answer, settings)}. ${CHECK_URL}`
  }
  if (isRetryable(status) || status === 501) return describe(answer, TRY_LATER, settings)
  if (status < 300) return isPage(answer) ? `A web page answered instead of Voucherify. ${CHECK_URL}` : undefined
  if (status === 404 || isPage(answer)) return `The address answered ${status}. ${CHECK_URL}`
  // Whatever else the gateway has no reason to answer comes most likely from something else.
  return describe(answer, status === 402 ? adviceFor(answer, settings) : CHECK_URL, settings)
}

/** What a request without an answer says. */
function explainSilence(error: unknown): string {
  if (error instanceof IntegrationError) throw error
  if (error instanceof RetryableError) return `Voucherify's gateway did not answer in time. ${TRY_LATER}`
  const { code = '', type } = error as { code?: unknown; type?: unknown }
  // node-fetch's word for an answer that passed the bound on its size.
  if (type === 'max-size') return `The address answered with far more than Voucherify does. ${CHECK_URL}`
  return WRONG_HOST.test(String(code))
    ? `No Voucherify gateway could be reached there (${code}). ${CHECK_URL}`
    : `Voucherify's gateway gave no answer${code && ` (${code})`}. ${TRY_LATER}`
}
