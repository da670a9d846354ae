import {
  createErrorTracker,
  createSvelteErrorHandler,
  setupGlobalErrorHandler,
} from '@manacore/shared-error-tracking/frontend'

const tracker = createErrorTracker({ errorTrackingUrl: MANA_ERRORS_URL, appId: 'shop-web' })
setupGlobalErrorHandler(tracker)

export const handleError = createSvelteErrorHandler(tracker)
