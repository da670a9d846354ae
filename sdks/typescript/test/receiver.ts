import { randomUUID } from 'node:crypto'
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../src/core/client.js'
import type { Platform } from '../src/core/platform.js'
import { scrubSecrets } from '../src/core/scrub.js'
import type {
  ErrorLogPayload,
  ErrorStorage,
  ErrorTracker,
  ErrorTrackingConfig,
} from '../src/types.js'

/** A batch as it arrived. */
export interface Received {
  headers: IncomingHttpHeaders
  errors: ErrorLogPayload[]
  discarded: { reason: string; quantity: number; appId: string }[]
}

/** An HTTP server that keeps what it gets and answers as it is told. */
export class Receiver {
  readonly batches: Received[] = []
  /** Answers instead of the contract's "all is well". */
  answer: RequestListener | undefined
  url = ''
  // A test before this one may have had the port, and left a tracker that tries again.
  private readonly path = `/${randomUUID()}`
  private readonly server: Server = createServer((request, response) => {
    if (!request.url?.startsWith(this.path)) {
      response.writeHead(404).end()
      return
    }
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      this.batches.push({ headers: request.headers, ...JSON.parse(body) })
      if (this.answer) this.answer(request, response)
      else response.writeHead(201).end('{"success":true}')
    })
  })

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.path}`
    return this
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  get errors(): ErrorLogPayload[] {
    return this.batches.flatMap((batch) => batch.errors)
  }

  get discarded(): Record<string, number> {
    const entries = this.batches.flatMap((batch) => batch.discarded)
    return Object.fromEntries(entries.map(({ reason, quantity }) => [reason, quantity]))
  }
}

/** The core on a platform that has nothing of its own. */
export function bareClient(
  config: ErrorTrackingConfig,
  storage?: ErrorStorage,
  onLeave: Platform['onLeave'] = () => {},
): ErrorTracker {
  return createClient(config, {
    describe: () => ({ sourceType: 'backend', environment: 'production' }),
    scrub: scrubSecrets,
    storage: () => storage,
    onLeave,
  })
}

/** A storage as browsers and React Native have them; asynchronous like the latter's, and as slow. */
export class MemoryStorage implements ErrorStorage {
  readonly items: Map<string, string> = new Map()
  private readonly millis: number

  constructor(millis = 0) {
    this.millis = millis
  }

  async getItem(key: string): Promise<string | null> {
    return this.items.get(key) ?? null
  }

  async setItem(key: string, value: string): Promise<void> {
    if (this.millis) await sleep(this.millis)
    this.items.set(key, value)
  }

  async removeItem(key: string): Promise<void> {
    this.items.delete(key)
  }
}
