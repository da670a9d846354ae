/** The package as a registry would deliver it, unpacked for every app: vitest's global setup. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PACKAGE = join(import.meta.dirname, '..')

/** Builds, packs and unpacks it. */
export default function setup(): void {
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: PACKAGE, stdio: 'pipe' })
  const home = mkdtempSync(join(tmpdir(), 'packed-'))
  execFileSync('npm', ['pack', '--silent', '--pack-destination', home], { cwd: PACKAGE })
  const archive = join(home, readdirSync(home)[0] as string)
  for (const app of readdirSync(import.meta.dirname)) {
    const folder = join(import.meta.dirname, app)
    if (existsSync(join(folder, 'package.json'))) unpack(archive, folder)
  }
  rmSync(home, { recursive: true })
}

// A copy, no link: it must find the app's own versions of its peers.
function unpack(archive: string, app: string): void {
  const target = join(app, 'node_modules/@manacore/shared-error-tracking')
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1'])
}
