import { ErrorTrackingModule } from '@manacore/shared-error-tracking/nestjs'
import { Module } from '@nestjs/common'
import { OrdersController } from './orders.controller.js'
import { OrdersService } from './orders.service.js'

@Module({
  imports: [
    ErrorTrackingModule.forRoot({
      errorTrackingUrl: process.env.MANA_CORE_AUTH_URL ?? 'http://localhost:3001',
      appId: 'shop',
      serviceName: 'shop-backend',
    }),
  ],
  controllers: [OrdersController],
  providers: [OrdersService],
})
export class AppModule {}
