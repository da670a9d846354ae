"""Events full of what strangers try."""

import json
from typing import Any

# Each would run, load or break out where one place forgets to escape.
CORPUS = (
    "<script>document.title='hacked'</script>",
    "<img src=x onerror=\"document.title='hacked'\">",
    '"><svg onload="document.title=1">',
    "' onmouseover='document.title=1' x='",
    '</textarea><iframe srcdoc="<b>x</b>"></iframe>',
    "</pre></details></table></dialog><base href=//evil.example>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "javascript:document.title=1",
    "{{ 7 * 7 }}{% raw %}${7*7}<!--",
    "</title></script><a href='data:text/html,<script>1</script>'>x</a>",
    "\u202egpj.exe \u200b\u2028[x](javascript:alert(1)) ![x](//evil.example/x.png)",
)
EVIL = " ".join(CORPUS)


def evil_report() -> dict[str, Any]:
    """A native report with the corpus in every field, names of fields too."""
    tree = {EVIL: EVIL, "list": [EVIL, {EVIL[:150]: EVIL}], "n": 1}
    frame = {
        "file": EVIL, "path": EVIL, "function": EVIL, "module": EVIL, "line": 7, "inApp": True,
        "preContext": list(CORPUS), "contextLine": EVIL, "postContext": list(CORPUS), "vars": tree,
    }  # fmt: skip
    frames = [
        frame,
        {**frame, "inApp": False},
        {**frame, "file": "x.py"},
        {**frame, "file": "x.js"},
    ]
    exception = {
        "type": EVIL, "value": EVIL, "module": EVIL, "frames": frames,
        "mechanism": {"type": EVIL, "handled": False, "id": 0},
    }  # fmt: skip
    crumb = {
        "at": "2026-01-01T00:00:00Z", "type": EVIL, "category": EVIL, "message": EVIL,
        "level": EVIL, "data": tree,
    }  # fmt: skip
    return {
        "appId": "strange", "errorCode": EVIL[:100], "errorType": EVIL[:100], "message": EVIL,
        "stackTrace": f"{EVIL}\n    at {EVIL} (x.js:1:1)", "serviceName": EVIL[:100],
        "userId": EVIL[:100], "sessionId": EVIL[:100], "requestUrl": f"javascript:{EVIL}",
        "requestMethod": "'><b>", "requestHeaders": tree, "requestBody": tree, "context": tree,
        "responseStatusCode": 500, "environment": "production", "severity": "critical",
        "browserInfo": tree, "deviceInfo": {**tree, "os": EVIL, "model": EVIL}, "userAgent": EVIL,
        "release": EVIL[:200], "tags": {EVIL[:200]: EVIL, "browser": EVIL},
        "payload": {
            "platform": "python", "exceptions": [exception, {**exception, "type": "Last"}],
            "threads": [{"name": EVIL, "id": 1, "frames": frames}],
            "breadcrumbs": [crumb] * 20, "contexts": {EVIL: tree, "os": tree, "runtime": tree},
            "user": {**tree, "id": EVIL, "email": EVIL}, "request": {"query": EVIL, **tree},
            "sdk": {"name": EVIL, "version": EVIL}, "transaction": EVIL, "modules": tree,
            "trace": {"traceId": EVIL}, "logEntry": {"template": EVIL},
        },
    }  # fmt: skip


def evil_envelope() -> bytes:
    """A Sentry envelope with the corpus wherever the protocol takes a text."""
    tree = {EVIL[:150]: EVIL, "list": [EVIL]}
    frame = {
        "filename": EVIL, "abs_path": EVIL, "function": EVIL, "module": EVIL, "package": EVIL,
        "lineno": 7, "in_app": True, "pre_context": list(CORPUS), "context_line": EVIL,
        "post_context": list(CORPUS), "vars": tree,
    }  # fmt: skip
    exception = {
        "type": EVIL, "value": EVIL, "module": EVIL, "stacktrace": {"frames": [frame]},
        "mechanism": {"type": EVIL, "handled": False, "data": tree},
    }  # fmt: skip
    crumb = {"type": EVIL, "category": EVIL, "message": EVIL, "data": tree}
    event = {
        "platform": "javascript", "level": "fatal", "logger": EVIL, "transaction": EVIL,
        "server_name": EVIL, "release": EVIL[:180], "dist": EVIL, "environment": EVIL[:60],
        "exception": {"values": [exception]}, "logentry": {"message": EVIL, "params": [EVIL]},
        "breadcrumbs": {"values": [crumb]},
        "user": {"id": EVIL, "email": EVIL, "username": EVIL, "ip_address": EVIL, "data": tree},
        "request": {
            "url": CORPUS[7], "method": EVIL, "query_string": EVIL, "data": tree, "cookies": EVIL,
            "headers": {"User-Agent": EVIL, EVIL[:100]: EVIL}, "env": tree,
        },
        "contexts": {"os": {"name": EVIL, "version": EVIL}, "browser": {"name": EVIL}, EVIL: tree},
        "tags": {EVIL[:150]: EVIL, "browser": EVIL}, "extra": tree, "modules": {EVIL: EVIL},
        "sdk": {"name": EVIL, "version": EVIL}, "fingerprint": [EVIL],
        "threads": {"values": [{"id": 1, "name": EVIL, "stacktrace": {"frames": [frame]}}]},
    }  # fmt: skip
    body = json.dumps(event).encode()
    return b'{}\n{"type":"event","length":%d}\n%s' % (len(body), body)


def evil_log() -> dict[str, Any]:
    """An OTLP log request with the corpus in every text, names of attributes too."""

    def attributes(*names: str) -> list[dict[str, Any]]:
        return [{"key": name, "value": {"stringValue": EVIL}} for name in names]

    record = {
        "severityNumber": 21, "severityText": EVIL, "body": {"stringValue": EVIL},
        "attributes": attributes(
            EVIL, "exception.type", "exception.message", "exception.stacktrace", "user.id",
            "url.full", "http.request.method", "user_agent.original", "code.function.name",
        ),
    }  # fmt: skip
    resource = attributes(EVIL, "service.version", "deployment.environment.name", "host.name")
    named = {"key": "service.name", "value": {"stringValue": "strange-otlp"}}
    scope = {"name": EVIL, "version": EVIL}
    logs = {
        "resource": {"attributes": [named, *resource]},
        "scopeLogs": [{"scope": scope, "logRecords": [record]}],
    }
    return {"resourceLogs": [logs]}
