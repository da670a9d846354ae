/** Programs under test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildSync } from 'esbuild'

/** A program that runs, and the first line that it printed. */
export interface Program {
  process: ChildProcess
  greeting: string
}

/** Compiles TypeScript into the folder of an app, for Node to resolve its imports from there. */
export function compile(app: string, ...sources: string[]): void {
  buildSync({
    entryPoints: sources.map((source) => join(import.meta.dirname, source)),
    outdir: join(import.meta.dirname, app, 'build'),
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    target: 'node20',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  })
}

/** Starts a compiled program, and waits until it says something. */
export async function run(
  app: string,
  file: string,
  args: string[],
  env: Record<string, string>,
): Promise<Program> {
  const cwd = join(import.meta.dirname, app)
  const child = spawn(process.execPath, [join('build', file), ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Not inherited: vitest waits until the last process has closed its end, for ever if need be.
  child.stderr.pipe(process.stderr)
  process.once('exit', () => child.kill('SIGKILL'))
  for await (const greeting of createInterface(child.stdout)) return { process: child, greeting }
  throw new Error(`${app}/${file} ended`)
}

const ROOT = join(import.meta.dirname, '../../..')

/**
 * Puts an example of the repository where the packages that it names are installed.
 * @returns its folder
 */
export function install(example: string, app: string, appIds: [string, string] | [] = []): string {
  const home = join(import.meta.dirname, app, 'build', example)
  rmSync(home, { recursive: true, force: true })
  cpSync(join(ROOT, 'examples', example), home, { recursive: true })
  const [theirs, ours] = appIds
  for (const file of theirs ? readdirSync(join(home, 'src')) : []) {
    const path = join(home, 'src', file)
    if (/\.tsx?$/.test(file)) {
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(theirs as string, ours as string))
    }
  }
  return home
}

/** The browser that scripts/chromium.py finds, or installs where it may; empty without one. */
export function findChromium(): string {
  const script = join(ROOT, 'scripts/chromium.py')
  return execFileSync('python3', [script], { encoding: 'utf8' }).trim()
}
