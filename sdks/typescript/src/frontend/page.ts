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
  const { language, userAgent, connection } = navigator as NavigatorWithConnection
  const { href: url, hostname } = location
  return {
    sourceType: 'frontend_web',
    environment: environmentOf(hostname),
    release: document.querySelector<HTMLMetaElement>('meta[name=release]')?.content,
    requestUrl: url,
    userAgent,
    browserInfo: {
      url,
      referrer: document.referrer,
      language,
      viewport: `${innerWidth}x${innerHeight}`,
      screen: `${screen.width}x${screen.height}`,
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
