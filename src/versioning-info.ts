/** Version of Voucherify's public API that the bulk upsert, the erasure and the metadata definitions are written for. */
export const VOUCHERIFY_API_VERSION = 'v1'
