// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * The `source_id` identifies the customer in Voucherify. It can never be changed, and Voucherify merges no customers, so map the user ID and not the anonymous ID.
   */
  source_id: string
  /**
   * This is the full name of the customer. When it is not mapped and both First Name and Last Name are, it is the two joined; in a batch, one alone is the name. Null clears it.
   */
  name?: string | null
  /**
   * The first name is joined with Last Name to the name when Name is not mapped.
   */
  first_name?: string | null
  /**
   * The last name is joined with First Name to the name when Name is not mapped.
   */
  last_name?: string | null
  /**
   * You can keep a text of your own about the customer here. Null clears it.
   */
  description?: string | null
  /**
   * This is the email address of the customer. Null clears it.
   */
  email?: string | null
  /**
   * This is the phone number of the customer, with its country code. Null clears it.
   */
  phone?: string | null
  /**
   * The birthdate of the customer is a date or date-time of [ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html). Seconds or milliseconds since 1970 and `YYYYMMDD` are turned into such a date. Null clears it.
   */
  birthdate?: string | null
  /**
   * This is the postal address of the customer. A part that is null is cleared, a part that is absent is kept.
   */
  address?: {
    /**
     * This is the city or town. Null clears it.
     */
    city?: string | null
    /**
     * This is the state, province or region. Null clears it.
     */
    state?: string | null
    /**
     * This is the postal or ZIP code. Null clears it.
     */
    postal_code?: string | null
    /**
     * This is the street with the house number. Null clears it.
     */
    street?: string | null
    /**
     * This is the country, by name or code. Null clears it.
     */
    country?: string | null
  }
  /**
   * These key-value pairs are stored with the customer, and segments and rules can use them. Define the keys in Voucherify first, under Project settings, Metadata schema: values without a definition are dropped without an error. Traits and audiences of [Engage](https://segment.com/docs/engage/) are added on their own.
   */
  metadata?: {
    [k: string]: unknown
  } | null
  /**
   * This is the type of the [Segment call](https://segment.com/docs/connections/spec/): `track`, `page`, `screen`, `identify` or `group`.
   */
  type: string
  /**
   * This is the name of the audience, computed trait or SQL trait that the call carries. Only Engage sets it.
   */
  computation_key?: string
  /**
   * This tells an audience from a computed trait and a SQL trait. Mappings saved before this field lack it.
   */
  computation_class?: string
  /**
   * Among the traits of the call, Engage puts the value of the audience or computed trait, or the columns of a SQL trait.
   */
  traits?: {
    [k: string]: unknown
  } | null
  /**
   * Switch this on for large audiences and first syncs: up to a thousand customers then share one call to the API of Voucherify, so that they fit into the daily number of calls. In return the values are applied some time later, and the metadata rules of the API hold: with "Allow any metadata" in your project, undefined keys are kept as text, otherwise the customer is refused.
   */
  enable_batching?: boolean
  /**
   * This is how many calls Segment collects at most before it sends them together.
   */
  batch_size?: number
}
