import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bareClient, MemoryStorage, Receiver } from '../../test/receiver.js'
import type { ErrorStorage, ErrorTracker, ErrorTrackingConfig } from '../types.js'

let receiver: Receiver

beforeEach(async () => {
  receiver = await new Receiver().start()
})

afterEach(() => receiver.stop())

const track = (config: Partial<ErrorTrackingConfig> = {}, storage?: ErrorStorage): ErrorTracker =>
  bareClient({ errorTrackingUrl: receiver.url, appId: 'chat', ...config }, storage)

const capture = (tracker: ErrorTracker, ...messages: (string | number)[]): void => {
  for (const message of messages) tracker.captureError(new Error(`${message}`))
}

const answering =
  (status: number, body: string, headers = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

const messages = (): string[] => receiver.errors.map(({ message }) => message)

test('errors of a moment travel together', async () => {
  const tracker = track()
  capture(tracker, 1, 2, 3)
  await tracker.flush()
  expect(receiver.batches).toHaveLength(1)
})

test('a request has at most some 50,000 characters, or one report', async () => {
  const tracker = track()
  for (let n = 0; n < 5; n++)
    tracker.captureMessage(`${n}`, 'info', { text: Array(4).fill('x'.repeat(5000)) })
  await tracker.flush()
  expect(receiver.batches.map(({ errors }) => errors.length)).toEqual([2, 2, 1])
})

test('what finds no room is dropped, counted, and told when the server is back', async () => {
  const tracker = track({ maxQueueLength: 3 })
  receiver.answer = answering(500, 'no')
  capture(tracker, 1, 2, 3, 4, 5)
  expect(await tracker.flush()).toBe(false)
  receiver.answer = undefined
  receiver.batches.length = 0
  expect(await tracker.flush()).toBe(true)
  expect(messages()).toEqual(['1', '2', '3'])
  expect(receiver.batches[0]?.discarded).toEqual([
    { reason: 'queue_overflow', quantity: 2, appId: 'chat' },
  ])
})

describe('what the server has not taken is sent again, with the same id', () => {
  test.each([
    ['500', answering(500, '{"success":false}', { 'retry-after': '0' })],
    ['502 of a proxy', answering(502, '<html>')],
    ['404 of a proxy without a server', answering(404, 'not found')],
    ['200 of a captive portal', answering(200, '<html>sign in</html>')],
    ['200 with other JSON', answering(200, '{"ok":true}')],
    ['an empty answer', answering(200, '')],
    [
      'an answer cut short',
      (_, response) =>
        void response
          .writeHead(201, { 'content-length': 99 })
          .write('{"succ', () => response.destroy()),
    ],
    ['a closed connection', (request) => void request.socket.destroy()],
  ] as [string, RequestListener][])('%s', async (_, answer) => {
    const tracker = track()
    receiver.answer = answer
    capture(tracker, 1)
    expect(await tracker.flush()).toBe(false)
    receiver.answer = undefined
    expect(await tracker.flush()).toBe(true)
    const [first, second] = receiver.errors
    expect(second).toEqual(first)
    expect(await tracker.flush()).toBe(true)
    expect(receiver.batches).toHaveLength(2)
  })
})

test('what our server refuses is done with', async () => {
  const tracker = track()
  receiver.answer = answering(400, '{"success":false,"error":"errorCode: required"}')
  capture(tracker, 1)
  expect(await tracker.flush()).toBe(true)
  expect(receiver.batches).toHaveLength(1)
})

test.each([429, 503, 201])('nothing is sent before the time that a %i names', async (status) => {
  const tracker = track()
  receiver.answer = answering(status, '{"success":false}', { 'retry-after': '4' })
  capture(tracker, 1)
  expect(await tracker.flush()).toBe(false)
  receiver.answer = undefined
  capture(tracker, 2)
  expect(await tracker.flush()).toBe(false)
  // A batch would have left by now.
  await sleep(2000)
  expect(receiver.batches).toHaveLength(1)
  await expect.poll(() => tracker.flush(), { timeout: 10_000 }).toBe(true)
  expect(receiver.batches).toHaveLength(2)
})

test('a firewall that refuses one report costs that one alone, counted', async () => {
  const tracker = track()
  receiver.answer = (_, response) => {
    const isBad = receiver.batches.at(-1)?.errors.some(({ message }) => message === 'bad')
    response.writeHead(isBad ? 403 : 201).end(isBad ? '<html>' : '{"success":true}')
  }
  capture(tracker, 'a', 'bad', 'b')
  await expect.poll(() => tracker.flush()).toBe(true)
  const [, ...single] = receiver.batches
  expect(single.map(({ errors }) => errors.length)).toEqual([1, 1, 1])
  expect(receiver.discarded).toEqual({ network_error: 1 })
})

test('who refuses everything gets each report once more, alone, and is then left in peace', async () => {
  const tracker = track()
  receiver.answer = answering(403, '<html>')
  capture(tracker, 1, 2)
  tracker.flush()
  const lengths = (): number[] => receiver.batches.slice(0, 4).map(({ errors }) => errors.length)
  await expect.poll(lengths).toEqual([2, 1, 1, 0])
  expect(await tracker.flush()).toBe(false)
  receiver.batches.length = 0
  await sleep(500)
  // Without a pause there were a hundred.
  expect(receiver.batches.length).toBeLessThan(3)
  receiver.batches.length = 0
  receiver.answer = undefined
  await expect.poll(() => tracker.flush()).toBe(true)
  expect(receiver.batches).toMatchObject([
    { errors: [], discarded: [{ reason: 'network_error', quantity: 2 }] },
  ])
})

test('flush ends with its time, and the reports go on', async () => {
  const tracker = track()
  let finish = (): void => {}
  receiver.answer = (_, response) => {
    finish = () => void response.writeHead(201).end('{"success":true}')
  }
  capture(tracker, 1)
  expect(await tracker.flush(50)).toBe(false)
  await expect.poll(() => receiver.batches.length).toBe(1)
  finish()
  expect(await tracker.flush()).toBe(true)
  expect(receiver.batches).toHaveLength(1)
})

test('a page that is hidden and then left sends what waits once', async () => {
  const storage = new MemoryStorage()
  let leave = (): void => {}
  const tracker = bareClient({ errorTrackingUrl: receiver.url, appId: 'chat' }, storage, (run) => {
    leave = run
  })
  capture(tracker, 1)
  leave()
  leave()
  await expect.poll(messages).toEqual(['1'])
  await expect.poll(() => storage.items.size).toBe(0)
  expect(messages()).toEqual(['1'])
  capture(tracker, 2)
  leave()
  await expect.poll(messages).toEqual(['1', '2'])
})

describe('across restarts', () => {
  test('what was not sent waits in the storage, and leaves it once it is', async () => {
    const storage = new MemoryStorage()
    receiver.answer = answering(500, 'no')
    const before = track({}, storage)
    capture(before, 1, 2)
    await before.flush()
    capture(before, 3)
    await expect.poll(() => storage.items.get('mana-errors:chat')).toContain('"message\\":\\"3')

    receiver.answer = undefined
    receiver.batches.length = 0
    const after = track({}, storage)
    // The one before lives on here, and may have sent them, too.
    await expect.poll(() => new Set(messages())).toEqual(new Set(['1', '2', '3']))
    await after.flush()
    await expect.poll(() => storage.items.size).toBe(0)
  })

  test.each([
    ['is offline', (request) => void request.socket.destroy()],
    ['has a server that does not answer', () => {}],
  ] as [string, RequestListener][])(
    'an app that %s, and ends behind its flush, loses nothing',
    async (_, answer) => {
      const storage = new MemoryStorage(200)
      receiver.answer = answer
      const tracker = track({}, storage)
      capture(tracker, 'fatal')
      expect(await tracker.flush(500)).toBe(false)
      expect(storage.items.get('mana-errors:chat')).toContain('fatal')
    },
  )

  test('of two tabs none loses what the other keeps', async () => {
    const storage = new MemoryStorage()
    receiver.answer = answering(500, 'no')
    const tabs = [track({}, storage), track({}, storage)] as const
    capture(tabs[0], 'a')
    await tabs[0].flush()
    capture(tabs[1], 'b')
    await tabs[1].flush()
    const fail = receiver.answer
    receiver.answer = (request, response) => {
      if (receiver.batches.at(-1)?.errors.some(({ message }) => message === 'b'))
        fail(request, response)
      else response.writeHead(201).end('{"success":true}')
    }
    await tabs[0].flush()
    await expect
      .poll(() => JSON.parse(storage.items.get('mana-errors:chat') ?? '[]'))
      .toHaveLength(1)
    receiver.answer = undefined
    receiver.batches.length = 0
    track({}, storage)
    await expect.poll(messages).toContain('b')
  })

  test.each([
    ['holds garbage', { getItem: () => '{{', setItem() {}, removeItem() {} }],
    ['holds other JSON', { getItem: () => '{"a":1}', setItem() {}, removeItem() {} }],
    [
      'throws',
      {
        getItem: () => {
          throw new Error()
        },
        setItem: () => {
          throw new Error()
        },
        removeItem() {},
      },
    ],
    [
      'is full',
      {
        getItem: () => null,
        setItem: () => {
          throw new DOMException('full', 'QuotaExceededError')
        },
        removeItem() {},
      },
    ],
    ['hangs', { getItem: () => new Promise<null>(() => {}), setItem() {}, removeItem() {} }],
  ])('a storage that %s costs no report', async (_, storage) => {
    const tracker = track({}, storage)
    receiver.answer = answering(500, 'no')
    capture(tracker, 1)
    expect(await tracker.flush()).toBe(false)
    receiver.answer = undefined
    expect(await tracker.flush()).toBe(true)
    expect(messages()).toEqual(['1', '1'])
  })

  test('storage: null keeps nothing', async () => {
    const storage = new MemoryStorage()
    receiver.answer = answering(500, 'no')
    const tracker = track({ storage: null }, storage)
    capture(tracker, 1)
    await tracker.flush()
    capture(tracker, 2)
    await tracker.flush()
    expect(storage.items.size).toBe(0)
  })
})
