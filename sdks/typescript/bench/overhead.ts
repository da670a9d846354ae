/** What captureError costs the caller: the median of many calls with a typical error. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'

const RUNS = 2000
const WARM_UP = 200

const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(201).end('{"success":true}'))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

const { outputFiles } = await build({
  stdin: {
    contents: `export { createClient } from './src/core/client.ts'
      export { scrubSecrets } from './src/core/scrub.ts'
      export { scrubNames } from './src/core/scrub-names.ts'`,
    resolveDir: new URL('..', import.meta.url).pathname,
  },
  bundle: true,
  format: 'esm',
  write: false,
})
const source = `data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`
const { createClient, scrubNames, scrubSecrets } = await import(source)

/** Twenty calls deep, as a click handler of a framework is. */
function fail(depth: number): Error {
  return depth
    ? fail(depth - 1)
    : new TypeError("Cannot read properties of undefined (reading 'id')")
}

Error.stackTraceLimit = 50
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
for (const [name, scrub] of Object.entries({ scrubNames, scrubSecrets })) {
  for (const breadcrumbs of [0, 50]) {
    const times = measure(scrub, breadcrumbs).sort((a, b) => a - b)
    const at = (share: number): string => (times[Math.floor(RUNS * share)] ?? 0).toFixed(3)
    const what = `captureError, ${name}, ${breadcrumbs} breadcrumbs`
    console.log(`${what}: p10 ${at(0.1)} ms, median ${at(0.5)} ms, p95 ${at(0.95)} ms`)
  }
}
server.close()
process.exit()

/** Times of the calls, in ms. */
function measure(scrub: unknown, breadcrumbs: number): number[] {
  const maxQueueLength = RUNS + WARM_UP
  const config = { errorTrackingUrl: url, appId: 'bench', maxQueueLength }
  const describe = (): object => ({ sourceType: 'backend', environment: 'production' })
  const tracker = createClient(config, { describe, scrub })
  for (let n = 0; n < breadcrumbs; n++) {
    tracker.addBreadcrumb({ category: 'fetch', data: { url: `/api/${n}`, status: 200 } })
  }
  const errors = Array.from({ length: RUNS + WARM_UP }, () => fail(20))
  const times = errors.map((error, n) => {
    const start = performance.now()
    tracker.captureError(error, { cart: n, items: [1, 2, 3] })
    return performance.now() - start
  })
  return times.slice(WARM_UP)
}
