/** What the dashboard tells people to paste, and whether it compiles as it is shown. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inject, onTestFinished } from 'vitest'

interface Guide {
  name: string
  files: { path: string; code: string }[]
}

const TSC = join(import.meta.dirname, '../node_modules/typescript/bin/tsc')
const PYTHON = join(import.meta.dirname, '../../../.venv/bin/python')
const PRINT = `
import json, sys
from mana_errors.web.guides import GUIDES, Place
made = [guide(Place(*sys.argv[1:])) for guide in GUIDES]
files = lambda guide: [file._asdict() for file in guide.files]
print(json.dumps([{"name": guide.name, "files": files(guide)} for guide in made]))
`

/** A guide as it is shown for an app. */
export function guide(name: string, appId: string): Guide {
  const { url } = inject('server')
  const args = ['-c', PRINT, url, appId, 'a'.repeat(32), `${url}/1`]
  const guides: Guide[] = JSON.parse(execFileSync(PYTHON, args, { encoding: 'utf8' }))
  return guides.find((one) => one.name === name) as Guide
}

/** What the compiler says of a guide within an app. */
export function complaints(name: string, app: string, more: object): string {
  const home = join(import.meta.dirname, app, 'build', 'guide')
  // the package's own check reads all that lies here
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  for (const { path, code } of guide(name, `it's a "guide"`).files) {
    const file = join(home, path || 'src/guide.ts')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, code)
  }
  const compilerOptions = {
    target: 'es2022',
    module: 'preserve',
    moduleResolution: 'bundler',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    experimentalDecorators: true,
    types: [],
    ...more,
  }
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
  return spawnSync(process.execPath, [TSC, '-p', home], { encoding: 'utf8' }).stdout
}
