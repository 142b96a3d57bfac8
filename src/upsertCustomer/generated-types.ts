// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * The `source_id` that identifies the customer in Voucherify. It can never be changed, and Voucherify merges no customers, so map the user ID and not the anonymous ID.
   */
  source_id: string
  /**
   * The full name of the customer. When it is not mapped and both First Name and Last Name are, it is the two joined. Null clears it.
   */
  name?: string | null
  /**
   * The first name of the customer, joined with Last Name to the name when Name is not mapped.
   */
  first_name?: string | null
  /**
   * The last name of the customer, joined with First Name to the name when Name is not mapped.
   */
  last_name?: string | null
  /**
   * A text of your own about the customer. Null clears it.
   */
  description?: string | null
  /**
   * The email address of the customer. Null clears it.
   */
  email?: string | null
  /**
   * The phone number of the customer, with its country code. Null clears it.
   */
  phone?: string | null
  /**
   * The birthdate of the customer as a date or date-time of [ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html). Seconds or milliseconds since 1970 and `YYYYMMDD` are turned into such a date. Null clears it.
   */
  birthdate?: string | null
  /**
   * The postal address of the customer. A part that is null is cleared, a part that is absent is kept.
   */
  address?: {
    /**
     * The city or town.
     */
    city?: string | null
    /**
     * The state, province or region.
     */
    state?: string | null
    /**
     * The postal or ZIP code.
     */
    postal_code?: string | null
    /**
     * The street with the house number.
     */
    street?: string | null
    /**
     * The country, by name or code.
     */
    country?: string | null
  }
  /**
   * Key-value pairs that are stored with the customer and that segments and rules can use. Define the keys in Voucherify first, under Project settings, Metadata schema: values without a definition are dropped without an error. Traits and audiences of [Engage](https://segment.com/docs/engage/) are added on their own.
   */
  metadata?: {
    [k: string]: unknown
  } | null
  /**
   * The type of the [Segment call](https://segment.com/docs/connections/spec/): `track`, `page`, `screen`, `identify` or `group`.
   */
  type: string
  /**
   * The name of the audience or computed trait that the call carries. Only Engage sets it.
   */
  computation_key?: string
  /**
   * The traits of the call, among which Engage puts the value of the audience or computed trait.
   */
  traits?: {
    [k: string]: unknown
  } | null
  /**
   * Sends up to a thousand customers to Voucherify in one call of its API, so that a large audience or a first sync fits into the daily number of calls. In return the values are applied some time later, and the metadata rules of the API hold: with "Allow any metadata" in your project, undefined keys are kept as text, otherwise the customer is refused.
   */
  enable_batching?: boolean
  /**
   * How many calls Segment collects at most before it sends them together.
   */
  batch_size?: number
}
