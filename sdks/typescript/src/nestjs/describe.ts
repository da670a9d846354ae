import type { ArgumentsHost } from '@nestjs/common'
import type { CaptureOptions, JsonObject } from '../types.js'

/** What Express' and Fastify's requests have in common. */
interface Request {
  originalUrl?: string
  url?: string
  method?: string
  headers?: Record<string, string | string[] | undefined>
  body?: unknown
  user?: unknown
  /** Fastify: Node's own request, on which middleware works. */
  raw?: { user?: unknown }
  /** Express: the route that matched. */
  route?: { path?: unknown }
  /** Fastify: the same. */
  routeOptions?: { url?: unknown }
}

/** The part of GraphQL's resolve info that names an operation. */
interface ResolveInfo {
  fieldName: string
  parentType: { name: string }
  operation?: { name?: { value: string } }
}

/** A client of socket.io has a handshake and data; one of ws has neither. */
interface SocketClient {
  handshake?: { headers?: Request['headers'] }
  data?: { user?: unknown }
  user?: unknown
}

type Description = { [Field in keyof CaptureOptions]: CaptureOptions[Field] | undefined }

/** What was being done when the exception was thrown. */
export function describeHost(host: ArgumentsHost): CaptureOptions {
  try {
    const known = Object.entries(describe(host)).filter(([, value]) => value !== undefined)
    return Object.fromEntries(known)
  } catch (error) {
    // Getters of a request may throw. The exception itself is still worth reporting.
    return { context: { requestNotRead: String(error) } }
  }
}

function describe(host: ArgumentsHost): Description {
  switch (host.getType<string>()) {
    case 'http':
      return describeRequest(host.switchToHttp().getRequest<Request>())
    case 'graphql':
      return describeOperation(host.getArgs())
    case 'rpc':
      return describeMessage(host)
    case 'ws':
      return describeSocket(host)
    default:
      return {}
  }
}

function describeRequest(request: Request): Description {
  const route = request.route?.path ?? request.routeOptions?.url
  return {
    requestUrl: request.originalUrl ?? request.url,
    requestMethod: request.method,
    requestHeaders: { ...request.headers },
    requestBody: asObject(request.body),
    userAgent: asText(request.headers?.['user-agent']),
    ...describeUser(request.user ?? request.raw?.user),
    payload: {
      ...(typeof route === 'string' && { transaction: `${request.method} ${route}` }),
    },
  }
}

function describeOperation([, args, context, info]: unknown[]): Description {
  // Apollo gives `req`; Mercurius gives Fastify's reply.
  const { req, reply } = (context ?? {}) as { req?: Request; reply?: { request: Request } }
  const request = req ?? reply?.request
  const { parentType, fieldName, operation } = info as ResolveInfo
  return {
    ...(request && describeRequest(request)),
    context: { graphql: { operation: operation?.name?.value, arguments: args } },
    payload: { transaction: `${parentType.name}.${fieldName}` },
  }
}

function describeMessage(host: ArgumentsHost): Description {
  const rpc = host.switchToRpc()
  const context = rpc.getContext<{ getPattern?: () => unknown } | undefined>()
  return {
    requestBody: asObject(rpc.getData()),
    payload: { transaction: asText(context?.getPattern?.()) },
  }
}

function describeSocket(host: ArgumentsHost): Description {
  const socket = host.switchToWs()
  const client = socket.getClient<SocketClient>()
  return {
    requestHeaders: { ...client.handshake?.headers },
    requestBody: asObject(socket.getData()),
    userAgent: asText(client.handshake?.headers?.['user-agent']),
    ...describeUser(client.user ?? client.data?.user),
    payload: { transaction: asText(socket.getPattern()) },
  }
}

/** Who a guard or a passport strategy says it is: a row of a user table, or claims of a token. */
function describeUser(user: unknown): Description {
  if (typeof user !== 'object' || user === null) return {}
  const { id, sub, userId, sid, sessionId } = user as JsonObject
  return { userId: asText(id ?? sub ?? userId), sessionId: asText(sid ?? sessionId) }
}

function asObject(body: unknown): JsonObject | undefined {
  if (body === undefined || body === null) return undefined
  const isPlain = typeof body === 'object' && !Array.isArray(body) && !ArrayBuffer.isView(body)
  return isPlain ? (body as JsonObject) : { body }
}

function asText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
