/** Where there is a window; a server that renders pages has none. */
export function listen(type: string, listener: (event: never) => unknown): void {
  globalThis.addEventListener?.(type, listener as EventListener)
}
