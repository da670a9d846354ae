/** What a web page pays for the package, by esbuild --minify and gzip -9. */
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const SETUP = `
import { createErrorTracker, createSvelteErrorHandler, setupGlobalErrorHandler } from './src/frontend/index.ts'
const tracker = createErrorTracker({ errorTrackingUrl: 'https://errors.example.org', appId: 'chat' })
setupGlobalErrorHandler(tracker)
export const handleError = createSvelteErrorHandler(tracker)
`
const WITH_BREADCRUMBS = `${SETUP}
import { setupBreadcrumbs } from './src/frontend/index.ts'
setupBreadcrumbs(tracker)
`

/** The contract's snippet may cost this many bytes. */
const LIMITS = { plain: 3000, breadcrumbs: 4500 }

/** Bytes of a page's script, minified and gzipped. */
export async function sizeOf(script: string, resolveDir: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  return gzipSync((outputFiles[0] as { contents: Uint8Array }).contents, { level: 9 }).length
}

/** The two scripts that have a limit. */
export async function ownSizes(): Promise<{ name: string; size: number; limit: number }[]> {
  const root = new URL('..', import.meta.url).pathname
  return [
    { name: 'contract snippet', size: await sizeOf(SETUP, root), limit: LIMITS.plain },
    {
      name: 'with breadcrumbs',
      size: await sizeOf(WITH_BREADCRUMBS, root),
      limit: LIMITS.breadcrumbs,
    },
  ]
}
