import {
  ConfigurableModuleBuilder,
  type ConfigurableModuleCls,
  Global,
  Module,
} from '@nestjs/common'
import type { NestErrorTrackingConfig } from './config.js'
import { ErrorTrackingFilter } from './filter.js'
import { ErrorTrackingService } from './service.js'
import { ERROR_TRACKING_CONFIG, ERROR_TRACKING_SERVICE } from './tokens.js'

const Configurable: ConfigurableModuleCls<
  NestErrorTrackingConfig,
  'forRoot',
  'createErrorTrackingConfig'
> = new ConfigurableModuleBuilder<NestErrorTrackingConfig>({
  optionsInjectionToken: ERROR_TRACKING_CONFIG,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createErrorTrackingConfig')
  .build().ConfigurableModuleClass

/**
 * Reports the errors of a NestJS app. Global: import it once, inject the service anywhere.
 * @example
 * @Module({
 *   imports: [ErrorTrackingModule.forRoot({ errorTrackingUrl: 'http://localhost:3001', appId: 'chat' })],
 * })
 * export class AppModule {}
 * @example
 * ErrorTrackingModule.forRootAsync({
 *   imports: [ConfigModule],
 *   inject: [ConfigService],
 *   useFactory: (config: ConfigService) => ({
 *     errorTrackingUrl: config.getOrThrow('MANA_CORE_AUTH_URL'),
 *     appId: 'chat',
 *   }),
 * })
 */
@Global()
@Module({
  providers: [
    ErrorTrackingService,
    { provide: ERROR_TRACKING_SERVICE, useExisting: ErrorTrackingService },
    ErrorTrackingFilter,
  ],
  exports: [ErrorTrackingService, ERROR_TRACKING_SERVICE, ErrorTrackingFilter],
})
export class ErrorTrackingModule extends Configurable {}
