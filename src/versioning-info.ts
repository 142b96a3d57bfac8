/** Version of Voucherify's public API that the bulk upsert and the erasure are written for. */
export const VOUCHERIFY_API_VERSION = 'v1'
