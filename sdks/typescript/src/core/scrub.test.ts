import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import goldens from '../../../../protocol/scrub.json' with { type: 'json' }
import { toJson } from './clean.js'
import { scrubSecrets } from './scrub.js'
import { scrubNames } from './scrub-names.js'

describe('everything is hidden that the server hides', () => {
  test.each(goldens)('$name', ({ input, output }) => {
    expect(JSON.parse(toJson({ context: input }, scrubSecrets)).context).toEqual(output)
  })

  test('scrubbing again changes nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...goldens), ({ output }) => {
        expect(JSON.parse(toJson({ context: output }, scrubSecrets)).context).toEqual(output)
      }),
    )
  })
})

describe('by name alone', () => {
  test.each([
    'password',
    'Authorization',
    'accessToken',
    'client_secret',
    'X-Api-Key',
    'Cookie',
    'apikey',
    'api-key',
  ])('the value of %s', (name) => {
    expect(scrubNames(name, 'value')).toBe('[scrubbed]')
  })

  test('secret parameters of URLs', () => {
    expect(scrubNames('url', 'https://x.test/cb?token=abc&page=2#access_token=def')).toBe(
      'https://x.test/cb?token=[scrubbed]&page=2#access_token=[scrubbed]',
    )
  })

  test.each(['author', 'message', 'monkey', 'description'])('not the value of %s', (name) => {
    expect(scrubNames(name, 'value')).toBe('value')
  })
})

// A pattern that backtracks would take minutes for these, and the test its time-out.
test.each([
  'a',
  '-',
  'token',
  'pass',
  '=',
  '://',
  ':',
  '"',
  '\\',
  '4111-',
  '4',
  'eyJa.',
  'x_',
  '-----BEGIN ',
  ' ',
])(
  'a long run of %j costs little',
  (part) => {
    const text = part.repeat(100_000 / part.length)
    scrubSecrets('', text)
    scrubNames('', text)
    scrubSecrets(text.slice(0, 1000), '')
  },
  5000,
)
