/** An app that fails over GraphQL, WebSockets and RPC, with us or without. Prints when it listens. */
import { ErrorTrackingFilter, ErrorTrackingModule } from '@manacore/shared-error-tracking/nestjs'
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { Controller, ForbiddenException, UseFilters } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql'
import { EventPattern, MessagePattern, RpcException, Transport } from '@nestjs/microservices'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets'
import { throwError } from 'rxjs'

const [appId, httpPort, rpcPort] = process.argv.slice(2)
const own = appId ? [ErrorTrackingFilter] : []

@Resolver()
class OrdersResolver {
  @Query('order')
  order(_: unknown, { id }: { id: string }): never {
    return (null as never)[id]
  }

  @Query('secret')
  secret(): never {
    throw new ForbiddenException('not yours')
  }
}

@WebSocketGateway()
@UseFilters(...own)
class ChatGateway {
  @SubscribeMessage('say')
  say(_: unknown, { text }: { text: { length: number } }): number {
    return text.length
  }

  @SubscribeMessage('shout')
  shout(): never {
    throw new WsException('too loud')
  }
}

@Controller()
class Messages {
  @MessagePattern('sum')
  sum({ numbers }: { numbers: number[] }): number {
    return numbers.length
  }

  @MessagePattern({ command: 'stream' })
  stream(): unknown {
    return throwError(() => new RangeError('dry'))
  }

  @MessagePattern('refuse')
  refuse(): never {
    throw new RpcException({ code: 7, reason: 'closed' })
  }

  @EventPattern('noted')
  noted(_data: unknown): void {
    throw new SyntaxError('noted')
  }
}

class App {}

const app = await NestFactory.create(
  {
    module: App,
    imports: [
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        typeDefs: 'type Query { order(id: ID!): String secret: String }',
        includeStacktraceInErrorResponses: false,
      }),
      ErrorTrackingModule.forRoot({
        errorTrackingUrl: process.env.SERVER_URL ?? '',
        appId: appId || 'none',
        environment: 'staging',
        enableLocalLogging: false,
      }),
    ],
    providers: [OrdersResolver, ChatGateway],
    controllers: [Messages],
  },
  { logger: false },
)
app.useWebSocketAdapter(new WsAdapter(app))
if (appId) app.useGlobalFilters(app.get(ErrorTrackingFilter))
app.connectMicroservice(
  { transport: Transport.TCP, options: { host: '127.0.0.1', port: Number(rpcPort) } },
  { inheritAppConfig: true },
)
await app.startAllMicroservices()
await app.listen(Number(httpPort), '127.0.0.1')
process.stdout.write('listening\n')
process.once('SIGTERM', async () => {
  await app.close()
  process.exit()
})
