import type { ErrorTracker } from '../types.js'
import { listen } from './listen.js'

/**
 * Report what nobody catches: errors in event handlers, timers and scripts, rejected promises.
 * @example
 * setupGlobalErrorHandler(tracker)
 */
export function setupGlobalErrorHandler(tracker: ErrorTracker): void {
  const report = (error: unknown, type: string): unknown =>
    tracker.captureError(error, {}, { mechanism: { type, handled: false } })
  // Of scripts of other origins there is only a message.
  listen('error', ({ error, message, type }: ErrorEvent) => report(error ?? message, `on${type}`))
  listen('unhandledrejection', ({ reason, type }: PromiseRejectionEvent) =>
    report(reason, `on${type}`),
  )
}
