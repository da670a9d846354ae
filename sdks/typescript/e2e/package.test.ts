import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

const TSC = join(import.meta.dirname, '../node_modules/typescript/bin/tsc')
// Where Nest is installed, and the package unpacked.
const HOME = join(import.meta.dirname, 'nest12/build/consumer')
const NAME = '@manacore/shared-error-tracking'
const EXPORTS = {
  types: [],
  frontend: [
    'createErrorTracker',
    'createExpoErrorHandler',
    'createSvelteErrorHandler',
    'scrubSecrets',
    'setupBreadcrumbs',
    'setupGlobalErrorHandler',
  ],
  svelte: ['createSvelteErrorHandler'],
  expo: ['createErrorTracker', 'createExpoErrorHandler', 'setupGlobalErrorHandler'],
  node: ['createErrorTracker', 'setupGlobalErrorHandler'],
  nestjs: [
    'ERROR_TRACKING_CONFIG',
    'ERROR_TRACKING_SERVICE',
    'ErrorTrackingFilter',
    'ErrorTrackingModule',
    'ErrorTrackingService',
  ],
}

/** What people paste. */
const CONSUMER = `
import { createErrorTracker, createSvelteErrorHandler, setupGlobalErrorHandler, createExpoErrorHandler } from '${NAME}/frontend'
import { ErrorTrackingFilter, ErrorTrackingModule, ErrorTrackingService } from '${NAME}/nestjs'
import type { ErrorLogPayload, ErrorTrackingConfig } from '${NAME}/types'
import * as svelte from '${NAME}/svelte'
import * as expo from '${NAME}/expo'
import * as node from '${NAME}/node'

const config: ErrorTrackingConfig = {
  errorTrackingUrl: 'http://localhost:3001',
  appId: 'chat',
  serviceName: 'chat-backend',
  environment: 'production',
  enableLocalLogging: true,
  customHeaders: { a: 'b' },
  getAuthToken: async () => null,
}
const tracker = createErrorTracker(config)
setupGlobalErrorHandler(tracker)
tracker.captureError(new Error('e'), { a: 1 })
export const handleError = createSvelteErrorHandler(tracker)
export const { errorHandler } = createExpoErrorHandler(tracker)
export const nest = [
  ErrorTrackingModule.forRoot(config),
  ErrorTrackingModule.forRootAsync({ imports: [], inject: [String], useFactory: (appId: string) => ({ ...config, appId }) }),
]
export const report = (service: ErrorTrackingService, payload: ErrorLogPayload) => service.reportError(payload)
export const filter = (service: ErrorTrackingService) => new ErrorTrackingFilter(service)
export { expo, node, svelte }
// @ts-expect-error An app without a name cannot report: types are there, and no \`any\`.
export const nameless: ErrorTrackingConfig = { errorTrackingUrl: '' }
`

beforeAll(() => {
  rmSync(HOME, { recursive: true, force: true })
  mkdirSync(HOME, { recursive: true })
  writeFileSync(join(HOME, 'package.json'), '{}')
  writeFileSync(join(HOME, 'consumer.ts'), CONSUMER)
})

describe('types', () => {
  it.each([
    ['node10', 'commonjs', '--ignoreDeprecations', '6.0'],
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ])('are found by moduleResolution %s', (resolution, module, ...more) => {
    // skipLibCheck is for Nest 12, whose types older resolutions do not follow.
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2022',
      '--types',
      'node',
    ]
    const how = ['--moduleResolution', resolution, '--module', module, ...more]
    const tsc = [TSC, ...options, ...how, 'consumer.ts']
    expect(run(process.execPath, tsc)).toBe('')
  })
})

// The one that runs the tests and, where there is one, the machine's own: another version.
const NODES = [process.execPath, '/usr/bin/node'].filter((path) => existsSync(path))
describe.each(NODES)('on %s', (node) => {
  it.each(Object.entries(EXPORTS))('%s is the same as ESM and as CommonJS', (name, exports) => {
    const path = JSON.stringify(`${NAME}/${name}`)
    const print =
      'console.log(JSON.stringify(Object.keys(m).filter((n) => n !== "__esModule").sort()))'
    const esm = `import 'reflect-metadata'; const m = await import(${path}); ${print}`
    const cjs = `require('reflect-metadata'); const m = require(${path}); ${print}`
    expect(JSON.parse(run(node, ['--input-type=module', '-e', esm]))).toEqual(exports)
    expect(JSON.parse(run(node, ['-e', cjs]))).toEqual(exports)
  })
})

/** What a program prints; its complaints, if it fails. */
function run(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { cwd: HOME, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return stdout + stderr
  }
}
