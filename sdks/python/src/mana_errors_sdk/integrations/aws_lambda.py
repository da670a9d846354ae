"""AWS Lambda: what a handler raises is reported, and sent before the machine is frozen."""

from __future__ import annotations

import sys
from functools import partial, wraps
from typing import Any, Callable, Dict, Final, Optional

from mana_errors_sdk.integrations.body import Body
from mana_errors_sdk.integrations.hooks import Hooks
from mana_errors_sdk.integrations.request import Request, user_id
from mana_errors_sdk.integrations.work import begin, end, flush, report, unhandled

MODULE: Final = "awslambdaric.bootstrap"
_MECHANISM: Final = unhandled("aws_lambda")

Handler = Callable[[Any, Any], Any]


def install() -> Callable[[], None]:
    """The function's handler, as the runtime calls it."""
    hooks = Hooks()
    hooks.replace(sys.modules[MODULE], "handle_event_request", _handling)
    return hooks.take_out


def _handling(handle: Any) -> Any:
    def handle_event_request(client: Any, handler: Handler, *rest: Any) -> Any:
        return handle(client, watch_handler(handler), *rest)

    return handle_event_request


def watch_handler(handler: Handler) -> Handler:
    """A decorator, for runtimes that install() does not know."""

    @wraps(handler)
    def watched(event: Any, context: Any) -> Any:
        token = begin(partial(_describe, event, context))
        try:
            return handler(event, context)
        except Exception as error:
            report(error, _MECHANISM)
            raise
        finally:
            end(token)
            flush()

    return watched


def _describe(event: Any, context: Any) -> dict[str, Any]:
    invocation = {
        "requestId": getattr(context, "aws_request_id", None),
        "function": getattr(context, "invoked_function_arn", None),
    }
    name = getattr(context, "function_name", None)
    said: dict[str, Any] = {"payload": {"transaction": name}} if name else {}
    if _is_http(event):
        return {**said, **_HttpEvent(event).describe(), "context": {"lambda": invocation}}
    return {**said, "context": {"lambda": {**invocation, "event": event}}}


def _is_http(event: Any) -> bool:
    return hasattr(event, "get") and hasattr(event.get("requestContext"), "get")


class _HttpEvent(Request):
    """An event of API Gateway (formats 1.0 and 2.0), a function's URL, or a load balancer."""

    def __init__(self, event: Any) -> None:
        self._event: Any = event
        self._about: Any = event["requestContext"]
        # of format 2.0
        self._http: Any = self._about.get("http") or {}
        text = event.get("body") or ""
        self.body = Body()
        self.body.add(_decoded(text) if event.get("isBase64Encoded") else text.encode())
        self.body.complete = True

    def method(self) -> Optional[str]:
        """In either format."""
        return self._http.get("method") or self._event.get("httpMethod")

    def url(self) -> str:
        """With the host that the client asked for."""
        from urllib.parse import urlencode

        host = self.headers().get("host") or self._about.get("domainName", "")
        path = self._event.get("rawPath") or self._event.get("path", "")
        query = self._event.get("rawQueryString")
        if query is None:
            query = urlencode(self._event.get("queryStringParameters") or {})
        return f"https://{host}{path}" + (f"?{query}" if query else "")

    def headers(self) -> dict[str, str]:
        """Of several values the last, as the formats have it."""
        headers: Dict[str, str] = self._event.get("headers") or {}
        return {name.lower(): value for name, value in headers.items()}

    def signed_in(self) -> Optional[str]:
        """Whom an authorizer of the gateway let in."""
        let_in: Any = self._about.get("authorizer") or {}
        jwt: Any = let_in.get("jwt") or let_in
        claims: Any = jwt.get("claims")
        return user_id(claims) or let_in.get("principalId")

    def route(self) -> Optional[str]:
        """The gateway's pattern of the path, which a function may have many of."""
        return self._event.get("routeKey") or self._event.get("resource")


def _decoded(text: str) -> bytes:
    from base64 import b64decode

    try:
        return b64decode(text)
    except ValueError:
        return text.encode()
