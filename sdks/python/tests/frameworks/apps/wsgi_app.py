"""No framework: gunicorn wsgi_app:app"""

import time
from urllib.parse import parse_qs

import shop

from mana_errors_sdk.integrations.wsgi import ManaErrorsMiddleware

shop.init()


def bare(environ, start_response):
    path = environ["PATH_INFO"]
    if path in ("/read", "/echo"):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    if path == "/handled":
        shop.handled()
    if path == "/logged":
        shop.logged()
    if path == "/slow":
        shop.meet(parse_qs(environ["QUERY_STRING"])["who"][0])
        time.sleep(0.2)
    if path in ("/boom", "/read", "/unread", "/slow"):
        shop.total({})
    start_response("200 OK", [])
    if path == "/stream":
        return stream()
    return [f'"{shop.digest(body)}"'.encode() if path == "/echo" else b""]


def stream():
    yield b"a" * shop.CHUNK
    shop.total({})


app = ManaErrorsMiddleware(bare)
