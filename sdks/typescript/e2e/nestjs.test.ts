import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { compile, run } from './program.js'
import { stop } from './server.js'
import { stored } from './stored.js'

interface Request {
  method: string
  path: string
  body?: string
  /** Status and type of the error that it must be reported with; none: it is no error of the app. */
  reported?: string
}

const ORDER = '{"password":"hunter2","note":"card 4111 1111 1111 1111","lines":3}'
const CIRCULAR = '/circular'
const STREAM = '/stream'
const REQUESTS: Request[] = [
  { method: 'GET', path: '/ok' },
  { method: 'GET', path: '/missing' },
  { method: 'GET', path: '/bad' },
  { method: 'GET', path: '/forbidden' },
  { method: 'GET', path: '/gone' },
  { method: 'GET', path: '/shape' },
  // The answer cannot be made either: that is an error, and on some adapters a second one.
  { method: 'GET', path: CIRCULAR },
  { method: 'POST', path: '/orders', body: '{"broken' },
  { method: 'POST', path: '/orders', body: JSON.stringify({ items: 'x'.repeat(2_000_000) }) },
  { method: 'GET', path: '/error/7?token=sk-live-1', reported: '500 TypeError' },
  { method: 'HEAD', path: '/error/8', reported: '500 TypeError' },
  { method: 'GET', path: '/rejection', reported: '500 PaymentError' },
  { method: 'GET', path: '/observable', reported: '500 RangeError' },
  { method: 'GET', path: '/text', reported: '500 String' },
  { method: 'GET', path: '/nothing', reported: '500 undefined' },
  { method: 'GET', path: '/hostile', reported: '500 Error' },
  { method: 'GET', path: '/internal', reported: '500 InternalServerErrorException' },
  { method: 'GET', path: '/gateway', reported: '502 HttpException' },
  { method: 'GET', path: STREAM, reported: '500 Error' },
  { method: 'POST', path: '/orders', body: ORDER, reported: '500 TypeError' },
]

/** The whole answer, byte for byte but for the time of day. */
async function ask(port: number, { method, path, body = '' }: Request): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const headers = [
    'host: shop.example.org',
    'connection: close',
    'authorization: Bearer sk-live-1',
    'user-agent: Curl',
    ...(body ? ['content-type: application/json', `content-length: ${body.length}`] : []),
  ]
  socket.write(`${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`)
  return (await text(socket)).replace(/^date: .*\r\n/im, '')
}

/** As `ask`: Fastify refuses a body for its length and closes, at times before it is all written. */
async function askAgain(port: number, request: Request): Promise<string> {
  for (let left = 5; ; left -= 1) {
    try {
      return await ask(port, request)
    } catch (error) {
      const closed = ['EPIPE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '')
      if (!closed || left === 0) throw error
    }
  }
}

/** Asks everything of every app, one after the other, and ends them: then all is reported. */
async function askAll(
  version: string,
  ways: string[],
  requests: Request[],
): Promise<Record<string, string[]>> {
  compile(version, 'nest/app.ts')
  const env = { SERVER_URL: inject('server').url, PREFIX: version }
  const program = await run(version, 'app.mjs', ['none', ...ways], env)
  const answers: Record<string, string[]> = {}
  for (const [app, port] of Object.entries<number>(JSON.parse(program.greeting))) {
    answers[app] = []
    for (const request of requests) answers[app].push(await askAgain(port, request))
  }
  await stop(program.process)
  return answers
}

describe.each([
  { version: 'nest12', ways: ['global', 'made', 'adapter', 'provided', 'routes'], fatal: [] },
  // What kills Nest 11 and 10, with us or without, is not asked of them.
  { version: 'nest11', ways: ['global'], fatal: [STREAM] },
  { version: 'nest10', ways: ['global'], fatal: [STREAM, CIRCULAR] },
])('$version', ({ version, ways, fatal }) => {
  const requests = REQUESTS.filter(({ path }) => !(fatal as string[]).includes(path))
  let answers: Record<string, string[]>
  beforeAll(async () => {
    answers = await askAll(version, ways, requests)
  })

  describe.each(['express', 'fastify'])('%s', (adapter) => {
    it.each(ways)('answers as it does without us (%s)', (way) => {
      const [ours, theirs] = [answers[`${adapter}-${way}`], answers[`${adapter}-none`]]
      for (const [index, { method, path }] of requests.entries()) {
        expect(ours?.[index], `${method} ${path}`).toBe(theirs?.[index])
      }
    })

    it.each(ways)('reports each error of the app once (%s)', async (way) => {
      const wanted = requests.filter(({ reported }) => reported)
      const all = await stored(`${version}-${adapter}-${way}`, wanted.length)
      const events = all.filter(({ requestUrl }) => requestUrl !== CIRCULAR)
      const told = events.map(
        ({ requestMethod, requestUrl, responseStatusCode, errorType }) =>
          `${requestMethod} ${requestUrl?.split('?')[0]} ${responseStatusCode} ${errorType}`,
      )
      expect(told.sort()).toEqual(
        wanted
          .map(({ method, path, reported }) => `${method} ${path.split('?')[0]} ${reported}`)
          .sort(),
      )
    })
  })
})

describe.each(['express', 'fastify'])('a report from %s', (adapter) => {
  it('says what was asked, by whom and of which route, without secrets', async () => {
    const events = await stored(`nest12-${adapter}-global`, 1)
    const order = events.find(({ requestMethod }) => requestMethod === 'POST')
    expect(order).toMatchObject({
      errorCode: 'TypeError',
      requestUrl: '/orders',
      requestHeaders: { host: 'shop.example.org', authorization: '[scrubbed]' },
      requestBody: { password: '[scrubbed]', note: 'card [scrubbed]', lines: 3 },
      responseStatusCode: 500,
      userId: 'user-7',
      sessionId: 'session-9',
      userAgent: 'Curl',
      sourceType: 'backend',
      environment: 'staging',
      severity: 'error',
      payload: { transaction: 'POST /orders', contexts: { runtime: { name: 'node' } } },
    })
    expect(order?.stackTrace).toContain('app.mjs')
    expect(JSON.stringify(events)).not.toMatch(/hunter2|sk-live-1|4111 1111/)
  })

  it('holds the code and the cause of the error', async () => {
    const events = await stored(`nest12-${adapter}-global`, 1)
    const payment = events.find(({ errorType }) => errorType === 'PaymentError')
    expect(payment).toMatchObject({ errorCode: 'CARD_DECLINED', message: 'declined' })
    expect(payment?.payload.exceptions).toMatchObject([
      { type: 'Error', value: 'card expired' },
      { type: 'PaymentError', mechanism: { type: 'nestjs', handled: false } },
    ])
  })
})
