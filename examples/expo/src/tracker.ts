import { createErrorTracker, setupGlobalErrorHandler } from '@manacore/shared-error-tracking/expo'
import AsyncStorage from '@react-native-async-storage/async-storage'
import { AppState, Platform } from 'react-native'

export const tracker = createErrorTracker({
  errorTrackingUrl: process.env.EXPO_PUBLIC_MANA_CORE_AUTH_URL ?? 'http://localhost:3001',
  appId: 'shop-mobile',
  // Without a connection, reports wait here, also when the app is closed meanwhile.
  storage: AsyncStorage,
  appState: AppState,
  deviceInfo: { os: Platform.OS, osVersion: Platform.Version },
})
setupGlobalErrorHandler(tracker)
