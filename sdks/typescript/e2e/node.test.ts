import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { stored } from './stored.js'

// The package is unpacked here.
const HOME = join(import.meta.dirname, 'nest12')
const NOWHERE = 'http://127.0.0.1:9'

/** Runs a program with a tracker in it, to its end. */
function run(appId: string, program: string, url = inject('server').url) {
  const setup = `
    import { createErrorTracker, setupGlobalErrorHandler } from '@manacore/shared-error-tracking/node'
    const tracker = createErrorTracker({
      errorTrackingUrl: '${url}', appId: '${appId}', serviceName: 'worker', enableLocalLogging: false,
    })
    setupGlobalErrorHandler(tracker)
  `
  const options = ['--input-type=module', '-e', setup + program]
  return spawnSync(process.execPath, options, { cwd: HOME, encoding: 'utf8' })
}

test('an uncaught error ends the process as ever, and is stored', async () => {
  const { status, stderr } = run('node-uncaught', 'setTimeout(() => { throw new TypeError("no") })')
  expect(status).toBe(1)
  expect(stderr).toContain('TypeError: no')
  expect(await stored('node-uncaught', 1)).toMatchObject([
    {
      errorType: 'TypeError',
      severity: 'critical',
      sourceType: 'backend',
      serviceName: 'worker',
      payload: {
        serverName: expect.any(String),
        exceptions: [{ mechanism: { type: 'uncaughtException', handled: false } }],
      },
    },
  ])
})

test("an app's own listeners are called, and decide that it goes on", async () => {
  const { status, stdout } = run(
    'node-listeners',
    `process.on('uncaughtException', (error) => console.log('own', error.message))
     process.on('unhandledRejection', (error) => console.log('own', error.message))
     setTimeout(() => { throw new Error('thrown') })
     setTimeout(() => { Promise.reject(new Error('rejected')) }, 10)
     setTimeout(() => console.log('goes on'), 50)`,
  )
  expect(status).toBe(0)
  expect(stdout).toBe('own thrown\nown rejected\ngoes on\n')
  const events = await stored('node-listeners', 2)
  expect(events.map(({ message }) => message)).toEqual(['thrown', 'rejected'])
})

test('what was captured before process.exit() is stored', async () => {
  run('node-exit', 'tracker.captureError(new Error("last words")); process.exit(3)')
  expect(await stored('node-exit', 1)).toMatchObject([{ message: 'last words' }])
})

test('without a server it ends as it would have', () => {
  const { status } = run('node-alone', 'tracker.captureError(new Error("unheard"))', NOWHERE)
  expect(status).toBe(0)
  expect(run('node-alone', 'throw new Error("unheard")', NOWHERE).status).toBe(1)
})
