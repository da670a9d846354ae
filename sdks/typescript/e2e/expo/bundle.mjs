/** Bundles an app as React Native does: its folder and the file to write are the arguments. */
import { join } from 'node:path'
import { getDefaultConfig } from '@react-native/metro-config'
import Metro from 'metro'

const [home, out] = process.argv.slice(2)
const config = await Metro.loadConfig(
  {},
  {
    ...getDefaultConfig(home),
    projectRoot: home,
    watchFolders: [join(import.meta.dirname, 'node_modules')],
    cacheStores: [],
    maxWorkers: 1,
    reporter: { update() {} },
  },
)
// React Native itself is left out: what is ours, and how it is found, does not depend on it.
config.resolver.resolveRequest = (context, name, platform) =>
  /^react-native($|\/)/.test(name)
    ? { type: 'empty' }
    : context.resolveRequest(context, name, platform)
config.serializer.getModulesRunBeforeMainModule = () => []
config.serializer.getPolyfills = () => []
await Metro.runBuild(config, {
  entry: 'index.ts',
  out,
  platform: 'android',
  dev: false,
  minify: false,
})
