import { createErrorTracker } from '@manacore/shared-error-tracking/node'
import { createSvelteErrorHandler } from '@manacore/shared-error-tracking/svelte'

const tracker = createErrorTracker({ errorTrackingUrl: MANA_ERRORS_URL, appId: 'shop-web' })

export const handleError = createSvelteErrorHandler(tracker)
