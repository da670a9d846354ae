import type { ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = {
  test: {
    // Only bounds on waits that normally take a fraction: a loaded machine must not fail a test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          globalSetup: ['e2e/server.ts', 'e2e/package.ts'],
        },
      },
    ],
  },
}
export default config
