/** What a page pays for the package: bytes of its script after esbuild --minify and gzip -9. */
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const ROOT = new URL('..', import.meta.url).pathname

const SNIPPET = `
import { createErrorTracker, createSvelteErrorHandler, setupGlobalErrorHandler } from './src/frontend/index.ts'
const tracker = createErrorTracker({ errorTrackingUrl: 'https://errors.example.org', appId: 'chat' })
setupGlobalErrorHandler(tracker)
export const handleError = createSvelteErrorHandler(tracker)
`
const BREADCRUMBS = `${SNIPPET}
import { setupBreadcrumbs } from './src/frontend/index.ts'
setupBreadcrumbs(tracker)
`
const SCRUB = BREADCRUMBS.replace("appId: 'chat'", "appId: 'chat', scrub: scrubSecrets").replace(
  'setupBreadcrumbs }',
  'setupBreadcrumbs, scrubSecrets }',
)

export interface Size {
  name: string
  minified: number
  gzipped: number
}

/** Sizes of a script. */
export async function sizeOf(name: string, script: string, resolveDir: string): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  const contents = outputFiles[0]?.contents ?? new Uint8Array()
  const gzipped = gzipSync(contents, { level: 9 }).length
  return { name, minified: contents.length, gzipped }
}

/** The package's sizes, with what each may cost. */
export async function ownSizes(): Promise<(Size & { limit: number })[]> {
  return [
    { ...(await sizeOf('the snippet', SNIPPET, ROOT)), limit: 3900 },
    { ...(await sizeOf('with breadcrumbs', BREADCRUMBS, ROOT)), limit: 4500 },
    { ...(await sizeOf('with breadcrumbs and all scrubbing', SCRUB, ROOT)), limit: 5500 },
  ]
}
