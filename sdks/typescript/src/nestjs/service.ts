import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import type { BaseWsExceptionFilter } from '@nestjs/websockets'
import { createErrorTracker } from '../node/tracker.js'
import type { CaptureOptions, ErrorLogPayload, ErrorTracker, JsonObject } from '../types.js'
import type { NestErrorTrackingConfig } from './config.js'
import { ERROR_TRACKING_CONFIG } from './tokens.js'

// Within the ten seconds that Docker gives a container to stop, with room for the app's own hooks.
const SHUTDOWN_FLUSH_MS = 3000

/**
 * Reports errors from anywhere in a NestJS app.
 * @example
 * constructor(private readonly errors: ErrorTrackingService) {}
 *
 * try { await this.charge(order) } catch (error) { this.errors.captureError(error, { order: order.id }) }
 */
@Injectable()
export class ErrorTrackingService implements OnModuleInit, OnApplicationShutdown {
  /** What the service reports by; for `setupGlobalErrorHandler` of `/node`, tags and breadcrumbs. */
  readonly tracker: ErrorTracker

  /** @internal Nest's own answer in a WebSocket gateway, where the app has gateways. */
  socketFilter?: BaseWsExceptionFilter

  constructor(
    @Inject(ERROR_TRACKING_CONFIG) readonly config: NestErrorTrackingConfig,
    /** @internal */
    @Inject(HttpAdapterHost) readonly httpAdapterHost: HttpAdapterHost,
  ) {
    this.tracker = createErrorTracker(config)
  }

  /**
   * Report a payload of your own making; what it leaves out is filled in.
   * @returns a promise that is kept at once, with the event's id: nothing waits for the network
   * @example
   * errors.reportError({ errorCode: 'PAYMENT_FAILED', errorType: 'AppError', message: 'declined' })
   */
  async reportError(payload: ErrorLogPayload): Promise<string | null> {
    return this.tracker.report(payload)
  }

  /** Report anything that was thrown. */
  captureError(error: unknown, context?: JsonObject, options?: CaptureOptions): string | null {
    return this.tracker.captureError(error, context, options)
  }

  async onModuleInit(): Promise<void> {
    // Optional: an app without gateways need not have it.
    const websockets = await import('@nestjs/websockets').catch(() => undefined)
    if (websockets) this.socketFilter = new websockets.BaseWsExceptionFilter()
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tracker.flush(SHUTDOWN_FLUSH_MS)
  }
}
