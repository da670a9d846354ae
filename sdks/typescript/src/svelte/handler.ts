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
  return (input) => {
    const { error, event, kind } = input
    // Version 3 warns whoever reads its `status`, and has it in its own errors. What an app throws may
    // carry the status of another server's answer.
    const said = (kind ? error : input) as { status?: number }
    const status = kind === 'unknown' ? undefined : said?.status
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
