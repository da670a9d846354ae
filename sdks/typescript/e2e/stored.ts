/** What the server stored, by its read API. */
import { inject } from 'vitest'
import { until } from './server.js'

/** The part of a stored event that tests look at. */
export interface StoredEvent {
  id: string
  appId: string
  errorCode: string
  errorType: string
  message: string
  stackTrace: string | null
  sourceType: string | null
  serviceName: string | null
  userId: string | null
  sessionId: string | null
  requestUrl: string | null
  requestMethod: string | null
  requestHeaders: Record<string, string> | null
  requestBody: Record<string, unknown> | null
  responseStatusCode: number | null
  environment: string | null
  severity: string
  context: Record<string, unknown>
  userAgent: string | null
  browserInfo: Record<string, unknown> | null
  deviceInfo: Record<string, unknown> | null
  release: string | null
  tags: Record<string, string> | null
  // biome-ignore lint/suspicious/noExplicitAny: its shape differs from event to event, and tests say which
  payload: any
}

/** All events of an app, oldest first, once there are at least `count` of them. */
export async function stored(appId: string, count: number): Promise<StoredEvent[]> {
  const path = `/api/v1/events?app=${appId}&limit=100`
  const items = await until(`${count} events of ${appId}`, async () => {
    const list = await read<{ items: { id: string }[] }>(path)
    return list.items.length >= count && list.items
  })
  return Promise.all(items.reverse().map(({ id }) => read<StoredEvent>(`/api/v1/events/${id}`)))
}

async function read<T>(path: string): Promise<T> {
  const { url, token } = inject('server')
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
