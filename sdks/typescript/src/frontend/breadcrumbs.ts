import type { Breadcrumb, ErrorTracker, Severity } from '../types.js'

/** Which breadcrumbs are left. Default: all. */
export interface BreadcrumbOptions {
  console?: boolean
  /** `fetch` and XMLHttpRequest: method, address and status, no bodies. */
  network?: boolean
  navigation?: boolean
  /** What was clicked, as a selector; no texts. */
  clicks?: boolean
}

const MAX_TEXT = 200
// The requests of the tracker itself.
const OWN = '/api/v1/errors/batch'
const LEVELS: Record<string, Severity> = {
  log: 'info',
  info: 'info',
  warn: 'warning',
  error: 'error',
}

/**
 * Remember what a page does, so that reports tell what came before an error. On a server, where
 * pages are rendered for many, nothing.
 * @example
 * setupBreadcrumbs(tracker, { clicks: false })
 */
export function setupBreadcrumbs(tracker: ErrorTracker, options: BreadcrumbOptions = {}): void {
  if (!globalThis.document) return
  const { console = true, network = true, navigation = true, clicks = true } = options
  const add = (breadcrumb: Breadcrumb): void => tracker.addBreadcrumb(breadcrumb)
  if (console) followConsole(add)
  if (network) {
    followFetch(add)
    followRequests(add)
  }
  if (navigation) followNavigation(add)
  if (clicks) followClicks(add)
}

type Add = (breadcrumb: Breadcrumb) => void

/** Look at the calls of a method. What fails in `look` must not reach the caller. */
function follow(
  object: object | undefined,
  name: string,
  look: (args: unknown[], self: unknown, result: unknown) => void,
): void {
  const methods = object as Record<string, (...args: unknown[]) => unknown> | undefined
  const original = methods?.[name]
  if (!methods || !original) return
  methods[name] = function (this: unknown, ...args: unknown[]): unknown {
    const result = original.apply(this, args)
    try {
      look(args, this, result)
    } catch {
      // An argument that cannot be read leaves no breadcrumb.
    }
    return result
  }
}

function followConsole(add: Add): void {
  for (const [name, level] of Object.entries(LEVELS)) {
    follow(console, name, (args) => {
      add({ category: 'console', level, message: args.join(' ').slice(0, MAX_TEXT) })
    })
  }
}

function addRequest(add: Add, category: string, method: string, url: string, status: number): void {
  if (url.endsWith(OWN)) return
  add({
    category,
    level: status && status < 400 ? 'info' : 'warning',
    data: { method, url, status },
  })
}

function followFetch(add: Add): void {
  follow(globalThis, 'fetch', ([input, init], _, result) => {
    const { url, method } = Object(input) as Partial<Request>
    const done = (status: number): void =>
      addRequest(add, 'fetch', Object(init).method ?? method ?? 'GET', url ?? `${input}`, status)
    ;(result as Promise<Response>).then(
      ({ status }) => done(status),
      () => done(0),
    )
  })
}

function followRequests(add: Add): void {
  follow(globalThis.XMLHttpRequest?.prototype, 'open', ([method, url], request) => {
    const { addEventListener } = request as XMLHttpRequest
    addEventListener.call(request, 'loadend', () => {
      addRequest(add, 'xhr', `${method}`, `${url}`, (request as XMLHttpRequest).status)
    })
  })
}

function followNavigation(add: Add): void {
  let from = location.href
  const look = (): void => {
    const to = location.href
    if (to !== from) add({ category: 'navigation', data: { from, to } })
    from = to
  }
  follow(history, 'pushState', look)
  follow(history, 'replaceState', look)
  addEventListener('popstate', look)
}

function followClicks(add: Add): void {
  addEventListener(
    'click',
    ({ target }) => {
      const { localName, id, classList } = target as Element
      const classes = [...(classList ?? [])].map((name) => `.${name}`).join('')
      add({
        category: 'click',
        message: `${localName}${id && `#${id}`}${classes}`.slice(0, MAX_TEXT),
      })
    },
    true,
  )
}
