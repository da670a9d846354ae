/** What a page pays for the package as it is published: bytes after esbuild --minify and gzip -9. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { build as buildPackage } from 'tsdown'
import config from '../tsdown.config.ts'

const SNIPPET = `
import { createErrorTracker, createSvelteErrorHandler, setupGlobalErrorHandler } from './frontend.js'
const tracker = createErrorTracker({ errorTrackingUrl: 'https://errors.example.org', appId: 'chat' })
setupGlobalErrorHandler(tracker)
export const handleError = createSvelteErrorHandler(tracker)
`
const BREADCRUMBS = `${SNIPPET}
import { setupBreadcrumbs } from './frontend.js'
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
  const outDir = mkdtempSync(join(tmpdir(), 'package-'))
  try {
    const quick = { dts: false, publint: false, attw: false, sourcemap: false } as const
    await buildPackage({ ...config, ...quick, outDir, format: 'esm', logLevel: 'error' })
    writeFileSync(join(outDir, 'package.json'), '{"type":"module","sideEffects":false}')
    return [
      { ...(await sizeOf('the snippet', SNIPPET, outDir)), limit: 3800 },
      { ...(await sizeOf('with breadcrumbs', BREADCRUMBS, outDir)), limit: 4380 },
      { ...(await sizeOf('with breadcrumbs and all scrubbing', SCRUB, outDir)), limit: 5280 },
    ]
  } finally {
    rmSync(outDir, { recursive: true })
  }
}
