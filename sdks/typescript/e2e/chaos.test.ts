/** A server that fails in every way, then the real one: all that fitted the queue is stored once. */
import type { RequestListener } from 'node:http'
import { afterAll, expect, inject, test, vi } from 'vitest'
import { bareClient } from '../test/receiver.js'
import { Faulty } from './faulty.js'
import { until } from './server.js'
import { stored } from './stored.js'

const COUNT = 60
const html: RequestListener = (_, response) => void response.writeHead(200).end('<html>sign in')
const hang: RequestListener = () => {}

/** What reaches the server although its answer never reaches the client. */
const answerLost: RequestListener = (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const body = Buffer.concat(chunks)
    await fetch(`${inject('server').url}${request.url}`, { method: 'POST', body })
    response.destroy()
  })
}

const FAULTS: [string, RequestListener][] = [
  ['is down', (request) => void request.socket.destroy()],
  ['takes thirty seconds', hang],
  [
    'answers 429',
    (_, response) => void response.writeHead(429, { 'retry-after': '1' }).end('{"success":false}'),
  ],
  ['answers 500', (_, response) => void response.writeHead(500).end('oops')],
  [
    'answers 503',
    (_, response) => void response.writeHead(503, { 'retry-after': '1' }).end('{"success":false}'),
  ],
  ['answers garbage', html],
  [
    'closes in the middle of its answer',
    (_, response) => {
      response
        .writeHead(201, { 'content-length': 99 })
        .write('{"success":tr', () => response.destroy())
    },
  ],
  ['stores, but its answer is lost', answerLost],
]

const faulty: Faulty[] = []
afterAll(() => {
  for (const each of faulty) each.stop()
})

async function expectOneOfEach(appId: string): Promise<void> {
  const events = await stored(appId, COUNT)
  const messages = events.map(({ message }) => message).sort()
  expect(messages).toEqual(Array.from({ length: COUNT }, (_, n) => `error ${n}`).sort())
}

test.concurrent.for(FAULTS)('the server %s', async ([, fault], { expect }) => {
  const server = await new Faulty().start()
  faulty.push(server)
  server.fault = fault
  const appId = `chaos-${FAULTS.findIndex(([, each]) => each === fault)}`
  const tracker = bareClient({ errorTrackingUrl: server.url, appId })
  const capture = (from: number, to: number): void => {
    for (let n = from; n < to; n++) tracker.captureError(new Error(`error ${n}`))
  }
  capture(0, COUNT / 2)
  expect(await tracker.flush(300)).toBe(false)
  capture(COUNT / 2, COUNT)
  expect(await tracker.flush(300)).toBe(false)
  server.fault = undefined
  await until('all is sent', () => tracker.flush())
  await expectOneOfEach(appId)
})

test('fetch is missing', async () => {
  vi.stubGlobal('fetch', undefined)
  const tracker = bareClient({ errorTrackingUrl: inject('server').url, appId: 'chaos-fetch' })
  for (let n = 0; n < COUNT; n++) tracker.captureError(new Error(`error ${n}`))
  expect(await tracker.flush(300)).toBe(false)
  vi.unstubAllGlobals()
  await until('all is sent', () => tracker.flush())
  await expectOneOfEach('chaos-fetch')
})

test('the queue is full: what found no room is in the ledger', async () => {
  const server = await new Faulty().start()
  faulty.push(server)
  const tracker = bareClient({
    errorTrackingUrl: server.url,
    appId: 'chaos-full',
    maxQueueLength: COUNT - 1,
  })
  // The ledger has lines for apps that the server knows.
  tracker.captureError(new Error('error 0'))
  await until('the first is sent', () => tracker.flush())
  await stored('chaos-full', 1)
  await until('a worker that knows the app', async () => {
    const discarded = [{ reason: 'sample_rate', quantity: 1, appId: 'chaos-full' }]
    const body = JSON.stringify({ errors: [], discarded })
    await fetch(`${inject('server').url}/api/v1/errors/batch`, { method: 'POST', body })
    return (await totals('chaos-full')).client_filtered
  })
  server.fault = html
  for (let n = 1; n < COUNT + 7; n++) tracker.captureError(new Error(`error ${n}`))
  expect(await tracker.flush(300)).toBe(false)
  server.fault = undefined
  await until('all is sent', () => tracker.flush())
  await expectOneOfEach('chaos-full')
  await until('7 lost ones', async () => (await totals('chaos-full')).client_lost === 7)
})

/** What became of an app's reports. */
async function totals(appId: string): Promise<Record<string, number>> {
  const { url, token } = inject('server')
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${url}/api/v1/apps/${appId}/outcomes`, { headers })
  return ((await answer.json()) as { totals: Record<string, number> }).totals
}
