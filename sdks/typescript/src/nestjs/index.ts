export type {
  CaptureOptions,
  ErrorLogPayload,
  ErrorTracker,
  ErrorTrackingConfig,
} from '../types.js'
export type { ErrorTrackingConfigFactory, NestErrorTrackingConfig } from './config.js'
export { ErrorTrackingFilter } from './filter.js'
export { ErrorTrackingModule } from './module.js'
export { ErrorTrackingService } from './service.js'
export { ERROR_TRACKING_CONFIG, ERROR_TRACKING_SERVICE } from './tokens.js'
