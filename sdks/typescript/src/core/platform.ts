import type { Environment, ErrorLogPayload, ErrorStorage, SourceType } from '../types.js'

/** What the core asks of the place that it runs in. */
export interface Platform {
  sourceType: SourceType
  environment(): Environment
  release(): string | undefined
  /** What this moment adds to a report: URL, browser, device. What the report says itself wins. */
  describe(): Partial<ErrorLogPayload>
  /** Where reports wait across restarts, unless the config says. */
  storage?: ErrorStorage | undefined
  /** Calls back whenever the app may be about to end without notice: what waits is sent and saved. */
  onLeave?(leave: () => void): void
}
