import { name, version } from '../../package.json'
import type {
  Breadcrumb,
  CaptureOptions,
  ErrorLogPayload,
  ErrorTracker,
  ErrorTrackingConfig,
  JsonObject,
  Severity,
} from '../types.js'
import { toJson } from './clean.js'
import { createDelivery } from './delivery.js'
import { uuid7 } from './id.js'
import type { Platform } from './platform.js'
import { describeThrown } from './thrown.js'

// As many as tell a story; the server keeps 100.
const MAX_BREADCRUMBS = 50
const FLUSH_MS = 5000

/** A tracker on a platform. Whatever happens in here stays in here: no method throws. */
export function createClient(config: ErrorTrackingConfig, platform: Platform): ErrorTracker {
  const { add, discard, flush } = createDelivery(config, platform)
  if (!config.errorTrackingUrl) console.warn('errorTrackingUrl is empty')
  const scrub = config.scrub ?? platform.scrub
  const environment = config.environment ?? platform.describe().environment
  const logs = config.enableLocalLogging ?? environment === 'development'
  const captured = new WeakSet<object>()
  const tags: Record<string, string | undefined> = {}
  const context: JsonObject = {}
  const breadcrumbs: Breadcrumb[] = []
  let userId: string | null = null

  const send = (given: ErrorLogPayload): string | null => {
    const { appId, serviceName, release, sampleRate = 1, ignoreErrors = [], beforeSend } = config
    if (!config.errorTrackingUrl) return null
    if (Math.random() >= sampleRate) return discard('sample_rate')
    const title = `${given.errorType}: ${given.message}`
    // search() pays no heed to a pattern's `g` flag and lastIndex.
    const isIn = (part: string | RegExp): boolean =>
      typeof part === 'string' ? title.includes(part) : title.search(part) >= 0
    if (ignoreErrors.some(isIn)) return discard('ignored')
    const now = new Date()
    const described = platform.describe()
    const filled = {
      id: uuid7(+now),
      occurredAt: now.toISOString(),
      appId,
      serviceName,
      severity: 'error' as const,
      userId,
      ...described,
      environment,
      ...(release && { release }),
      ...given,
      tags: { ...tags, ...given.tags },
      context: { ...context, ...given.context },
      payload: {
        sdk: { name, version },
        ...described.payload,
        ...given.payload,
        // Last, so that the others have room.
        breadcrumbs: given.payload?.breadcrumbs ?? breadcrumbs,
      },
    }
    const report = beforeSend ? beforeSend(filled) : filled
    return report ? add(report.id as string, toJson(report, scrub)) : discard('before_send')
  }

  /** What fails in `run` must not reach the app. */
  const safely =
    <A extends unknown[]>(run: (...args: A) => string | null) =>
    (...args: A): string | null => {
      try {
        return run(...args)
      } catch {
        return discard('internal_error')
      }
    }

  return {
    captureError: safely(
      (error: unknown, extra?: JsonObject, { mechanism, ...options }: CaptureOptions = {}) => {
        if (captured.has(error as object)) return null
        if (Object(error) === error) captured.add(error as object)
        const told = describeThrown(error, mechanism ?? { type: 'generic', handled: true }, scrub)
        const payload = { ...told.payload, ...options.payload }
        const id = send({ context: extra, ...told, ...options, payload })
        // Behind it, so that it is no breadcrumb of itself.
        if (logs) console.error(error)
        return id
      },
    ),
    captureMessage: safely((message: string, severity: Severity = 'info', context?: JsonObject) =>
      send({ errorCode: 'Message', errorType: 'Message', message, severity, context }),
    ),
    report: safely(send),
    setUser(id) {
      userId = id
    },
    setTag(name, value) {
      tags[name] = value
    },
    setContext(name, value) {
      context[name] = value
    },
    addBreadcrumb(breadcrumb) {
      breadcrumbs.push({ at: new Date().toISOString(), ...breadcrumb })
      if (breadcrumbs.length > MAX_BREADCRUMBS) breadcrumbs.shift()
    },
    flush: (timeout = FLUSH_MS) => flush(timeout),
  }
}
