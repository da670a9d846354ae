/**
 * Takes secrets out before they leave the app. The server does it again and knows more; these are
 * its main rules in few bytes, held to the same examples (protocol/scrub.json).
 */

import type { Scrub } from '../types.js'
import { HIDDEN } from './scrub-names.js'

// Patterns are made in functions that bundlers know to be pure: who does not scrub with them does
// not carry them. Words for a secret, within a name or in text; the last line's are parts of everyday words, too.
const WORDS =
  'pass[ _-]?(?:word|wd|phrase|code)|pwd|token|secret|authorization|cookie|credential|bearer|' +
  '(?:api|access|private|auth|ssh)[ _-]?key|sess(?:ion)?[ _-]?id|card[ _-]?n|' +
  '(?:\\b|_)(?:jwt|[cx]srf|t?otp|cv[vc]2?|ssn|iban|sid|sig|pin|pan|auth|pass)(?![a-z])'
// The name's beginning; or a parser's complaint: "Unexpected token: punc (})".
const BEFORE = /(unexpected )?([\w-]*)$/i
const HEADER = /((?:authorization|cookie): *)[^\r\n"'`]+/gi
// user:password@host
const LOGIN = /(:\/\/[^\s/?#"'<>:@]*:)[^\s/?#"'<>]+@/g
// In prose a word in lower case follows: "bearer token missing".
const SCHEME = /\b([Bb](?:earer|asic) +)(?![A-Za-z][a-z]+(?![\w.~+/=-]))[\w.~+/=-]{6,}/g
// Private keys, JWTs, and the key formats that their makers document.
const LOOKS =
  /-----BEGIN [A-Z ]*PRIVATE KEY[\s\S]*?(?:-----END [A-Z ]*-----|$)|eyJ[\w-]+\.[\w.-]+|\b(?:A[KS]IA|AIza|(?:gh\w|npm|hf|[sr]k|xox\w)[_-])[\w-]{15,}/g
// A card number, or a scheme with its credentials; shorter ones have a name and a sign in front.
const LEAST_LENGTH = 12
const CARD = /\b[2-6]\d{3}(?:[ -]?\d){9,15}\b/g

let made: { name: RegExp; pair: RegExp } | undefined

/** Made when they are needed: only a constant that takes no making is left out of bundles. */
function patterns(): { name: RegExp; pair: RegExp } {
  made ??= {
    // Whether a name has one, unless a word behind it makes the value one about the secret, as in
    // `tokenCount`, or it counts a language model's tokens.
    name: new RegExp(
      `^(?!.*(?:max|put|prompt|total|used)-tokens).*(?:${WORDS})(?!ary|less|.*-(?:` +
        'at|count|error|expir|id|is|length|limit|name|policy|size|status|type|ur[il]|used|valid))',
    ),
    // `name=value` and `"name": "value"`, also where JSON is within JSON.
    pair: new RegExp(
      `((?:${WORDS})[\\w-]{0,40})(]*\\\\*["'\`]?\\s*[:=]+>?\\s*)` +
        '(?!\\[|(?:null|none|undefined|true|false)\\b)' +
        '(?:(\\\\*["\'`])(?:\\\\?.)*?\\3|[^\\s"\'`,;&)\\]}<>]+)',
      'gi',
    ),
  }
  return made
}

/** Hides values by their name and by their look. */
export const scrubSecrets: Scrub = (name, text) => (isSecretName(name) ? HIDDEN : scrubText(text))

// Whether a field of a name holds a secret. Names repeat within a report and from one to the next.
const verdicts = new Map<string, boolean>()
const MAX_VERDICTS = 1000

function isSecretName(name: string): boolean {
  let verdict = verdicts.get(name)
  if (verdict === undefined) {
    const words = name.replace(/([a-z\d])(?=[A-Z])|[^A-Za-z\d]+/g, '$1-').toLowerCase()
    verdict = patterns().name.test(words)
    if (verdicts.size >= MAX_VERDICTS) verdicts.clear()
    verdicts.set(name, verdict)
  }
  return verdict
}

/** A text without what looks like a secret or is named like one. */
function scrubText(text: string): string {
  if (text.length < LEAST_LENGTH && !/[=:]/.test(text)) return text
  return text
    .replace(LOGIN, `$1${HIDDEN}@`)
    .replace(HEADER, `$1${HIDDEN}`)
    .replace(SCHEME, `$1${HIDDEN}`)
    .replace(
      patterns().pair,
      (all, name: string, sign: string, quote = '', at: number, whole: string) => {
        const [, syntax, start] = BEFORE.exec(whole.slice(Math.max(at - 40, 0), at)) ?? []
        return !syntax && isSecretName(start + name) ? name + sign + quote + HIDDEN + quote : all
      },
    )
    .replace(LOOKS, HIDDEN)
    .replace(CARD, (number) => (isCard(number) ? HIDDEN : number))
}

/** By the checksum of ISO/IEC 7812-1, which doubles every other digit. */
function isCard(number: string): boolean {
  let sum = 0
  let doubles = false
  for (const digit of number.replace(/\D/g, '').split('').reverse()) {
    sum += +(doubles ? ('0246813579'[+digit] as string) : digit)
    doubles = !doubles
  }
  return sum % 10 === 0
}
