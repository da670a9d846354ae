import type { ErrorTracker } from '../types.js'

/** What SvelteKit gives to handleError: version 2 has a status, version 3 a kind. */
export interface SvelteErrorInput {
  error: unknown
  event: {
    url: URL
    route?: { id: string | null } | null
    request?: Request
  }
  status?: number
  message?: string
  kind?: string
}

/**
 * A `handleError` for `hooks.client.ts` and `hooks.server.ts` of SvelteKit 2 and 3.
 * @example
 * export const handleError = createSvelteErrorHandler(tracker)
 */
export function createSvelteErrorHandler(tracker: ErrorTracker): (input: SvelteErrorInput) => void {
  return ({ error, event, status = (error as { status?: number })?.status, kind }) => {
    // A page that does not exist is no error of the app.
    if (status && status < 500) return
    tracker.captureError(
      error,
      { route: event?.route?.id, kind },
      {
        mechanism: { type: 'sveltekit', handled: false },
        responseStatusCode: status,
        requestUrl: event?.url?.href,
        requestMethod: event?.request?.method,
      },
    )
  }
}
