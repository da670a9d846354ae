import type { ErrorLogPayload, ErrorStorage, Scrub } from '../types.js'

/** What the core asks of the place that it runs in. */
export interface Platform {
  /**
   * What this moment adds to a report: source type, environment, release, URL, browser, device.
   * What config and report say themselves wins.
   */
  describe(): Partial<ErrorLogPayload>
  scrub: Scrub
  /** Where reports wait across restarts, unless the config says. */
  storage?(): ErrorStorage | undefined
  /** Calls back whenever the app may be about to end without notice: what waits is sent and saved. */
  onLeave?(leave: () => void): void
  /** Sends a leaving program's reports before it returns, where `fetch` ends with the program. */
  beacon?(url: string, body: string): void
}
