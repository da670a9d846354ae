import type { ErrorTracker } from '../types.js'

/**
 * Report what nobody catches: errors in event handlers, timers and scripts, rejected promises.
 * @example
 * setupGlobalErrorHandler(tracker)
 */
export function setupGlobalErrorHandler(tracker: ErrorTracker): void {
  const listen = (type: 'error' | 'unhandledrejection', thrown: (event: never) => unknown): void =>
    globalThis.addEventListener?.(type, (event) => {
      tracker.captureError(
        thrown(event as never),
        {},
        { mechanism: { type: `on${type}`, handled: false } },
      )
    })
  // Of scripts of other origins there is only a message.
  listen('error', ({ error, message }: ErrorEvent) => error ?? message)
  listen('unhandledrejection', ({ reason }: PromiseRejectionEvent) => reason)
}
