/** Programs under test. */
import { type ChildProcess, spawn } from 'node:child_process'
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
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const greeting of createInterface(child.stdout)) return { process: child, greeting }
  throw new Error(`${app}/${file} ended`)
}
