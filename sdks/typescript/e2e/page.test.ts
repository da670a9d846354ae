/** The contract's snippet in a page of another origin than the server. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Faulty } from './faulty.js'
import { findChromium } from './program.js'
import { stored } from './stored.js'

const browserPath = findChromium()

describe.skipIf(!browserPath)('a page', () => {
  let faulty: Faulty
  let site: Server
  let browser: Browser

  beforeAll(async () => {
    faulty = await new Faulty().start()
    site = createServer(async (request, response) => {
      const appId = new URL(request.url ?? '', 'http://x').searchParams.get('app') ?? ''
      response.setHeader('content-type', 'text/html').end(await html(faulty.url, appId))
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    browser = await chromium.launch({
      executablePath: browserPath,
      args: ['--no-sandbox', '--disable-gpu'],
    })
  })

  afterAll(async () => {
    await browser.close()
    site.close()
    faulty.stop()
  })

  async function open(appId: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 800, height: 600 }, locale: 'de-DE' })
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/?app=${appId}`)
    return page
  }

  it('reports what nobody catches, with what the browser is, and asks for no permission', async () => {
    const page = await open('page-errors')
    await page.click('#throw')
    await page.click('#reject')
    const [error, rejection] = await stored('page-errors', 2)
    expect(error).toMatchObject({
      errorType: 'TypeError',
      message: 'clicked',
      sourceType: 'frontend_web',
      environment: 'development',
      release: '1.2.3',
      requestUrl: page.url(),
      browserInfo: { url: page.url(), language: 'de-DE', viewport: '800x600' },
      payload: { exceptions: [{ mechanism: { type: 'onerror', handled: false } }] },
    })
    expect(error?.userAgent).toContain('Chrome')
    expect(rejection?.message).toBe('rejected')
    expect(faulty.methods).not.toContain('OPTIONS')
    await page.close()
  })

  it('tells what came before: console, requests, navigation, clicks', async () => {
    const page = await open('page-breadcrumbs')
    await page.evaluate(async () => {
      console.warn('low', 'stock')
      await fetch('/data')
      const request = new XMLHttpRequest()
      request.open('GET', '/old')
      await new Promise((resolve) => {
        request.onloadend = resolve
        request.send()
      })
      history.pushState({}, '', '?app=page-breadcrumbs&step=2')
    })
    await page.click('#throw')
    const [event] = await stored('page-breadcrumbs', 1)
    expect(event?.payload.breadcrumbs).toMatchObject([
      { category: 'console', level: 'warning', message: 'low stock' },
      { category: 'fetch', data: { method: 'GET', url: '/data', status: 200 } },
      { category: 'xhr', data: { method: 'GET', url: '/old', status: 200 } },
      { category: 'navigation', data: { to: expect.stringContaining('step=2') } },
      { category: 'click', message: 'button#throw.danger' },
    ])
    await page.close()
  })

  it('sends what waits when the page is left', async () => {
    const page = await open('page-left')
    await page.evaluate(() => {
      setTimeout(() => {
        throw new Error('last words')
      })
      setTimeout(() => {
        location.href = 'about:blank'
      }, 1)
    })
    expect(await stored('page-left', 1)).toMatchObject([{ message: 'last words' }])
    await page.close()
  })

  it('keeps across a reload what the server did not take, and sends it once', async () => {
    faulty.fault = (request) => void request.socket.destroy()
    const page = await open('page-offline')
    await page.click('#throw')
    await page.waitForFunction(() => localStorage.length > 0)
    faulty.fault = undefined
    await page.reload()
    expect(await stored('page-offline', 1)).toMatchObject([{ message: 'clicked' }])
    await page.waitForFunction(() => localStorage.length === 0)
    await page.close()
  })

  it('sends more than browsers let outlive a page', async () => {
    const page = await open('page-large')
    await page.evaluate(() => {
      const stack = `Error: long\n    at ${'ж'.repeat(40_000)} (a.js:1:2)`
      setTimeout(() => {
        throw Object.assign(new Error('long'), { stack })
      })
    })
    expect(await stored('page-large', 1)).toMatchObject([{ message: 'long' }])
    await page.close()
  })

  it('without an error asks nothing of the network', async () => {
    const before = faulty.methods.length
    const page = await open('page-quiet')
    await page.click('#quiet')
    await page.goto('about:blank')
    expect(faulty.methods).toHaveLength(before)
    await page.close()
  })
})

async function html(errorTrackingUrl: string, appId: string): Promise<string> {
  const config = JSON.stringify({ errorTrackingUrl, appId })
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { createErrorTracker, setupBreadcrumbs, setupGlobalErrorHandler } from './src/frontend/index.ts'
        const tracker = createErrorTracker(${config})
        setupGlobalErrorHandler(tracker)
        setupBreadcrumbs(tracker)
        const on = (id, run) => document.getElementById(id).addEventListener('click', run)
        on('throw', () => { throw new TypeError('clicked') })
        on('reject', () => { Promise.reject(new Error('rejected')) })`,
      resolveDir: new URL('..', import.meta.url).pathname,
    },
    bundle: true,
    minify: true,
    write: false,
  })
  return `<!doctype html><meta name="release" content="1.2.3"><title>Page</title>
    <button id="throw" class="danger">Throw</button><button id="reject">Reject</button><button id="quiet">Quiet</button>
    <script>${outputFiles[0]?.text}</script>`
}
