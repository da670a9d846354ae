import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { bareClient, Receiver } from '../../test/receiver.js'
import type { ErrorLogPayload, ErrorTracker, ErrorTrackingConfig } from '../types.js'

let receiver: Receiver

beforeEach(async () => {
  receiver = await new Receiver().start()
})

afterEach(() => receiver.stop())

const track = (config: Partial<ErrorTrackingConfig> = {}): ErrorTracker =>
  bareClient({ errorTrackingUrl: receiver.url, appId: 'chat', ...config })

/** What arrived of what `run` reported. */
async function sent(
  run: (tracker: ErrorTracker) => void,
  config?: Partial<ErrorTrackingConfig>,
): Promise<ErrorLogPayload[]> {
  const tracker = track(config)
  run(tracker)
  expect(await tracker.flush()).toBe(true)
  return receiver.errors
}

test('an error arrives with what the config, the platform and the caller say', async () => {
  let id: string | null = null
  const [report] = await sent(
    (tracker) => {
      tracker.setUser('u1')
      tracker.setTag('plan', 'pro')
      tracker.setContext('cart', { items: 2 })
      id = tracker.captureError(new TypeError('no'), { order: 7 }, { responseStatusCode: 502 })
    },
    { serviceName: 'chat-backend', release: '1.2.3' },
  )
  expect(report).toMatchObject({
    id,
    errorCode: 'TypeError',
    errorType: 'TypeError',
    message: 'no',
    stackTrace: expect.stringContaining('client.test.ts'),
    appId: 'chat',
    serviceName: 'chat-backend',
    release: '1.2.3',
    environment: 'production',
    sourceType: 'backend',
    severity: 'error',
    userId: 'u1',
    tags: { plan: 'pro' },
    context: { cart: { items: 2 }, order: 7 },
    responseStatusCode: 502,
  })
  expect(Date.parse(report?.occurredAt as string)).toBe(
    Number.parseInt(`${id}`.replace('-', '').slice(0, 12), 16),
  )
})

test('the config decides the environment before the platform does', async () => {
  const [report] = await sent((tracker) => tracker.captureError(new Error()), {
    environment: 'staging',
  })
  expect(report?.environment).toBe('staging')
})

test('an error that is captured twice is reported once', async () => {
  const error = new Error('once')
  const reports = await sent((tracker) => {
    expect(tracker.captureError(error)).not.toBeNull()
    expect(tracker.captureError(error)).toBeNull()
    tracker.captureError('text')
    tracker.captureError('text')
  })
  expect(reports.map(({ message }) => message)).toEqual(['once', 'text', 'text'])
})

test('a message has the severity that it is given', async () => {
  const [report] = await sent((tracker) =>
    tracker.captureMessage('low stock', 'warning', { article: 1 }),
  )
  expect(report).toMatchObject({
    message: 'low stock',
    severity: 'warning',
    context: { article: 1 },
  })
})

test('the last fifty breadcrumbs go with a report', async () => {
  const [report] = await sent((tracker) => {
    for (let n = 0; n < 60; n++) tracker.addBreadcrumb({ message: `step ${n}` })
    tracker.captureError(new Error())
  })
  const steps = report?.payload?.breadcrumbs as { message: string; at: string }[]
  expect(steps).toHaveLength(50)
  expect(steps[49]).toMatchObject({ message: 'step 59', at: expect.stringMatching(/Z$/) })
})

test('breadcrumbs leave room for what the error is, and give way to those of a report', async () => {
  const [first, second] = await sent((tracker) => {
    for (let n = 0; n < 50; n++) tracker.addBreadcrumb({ data: { list: Array(50).fill(n) } })
    tracker.captureError(new TypeError('no'))
    tracker.report({
      errorCode: 'E',
      errorType: 'E',
      message: 'm',
      payload: { breadcrumbs: [{ message: 'own' }] },
    })
  })
  expect(first?.payload?.exceptions).toMatchObject([{ type: 'TypeError', value: 'no' }])
  expect(second?.payload?.breadcrumbs).toEqual([{ message: 'own' }])
})

test('tags and contexts that are taken back are gone', async () => {
  const [report] = await sent((tracker) => {
    tracker.setTag('a', '1')
    tracker.setTag('a', undefined)
    tracker.setContext('b', 1)
    tracker.setContext('b', undefined)
    tracker.setUser('u')
    tracker.setUser(null)
    tracker.captureError(new Error())
  })
  expect(report).toMatchObject({ tags: {}, context: {} })
  expect(report?.userId).toBeNull()
})

describe('what an app does not want is counted, not sent', () => {
  test('ignored by text or pattern, also by a pattern with a memory', async () => {
    const reports = await sent(
      (tracker) => {
        for (const message of ['ResizeObserver loop', 'chunk 1 failed', 'chunk 2 failed', 'real']) {
          tracker.captureError(new Error(message))
        }
      },
      { ignoreErrors: ['ResizeObserver', /chunk \d failed/g] },
    )
    expect(reports.map(({ message }) => message)).toEqual(['real'])
    expect(receiver.discarded).toEqual({ ignored: 3 })
  })

  test('sampled out', async () => {
    expect(await sent((tracker) => tracker.captureError(new Error()), { sampleRate: 0 })).toEqual(
      [],
    )
    expect(receiver.discarded).toEqual({ sample_rate: 1 })
  })

  test('dropped by beforeSend; what it changes is sent, and scrubbed', async () => {
    const reports = await sent(
      (tracker) => {
        tracker.captureError(new Error('drop'))
        tracker.captureError(new Error('keep'))
      },
      {
        beforeSend: (report) =>
          report.message === 'drop' ? null : { ...report, context: { password: 'p', seen: true } },
      },
    )
    expect(reports).toMatchObject([
      { message: 'keep', context: { password: '[scrubbed]', seen: true } },
    ])
    expect(receiver.discarded).toEqual({ before_send: 1 })
  })

  test('a beforeSend that throws costs the report: what it would have hidden stays hidden', async () => {
    const beforeSend = (): never => {
      throw new Error('bug')
    }
    expect(await sent((tracker) => tracker.captureError(new Error()), { beforeSend })).toEqual([])
    expect(receiver.discarded).toEqual({ internal_error: 1 })
  })
})

describe('local logging', () => {
  test.each([
    [{ environment: 'development' as const }, 1],
    [{ environment: 'production' as const }, 0],
    [{ environment: 'development' as const, enableLocalLogging: false }, 0],
    [{ environment: 'production' as const, enableLocalLogging: true }, 1],
  ])('%j logs %i times', (config, times) => {
    const log = vi.spyOn(console, 'error').mockReturnValue()
    const error = new Error('logged')
    track(config).captureError(error)
    expect(log.mock.calls).toEqual(Array(times).fill([error]))
    log.mockRestore()
  })
})

test('without an address nothing is sent, and that is said once', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const tracker = track({ errorTrackingUrl: '' })
  expect(tracker.captureError(new Error('a'))).toBeNull()
  tracker.captureError(new Error('b'))
  expect(await tracker.flush()).toBe(true)
  expect(warn).toHaveBeenCalledTimes(1)
  warn.mockRestore()
})

test.each(['', '/', '//'])('an address may end with %j', async (end) => {
  expect(
    await sent((t) => t.captureError(new Error()), { errorTrackingUrl: receiver.url + end }),
  ).toHaveLength(1)
})

test('a page with no error asks nothing of the network', async () => {
  const tracker = track({ getAuthToken: () => Promise.reject(new Error('asked')) })
  tracker.addBreadcrumb({ message: 'here' })
  expect(await tracker.flush()).toBe(true)
  expect(receiver.batches).toEqual([])
})

describe('the request', () => {
  test('is text, without headers that a browser would ask about', async () => {
    await sent((tracker) => tracker.captureError(new Error()))
    const { headers } = receiver.batches[0] as { headers: object }
    expect(headers).toMatchObject({ 'content-type': 'text/plain;charset=UTF-8' })
    expect(headers).not.toHaveProperty('authorization')
  })

  test('has the headers of the config and the token of the user', async () => {
    await sent((tracker) => tracker.captureError(new Error()), {
      customHeaders: { 'x-app-key': 'k' },
      getAuthToken: async () => 'jwt',
    })
    expect(receiver.batches[0]?.headers).toMatchObject({
      'x-app-key': 'k',
      authorization: 'Bearer jwt',
    })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('bug')
      },
    ],
    ['fails', () => Promise.reject(new Error('signed out'))],
    ['gives null', async () => null],
    ['hangs', () => new Promise<never>(() => {})],
  ])('goes without a token when getAuthToken %s', async (_, getAuthToken) => {
    const reports = await sent((tracker) => tracker.captureError(new Error('m')), { getAuthToken })
    expect(reports).toMatchObject([{ message: 'm' }])
    expect(receiver.batches[0]?.headers).not.toHaveProperty('authorization')
  })
})
