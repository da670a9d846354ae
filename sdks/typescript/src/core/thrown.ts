import type { ErrorLogPayload, JsonObject } from '../types.js'

// Of a chain of causes. Longer ones are loops of wrapping, whose ends say enough.
const MAX_EXCEPTIONS = 10

/** How the error was caught. */
export interface Mechanism {
  type: string
  handled: boolean
}

interface Link {
  value: unknown
  mechanism: JsonObject
}

/** What anything that was thrown says about itself. */
export function describeThrown(thrown: unknown, mechanism: Mechanism): ErrorLogPayload {
  const chain = unchain(thrown, mechanism)
  const errorType = typeOf(thrown)
  const code = read(thrown, 'code') || read(thrown, 'errorCode')
  return {
    errorCode: typeof code === 'string' ? code : errorType,
    errorType,
    message: messageOf(thrown),
    stackTrace: chain.map((link) => stackOf(link.value)).join('\nCaused by: '),
    payload: {
      // The oldest cause comes first.
      exceptions: chain.reverse().map((link) => ({
        type: typeOf(link.value),
        value: messageOf(link.value),
        mechanism: link.mechanism,
      })),
    },
  }
}

/** The error, its causes and, of an AggregateError, its parts; each once, the error itself first. */
function unchain(thrown: unknown, mechanism: Mechanism): Link[] {
  const chain: Link[] = [{ value: thrown, mechanism: { ...mechanism, id: 0 } }]
  for (let id = 0; id < chain.length; id++) {
    const { value, mechanism: own } = chain[id] as Link
    const follow = (source: string, next: unknown): void => {
      if (next != null && chain.length < MAX_EXCEPTIONS && !chain.some((l) => l.value === next)) {
        chain.push({
          value: next,
          mechanism: { type: 'chained', source, id: chain.length, parentId: id },
        })
      }
    }
    follow('cause', read(value, 'cause'))
    const parts = read(value, 'errors')
    if (Array.isArray(parts) && isErrorLike(value)) {
      own.isGroup = true
      for (const [index, part] of parts.slice(0, MAX_EXCEPTIONS).entries()) {
        follow(`errors[${index}]`, part)
      }
    }
  }
  return chain
}

function typeOf(thrown: unknown): string {
  const name = read(thrown, 'name')
  const made = read(read(thrown, 'constructor'), 'name')
  // A class that extends Error and sets no name. Minifiers make class names of one or two letters.
  const unnamed = name === 'Error' && typeof made === 'string' && made.length > 2
  if (typeof name === 'string' && name && !unnamed && isErrorLike(thrown)) return name
  return thrown !== null && typeof made === 'string' && made && isObject(thrown)
    ? made
    : String(thrown === null ? null : typeof thrown)
}

function messageOf(thrown: unknown): string {
  const message = read(thrown, 'message')
  if (typeof message === 'string') return message
  try {
    return (isObject(thrown) && JSON.stringify(thrown)) || String(thrown)
  } catch {
    return Object.prototype.toString.call(thrown)
  }
}

function stackOf(thrown: unknown): string {
  const stack = read(thrown, 'stack')
  return typeof stack === 'string' && stack ? stack : `${typeOf(thrown)}: ${messageOf(thrown)}`
}

// By its fields: errors of another realm (frames, vm) are no instances of this one's Error.
function isErrorLike(thrown: unknown): boolean {
  return isObject(thrown) && typeof read(thrown, 'message') === 'string'
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** A field of anything; undefined where there is none or reading it throws. */
function read(value: unknown, name: string): unknown {
  try {
    return (value as JsonObject | undefined | null)?.[name]
  } catch {
    return undefined
  }
}
