import { IntegrationError, InvalidAuthenticationError, RetryableError } from '@segment/actions-core'
import type { DestinationDefinition, RequestClient } from '@segment/actions-core'
import { adviceFor, answerOf, bodyOf, describe, isPage, isRetryable, makeRedact, redirectTarget } from './errors'
import type { Answer, Redact } from './errors'
import type { Settings } from './generated-types'
import { buildTestRequest } from './utils'

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
  testAuthentication: (request, { settings }) => testAuthentication(request, settings)
}

/**
 * Asks the gateway whether it knows the keys.
 *
 * @throws InvalidAuthenticationError when it refuses them, IntegrationError (400) when the address is not the
 * gateway's, RetryableError when the gateway is there but in trouble
 */
async function testAuthentication(request: RequestClient, settings: Settings): Promise<void> {
  const { url, options } = buildTestRequest(settings)
  let answer: unknown
  try {
    answer = bodyOf(await request(url, options))
  } catch (error) {
    throw explain(error, makeRedact(settings))
  }
  if (isPage(answer)) throw wrongUrl('A web page answered instead of Voucherify.')
}

function explain(error: unknown, redact: Redact): Error {
  const answer = answerOf(error)
  if (answer) return explainAnswer(answer, redact)
  if (isOversized(error)) return wrongUrl('The address answered with far more than Voucherify does.')
  const code = codeOf(error)
  return WRONG_HOST.test(code)
    ? wrongUrl(`No Voucherify gateway could be reached there (${code}).`)
    : new RetryableError(`Voucherify's gateway gave no answer${code && ` (${code})`}. ${TRY_LATER}`)
}

function explainAnswer(answer: Answer, redact: Redact): Error {
  const { status } = answer
  if (status === 401 || status === 403) return new InvalidAuthenticationError(describe(answer, CHECK_KEYS, redact))
  if (status >= 300 && status < 400) {
    return wrongUrl(`The address answered with a redirect (${status}) to ${redirectTarget(answer, redact)}.`)
  }
  if (isRetryable(status) || status === 501) return new RetryableError(describe(answer, TRY_LATER, redact))
  return status === 404 || isPage(answer.body)
    ? wrongUrl(`The address answered ${status}.`)
    : new IntegrationError(describe(answer, adviceForSettings(answer, redact), redact), 'UNEXPECTED_ANSWER', 400)
}

/** An answer that the gateway has no reason to give comes most likely from something else. */
function adviceForSettings(answer: Answer, redact: Redact): string {
  return answer.status === 402 ? adviceFor(answer, redact) : CHECK_URL
}

function wrongUrl(whatHappened: string): IntegrationError {
  return new IntegrationError(`${whatHappened} ${CHECK_URL}`, 'INVALID_CUSTOM_URL', 400)
}

/** Whether an answer was given up since it passed the bound on its size; node-fetch tells by the type of its error. */
function isOversized(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'max-size'
}

/** The code of a network error, such as ENOTFOUND; empty where there is none. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}
