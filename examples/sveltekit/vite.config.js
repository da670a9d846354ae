import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [sveltekit({ adapter: adapter() })],
  define: {
    // The address of your server, from the environment of the build.
    MANA_ERRORS_URL: JSON.stringify(process.env.PUBLIC_MANA_CORE_AUTH_URL ?? 'http://localhost:3001'),
  },
  // Stack traces become readable by maps that visitors do not get.
  build: { sourcemap: 'hidden' },
})
