import type { JsonObject, Scrub } from '../types.js'
import { HIDDEN } from './scrub-names.js'

/** The contract's limits in characters; all other texts at the top of a report have 100. */
const LIMITS: Record<string, number> = {
  message: 5000,
  stackTrace: 50_000,
  requestUrl: 2000,
  userAgent: 500,
  fingerprint: 256,
  release: 250,
  appId: 50,
  requestMethod: 10,
}
const DEFAULT_LIMIT = 100
// Of a text within an object.
const TEXT_LIMIT = 5000
// Of one field of a report: what a person reads, copied in a fraction of a millisecond.
const MAX_VALUES = 1000
const MAX_DEPTH = 9
const LEFT_OUT = '…'

/** The JSON of a report: within the limits, without secrets, whatever is in it. */
export function toJson(report: unknown, scrub: Scrub): string {
  // Of objects and their copies. What occurs again is left out, so that loops end.
  const depths = new Map<unknown, number>()
  let left = 0
  return JSON.stringify(report, function (this: unknown, name: string, value: unknown) {
    const depth = (depths.get(this) ?? -1) + 1
    if (depth < 2) left = MAX_VALUES
    else if (--left < 0) return LEFT_OUT
    // Nothing, true and false give nothing away, and say much to whoever debugs a login.
    if (value == null || typeof value === 'boolean' || value === '') return value
    const isText = typeof value !== 'object'
    const limit = depth < 2 ? (LIMITS[name] ?? DEFAULT_LIMIT) : TEXT_LIMIT
    // Cut after scrubbing: a secret that lies across the cut would not be recognised.
    const text = scrub(depth < 2 ? '' : name, isText ? String(value).slice(0, limit * 2) : '')
    if (text === HIDDEN) return text
    if (isText) return typeof value === 'number' ? value : text.slice(0, limit)
    if (depths.has(value) || depth > MAX_DEPTH) return LEFT_OUT
    const copied = Array.isArray(value) ? value.slice(0, left) : copy(value as object, left, scrub)
    depths.set(value, depth).set(copied, depth)
    return copied
  })
}

function copy(value: object, length: number, scrub: Scrub): JsonObject | string {
  try {
    const fields = value instanceof Error ? { error: `${value}`, stack: value.stack } : value
    return Object.fromEntries(
      Object.entries(fields)
        .slice(0, length)
        .map(([name, field]) => [
          scrub('', name),
          ArrayBuffer.isView(field) ? `${field.byteLength} bytes` : field,
        ]),
    )
  } catch {
    // A getter or a proxy of the app's.
    return LEFT_OUT
  }
}
