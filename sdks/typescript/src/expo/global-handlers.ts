import type { ErrorTracker } from '../types.js'
import { isDevelopment } from './tracker.js'

type Handler = (error: unknown, isFatal?: boolean) => void

/** What React Native and Hermes have in the place of a page's events. */
interface ReactNativeGlobal {
  ErrorUtils?: { getGlobalHandler(): Handler | undefined; setGlobalHandler(handler: Handler): void }
  HermesInternal?: {
    enablePromiseRejectionTracker?(options: {
      allRejections: boolean
      onUnhandled(id: number, reason: unknown): void
    }): void
  }
}

// The handler before ours may end the app; people do not wait longer for a frozen one.
const FATAL_FLUSH_MS = 2000

/**
 * Reports errors that nobody catches and, on Hermes, rejected promises. The handler that was there
 * before, React Native's own or another tool's, still gets each error.
 * @example
 * setupGlobalErrorHandler(tracker)
 */
export function setupGlobalErrorHandler(tracker: ErrorTracker): void {
  const { ErrorUtils, HermesInternal } = globalThis as ReactNativeGlobal
  const previous = ErrorUtils?.getGlobalHandler()
  ErrorUtils?.setGlobalHandler((error, isFatal) => {
    const fatal = isFatal && !isDevelopment()
    tracker.captureError(
      error,
      {},
      {
        severity: fatal ? 'critical' : 'error',
        mechanism: { type: 'ErrorUtils', handled: false },
      },
    )
    if (fatal) tracker.flush(FATAL_FLUSH_MS).then(() => previous?.(error, isFatal))
    else previous?.(error, isFatal)
  })
  HermesInternal?.enablePromiseRejectionTracker?.({
    allRejections: true,
    onUnhandled(_id, reason) {
      // Hermes has one tracker: in development ours replaces the one that warns.
      if (isDevelopment()) console.warn('Unhandled promise rejection:', reason)
      tracker.captureError(
        reason,
        {},
        { mechanism: { type: 'onunhandledrejection', handled: false } },
      )
    },
  })
}
