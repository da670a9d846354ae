/**
 * A version 7 UUID of a time in milliseconds. The server dates a report by it, so that one that is
 * sent again is found at once. Math.random is enough: ids need to differ, not to be secret, and
 * Hermes has no `crypto`.
 */
export function uuid7(millis: number): string {
  const time = `0${millis.toString(16)}`
  let n = 0
  return 'xxxxxxxx-xxxx-7xxx-8xxx-xxxxxxxxxxxx'.replace(
    /x/g,
    () => time[n++] ?? Math.floor(Math.random() * 16).toString(16),
  )
}
