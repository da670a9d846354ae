import type { ErrorTrackingConfig } from '../types.js'
import type { Platform } from './platform.js'
import { createStash, type Entry, type Waiting } from './stash.js'

/** Why reports were not sent; the server adds the counts to the app's ledger. */
export type DiscardReason =
  | 'sample_rate'
  | 'before_send'
  | 'ignored'
  | 'queue_overflow'
  | 'network_error'
  | 'internal_error'

/** Sends reports in the background, each until the server has it. */
export interface Delivery {
  /** The report's id; null if there is no room. */
  add(id: string, json: string): string | null
  discard(reason: DiscardReason): null
  /** Whether all was sent within the time. */
  flush(timeout: number): Promise<boolean>
}

const DEFAULT_QUEUE_LENGTH = 100
// Errors come in flocks: what comes within a second travels together.
const BATCH_MS = 1000
// Browsers refuse requests of more than 64 KiB that outlive their page. Bytes are more than these
// characters in many languages, so what has failed goes without.
const KEEPALIVE_CHARACTERS = 60_000
const BATCH_CHARACTERS = 50_000
const REQUEST_TIMEOUT_MS = 10_000
const TOKEN_TIMEOUT_MS = 3000
// A storage answers in a few milliseconds, or hangs.
const SAVE_MS = 1000
// Doubled with each failure, up to 256 times: four minutes.
const BACKOFF_MS = 1000
const MAX_DOUBLINGS = 8
// The server never asks for more.
const LAST_RETRY_AFTER_S = 3600
const TOO_MANY = 429
// What a firewall does not let pass once it never will: kept, it would hold up the others.
const REFUSED_FOR_GOOD = [400, 403, 413]

/** `success` is undefined if it was not our server that answered; `retryAfter` is in seconds. */
type Answer = [status: number, success: boolean | undefined, retryAfter: number]

type Counts = Map<DiscardReason, number>

export function createDelivery(config: ErrorTrackingConfig, platform: Platform): Delivery {
  const { errorTrackingUrl, appId, maxQueueLength = DEFAULT_QUEUE_LENGTH } = config
  const url = `${errorTrackingUrl}`.replace(/\/*$/, '/api/v1/errors/batch')
  const stash = createStash(config, platform)
  const waiting: Waiting = new Map()
  let discarded: Counts = new Map()
  let sending: Promise<boolean> | undefined
  let isLeaving = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let batchCharacters = BATCH_CHARACTERS
  // When the server takes reports again, by its own word.
  let closedUntil = 0

  const discard = (reason: DiscardReason, quantity = 1): null => {
    discarded.set(reason, (discarded.get(reason) ?? 0) + quantity)
    schedule()
    return null
  }

  const add = (id: string, json: string): string | null => {
    if (waiting.size >= maxQueueLength) return discard('queue_overflow')
    waiting.set(id, json)
    if (failures) save()
    schedule()
    return id
  }

  /** Keep what waits across restarts, and no longer what is done. */
  const save = (done: Entry[] = []): Promise<void> =>
    stash((kept) => {
      for (const [id, json] of waiting) kept.set(id, json)
      for (const [id] of done) kept.delete(id)
    })

  const isPending = (): unknown => errorTrackingUrl && (waiting.size || discarded.size)

  const schedule = (delay = BATCH_MS): void => {
    if (!isPending()) return
    timer ??= setTimeout(() => {
      timer = undefined
      send()
    }, delay)
    // Node shall not stay alive for it.
    ;(timer as { unref?(): void }).unref?.()
  }

  /** One request at a time; whether to go on at once. */
  const send = (): Promise<boolean> => {
    sending ??= exchange().finally(() => {
      sending = undefined
    })
    return sending
  }

  const exchange = async (): Promise<boolean> => {
    let left = batchCharacters
    const batch = [...waiting].filter(([, json], n) => {
      left -= json.length
      // At least one.
      return left >= 0 || !n
    })
    const counts = discarded
    discarded = new Map()
    const [status = 0, success, retryAfter = 0] =
      (await within(REQUEST_TIMEOUT_MS, () => post(bodyOf(batch, counts)))) ?? []
    closedUntil = Date.now() + Math.min(retryAfter, LAST_RETRY_AFTER_S) * 1000
    // What proxies, captive portals and other servers say is not final.
    const isOurs = success !== undefined
    const isRefused = !isOurs && REFUSED_FOR_GOOD.includes(status)
    // One by one until the bad one is found, so that it costs no others.
    if (isRefused) batchCharacters = batch.length > 1 ? 0 : BATCH_CHARACTERS
    const isDone = !retryAfter && (isOurs ? status < TOO_MANY : isRefused && batch.length === 1)
    if (!isDone || isRefused) for (const [reason, quantity] of counts) discard(reason, quantity)
    if (isDone) {
      failures = 0
      for (const [id] of batch) waiting.delete(id)
      // Our server has counted what it refuses.
      if (isRefused) discard('network_error')
      save(batch)
    } else {
      failures++
      save()
    }
    // What came meanwhile has set it to its own time, which is too early for a server that rests.
    clearTimeout(timer)
    timer = undefined
    schedule(isDone ? 0 : Math.max(backoff(failures), closedUntil - Date.now()))
    return isDone
  }

  const bodyOf = (batch: Entry[], counts: Counts): string => {
    const discarded = [...counts].map(([reason, quantity]) => ({ reason, quantity, appId }))
    return `{"errors":[${batch.map(([, json]) => json)}],"discarded":${JSON.stringify(discarded)}}`
  }

  const post = async (body: string): Promise<Answer> => {
    const token = await within(TOKEN_TIMEOUT_MS, async () => config.getAuthToken?.())
    // As text and without headers of our own: for these, browsers ask for no permission first.
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { ...config.customHeaders, ...(token && { authorization: `Bearer ${token}` }) },
      keepalive: !failures && body.length < KEEPALIVE_CHARACTERS,
      // React Native has no timeout().
      signal: AbortSignal.timeout?.(REQUEST_TIMEOUT_MS),
    })
    const said = await response.json().catch(() => 0)
    return [response.status, said?.success, +(response.headers.get('retry-after') as string) || 0]
  }

  const drain = async (): Promise<boolean> => {
    while (isPending()) {
      if (Date.now() < closedUntil || !(await send())) return false
    }
    return true
  }

  stash((kept) => {
    for (const [id, json] of kept) add(id, json)
  })
  platform.onLeave?.(() => {
    if (!isPending()) return
    save()
    if (platform.beacon) platform.beacon(url, bodyOf([...waiting], discarded))
    // A page is hidden and left in one moment.
    else if (!isLeaving && Date.now() >= closedUntil) {
      isLeaving = true
      exchange().finally(() => {
        isLeaving = false
      })
    }
  })
  return {
    add,
    discard,
    async flush(timeout) {
      const isDone = !!(await within(timeout, drain))
      // Who waits for it may be about to end the app.
      if (!isDone) await within(SAVE_MS, save)
      return isDone
    },
  }
}

/** Up to half of it off by chance, so that not all clients come back at one time. */
function backoff(failures: number): number {
  return BACKOFF_MS * 2 ** Math.min(failures, MAX_DOUBLINGS) * (1 - Math.random() / 2)
}

/** What a promise gives; undefined if it fails or takes too long. */
function within<T>(millis: number, run: () => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timeout = setTimeout(resolve, millis)
    run()
      .catch(() => undefined)
      .then(resolve)
      .then(() => clearTimeout(timeout))
  })
}
