export type {
  Breadcrumb,
  CaptureOptions,
  ErrorLogPayload,
  ErrorTracker,
  ErrorTrackingConfig,
} from '../types.js'
export { createErrorTracker } from './tracker.js'
