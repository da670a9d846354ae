/** A real server for the tests of one run: vitest's global setup starts it, tests read it back. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestProject } from 'vitest/node'

const COMMAND = new URL('../../../.venv/bin/mana-errors', import.meta.url).pathname
// Bounds a wait that takes two seconds: a loaded machine must not fail a test.
const PATIENCE_MS = 30_000
const POLL_MS = 50

declare module 'vitest' {
  interface ProvidedContext {
    server: { url: string; token: string }
  }
}

/** Starts the server, and gives tests its address and a token to read with. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), 'mana-errors-'))
  const port = await freePort()
  const env = {
    ...process.env,
    MANA_ERRORS_DATA_DIR: join(home, 'data'),
    MANA_ERRORS_PORT: String(port),
    // Tests look for the rows of what they sent, however much of it is alike.
    MANA_ERRORS_SAMPLE_AFTER: '0',
  }
  const log = openSync(join(home, 'log'), 'a')
  const server = spawn(COMMAND, ['serve'], { env, stdio: ['ignore', log, log] })
  const url = `http://127.0.0.1:${port}`
  await until(`a ready server, see ${home}/log`, async () => {
    if (server.exitCode !== null) throw new Error(readFileSync(join(home, 'log'), 'utf8'))
    return (await fetch(`${url}/health/ready`).catch(() => null))?.ok
  })
  const create = ['token', 'create', '--name', 'tests', '--scope', 'read', '--json']
  const { token } = JSON.parse(execFileSync(COMMAND, create, { env, encoding: 'utf8' }))
  project.provide('server', { url, token })
  return async () => {
    await stop(server)
    rmSync(home, { recursive: true, force: true })
  }
}

type Falsy = false | null | undefined

/** The first truthy answer of `condition`. */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | Falsy | Promise<T | Falsy>,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await condition()
    if (answer) return answer
    if (Date.now() > deadline) {
      throw new Error(`waited in vain for: ${typeof what === 'string' ? what : what()}`)
    }
    await sleep(POLL_MS)
  }
}

/** Asks a program that a test started to end, and waits for it. */
export async function stop(program: ChildProcess): Promise<number | null> {
  if (program.exitCode === null && program.signalCode === null) {
    const ended = new Promise((resolve) => program.once('exit', resolve))
    program.kill('SIGTERM')
    await ended
  }
  return program.exitCode
}

/** A port that nobody uses just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
