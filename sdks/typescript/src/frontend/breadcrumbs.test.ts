import { expect, test, vi } from 'vitest'
import { bareClient } from '../../test/receiver.js'
import { setupBreadcrumbs } from './breadcrumbs.js'

test('where a server renders pages, breadcrumbs of all its visitors are not collected', () => {
  const tracker = bareClient({ errorTrackingUrl: 'http://localhost:9', appId: 'chat' })
  const add = vi.spyOn(tracker, 'addBreadcrumb')
  const { fetch } = globalThis
  setupBreadcrumbs(tracker)
  console.info('a visit')
  expect(globalThis.fetch).toBe(fetch)
  expect(add).not.toHaveBeenCalled()
})
