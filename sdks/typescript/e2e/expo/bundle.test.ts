import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { install } from '../program.js'

const SYSTEM = process.platform === 'darwin' ? 'osx-bin' : 'linux64-bin'
const MODULES = join(import.meta.dirname, 'node_modules')

describe('examples/expo', () => {
  let home: string
  beforeAll(() => {
    home = install('expo', 'expo')
  })

  it('is free of type errors', () => {
    const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc], { cwd: home, stdio: 'pipe', encoding: 'utf8' })
  })

  it('is bundled by Metro for Android, and Hermes compiles it', () => {
    const script = join(import.meta.dirname, 'bundle.mjs')
    const bundle = join(home, 'index.android.js')
    execFileSync(process.execPath, [script, home, bundle], { stdio: 'pipe' })
    expect(readFileSync(bundle, 'utf8')).toContain('/api/v1/errors/batch')
    const hermesc = join(MODULES, 'hermes-compiler/hermesc', SYSTEM, 'hermesc')
    execFileSync(hermesc, ['-emit-binary', '-O', '-out', `${bundle}.hbc`, bundle], {
      stdio: 'pipe',
    })
    expect(existsSync(`${bundle}.hbc`)).toBe(true)
  })
})
