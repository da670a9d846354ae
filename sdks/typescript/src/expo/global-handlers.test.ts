import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ErrorLogPayload } from '../types.js'
import { setupGlobalErrorHandler } from './global-handlers.js'
import { createErrorTracker } from './tracker.js'

type Handler = (error: unknown, isFatal?: boolean) => void

/** What React Native gives an app, as far as handlers go. */
function reactNative(previous: Handler) {
  let handler = previous
  let rejected: ((id: number, reason: unknown) => void) | undefined
  vi.stubGlobal('ErrorUtils', {
    getGlobalHandler: () => handler,
    setGlobalHandler: (next: Handler) => {
      handler = next
    },
  })
  vi.stubGlobal('HermesInternal', {
    enablePromiseRejectionTracker: (options: { onUnhandled: typeof rejected }) => {
      rejected = options.onUnhandled
    },
  })
  const reports: ErrorLogPayload[] = []
  const tracker = createErrorTracker({
    errorTrackingUrl: 'http://localhost:9',
    appId: 'mobile',
    enableLocalLogging: false,
    deviceInfo: { model: 'Pixel' },
    beforeSend(report) {
      reports.push(report)
      return null
    },
  })
  setupGlobalErrorHandler(tracker)
  return {
    reports,
    fail: (error: unknown, isFatal?: boolean) => handler(error, isFatal),
    reject: (reason: unknown) => rejected?.(1, reason),
  }
}

afterEach(() => vi.unstubAllGlobals())

describe('in React Native', () => {
  test('an error is reported, and reaches the handler that was there before', () => {
    const previous = vi.fn()
    const { fail, reports } = reactNative(previous)
    const error = new TypeError('no')
    fail(error, false)
    expect(previous).toHaveBeenCalledExactlyOnceWith(error, false)
    expect(reports).toMatchObject([
      {
        errorType: 'TypeError',
        severity: 'error',
        sourceType: 'frontend_mobile',
        environment: 'production',
        deviceInfo: { model: 'Pixel' },
      },
    ])
  })

  test('a fatal error reaches the handler before ours once its report had the time to leave', async () => {
    const previous = vi.fn()
    const { fail, reports } = reactNative(previous)
    fail(new Error('fatal'), true)
    await vi.waitFor(() => expect(previous).toHaveBeenCalledOnce())
    expect(reports).toMatchObject([{ severity: 'critical' }])
  })

  test('in development a fatal error shows at once', () => {
    vi.stubGlobal('__DEV__', true)
    const previous = vi.fn()
    const { fail, reports } = reactNative(previous)
    fail(new Error('red box'), true)
    expect(previous).toHaveBeenCalledOnce()
    expect(reports).toMatchObject([{ severity: 'error', environment: 'development' }])
  })

  test('a rejection on Hermes is reported', () => {
    const { reject, reports } = reactNative(() => {})
    reject(new RangeError('no'))
    expect(reports).toMatchObject([{ errorType: 'RangeError' }])
  })
})
