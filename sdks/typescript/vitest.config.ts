import type { ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = {
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Only bounds on waits that normally take a fraction: a loaded machine must not fail a test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
}
export default config
