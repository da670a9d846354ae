/** The package beside other clients, each set up as its documentation begins, in the same run. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownSizes, type Size, sizeOf } from './sizes.ts'

const OTHERS: Record<string, string> = {
  '@sentry/browser': `import * as Sentry from '@sentry/browser'
    Sentry.init({ dsn: 'https://k@errors.example.org/1' })`,
  '@bugsnag/browser': `import Bugsnag from '@bugsnag/browser'
    Bugsnag.start({ apiKey: 'k' })`,
  '@honeybadger-io/js': `import Honeybadger from '@honeybadger-io/js'
    Honeybadger.configure({ apiKey: 'k' })`,
  rollbar: `import Rollbar from 'rollbar'
    new Rollbar({ accessToken: 'k', captureUncaught: true, captureUnhandledRejections: true })`,
  '@appsignal/javascript': `import Appsignal from '@appsignal/javascript'
    export const appsignal = new Appsignal({ key: 'k' })`,
  '@flareapp/js': `import { flare } from '@flareapp/js'
    flare.light('k')`,
}

const home = mkdtempSync(join(tmpdir(), 'sizes-'))
try {
  writeFileSync(join(home, 'package.json'), '{"private":true}')
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', ...Object.keys(OTHERS)], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const sizes: Size[] = (await ownSizes()).map((size) => ({ ...size, name: `ours, ${size.name}` }))
  for (const [name, script] of Object.entries(OTHERS)) {
    const { version } = JSON.parse(
      readFileSync(join(home, 'node_modules', name, 'package.json'), 'utf8'),
    )
    sizes.push(await sizeOf(`${name} ${version}`, script, home))
  }
  const [ours] = sizes as [Size]
  console.log('| client | minified | gzipped | times ours |\n| --- | ---: | ---: | ---: |')
  for (const { name, minified, gzipped } of sizes) {
    console.log(`| ${name} | ${minified} | ${gzipped} | ${(gzipped / ours.gzipped).toFixed(1)} |`)
  }
} finally {
  rmSync(home, { recursive: true })
}
