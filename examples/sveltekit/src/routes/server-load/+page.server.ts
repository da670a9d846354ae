export function load(): never {
  throw new TypeError('no stock on the server')
}
