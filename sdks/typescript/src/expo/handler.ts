import type { ErrorTracker } from '../types.js'

/** For `onError` of an error boundary. */
export interface ExpoErrorHandler {
  errorHandler(error: Error, componentStack?: string): void
}

/**
 * Reports what an error boundary caught, with the components it was caught in.
 * @example
 * const { errorHandler } = createExpoErrorHandler(tracker)
 *
 * <ErrorBoundary onError={errorHandler}><App /></ErrorBoundary>
 */
export function createExpoErrorHandler(tracker: ErrorTracker): ExpoErrorHandler {
  return {
    errorHandler(error, componentStack) {
      tracker.captureError(
        error,
        {},
        {
          mechanism: { type: 'errorBoundary', handled: true },
          payload: { contexts: { react: { componentStack } } },
        },
      )
    },
  }
}
