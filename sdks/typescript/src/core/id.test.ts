import { expect, test } from 'vitest'
import { uuid7 } from './id.js'

test('an id is a version 7 UUID of its time', () => {
  const id = uuid7(0x0123456789ab)
  expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('ids of one time differ', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => uuid7(0))).size).toBe(10_000)
})
