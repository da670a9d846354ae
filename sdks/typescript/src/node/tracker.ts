import { arch, hostname, release, type } from 'node:os'
import { createClient } from '../core/client.js'
import { scrubSecrets } from '../core/scrub.js'
import type { Environment, ErrorTracker, ErrorTrackingConfig } from '../types.js'
import { sendBlocking } from './blocking.js'

// Where hosts and build services put the version of what they run.
const RELEASE_VARIABLES = [
  'MANA_ERRORS_RELEASE',
  'RELEASE',
  'SOURCE_COMMIT',
  'SOURCE_VERSION',
  'GIT_COMMIT',
  'GITHUB_SHA',
  'CI_COMMIT_SHA',
  'npm_package_version',
]

/**
 * A tracker for programs on Node.
 *
 * What waits when the process ends is sent before it is gone, which takes a tenth of a second if
 * something does and nothing otherwise.
 * @example
 * export const tracker = createErrorTracker({
 *   errorTrackingUrl: process.env.MANA_CORE_AUTH_URL ?? 'http://localhost:3001',
 *   appId: 'chat',
 *   serviceName: 'chat-worker',
 * })
 */
export function createErrorTracker(config: ErrorTrackingConfig): ErrorTracker {
  const { npm_package_name: serviceName } = process.env
  const surroundings = {
    sourceType: 'backend' as const,
    environment: environment(),
    release: RELEASE_VARIABLES.map((name) => process.env[name]).find(Boolean),
    payload: {
      serverName: hostname(),
      contexts: {
        runtime: { name: 'node', version: process.version },
        os: { name: type(), version: release(), arch: arch() },
      },
    },
  }
  return createClient(serviceName ? { serviceName, ...config } : config, {
    describe: () => surroundings,
    scrub: scrubSecrets,
    onLeave: beforeExit,
    beacon: (url, body) => sendBlocking(url, body, config.customHeaders),
  })
}

/** The stage that the process' environment names; development without any. */
function environment(): Environment {
  const name = process.env.ENVIRONMENT || process.env.NODE_ENV || ''
  if (/^(prod|live)/i.test(name)) return 'production'
  return /^(stag|preprod|pre-prod)/i.test(name) ? 'staging' : 'development'
}

const leaving: (() => void)[] = []

/** One listener for any number of trackers: Node warns of more than ten. */
function beforeExit(leave: () => void): void {
  if (!leaving.length) {
    process.on('exit', () => {
      for (const each of leaving) each()
    })
  }
  leaving.push(leave)
}
