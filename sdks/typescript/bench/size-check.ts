/** Fails when a page would pay more for the package than it may. */
import { ownSizes } from './sizes.ts'

for (const { name, gzipped, limit } of await ownSizes()) {
  console.log(`${name}: ${gzipped} of ${limit} bytes`)
  if (gzipped > limit) process.exitCode = 1
}
