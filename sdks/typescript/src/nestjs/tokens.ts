// Symbol.for, because the package may be loaded twice, as ESM and as CommonJS: its classes then
// differ, and these do not.

/** Injects the ErrorTrackingService, whichever copy of the package made it. */
export const ERROR_TRACKING_SERVICE: unique symbol = Symbol.for(
  '@manacore/shared-error-tracking/service',
) as never

/** Injects the config of the module. */
export const ERROR_TRACKING_CONFIG: unique symbol = Symbol.for(
  '@manacore/shared-error-tracking/config',
) as never
