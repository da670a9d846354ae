export { scrubSecrets } from '../core/scrub.js'
export { createExpoErrorHandler, type ExpoErrorHandler } from '../expo/handler.js'
export { createSvelteErrorHandler } from '../svelte/handler.js'
export type {
  Breadcrumb,
  CaptureOptions,
  ErrorLogPayload,
  ErrorTracker,
  ErrorTrackingConfig,
} from '../types.js'
export { type BreadcrumbOptions, setupBreadcrumbs } from './breadcrumbs.js'
export { setupGlobalErrorHandler } from './global-handlers.js'
export { createErrorTracker } from './tracker.js'
