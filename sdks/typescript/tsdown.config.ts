import type { UserConfig } from 'tsdown'

const config: UserConfig = {
  entry: {
    types: 'src/types.ts',
    frontend: 'src/frontend/index.ts',
    svelte: 'src/svelte/index.ts',
    expo: 'src/expo/index.ts',
    node: 'src/node/index.ts',
    nestjs: 'src/nestjs/index.ts',
  },
  format: ['esm', 'cjs'],
  // What Safari 14, Hermes and Node 20 run unchanged.
  target: 'es2021',
  inputOptions: { optimization: { inlineConst: true } },
  minify: { compress: true, mangle: false, codegen: false },
  platform: 'neutral',
  deps: { neverBundle: [/^node:/] },
  dts: true,
  sourcemap: true,
  publint: true,
  attw: { level: 'error', excludeEntrypoints: ['package.json'] },
}
export default config
