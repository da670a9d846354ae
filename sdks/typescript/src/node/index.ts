export type {
  Breadcrumb,
  CaptureOptions,
  ErrorLogPayload,
  ErrorTracker,
  ErrorTrackingConfig,
} from '../types.js'
export { setupGlobalErrorHandler } from './process.js'
export { createErrorTracker } from './tracker.js'
