// Generated file. DO NOT MODIFY IT BY HAND.

export interface Payload {
  /**
   * This is the customer who did what the event tells. Voucherify creates the customer if it does not know the `source_id` yet.
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
   * This is the referral that the event converts. Voucherify needs its code when a custom event is the conversion event of a referral program. See the [Voucherify documentation](https://docs.voucherify.io).
   */
  referral?: {
    /**
     * This is the code of the referral, as the referred customer used it.
     */
    code?: string
    /**
     * This is the Voucherify ID or `source_id` of the customer who made the referral.
     */
    referrer_id?: string
  }
  /**
   * The loyalty card named here earns points for the event. Voucherify needs its code when an earning rule of a loyalty program is based on a custom event. See the [Voucherify documentation](https://docs.voucherify.io).
   */
  loyalty?: {
    /**
     * The points go to the loyalty card with this code.
     */
    code?: string
  }
  /**
   * These key-value pairs are stored with the custom event and can be used in rules. Define the keys in Voucherify first, under Project settings, Event schema. Values are text, numbers, booleans and dates; Voucherify takes no nested objects or lists here.
   */
  metadata?: {
    [k: string]: unknown
  }
  /**
   * This is the name of the custom event in Voucherify, 1 to 300 characters. It must match the name of the event in your Voucherify project, since rules find it by name.
   */
  event?: string
  /**
   * This is the type of the [Segment call](https://segment.com/docs/connections/spec/): `track`, `page`, `screen`, `identify` or `group`.
   */
  type: string
}
