import type { ErrorLogPayload, JsonObject, Mechanism, Scrub } from '../types.js'
import { toJson } from './clean.js'

// Of a chain of causes. Longer ones are loops of wrapping, whose first links say enough.
const MAX_EXCEPTIONS = 10

/** What anything that was thrown says about itself, its causes and, of a group, its parts. */
export function describeThrown(
  thrown: unknown,
  mechanism: Mechanism,
  scrub: Scrub,
): ErrorLogPayload {
  const chain: unknown[] = []
  const exceptions: JsonObject[] = []
  let stackTrace = ''

  const follow = (value: unknown, how: object): string[] => {
    const id = chain.length
    if (id >= MAX_EXCEPTIONS || chain.includes(value)) return []
    chain.push(value)
    const { name, message, stack, constructor: made, cause, errors, code } = read(value)
    const isError = typeof message === 'string'
    const className = value == null ? `${value}` : (made?.name ?? 'Object')
    // Of a class that extends Error without a name. Minifiers make class names of a letter or two.
    const type = isError && name && (name !== 'Error' || className.length < 3) ? name : className
    const text = isError
      ? message
      : typeof value === 'object'
        ? toJson([value], scrub).slice(1, -1)
        : String(value)
    // The oldest cause comes first.
    exceptions.unshift({ type, value: text, mechanism: { ...how, id } })
    stackTrace += (id ? '\nCaused by: ' : '') + (stack || `${type}: ${text}`)
    const parts = Array.isArray(errors) ? errors.filter((part) => part?.stack) : []
    for (const next of [cause, ...parts]) {
      if (next != null) follow(next, { type: 'chained', parentId: id })
    }
    return [typeof code === 'string' ? code : type, type, text]
  }

  const [errorCode, errorType, message] = follow(thrown, mechanism) as [string, string, string]
  return { errorCode, errorType, message, stackTrace, payload: { exceptions } }
}

/** The fields that matter, but for those whose getter throws. */
// biome-ignore lint/suspicious/noExplicitAny: anything may be thrown; each field is checked where it is used
function read(thrown: unknown): Record<string, any> {
  const fields: JsonObject = {}
  for (const name of ['name', 'message', 'stack', 'constructor', 'cause', 'errors', 'code']) {
    try {
      fields[name] = Object(thrown)[name]
    } catch {}
  }
  return fields
}
