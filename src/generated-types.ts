// Generated file. DO NOT MODIFY IT BY HAND.

export interface Settings {
  /**
   * This is the Application ID of your Voucherify project. Create an Integration key for Segment under Project settings in the [Voucherify dashboard](https://app.voucherify.io), or use an Application key.
   */
  apiKey: string
  /**
   * The Secret Key belongs to the Application ID. Voucherify shows the secret of an Integration key only for 15 minutes, so copy it at once.
   */
  secretKey: string
  /**
   * This is the address of Voucherify's Segment gateway for your region. Take the API endpoint from Project settings in Voucherify and replace `api` with `segmentio`: `https://us1.api.voucherify.io` becomes `https://us1.segmentio.voucherify.io`. Dedicated URLs work the same way.
   */
  customURL: string
}
