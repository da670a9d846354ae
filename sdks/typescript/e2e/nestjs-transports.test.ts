import { connect, type Socket } from 'node:net'
import { beforeAll, expect, inject, it } from 'vitest'
import { compile, run } from './program.js'
import { freePort, stop } from './server.js'
import { type StoredEvent, stored } from './stored.js'

const APP_ID = 'nest12-transports'

/** Everything that the clients of the app got back. */
async function talkTo(appId: string): Promise<string[]> {
  const [http, rpc] = [await freePort(), await freePort()]
  const args = [appId, String(http), String(rpc)]
  const program = await run('nest12', 'transports.mjs', args, { SERVER_URL: inject('server').url })
  const answers = [
    await query(http, 'query Shop { order(id: "7") }'),
    await query(http, '{ secret }'),
    await query(http, '{ unknown }'),
    await say(http, 'say', { text: null, password: 'hunter2' }),
    await say(http, 'shout', {}),
    await call(rpc, 'sum', { numbers: null }),
    await call(rpc, { command: 'stream' }, {}),
    await call(rpc, 'refuse', {}),
    await emitThenCall(rpc),
  ]
  await stop(program.process)
  return answers
}

async function query(port: number, text: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: text }),
  })
  return `${answer.status} ${await answer.text()}`
}

function say(port: number, event: string, data: object): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    socket.onopen = () => socket.send(JSON.stringify({ event, data }))
    socket.onmessage = (message) => {
      socket.close()
      resolve(message.data)
    }
  })
}

/** Nest's own protocol over TCP: a length, a hash sign, JSON. */
function send(socket: Socket, packet: object): void {
  const json = JSON.stringify(packet)
  socket.write(`${json.length}#${json}`)
}

function call(port: number, pattern: unknown, data: object): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.toString())
    })
    send(socket, { pattern, data, id: '1' })
  })
}

/** An event has no answer: what is called after it on the same connection has one. */
function emitThenCall(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.toString())
    })
    send(socket, { pattern: 'noted', data: {} })
    send(socket, { pattern: 'refuse', data: {}, id: '2' })
  })
}

let ours: string[]
let theirs: string[]
let events: StoredEvent[]
beforeAll(async () => {
  compile('nest12', 'nest/transports.ts')
  ours = await talkTo(APP_ID)
  theirs = await talkTo('')
  events = await stored(APP_ID, 8)
})

const withTransaction = (transaction: string): StoredEvent | undefined =>
  events.find(({ payload }) => payload.transaction === transaction)

it('answers queries, messages and calls as Nest does without us', () => {
  expect(ours).toEqual(theirs)
  expect(theirs.every(Boolean)).toBe(true)
})

it('reports each once, and no HttpException below 500', () => {
  expect(events.map(({ errorType }) => errorType).sort()).toEqual([
    'RangeError',
    'RpcException',
    'RpcException',
    'SyntaxError',
    'TypeError',
    'TypeError',
    'TypeError',
    'WsException',
  ])
})

it('names the field of a GraphQL operation, with its arguments', () => {
  expect(withTransaction('Query.order')).toMatchObject({
    requestUrl: '/graphql',
    requestMethod: 'POST',
    context: { graphql: { operation: 'Shop', arguments: { id: '7' } } },
  })
})

it('names the message of a WebSocket, with its data scrubbed', () => {
  expect(withTransaction('say')).toMatchObject({
    errorType: 'TypeError',
    requestBody: { text: null, password: '[scrubbed]' },
  })
})

it('names the pattern of a call, with its data', () => {
  expect(withTransaction('sum')).toMatchObject({ requestBody: { numbers: null } })
  expect(withTransaction('{"command":"stream"}')).toMatchObject({ errorType: 'RangeError' })
})
