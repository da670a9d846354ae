import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { install } from './program.js'
import { freePort, until } from './server.js'
import { stored } from './stored.js'

const TSC = join(import.meta.dirname, '../node_modules/typescript/bin/tsc')

describe('examples/nestjs', () => {
  let home: string
  beforeAll(() => {
    home = install('nestjs', 'nest12')
    execFileSync(process.execPath, [TSC], { cwd: home, stdio: 'inherit' })
  })

  /** Starts it, does something, and waits for its end; its exit code and what it said. */
  async function during(
    doing: (url: string, end: (signal: NodeJS.Signals) => void) => Promise<void>,
  ): Promise<{ code: number | null; said: string }> {
    const port = await freePort()
    const env = {
      ...process.env,
      PORT: String(port),
      NODE_ENV: 'production',
      MANA_CORE_AUTH_URL: inject('server').url,
    }
    const app = spawn(process.execPath, ['dist/main.js'], { cwd: home, env })
    const ended = new Promise<number | null>((resolve) => app.once('exit', resolve))
    const said = text(app.stderr)
    app.stdout.resume()
    const url = `http://127.0.0.1:${port}`
    await until('the example', () => fetch(url).catch(() => null))
    await doing(url, (signal) => app.kill(signal))
    return { code: await ended, said: await said }
  }

  const post = (url: string, body?: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })

  it('reports what fails, and crashes as it would without us, after the last report', async () => {
    const { code, said } = await during(async (url) => {
      expect((await post(`${url}/orders`, { article: 'mug' })).status).toBe(500)
      expect(await (await post(`${url}/orders/mug/reserve`)).text()).toBe('false')
      expect((await post(`${url}/orders/7/refund`)).status).toBe(201)
      expect((await fetch(`${url}/orders/7`)).status).toBe(404)
      await post(`${url}/orders/7/ship`).catch(() => null)
    })
    expect(code).toBe(1)
    expect(said).toContain('Error: no carrier for 7')
    const events = await stored('shop', 4)
    expect(events).toMatchObject([
      { errorType: 'TypeError', requestUrl: '/orders', requestBody: { article: 'mug' } },
      { message: 'the warehouse does not answer', context: { article: 'mug' } },
      { errorCode: 'REFUND_TWICE', severity: 'warning', context: { order: '7' } },
      { message: 'no carrier for 7', severity: 'critical' },
    ])
    expect(new Set(events.map(({ serviceName }) => serviceName))).toEqual(new Set(['shop-backend']))
    expect(new Set(events.map(({ environment }) => environment))).toEqual(new Set(['production']))
  })

  it('sends what waits when it is told to end', async () => {
    await during(async (url, end) => {
      await post(`${url}/orders`, { article: 'the last one' })
      end('SIGTERM')
    })
    const events = await stored('shop', 5)
    expect(events.at(-1)?.requestBody).toEqual({ article: 'the last one' })
  })
})
