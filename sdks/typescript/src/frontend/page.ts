import type { Environment, ErrorLogPayload } from '../types.js'

/** What the page says at this moment; or the server, where it renders pages. */
export function describePage(): Partial<ErrorLogPayload> {
  if (!globalThis.document) {
    const { NODE_ENV } = globalThis.process?.env ?? {}
    return {
      sourceType: 'backend',
      environment: NODE_ENV === 'production' ? NODE_ENV : 'development',
    }
  }
  const { innerWidth, innerHeight, screen, navigator, location, document } = window
  const { language, userAgent, onLine, connection } = navigator as NavigatorWithConnection
  return {
    sourceType: 'frontend_web',
    environment: environmentOf(location.hostname),
    release: document.querySelector<HTMLMetaElement>('meta[name=release]')?.content,
    requestUrl: location.href,
    userAgent,
    browserInfo: {
      url: location.href,
      referrer: document.referrer,
      language,
      viewport: `${innerWidth}x${innerHeight}`,
      screen: `${screen.width}x${screen.height}`,
      onLine,
      connection: connection?.effectiveType,
    },
  }
}

interface NavigatorWithConnection extends Navigator {
  connection?: { effectiveType?: string }
}

function environmentOf(hostname: string): Environment {
  if (/^localhost|^127\.|^\[|\.local$/.test(hostname)) return 'development'
  return /stag|preview/.test(hostname) ? 'staging' : 'production'
}
