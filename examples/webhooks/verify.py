"""Tells whether a webhook is ours, whole and new. Standard library only."""

import base64
import hmac
import re
import time

TOLERANCE_S = 300


def verify(secret, headers, body, now=None):
    """secret: whsec_…; headers: names in lower case; body: the bytes as they came, not parsed."""
    sent_at = headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,19}", sent_at):
        return False
    if abs((time.time() if now is None else now) - int(sent_at)) > TOLERANCE_S:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id')}.{sent_at}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    # several while a key is being renewed
    given = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(expected, one) for one in given)
