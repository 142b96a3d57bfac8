/** The keys that the sandbox of the workbench and of the backfill takes. They open nothing else. */
export const SANDBOX_KEYS = { applicationId: 'workbench-sandbox-app-id', secretKey: 'workbench-sandbox-secret-key' }
