import type {
  Breadcrumb,
  CaptureOptions,
  ErrorLogPayload,
  ErrorTracker,
  ErrorTrackingConfig,
  JsonObject,
} from '../types.js'
import { cleanReport } from './clean.js'
import { createDelivery } from './delivery.js'
import { uuid7 } from './id.js'
import type { Platform } from './platform.js'
import { describeThrown, isObject } from './thrown.js'

// As many as tell a story; the server keeps 100.
const MAX_BREADCRUMBS = 50
const FLUSH_MS = 5000

/** A tracker on a platform. Whatever happens in here stays in here: no method throws. */
export function createClient(config: ErrorTrackingConfig, platform: Platform): ErrorTracker {
  const delivery = createDelivery(config, platform)
  const environment = config.environment ?? platform.environment()
  const logs = config.enableLocalLogging ?? environment === 'development'
  const reported = new WeakSet<object>()
  const tags: Record<string, string> = {}
  const context: JsonObject = {}
  const breadcrumbs: Breadcrumb[] = []
  let userId: string | undefined

  const fill = (report: ErrorLogPayload, now: number): ErrorLogPayload => ({
    id: uuid7(now),
    occurredAt: new Date(now).toISOString(),
    appId: config.appId,
    sourceType: platform.sourceType,
    environment,
    severity: 'error',
    ...(userId !== undefined && { userId }),
    ...platform.describe(),
    ...report,
    tags: { ...tags, ...report.tags },
    context: { ...context, ...report.context },
    payload: { ...report.payload, breadcrumbs: [...breadcrumbs] },
  })

  const report = (given: ErrorLogPayload): string | null => {
    const filled = fill(given, Date.now())
    delivery.add(filled.id as string, JSON.stringify(cleanReport(filled)))
    return filled.id as string
  }

  const captureError = (
    error: unknown,
    extra?: JsonObject,
    { mechanism, ...options }: CaptureOptions = {},
  ): string | null => {
    if (isObject(error)) {
      if (reported.has(error)) return null
      reported.add(error)
    }
    if (logs) console.error(error)
    const told = describeThrown(error, mechanism ?? { type: 'generic', handled: true })
    return report({
      ...told,
      ...options,
      context: { ...extra, ...options.context },
      payload: { ...told.payload, ...options.payload },
    })
  }

  return {
    captureError,
    captureMessage: (message, severity = 'info', extra = {}) =>
      report({ errorCode: 'MESSAGE', errorType: 'Message', message, severity, context: extra }),
    report,
    setUser(id) {
      userId = id ?? undefined
    },
    setTag(name, value) {
      if (value === undefined) delete tags[name]
      else tags[name] = value
    },
    setContext(name, value) {
      context[name] = value
    },
    addBreadcrumb(breadcrumb) {
      breadcrumbs.push({ at: new Date().toISOString(), ...breadcrumb })
      if (breadcrumbs.length > MAX_BREADCRUMBS) breadcrumbs.shift()
    },
    flush: (timeout = FLUSH_MS) => delivery.flush(timeout),
  }
}
