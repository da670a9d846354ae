import type { ErrorTrackingConfig } from '../types.js'
import type { Platform } from './platform.js'

/** Reports that wait, as their JSON, by id. */
export type Waiting = Map<string, string>

export type Entry = [id: string, json: string]

/** Changes what is kept across restarts; settled once it is, or the storage has failed. */
export type Stash = (change: (kept: Waiting) => void) => Promise<void>

/**
 * Several tabs share one entry of the storage: each adds and removes its own reports. One that two
 * tabs send is stored once, by its id.
 */
export function createStash(config: ErrorTrackingConfig, platform: Platform): Stash {
  const key = `mana-errors:${config.appId}`
  // One access after the other: a storage may be asynchronous.
  let last: Promise<void> = Promise.resolve()

  const update = async (change: (kept: Waiting) => void): Promise<void> => {
    const storage = config.storage === undefined ? platform.storage?.() : config.storage
    let kept: Waiting = new Map()
    try {
      kept = new Map(JSON.parse((await storage?.getItem(key)) || '[]'))
    } catch {
      // What is unreadable is overwritten.
    }
    change(kept)
    // A storage that fails or is full costs what survives a restart, nothing else.
    await (kept.size ? storage?.setItem(key, JSON.stringify([...kept])) : storage?.removeItem(key))
  }
  return (change) => {
    last = last.then(() => update(change)).catch(() => {})
    return last
  }
}
