import { createClient } from '../core/client.js'
import { scrubNames } from '../core/scrub-names.js'
import type { ErrorTracker, ErrorTrackingConfig } from '../types.js'
import { listen } from './listen.js'
import { describePage } from './page.js'

// Chrome keeps ten calls, which those of a framework fill.
const STACK_TRACE_LIMIT = 50

/**
 * A tracker for web pages. On a server, where pages are rendered, it reports, too.
 * @example
 * export const tracker = createErrorTracker({
 *   errorTrackingUrl: 'https://errors.example.org',
 *   appId: 'chat',
 * })
 */
export function createErrorTracker(config: ErrorTrackingConfig): ErrorTracker {
  Error.stackTraceLimit = STACK_TRACE_LIMIT
  const tracker = createClient(config, {
    describe: describePage,
    scrub: scrubNames,
    // Reading it throws where cookies are blocked.
    storage: () => globalThis.document && localStorage,
    onLeave(leave) {
      // Phones end pages that are out of sight without another word.
      listen('visibilitychange', () => document.hidden && leave())
      listen('pagehide', leave)
    },
  })
  listen('online', () => tracker.flush())
  return tracker
}
