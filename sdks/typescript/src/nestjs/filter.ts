import { type ArgumentsHost, Catch, HttpException, type HttpServer, Inject } from '@nestjs/common'
import { BaseExceptionFilter, type HttpAdapterHost } from '@nestjs/core'
import { describeHost } from './describe.js'
import type { ErrorTrackingService } from './service.js'
import { ERROR_TRACKING_SERVICE } from './tokens.js'

const SERVER_ERROR = 500

/**
 * Reports what nobody caught, then lets Nest answer as it would without this filter.
 *
 * Gateways need it by `@UseFilters(ErrorTrackingFilter)`: Nest gives them no global filters.
 * @example
 * app.useGlobalFilters(app.get(ErrorTrackingFilter))
 * @example
 * providers: [{ provide: APP_FILTER, useClass: ErrorTrackingFilter }]
 */
@Catch()
export class ErrorTrackingFilter extends BaseExceptionFilter {
  // Nest injects it; in `new ErrorTrackingFilter(service)` it comes with the service.
  protected override readonly httpAdapterHost?: HttpAdapterHost

  constructor(
    @Inject(ERROR_TRACKING_SERVICE) private readonly service: ErrorTrackingService,
    httpAdapter?: HttpServer,
  ) {
    super(httpAdapter)
    this.httpAdapterHost = service.httpAdapterHost
  }

  override catch(exception: unknown, host: ArgumentsHost): void {
    this.report(exception, host)
    const kind = host.getType<string>()
    if (kind === 'http') super.catch(exception, host)
    else if (kind === 'ws') this.service.socketFilter?.catch(exception, host)
    // GraphQL and RPC: Nest itself answers what a filter returns nothing for.
  }

  private report(exception: unknown, host: ArgumentsHost): void {
    const status = this.statusOf(exception)
    const { reportStatus = (code: number): boolean => code >= SERVER_ERROR } = this.service.config
    if (status !== undefined && !reportStatus(status)) return
    this.service.captureError(exception, undefined, {
      ...describeHost(host),
      ...(host.getType() === 'http' && { responseStatusCode: status ?? SERVER_ERROR }),
      mechanism: { type: 'nestjs', handled: false },
    })
  }

  /** The status that an exception asks for; undefined of one that is none of HTTP's. */
  private statusOf(exception: unknown): number | undefined {
    if (exception instanceof HttpException) return exception.getStatus()
    return this.isHttpError(exception) ? exception.statusCode : undefined
  }
}
