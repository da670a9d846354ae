import { Worker } from 'node:worker_threads'

// A crash must not hang; a server that lives answers in a few milliseconds.
const TIMEOUT_MS = 2000

const SEND = `
const { url, body, headers, done, timeout } = require('node:worker_threads').workerData
fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(timeout) })
  .catch(() => undefined)
  .then(() => {
    Atomics.store(done, 0, 1)
    Atomics.notify(done, 0)
  })
`

/**
 * Sends from a process that is about to end and runs no more events: a thread does it, and this one
 * waits. So a crash stays a crash, with its message, its exit code and its other listeners.
 */
export function sendBlocking(
  url: string,
  body: string,
  headers: Record<string, string> | undefined,
): void {
  try {
    const done = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const workerData = { url, body, headers, done, timeout: TIMEOUT_MS }
    // Without the process' own flags: a loader or an inspector would run again in the thread.
    new Worker(SEND, { eval: true, workerData, execArgv: [] }).unref()
    Atomics.wait(done, 0, 0, TIMEOUT_MS)
  } catch {
    // Out of memory or of threads: the process ends as it would have, and the report is lost.
  }
}
