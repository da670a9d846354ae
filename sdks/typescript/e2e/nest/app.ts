/**
 * Apps that fail in every way, on both adapters: one without us, and one for each way to have us.
 * Prints the ports; ends all of them on SIGTERM.
 */

import {
  type ErrorTrackingConfigFactory,
  ErrorTrackingFilter,
  ErrorTrackingModule,
  ErrorTrackingService,
  type NestErrorTrackingConfig,
} from '@manacore/shared-error-tracking/nestjs'
import {
  BadRequestException,
  Body,
  Controller,
  type DynamicModule,
  ForbiddenException,
  Get,
  HttpException,
  type INestApplication,
  Inject,
  type InjectionToken,
  InternalServerErrorException,
  NotFoundException,
  Param,
  Post,
  type Provider,
  Res,
  type Type,
  UseFilters,
} from '@nestjs/common'
import { APP_FILTER, NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import 'reflect-metadata'
import { throwError } from 'rxjs'

class PaymentError extends Error {
  override name = 'PaymentError'
  readonly code = 'CARD_DECLINED'
}

class Failures {
  @Get('ok')
  ok(): object {
    return { ok: true }
  }

  @Get('error/:id')
  error(@Param('id') id: string): never {
    return (null as never)[id]
  }

  @Get('rejection')
  async rejection(): Promise<never> {
    throw new PaymentError('declined', { cause: new Error('card expired') })
  }

  @Get('observable')
  observable(): unknown {
    return throwError(() => new RangeError('out of range'))
  }

  @Get('text')
  text(): never {
    throw 'a text'
  }

  @Get('nothing')
  nothing(): never {
    throw undefined
  }

  @Get('shape')
  shape(): never {
    throw { statusCode: 418, message: 'a teapot' }
  }

  @Get('hostile')
  hostile(): never {
    throw Object.defineProperty(new Error('hostile'), 'cause', {
      get: () => {
        throw new Error('no cause')
      },
    })
  }

  @Get('bad')
  bad(): never {
    throw new BadRequestException(['name must be a string'], { description: 'Invalid' })
  }

  @Get('forbidden')
  forbidden(): never {
    throw new ForbiddenException()
  }

  @Get('gone')
  gone(): never {
    throw new NotFoundException('gone')
  }

  @Get('internal')
  internal(): never {
    throw new InternalServerErrorException({ code: 7, hint: 'later' })
  }

  @Get('gateway')
  gateway(): never {
    throw new HttpException('upstream', 502, { cause: new Error('ECONNREFUSED') })
  }

  @Get('circular')
  circular(): never {
    const body: Record<string, unknown> = { message: 'circular' }
    body.self = body
    throw new HttpException(body, 500)
  }

  @Get('stream')
  stream(@Res() response: { raw?: NodeJS.WritableStream } & NodeJS.WritableStream): never {
    ;(response.raw ?? response).write('begun')
    throw new Error('after the first bytes')
  }

  @Post('orders')
  order(@Body() order: { items: unknown[] }): number {
    return order.items.length
  }
}

// Routes of a class and those of its children are the same.
@Controller()
class PlainController extends Failures {}

@Controller()
@UseFilters(ErrorTrackingFilter)
class FilteredController extends Failures {}

function signIn(request: { user?: object }, _response: unknown, next: () => void): void {
  request.user = { sub: 'user-7', sid: 'session-9', email: 'ann@example.org' }
  next()
}

function settings(appId: string): NestErrorTrackingConfig {
  return {
    errorTrackingUrl: process.env.SERVER_URL ?? '',
    appId,
    environment: 'staging',
    enableLocalLogging: false,
  }
}

const APP_ID = Symbol('app id')

class Settings implements ErrorTrackingConfigFactory {
  constructor(@Inject(APP_ID) private readonly appId: string) {}

  createErrorTrackingConfig(): NestErrorTrackingConfig {
    return settings(this.appId)
  }
}

/** One way to have us. */
interface Way {
  imports?: (appId: string) => DynamicModule[]
  providers?: Provider[]
  controller?: Type
  prepare?: (app: INestApplication) => void
}

const WAYS: Record<string, Way> = {
  none: {},
  global: {
    imports: (appId) => [ErrorTrackingModule.forRoot(settings(appId))],
    prepare: (app) => app.useGlobalFilters(app.get(ErrorTrackingFilter)),
  },
  made: {
    imports: (appId) => [
      ErrorTrackingModule.forRootAsync({
        imports: [setting(APP_ID, appId)],
        inject: [APP_ID],
        useFactory: settings,
      }),
    ],
    prepare: (app) => app.useGlobalFilters(new ErrorTrackingFilter(app.get(ErrorTrackingService))),
  },
  adapter: {
    imports: (appId) => [
      ErrorTrackingModule.forRootAsync({
        imports: [setting(APP_ID, appId)],
        useClass: Settings,
      }),
    ],
    prepare: (app) =>
      app.useGlobalFilters(
        new ErrorTrackingFilter(app.get(ErrorTrackingService), app.getHttpAdapter()),
      ),
  },
  provided: {
    imports: (appId) => [
      ErrorTrackingModule.forRootAsync({
        imports: [setting(Settings, new Settings(appId))],
        useExisting: Settings,
      }),
    ],
    providers: [{ provide: APP_FILTER, useClass: ErrorTrackingFilter }],
  },
  routes: {
    imports: (appId) => [ErrorTrackingModule.forRoot(settings(appId))],
    controller: FilteredController,
  },
}

/** A module that gives a value. */
function setting(provide: InjectionToken, useValue: unknown): DynamicModule {
  return { module: class {}, providers: [{ provide, useValue }], exports: [provide] }
}

async function start(way: Way, adapter: string, appId: string): Promise<INestApplication> {
  const { imports = () => [], providers = [], controller = PlainController, prepare } = way
  const module = { module: class {}, imports: imports(appId), providers, controllers: [controller] }
  const app = await NestFactory.create(
    module,
    adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
    { logger: false },
  )
  app.use(signIn)
  prepare?.(app)
  await app.listen(0, '127.0.0.1')
  return app
}

const wanted = process.argv.slice(2)
const apps: Record<string, INestApplication> = {}
for (const adapter of ['express', 'fastify']) {
  for (const name of wanted) {
    const appId = `${process.env.PREFIX}-${adapter}-${name}`
    apps[`${adapter}-${name}`] = await start(WAYS[name] as Way, adapter, appId)
  }
}
const ports = Object.entries(apps).map(([name, app]) => [name, app.getHttpServer().address().port])
process.stdout.write(`${JSON.stringify(Object.fromEntries(ports))}\n`)
process.once('SIGTERM', async () => {
  await Promise.all(Object.values(apps).map((app) => app.close()))
  process.exit()
})
