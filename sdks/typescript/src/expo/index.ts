export type {
  Breadcrumb,
  CaptureOptions,
  ErrorLogPayload,
  ErrorStorage,
  ErrorTracker,
  ErrorTrackingConfig,
} from '../types.js'
export { setupGlobalErrorHandler } from './global-handlers.js'
export { createExpoErrorHandler, type ExpoErrorHandler } from './handler.js'
export { createErrorTracker, type ExpoErrorTrackingConfig } from './tracker.js'
