import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scrubSecrets } from './scrub.js'
import { describeThrown } from './thrown.js'

const tell = (thrown: unknown) =>
  describeThrown(thrown, { type: 'generic', handled: true }, scrubSecrets)

class PaymentError extends Error {}

describe('whatever is thrown is told by type and message', () => {
  test.each([
    ['an error', new TypeError('no'), 'TypeError', 'no'],
    ['a class that sets no name', new PaymentError('declined'), 'PaymentError', 'declined'],
    ['an error of another realm', runInNewContext('new RangeError("far")'), 'RangeError', 'far'],
    ['a DOMException', new DOMException('gone', 'AbortError'), 'AbortError', 'gone'],
    ['a string', 'oops', 'String', 'oops'],
    ['a number', 42, 'Number', '42'],
    ['nothing', undefined, 'undefined', 'undefined'],
    ['null', null, 'null', 'null'],
    ['a symbol', Symbol('s'), 'Symbol', 'Symbol(s)'],
    ['an object', { status: 404 }, 'Object', '{"status":404}'],
    ['an object without prototype', Object.create(null), 'Object', '{}'],
    ['an object that looks like an error', { message: 'm', name: 'N' }, 'N', 'm'],
  ])('%s', (_, thrown, errorType, message) => {
    expect(tell(thrown)).toMatchObject({ errorType, message })
  })

  test('but for those of its fields whose getters throw', () => {
    const get = (): never => {
      throw new Error('no')
    }
    const error = Object.defineProperties(new TypeError('m'), { cause: { get }, code: { get } })
    expect(tell(error)).toMatchObject({
      errorType: 'TypeError',
      errorCode: 'TypeError',
      message: 'm',
    })
  })

  test('a message made of an object holds no secrets', () => {
    expect(tell({ password: 'hunter2' }).message).toBe('{"password":"[scrubbed]"}')
  })

  test('a minified class name is no type', () => {
    const made = { e: class extends Error {} }.e
    expect(tell(new made('m')).errorType).toBe('Error')
  })

  test('anything at all', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (thrown) => {
        const told = tell(thrown)
        expect([typeof told.errorType, typeof told.errorCode, typeof told.message]).toEqual(
          Array(3).fill('string'),
        )
      }),
    )
  })
})

test("a text code is the error's code, a number is not", () => {
  expect(tell(Object.assign(new Error('m'), { code: 'ECONNREFUSED' })).errorCode).toBe(
    'ECONNREFUSED',
  )
  expect(tell(Object.assign(new Error('m'), { code: 20 })).errorCode).toBe('Error')
})

describe('causes and parts', () => {
  const chainOf = (thrown: unknown): unknown[] =>
    ((tell(thrown).payload?.exceptions ?? []) as { value: string }[]).map(({ value }) => value)

  test('the oldest cause comes first, and the stack has all of them', () => {
    const error = new Error('page', { cause: new TypeError('query', { cause: 'disk' }) })
    expect(chainOf(error)).toEqual(['disk', 'query', 'page'])
    expect(tell(error).stackTrace).toMatch(
      /^Error: page\n.*Caused by: TypeError: query\n.*Caused by: String: disk$/s,
    )
  })

  test('the parts of an AggregateError name their parent', () => {
    const group = new AggregateError([new Error('a'), new Error('b')], 'both')
    expect(tell(group).payload?.exceptions).toMatchObject([
      { value: 'b', mechanism: { id: 2, parentId: 0 } },
      { value: 'a', mechanism: { id: 1, parentId: 0 } },
      { value: 'both', mechanism: { id: 0, handled: true } },
    ])
  })

  test('texts in a list of errors, as validators have, are no parts', () => {
    expect(chainOf(Object.assign(new Error('invalid'), { errors: ['name is empty'] }))).toEqual([
      'invalid',
    ])
  })

  test('a loop ends', () => {
    const error = new Error('loop')
    error.cause = new Error('cause', { cause: error })
    expect(chainOf(error)).toEqual(['cause', 'loop'])
  })

  test('of an endless chain the first ten stay', () => {
    let error = new Error('0')
    for (let n = 1; n < 100; n++) error = new Error(`${n}`, { cause: error })
    expect(chainOf(error)).toHaveLength(10)
  })
})
