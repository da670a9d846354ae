import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { findChromium, install } from './program.js'
import { freePort, stop, until } from './server.js'
import { type StoredEvent, stored } from './stored.js'

const VITE = join(import.meta.dirname, '../node_modules/vite/bin/vite.js')
const browserPath = findChromium()

describe.skipIf(!browserPath).each(['kit3', 'kit2'])('examples/sveltekit with %s', (app) => {
  const appId = `shop-${app}`
  let events: StoredEvent[]

  beforeAll(async () => {
    const home = install('sveltekit', app, ['shop-web', appId])
    const env = { ...process.env, PUBLIC_MANA_CORE_AUTH_URL: inject('server').url }
    execFileSync(process.execPath, [VITE, 'build'], { cwd: home, env, stdio: 'pipe' })
    const port = await freePort()
    const program = spawn(process.execPath, ['build'], {
      cwd: home,
      // Connections that a client keeps for later are not waited for.
      env: { ...env, PORT: String(port), NODE_ENV: 'production', SHUTDOWN_TIMEOUT: '0' },
      stdio: 'ignore',
    })
    const url = `http://127.0.0.1:${port}`
    await until('the example', () => fetch(url).catch(() => null))
    const browser = await chromium.launch({
      executablePath: browserPath,
      args: ['--no-sandbox', '--disable-gpu'],
    })
    await clickEverything(browser, url)
    events = await stored(appId, 5)
    await browser.close()
    await stop(program)
  })

  it('reports each error once, and no page that does not exist', () => {
    const told = events.map(({ errorType, message }) => `${errorType}: ${message}`)
    expect(told.sort()).toEqual([
      'Error: the bank does not answer',
      'RangeError: no such shelf',
      expect.stringMatching(/^TypeError: Cannot read properties of undefined \(reading 'amount'\)/),
      "TypeError: Cannot read properties of undefined (reading 'items')",
      'TypeError: no stock on the server',
    ])
  })
})

/** Each error on a page of its own, as a visitor meets it. */
async function clickEverything(browser: Browser, url: string): Promise<void> {
  const visits: [path: string, click: string, then: string][] = [
    ['/', 'text=Order', 'text=Order'],
    ['/', 'text=Pay', 'text=Pay'],
    ['/', 'text=cannot load', 'text=500'],
    ['/', 'text=its server cannot load', 'text=500'],
    ['/render', 'text=Sell out', 'body'],
    ['/', 'text=does not exist', 'text=404'],
  ]
  for (const [path, click, then] of visits) {
    const page = await browser.newPage()
    await page.goto(url + path, { waitUntil: 'networkidle' })
    await page.click(click)
    await page.waitForSelector(then)
    await page.goto('about:blank')
    await page.close()
  }
}
