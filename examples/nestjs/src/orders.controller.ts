import { Body, Controller, Get, NotFoundException, Param, Post } from '@nestjs/common'
import { type Order, OrdersService } from './orders.service.js'

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  /** A TypeError without a card: reported by the filter. */
  @Post()
  create(@Body() order: Order): string {
    return this.orders.charge(order)
  }

  /** No error of the app: not reported. */
  @Get(':id')
  find(@Param('id') id: string): never {
    throw new NotFoundException(`no order ${id}`)
  }

  /** Reported by the app itself, which goes on. */
  @Post(':article/reserve')
  reserve(@Param('article') article: string): Promise<boolean> {
    return this.orders.reserve(article)
  }

  @Post(':id/refund')
  refund(@Param('id') id: string): Promise<void> {
    return this.orders.refund(id)
  }

  /** Nobody waits for this promise: it ends the process, after it was reported. */
  @Post(':id/ship')
  ship(@Param('id') id: string): string {
    void Promise.reject(new Error(`no carrier for ${id}`))
    return 'shipping'
  }
}
