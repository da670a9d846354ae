// Tells whether a webhook is ours, whole and new. Node's own library only.
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_S = 300;

/** secret: whsec_…; headers: names in lower case; body: the bytes as they came, not parsed. */
export function verify(
  secret: string,
  headers: Record<string, string | undefined>,
  body: Buffer,
  now: number = Date.now() / 1000,
): boolean {
  const sentAt = Number(headers['webhook-timestamp']);
  if (!Number.isInteger(sentAt) || Math.abs(now - sentAt) > TOLERANCE_S) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${sentAt}.`)
    .update(body)
    .digest();
  // several while a key is being renewed
  return (headers['webhook-signature'] ?? '').split(' ').some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
