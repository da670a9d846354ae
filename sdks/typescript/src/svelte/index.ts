export { createSvelteErrorHandler, type SvelteErrorInput } from './handler.js'
