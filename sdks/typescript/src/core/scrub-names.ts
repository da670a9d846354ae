import type { Scrub } from '../types.js'

export const HIDDEN = '[scrubbed]'

const NAMES =
  'pass(?:w|ph|code)|pwd|token|secret|(?:api|private).?key|authorization|cookie|credential|session.?id|card.?num|cvv'
const NAME = new RegExp(NAMES, 'i')
const PAIR = new RegExp(`((?:${NAMES})[\\w\\]-]{0,40}=)[^&\\s]+`, 'gi')

/** Hides the values of secret names, and of such names in query strings. */
export const scrubNames: Scrub = (name, text) =>
  NAME.test(name) ? HIDDEN : text.includes('=') ? text.replace(PAIR, `$1${HIDDEN}`) : text
