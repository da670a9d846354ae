import { createElement } from 'react'
import { act, create, type ReactTestRenderer } from 'react-test-renderer'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { install } from '../program.js'
import { stored } from '../stored.js'

describe('examples/expo under react-test-renderer', () => {
  let screen: ReactTestRenderer
  beforeAll(async () => {
    vi.stubEnv('EXPO_PUBLIC_MANA_CORE_AUTH_URL', inject('server').url)
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
    // React says what it caught; that is not ours to hear here.
    vi.spyOn(console, 'error').mockReturnValue()
    const { App } = await import(/* @vite-ignore */ `${install('expo', 'expo')}/src/App.tsx`)
    await act(async () => {
      screen = create(createElement(App))
    })
  })

  it('reports what the error boundary caught once, its components apart from the stack', async () => {
    await act(async () => {
      const [sellOut] = screen.root.findAll(({ props }) => props.title === 'Sell out')
      sellOut?.props.onPress()
    })
    expect(JSON.stringify(screen.toJSON())).toContain('Oops')
    const events = await stored('shop-mobile', 1)
    expect(events).toMatchObject([
      {
        errorType: 'TypeError',
        sourceType: 'frontend_mobile',
        deviceInfo: { os: 'web' },
        payload: { exceptions: [{ mechanism: { type: 'errorBoundary', handled: true } }] },
      },
    ])
    const { componentStack } = events[0]?.payload.contexts.react ?? {}
    expect(componentStack).toMatch(/at Shop .*at ErrorBoundary .*at App/s)
    expect(events[0]?.stackTrace).not.toContain('ErrorBoundary')
  })
})
