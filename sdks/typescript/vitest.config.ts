import type { ViteUserConfig } from 'vitest/config'

const EXPO = `${import.meta.dirname}/e2e/expo`
const globalSetup = ['e2e/server.ts', 'e2e/package.ts']

const config: ViteUserConfig = {
  test: {
    // Only bounds on waits that normally take a fraction: a loaded machine must not fail a test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'] } },
      { extends: true, test: { name: 'e2e', include: ['e2e/*.test.ts'], globalSetup } },
      {
        extends: true,
        // React Native runs on phones; its twin for the web has the same components.
        resolve: {
          alias: {
            'react-native': 'react-native-web',
            'react-native-error-boundary': `${EXPO}/node_modules/react-native-error-boundary/src/index.tsx`,
            'react-native-safe-area-context': `${EXPO}/stubs.ts`,
            '@react-native-async-storage/async-storage': `${EXPO}/stubs.ts`,
          },
        },
        test: { name: 'expo', include: ['e2e/expo/*.test.ts'], globalSetup },
      },
    ],
  },
}
export default config
