import { createClient } from '../core/client.js'
import { scrubNames } from '../core/scrub-names.js'
import type { ErrorStorage, ErrorTracker, ErrorTrackingConfig } from '../types.js'
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
    storage: localStorageOrNone(),
    onLeave(leave) {
      // Phones end pages that are out of sight without another word.
      listen('visibilitychange', () => document.hidden && leave())
      listen('pagehide', leave)
    },
  })
  listen('online', () => tracker.flush())
  return tracker
}

/** Where there is a window; a server that renders pages has none. */
function listen(type: string, listener: () => unknown): void {
  globalThis.addEventListener?.(type, listener)
}

/** Reading it throws where cookies are blocked. */
function localStorageOrNone(): ErrorStorage | undefined {
  try {
    return globalThis.document ? localStorage : undefined
  } catch {
    return undefined
  }
}
