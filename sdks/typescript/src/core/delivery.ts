import type { ErrorTrackingConfig } from '../types.js'
import type { Platform } from './platform.js'

/** Why a report was not sent; the server adds the counts to the app's ledger. */
export type DiscardReason =
  | 'sample_rate'
  | 'before_send'
  | 'ignored'
  | 'queue_overflow'
  | 'network_error'
  | 'ratelimit_backoff'
  | 'too_large'
  | 'storage_full'
  | 'internal_error'

/** Sends reports in the background. */
export interface Delivery {
  add(id: string, json: string): boolean
  discard(reason: DiscardReason): void
  flush(timeout: number): Promise<boolean>
}

export function createDelivery(config: ErrorTrackingConfig, _platform: Platform): Delivery {
  const url = `${config.errorTrackingUrl.replace(/\/+$/, '')}/api/v1/errors/batch`
  let waiting: string[] = []
  const send = async (): Promise<boolean> => {
    const body = `{"errors":[${waiting.join()}]}`
    waiting = []
    const answer = await fetch(url, { method: 'POST', body })
    return answer.ok
  }
  return {
    add(_id, json) {
      waiting.push(json)
      setTimeout(send, 100)
      return true
    },
    discard() {},
    flush: send,
  }
}
