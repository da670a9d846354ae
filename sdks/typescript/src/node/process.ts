import type { ErrorTracker } from '../types.js'

/**
 * Reports uncaught errors and unhandled rejections of the process, which then goes on or ends as it
 * would have: no listener of the app is replaced, and none is added that keeps it alive.
 * @returns a function that stops it
 * @example
 * const tracker = createErrorTracker({ errorTrackingUrl: 'http://localhost:3001', appId: 'chat' })
 * setupGlobalErrorHandler(tracker)
 */
export function setupGlobalErrorHandler(tracker: ErrorTracker): () => void {
  const capture = (error: unknown, type: string): void => {
    tracker.captureError(error, undefined, {
      severity: 'critical',
      mechanism: { type, handled: false },
    })
  }
  const onRejection = (reason: unknown): void => capture(reason, 'unhandledRejection')
  // A rejection that the app listens for never becomes an uncaught error. Without a listener of the
  // app there must be none of ours: it would keep the process from crashing.
  const follow = (event: string | symbol): void => {
    if (event !== 'unhandledRejection') return
    process.off('newListener', follow)
    process.on('unhandledRejection', onRejection)
  }
  process.on('uncaughtExceptionMonitor', capture)
  if (process.listenerCount('unhandledRejection')) follow('unhandledRejection')
  else process.on('newListener', follow)

  return () => {
    process.off('uncaughtExceptionMonitor', capture)
    process.off('newListener', follow)
    process.off('unhandledRejection', onRejection)
  }
}
