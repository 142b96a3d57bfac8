// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * This is the customer who belongs to the group. Voucherify creates the customer if it does not know the `source_id` yet.
   */
  customer: {
    /**
     * Voucherify knows the customer under this `source_id`. Map the user ID of the call: an anonymous ID would stay as a customer of its own for ever, since Voucherify can't merge customers.
     */
    source_id: string
    /**
     * This is the email address of the customer. Voucherify stores it when it creates or updates the customer.
     */
    email?: string
  }
  /**
   * This is the ID of the group that the customer belongs to, such as a company or an account. See the [Group call](https://segment.com/docs/connections/spec/group/).
   */
  group_id: string
  /**
   * These are the traits of the group. Voucherify stores them in the customer's metadata, so define them first under Project settings, Metadata schema.
   */
  traits?: {
    [k: string]: unknown
  }
  /**
   * This is the type of the [Segment call](https://segment.com/docs/connections/spec/): `track`, `page`, `screen`, `identify` or `group`.
   */
  type: string
}
