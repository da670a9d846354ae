/** The wire form of a report and the settings of every tracker. */

export type Environment = 'development' | 'staging' | 'production'
export type Severity = 'debug' | 'info' | 'warning' | 'error' | 'critical'
export type SourceType = 'backend' | 'frontend_web' | 'frontend_mobile'
export type JsonObject = Record<string, unknown>

/** One report, as `POST /api/v1/errors` takes it. */
export interface ErrorLogPayload {
  /** At most 100 characters, such as `VALIDATION_FAILED`. */
  errorCode: string
  /** At most 100 characters, such as `TypeError`. */
  errorType: string
  /** At most 5,000 characters. */
  message: string
  /** As the runtime wrote it, at most 50,000 characters. */
  stackTrace?: string | undefined
  appId?: string | undefined
  sourceType?: SourceType | undefined
  serviceName?: string | undefined
  userId?: string | null | undefined
  sessionId?: string | undefined
  requestUrl?: string | undefined
  requestMethod?: string | undefined
  requestHeaders?: JsonObject | undefined
  requestBody?: JsonObject | undefined
  responseStatusCode?: number | undefined
  environment?: Environment | undefined
  severity?: Severity | undefined
  context?: JsonObject | undefined
  /** Groups reports in the place of the fingerprint that the server makes. */
  fingerprint?: string | undefined
  userAgent?: string | undefined
  browserInfo?: JsonObject | undefined
  deviceInfo?: JsonObject | undefined
  /** ISO 8601. */
  occurredAt?: string | undefined
  /** UUID of the event: a report that is sent again is stored once. */
  id?: string | undefined
  /** The app's version. */
  release?: string | undefined
  tags?: Record<string, string | undefined> | undefined
  /** Exceptions, breadcrumbs, contexts, sdk: docs/mapping.md. */
  payload?: JsonObject | undefined
}

/** What happened before an error. */
export interface Breadcrumb {
  category?: string
  message?: string
  level?: Severity
  type?: string
  data?: JsonObject
  /** ISO 8601; default: now. */
  at?: string
}

/** Where reports wait while the server cannot be reached: `localStorage`, AsyncStorage or alike. */
export interface ErrorStorage {
  getItem(key: string): string | null | Promise<string | null>
  setItem(key: string, value: string): unknown
  removeItem(key: string): unknown
}

/** Takes secrets out of a text; `[scrubbed]` as a whole if it is the value of a secret name. */
export type Scrub = (name: string, text: string) => string

export interface ErrorTrackingConfig {
  /** Address of the server, such as `http://localhost:3001`. Empty: nothing is sent. */
  errorTrackingUrl: string
  /** Name of the app, at most 50 characters. */
  appId: string
  serviceName?: string
  /** Default: detected. */
  environment?: Environment
  /** Write what is captured to the console. Default: in development. */
  enableLocalLogging?: boolean
  /** Sent with every request. In browsers any header costs a preflight request. */
  customHeaders?: Record<string, string>
  /** Token of the signed-in user. It may fail or hang: the report is then sent without. */
  getAuthToken?: () => Promise<string | null>

  /** Version of the app. Default: detected. */
  release?: string
  /** Share of the reports that are sent, 0 to 1. Default: 1. */
  sampleRate?: number
  /** Texts or patterns of `Type: message`; what contains or matches one is not reported. */
  ignoreErrors?: readonly (string | RegExp)[]
  /** Changes a report before it is sent, or drops it by returning null. */
  beforeSend?: (report: ErrorLogPayload) => ErrorLogPayload | null
  /** Reports that may wait to be sent; one more is dropped and counted. Default: 100. */
  maxQueueLength?: number
  /** Takes secrets out. Default: by name in web pages, by name and by look elsewhere. */
  scrub?: Scrub
  /** Where reports wait across restarts. Default: `localStorage` in browsers, none elsewhere. */
  storage?: ErrorStorage | null
}

/** How an error was caught; `handled: false` where the app did not. */
export interface Mechanism {
  type: string
  handled: boolean
}

/** What a report says beyond the error and its context. */
export interface CaptureOptions extends Partial<ErrorLogPayload> {
  mechanism?: Mechanism | undefined
}

/** Reports errors. No method throws, blocks or waits for the network. */
export interface ErrorTracker {
  /**
   * Report anything that was thrown.
   * @returns the event's id; null when it is not reported (again)
   * @example
   * try { checkout() } catch (error) { tracker.captureError(error, { cartId }) }
   */
  captureError(error: unknown, context?: JsonObject, options?: CaptureOptions): string | null
  /**
   * Report something that is no exception.
   * @example tracker.captureMessage('stock is negative', 'warning', { article })
   */
  captureMessage(message: string, severity?: Severity, context?: JsonObject): string | null
  /**
   * Report a payload of your own making; what it leaves out is filled in.
   * @example tracker.report({ errorCode: 'PAYMENT_FAILED', errorType: 'AppError', message: 'declined' })
   */
  report(report: ErrorLogPayload): string | null
  /** Who uses the app from now on; null: nobody that is known. */
  setUser(userId: string | null): void
  /** Add to every report from now on; undefined removes. */
  setTag(name: string, value: string | undefined): void
  /** Add to the context of every report from now on; undefined removes. */
  setContext(name: string, value: unknown): void
  /** Remember what happened; the last 50 go with each report. */
  addBreadcrumb(breadcrumb: Breadcrumb): void
  /**
   * Send what waits. What does not arrive is kept in the storage, if there is one, before this ends.
   * @returns whether all of it arrived within the time (in ms; default 5,000)
   */
  flush(timeout?: number): Promise<boolean>
}
