import { describe, expect, test } from 'vitest'
import goldens from '../../../../protocol/scrub.json' with { type: 'json' }
import { toJson } from './clean.js'
import { scrubSecrets } from './scrub.js'

describe('scrubbing', () => {
  test.each(goldens)('as the server does it: $name', ({ input, output }) => {
    expect(JSON.parse(toJson({ context: input }, scrubSecrets)).context).toEqual(output)
  })
})
