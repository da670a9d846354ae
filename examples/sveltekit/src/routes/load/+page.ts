export function load(): never {
  throw new RangeError('no such shelf')
}
