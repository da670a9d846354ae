import { ErrorTrackingService } from '@manacore/shared-error-tracking/nestjs'
import { Injectable } from '@nestjs/common'

export interface Order {
  article: string
  card?: { number: string }
}

@Injectable()
export class OrdersService {
  constructor(private readonly errors: ErrorTrackingService) {}

  /** Fails without a card, as nobody expected. */
  charge(order: Order): string {
    return `charged ${order.card!.number.slice(-4)}`
  }

  /** Goes on when the warehouse is away, and says that it was. */
  async reserve(article: string): Promise<boolean> {
    try {
      throw new Error('the warehouse does not answer')
    } catch (error) {
      this.errors.captureError(error, { article })
      return false
    }
  }

  /** Reports what is no exception. */
  async refund(order: string): Promise<void> {
    await this.errors.reportError({
      errorCode: 'REFUND_TWICE',
      errorType: 'BusinessError',
      message: 'the order was refunded before',
      severity: 'warning',
      context: { order },
    })
  }
}
