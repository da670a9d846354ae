/** What the dashboard tells people to paste compiles and works as it is shown. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { complaints, guide } from './guides.js'
import { stored } from './stored.js'

test('the guide of Node reports what nobody catches', async () => {
  const [file] = guide('JavaScript: Node', `it's a "guide"`).files
  const program = `${file?.code}\nsetTimeout(() => { throw new TypeError('It works') })`
  const options = ['--input-type=module', '-e', program]
  spawnSync(process.execPath, options, { cwd: join(import.meta.dirname, 'nest12') })
  expect(await stored(`it's a "guide"`, 1)).toMatchObject([{ message: 'It works' }])
})

test.each([
  ['NestJS', 'nest12', {}],
  ['SvelteKit', 'kit3', { types: ['@sveltejs/kit'] }],
  ['JavaScript: web pages', 'kit3', {}],
  ['JavaScript: Node', 'nest12', {}],
])('the guide of %s compiles', (name, app, more) => {
  expect(complaints(name, app, more)).toBe('')
})
