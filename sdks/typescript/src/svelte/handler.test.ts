import { afterEach, beforeEach, expect, test } from 'vitest'
import { bareClient, Receiver } from '../../test/receiver.js'
import type { ErrorLogPayload } from '../types.js'
import { createSvelteErrorHandler, type SvelteErrorInput } from './handler.js'

let receiver: Receiver

beforeEach(async () => {
  receiver = await new Receiver().start()
})

afterEach(() => receiver.stop())

async function handled(...inputs: SvelteErrorInput[]): Promise<ErrorLogPayload[]> {
  const tracker = bareClient({ errorTrackingUrl: receiver.url, appId: 'web' })
  const handleError = createSvelteErrorHandler(tracker)
  for (const input of inputs) expect(handleError(input)).toBeUndefined()
  await tracker.flush()
  return receiver.errors
}

const event = {
  url: new URL('http://localhost/cart?id=7'),
  route: { id: '/cart' },
  request: new Request('http://localhost/cart', { method: 'POST' }),
}

test("version 2's input: status and message", async () => {
  const [report] = await handled({
    error: new TypeError('no'),
    event,
    status: 500,
    message: 'Internal Error',
  })
  expect(report).toMatchObject({
    errorType: 'TypeError',
    message: 'no',
    responseStatusCode: 500,
    requestUrl: 'http://localhost/cart?id=7',
    requestMethod: 'POST',
    context: { route: '/cart' },
    payload: { exceptions: [{ mechanism: { type: 'sveltekit', handled: false } }] },
  })
})

test("version 3's input: a kind, and no status", async () => {
  const [report] = await handled({ kind: 'unknown', error: new TypeError('no'), event })
  expect(report).toMatchObject({ message: 'no', context: { kind: 'unknown', route: '/cart' } })
})

test('a page that does not exist is no error, in either version', async () => {
  const missing = { status: 404, message: 'Not Found: /x' }
  expect(
    await handled(
      { error: new Error('Not found: /x'), event, ...missing },
      { kind: 'framework', error: missing, event },
    ),
  ).toEqual([])
})

test('a thrown error that carries the status of some answer is an error of the app', async () => {
  const error = Object.assign(new Error('Request failed'), { status: 404 })
  const deprecated = {
    kind: 'unknown',
    error,
    event,
    // What version 3 warns of in development.
    get status(): never {
      throw new Error('read')
    },
  }
  const [report] = await handled(deprecated)
  expect(report).toMatchObject({ message: 'Request failed' })
  expect(report).not.toHaveProperty('responseStatusCode')
})

test('what a browser has no request for is left out', async () => {
  const [report] = await handled({
    error: new Error('m'),
    event: { url: event.url, route: { id: null } },
  })
  expect(report).not.toHaveProperty('requestMethod')
})
