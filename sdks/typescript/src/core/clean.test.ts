import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toJson } from './clean.js'
import { scrubSecrets } from './scrub.js'

const clean = (report: object) => JSON.parse(toJson(report, scrubSecrets))

describe('a report fits the limits of the contract', () => {
  test.each([
    ['errorCode', 100],
    ['errorType', 100],
    ['message', 5000],
    ['stackTrace', 50_000],
    ['appId', 50],
    ['serviceName', 100],
    ['userId', 100],
    ['sessionId', 100],
    ['requestUrl', 2000],
    ['requestMethod', 10],
    ['fingerprint', 256],
    ['userAgent', 500],
    ['release', 250],
  ])('%s has at most %i characters', (name, limit) => {
    expect(clean({ [name]: 'x'.repeat(limit * 3) })[name]).toHaveLength(limit)
    expect(clean({ [name]: 'x'.repeat(limit) })[name]).toHaveLength(limit)
  })

  test('a secret that lies across the cut is hidden', () => {
    const jwt = `eyJ${'a'.repeat(80)}.${'b'.repeat(80)}`
    expect(clean({ message: `${'x '.repeat(2475)}${jwt}` }).message).not.toContain('eyJ')
  })
})

describe('a report is JSON, whatever is in it', () => {
  test('loops, functions, big integers, dates, errors', () => {
    const context: Record<string, unknown> = {
      f() {},
      big: 10n,
      at: new Date(0),
      error: new TypeError('no'),
    }
    context.self = context
    expect(clean({ context }).context).toMatchObject({
      big: '10',
      at: '1970-01-01T00:00:00.000Z',
      self: '…',
      error: { error: 'TypeError: no', stack: expect.stringContaining('clean.test') },
    })
  })

  test('what throws when it is read costs itself', () => {
    const trap = {
      get field() {
        throw new Error('trap')
      },
    }
    expect(clean({ message: 'm', context: { trap, good: 1 } })).toEqual({
      message: 'm',
      context: { trap: '…', good: 1 },
    })
  })

  test('a large value in one field leaves room for the next', () => {
    const context = { list: Array(100_000).fill({ a: { b: 1 } }) }
    const json = toJson({ context, payload: { exceptions: [{ type: 'E' }] } }, scrubSecrets)
    expect(json.length).toBeLessThan(100_000)
    expect(JSON.parse(json).payload.exceptions).toEqual([{ type: 'E' }])
  })

  test('a table has no more values than a list', () => {
    const table = Array(1000)
      .fill(null)
      .map((_, row) => Array(1000).fill(row))
    const json = toJson({ context: { table } }, scrubSecrets)
    expect(json.length).toBeLessThan(20_000)
    expect(json).toContain('[0,0,0')
  })

  test('bytes are counted, not copied', () => {
    expect(clean({ context: { file: new Uint8Array(10_000_000) } }).context.file).toBe(
      '10000000 bytes',
    )
  })

  test('depth ends long before the server refuses it', () => {
    let context = {}
    for (let n = 0; n < 500; n++) context = { context }
    const depth = toJson({ context }, scrubSecrets).split('{').length
    expect(depth).toBeLessThan(20)
  })

  test('anything at all', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
        (value) => {
          expect(typeof clean({ message: 'm', context: { value } }).message).toBe('string')
        },
      ),
    )
  })
})
