"""Tells whether a webhook is ours, whole and new. Standard library only."""

import base64
import hmac
import time

TOLERANCE_S = 300


def verify(secret, headers, body, now=None):
    """secret: whsec_…; headers: names in lower case; body: the bytes as they came, not parsed."""
    sent_at = int(headers["webhook-timestamp"])
    if abs((time.time() if now is None else now) - sent_at) > TOLERANCE_S:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    # several while a key is being renewed
    given = headers["webhook-signature"].split()
    return any(hmac.compare_digest(expected, one) for one in given)
