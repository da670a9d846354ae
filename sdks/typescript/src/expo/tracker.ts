import { createClient } from '../core/client.js'
import { scrubSecrets } from '../core/scrub.js'
import type { ErrorTracker, ErrorTrackingConfig, JsonObject } from '../types.js'

/** Settings of a tracker in React Native; what it needs of other packages is given to it. */
export interface ExpoErrorTrackingConfig extends ErrorTrackingConfig {
  /**
   * Model, system, version …
   * @example deviceInfo: { model: Device.modelName, os: Platform.OS, osVersion: Platform.Version }
   */
  deviceInfo?: JsonObject
  /** `AppState` of `react-native`: what waits is sent and stored when the app goes out of sight. */
  appState?: {
    addEventListener(type: 'change', listener: (state: string) => void): unknown
  }
}

declare const __DEV__: boolean | undefined

/**
 * A tracker for Expo and React Native.
 * @example
 * export const tracker = createErrorTracker({
 *   errorTrackingUrl: process.env.EXPO_PUBLIC_MANA_CORE_AUTH_URL ?? 'http://localhost:3001',
 *   appId: 'zitare',
 *   storage: AsyncStorage,
 *   appState: AppState,
 *   deviceInfo: { os: Platform.OS, osVersion: Platform.Version },
 * })
 */
export function createErrorTracker(config: ExpoErrorTrackingConfig): ErrorTracker {
  const { deviceInfo, appState } = config
  return createClient(config, {
    describe: () => ({
      sourceType: 'frontend_mobile',
      environment: isDevelopment() ? 'development' : 'production',
      ...(deviceInfo && { deviceInfo }),
    }),
    scrub: scrubSecrets,
    onLeave(leave) {
      appState?.addEventListener('change', (state) => state !== 'active' && leave())
    },
  })
}

/** Whether Metro built the app to be developed. */
export function isDevelopment(): boolean {
  return typeof __DEV__ !== 'undefined' && !!__DEV__
}
