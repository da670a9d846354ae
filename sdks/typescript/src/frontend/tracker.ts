import { createClient } from '../core/client.js'
import type { ErrorTracker, ErrorTrackingConfig } from '../types.js'

/**
 * A tracker for web pages.
 * @example
 * export const tracker = createErrorTracker({
 *   errorTrackingUrl: 'https://errors.example.org',
 *   appId: 'chat',
 * })
 */
export function createErrorTracker(config: ErrorTrackingConfig): ErrorTracker {
  return createClient(config, {
    sourceType: 'frontend_web',
    environment: () => 'production',
    release: () => undefined,
    describe: () => ({}),
  })
}
