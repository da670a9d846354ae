/** Bundles an app as React Native does: its folder and the file to write are the arguments. */
import { join } from 'node:path'
import { getDefaultConfig } from '@react-native/metro-config'
import Metro from 'metro'

const [home, out] = process.argv.slice(2)
const modules = join(import.meta.dirname, '../../node_modules')
const defaults = getDefaultConfig(home)
const config = await Metro.loadConfig(
  {},
  {
    ...defaults,
    projectRoot: home,
    watchFolders: [join(import.meta.dirname, 'node_modules'), modules],
    cacheStores: [],
    maxWorkers: 2,
    reporter: { update() {} },
    transformer: { ...defaults.transformer, babelTransformerPath: defaults.transformer.babelTransformerPath },
  },
)
await Metro.runBuild(config, { entry: 'index.ts', out, platform: 'android', dev: false, minify: false })
