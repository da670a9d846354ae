import 'reflect-metadata'
import { ErrorTrackingFilter, ErrorTrackingService } from '@manacore/shared-error-tracking/nestjs'
import { setupGlobalErrorHandler } from '@manacore/shared-error-tracking/node'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'

const app = await NestFactory.create(AppModule)
app.useGlobalFilters(app.get(ErrorTrackingFilter))
app.enableShutdownHooks()
setupGlobalErrorHandler(app.get(ErrorTrackingService).tracker)
await app.listen(process.env.PORT ?? 3000)
console.log(await app.getUrl())
