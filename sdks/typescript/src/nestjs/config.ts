import type { ErrorTrackingConfig } from '../types.js'

/** Settings of the NestJS module. */
export interface NestErrorTrackingConfig extends ErrorTrackingConfig {
  /**
   * Which HttpExceptions are reported, by their status. Default: 500 and above; those below are how
   * an app talks to its clients. Every other exception is reported.
   * @example reportStatus: (status) => status >= 500 || status === 403
   */
  reportStatus?: (status: number) => boolean
}

/** Makes the config for `forRootAsync({ useClass })` and `useExisting`. */
export interface ErrorTrackingConfigFactory {
  createErrorTrackingConfig(): NestErrorTrackingConfig | Promise<NestErrorTrackingConfig>
}
